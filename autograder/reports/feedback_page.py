"""What a learner gets back for a lesson: one HTML page, which needs no network and holds nothing of a hidden check."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, ansi2html
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from autograder.errors import MleError
from autograder.grading import RESULT_FILE, GradingCourse, Key, Mark, Marks, write_atomically
from autograder.reports.prose import html_of

_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
_HEAD = 2000  # bytes of a page in which its digest stands


@dataclass
class Written:
    """What `write_feedback` did.

    Attributes:
        written: the pages that are new or have changed.
        unchanged: how many were left as they are.
        failures: pages that could not be written, as (lesson, student, reason).
    """

    written: list[Path] = field(default_factory=list)
    unchanged: int = 0
    failures: list[tuple[str, str, str]] = field(default_factory=list)


def write_feedback(grading: GradingCourse, lessons: Iterable[str], student: str | None = None,
                   tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> Written:
    """Writes `feedback/STUDENT/LESSON/LESSON.html` for everything graded; pages that are as they should be stay.

    Late penalties are worked out again first, since points may have been given by hand.

    Args:
        student: only this one's pages, if given.
        tell: called with a lesson, how many pages are done, and of how many.

    Raises:
        MleError: nothing of it has been graded.
    """
    lessons, done = list(lessons), Written()
    grading.recompute_penalties()
    graded = grading.marks(lessons, student)
    if not graded:
        if student is None:
            raise MleError(f"Nothing of {', '.join(lessons)} has been graded yet, so there is nothing to give back. "
                           "Run `mle grade` first.")
        known = sorted({marks.student for marks in grading.marks(lessons)})
        raise MleError(f"Nothing of a student '{student}' has been graded in {', '.join(lessons)}. "
                       f"Graded are: {', '.join(known) or 'nobody yet; run `mle grade` first'}.")
    for number, marks in enumerate(graded, start=1):
        try:
            if path := _write(grading, marks):
                done.written.append(path)
            else:
                done.unchanged += 1
        except (MleError, OSError, ValueError, KeyError, TypeError) as error:  # such as a record that was damaged
            reason = str(error) if isinstance(error, MleError | OSError) else f"its record is damaged ({error!r})"
            done.failures.append((marks.lesson, marks.student, f"{reason}"))
        tell(marks.lesson, number, len(graded))
    return done


def _write(grading: GradingCourse, marks: Marks) -> Path | None:
    """Writes a page; None where it is there already."""
    folder = grading.root / "autograded" / marks.student / marks.lesson
    try:
        record, notebook = (folder / RESULT_FILE).read_bytes(), (folder / f"{marks.lesson}.ipynb").read_bytes()
    except FileNotFoundError as error:
        raise MleError(f"{error.filename} is missing. Run `mle grade {marks.lesson} --student {marks.student} "
                       "--regrade`.") from None
    hints = _hints(grading.root / "solutions" / marks.lesson)
    read = json.loads(record)
    read.pop("audit", None)  # of which learners get nothing
    facts = (json.dumps(read).encode(), notebook, repr(marks).encode(), repr(hints).encode(), _own_digest())
    digest = hashlib.sha256(b"\0".join(hashlib.sha256(fact).digest() for fact in facts)).hexdigest()
    path = grading.root / "feedback" / marks.student / marks.lesson / f"{marks.lesson}.html"
    try:
        with path.open("rb") as file:
            if digest.encode() in file.read(_HEAD):
                return None
    except FileNotFoundError:
        pass
    graded = {f"check-{check['id']}" for exercise in read["exercises"] for check in exercise["checks"]}
    if graded != {name for name in marks.marks if name.startswith("check-")}:
        raise MleError(f"the lesson's checks have changed since it was graded. Run `mle grade {marks.lesson}`.")
    write_atomically(path, feedback_page(read, nbformat.reads(notebook.decode("utf-8"), as_version=4), marks, hints,
                                         digest))
    return path


def feedback_page(record: dict[str, Any], notebook: NotebookNode, marks: Marks,
                  hints: dict[str, tuple[str, ...]], digest: str = "") -> str:
    """A learner's page.

    Args:
        record: as `result.json` has it.
        notebook: the autograded one.
        hints: by exercise.
        digest: of what the page is made of, to find out later whether it is still right.
    """
    exercises = {exercise["id"]: exercise for exercise in record["exercises"]}
    cards = []
    for cell in notebook.cells:
        kind, identity = cell.metadata.get("mle", {}).get("kind"), cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if kind == "exercise" and identity in exercises:
            cards.append(_exercise(exercises[identity], cell, marks, hints.get(identity, ())))
        elif kind == "essay":
            cards.append(_essay(identity, cell, marks))
    notes = [f"{repair[:1].upper()}{repair[1:]}." for repair in record["repairs"]]
    if record["ended"] != "completed":
        notes.insert(0, f"The notebook did not run to its end: {record['ended']}")
    by_hand = [mark for name, mark in marks.marks.items() if not name.startswith("check-")]
    automatic = [mark for name, mark in marks.marks.items() if name.startswith("check-")]
    return _environment().get_template("feedback.html").render(
        generator=f"mle-path {metadata.version('mle-path')}; {digest}",
        title=notebook.metadata.get("mle", {}).get("title", marks.lesson), marks=marks, cards=cards, notes=notes,
        total=max(marks.earned - marks.penalty, 0.0), by_hand=_sum(by_hand), automatic=_sum(automatic),
        waiting=any(mark.waiting and mark.manual is None for mark in by_hand),
        light=_colours("default"), dark=_colours("github-dark"))


def _exercise(exercise: dict[str, Any], cell: NotebookNode, marks: Marks, hints: tuple[str, ...]) -> dict[str, Any]:
    checks = []
    for check in exercise["checks"]:
        mark = marks.marks.get(f"check-{check['id']}") or Mark(check["points"], check["earned"], None, 0.0, False)
        by_hand = mark.manual is not None or bool(mark.extra)
        passed = check["status"] == "passed"
        checks.append({
            "id": check["id"], "mark": mark, "by_hand": by_hand, "passed": passed,
            "says": check["message"] or ("passed" if passed else "did not pass")})
    earned, points = sum(c["mark"].earned for c in checks), sum(c["mark"].points for c in checks)
    attempted = exercise["attempted"]
    solved = earned >= points
    return {
        "kind": "exercise", "id": exercise["id"], "earned": earned, "points": points, "checks": checks,
        "state": "solved" if solved else "part" if earned else "open",
        "verdict": ("all points" if solved else "some points" if earned else
                    "no points" if attempted else "not attempted"),
        "problem": exercise["problem"], "attempted": attempted,
        "answer": Markup(Highlight2HTML()(cell.source)) if attempted else "",
        "outputs": _outputs(cell) if attempted else [],
        "hint": html_of(hints[0]) if hints and attempted and not solved else "", "hints": len(hints),
        "comment": _comment(marks, exercise["id"])}


def _essay(identity: str, cell: NotebookNode, marks: Marks) -> dict[str, Any]:
    mark = marks.marks.get(identity) or Mark(cell.metadata["nbgrader"].get("points", 0.0), None, None, 0.0, True)
    waiting = mark.waiting and mark.manual is None
    blank = mark.auto is not None and mark.manual is None
    state = "solved" if mark.earned >= mark.points else "part" if mark.earned else "open"
    return {
        "kind": "essay", "id": identity, "earned": mark.earned, "points": mark.points, "waiting": waiting,
        "state": "waiting" if waiting else state,
        "verdict": ("not read yet" if waiting else "nothing was written" if blank else "graded by a person"),
        "answer": "" if blank else html_of(cell.source, cell.get("attachments")), "comment": _comment(marks, identity)}


def _comment(marks: Marks, identity: str) -> Markup | str:
    return html_of(marks.comments[identity]) if identity in marks.comments else ""


def _outputs(cell: NotebookNode) -> list[dict[str, str | Markup]]:
    """What an answer showed: text, or pictures as data. An output's HTML could fetch things, or run them."""
    shown = []
    for output in cell.outputs:
        data = output.get("data", {})
        if picture := next((kind for kind in _PICTURES if isinstance(data.get(kind), str)), None):
            coded = data[picture] if "svg" not in picture else base64.b64encode(data[picture].encode()).decode()
            shown.append({"picture": f"data:{picture};base64,{''.join(coded.split())}"})
        elif text := output.get("text") or data.get("text/plain") or "\n".join(output.get("traceback", [])):
            shown.append({"text": Markup(ansi2html(str(text)))})
    return shown


def _sum(marks: Iterable[Mark]) -> tuple[float, float]:
    marks = list(marks)
    return sum(mark.earned for mark in marks), sum(mark.points for mark in marks)


def _hints(folder: Path) -> dict[str, tuple[str, ...]]:
    try:
        return Key.load(folder).hints
    except MleError:  # a lesson that is no longer there
        return {}


@lru_cache
def _colours(style: str) -> Markup:
    return Markup(HtmlFormatter(style=style).get_style_defs(".highlight"))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(loader=PackageLoader("autograder.reports"), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)


@lru_cache(maxsize=1)
def _own_digest() -> bytes:
    """Of what turns facts into a page: after a change to it, pages are written anew."""
    here = Path(__file__).parent
    digest = hashlib.sha256(metadata.version("nbconvert").encode())
    for name in ("feedback_page.py", "prose.py", "templates/base.html", "templates/feedback.html"):
        digest.update((here / name).read_bytes())
    return digest.digest()
