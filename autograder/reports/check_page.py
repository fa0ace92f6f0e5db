"""The result of checking a lesson as a page, for JupyterLab to show beside the notebook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.errors import MleError
from autograder.grading import ExerciseResult, write_atomically
from autograder.learner.check import Checked
from autograder.reports.tables import further_of, passed_of, points_of

_GENERATOR = "mle check"
# As lessons word it.
_GAVE = re.compile(r"(?P<call>.+?) (?:gave|returned) (?P<got>.+), expected (?P<expected>.+)", re.DOTALL)


def check_page(checked: Checked) -> str:
    """A whole HTML document that needs no network; its `main` and `style` can be put into another page."""
    result = checked.result
    done = sum(exercise.solved for exercise in result.exercises)
    notes = [f"Note: {repair}." for repair in result.repairs]
    if result.ended != "completed":
        notes.append(f"The notebook did not run to its end: {result.ended}.")
    if further := further_of(checked):
        notes.append(further)
    if result.essay_points:
        notes.append(f"{result.essay_points:g} further points are given by a person who reads your text.")
    if not checked.counted:
        notes.append("This is not your copy in the folder work, so it does not count as progress.")
    # Not kept: the rooms above import this one for its tables, where no page is wanted.
    environment = Environment(loader=PackageLoader("autograder.reports"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("check.html").render(
        generator=_GENERATOR, lesson=result.lesson, earned=f"{result.earned:g}", points=f"{result.points:g}",
        title=points_of(result), notes=notes,
        summary=f"{done} of {len(result.exercises)} exercises solved, as saved in {checked.notebook.name}; "
                f"it ran for {result.seconds:.1f} s.",
        exercises=[_exercise(exercise, checked) for exercise in result.exercises])


def refuse_to_replace(path: Path) -> None:
    """Makes sure that a page may be written there.

    Raises:
        MleError: the folder does not exist, or another file has that name.
    """
    if not path.absolute().parent.is_dir():
        raise MleError(f"There is no folder {path.absolute().parent} to write {path.name} into. Make it, or name "
                       "another file.")
    if path.exists():
        with path.open("rb") as file:
            start = file.read(2000)
        if start.strip() and f'content="{_GENERATOR}"'.encode() not in start:
            raise MleError(f"{path} is not a page of `mle check`, so it is not replaced. Name another file.")


def write_check_page(path: Path, checked: Checked) -> None:
    """Writes the page in one step; one that was written before is replaced."""
    refuse_to_replace(path)
    write_atomically(path, check_page(checked))


def _exercise(exercise: ExerciseResult, checked: Checked) -> dict[str, Any]:
    failed = [_failed(check.id, check.message) for check in exercise.checks if check.status != "passed"]
    if not exercise.attempted:
        state, verdict, failed = "open", "not attempted yet", []
    elif exercise.solved:
        state, verdict = "done", f"✓ {passed_of(exercise, checked)}"
    elif not exercise.ran:
        state, verdict, failed = "open", "not run: the notebook ended before it", []
    else:
        state, verdict = "part", f"{len(failed)} of {len(exercise.checks)} checks did not pass"
    if exercise.problem:
        cell = _failed("your cell", exercise.problem)
        # When the cell itself did not run, every check fails for that one reason.
        failed = [cell] if not exercise.earned else [cell, *failed]
    hints = []
    if following := checked.hints.get(exercise.id):
        from nbconvert.filters import markdown2html

        hints = [{"number": number, "total": following.total, "html": Markup(markdown2html(text))}  # the lesson's own
                 for number, text in enumerate(following.texts[:following.number], start=1)]
    return {"id": exercise.id, "state": state, "verdict": verdict, "failed": failed, "hints": hints,
            "earned": f"{exercise.earned:g}", "points": f"{exercise.points:g}"}


def _failed(title: str, message: str) -> dict[str, Any]:
    """What did not pass, in parts where its message has them: what was called, what came back, what was expected."""
    parts = _GAVE.fullmatch(message)
    return {"title": title, "message": message, "parts": parts.groupdict() if parts else {}}
