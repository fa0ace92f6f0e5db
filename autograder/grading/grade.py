"""Grades one notebook: restore, run, judge. Same notebook and lesson in, same result out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.execution import Job, RunRecord, Step, StepFact, run
from autograder.grading.credit import PartialCredit
from autograder.grading.key import Key, KeyCell
from autograder.grading.names import names_of
from autograder.grading.reading import UnreadableNotebook, hand_in_bytes, parse_hand_in, restore
from autograder.grading.result import Result, judge, write_outputs


@dataclass(frozen=True)
class Graded:
    """A result, and the notebook it came from with outputs and without hidden tests."""

    notebook: NotebookNode
    result: Result


def grade_notebook(key: Key, submitted: NotebookNode, folder: Path | None = None,
                   execute: Callable[[Job], RunRecord] = run, imports: tuple[str, ...] = ()) -> Graded:
    """Grades a notebook that has been read.

    Args:
        key: the lesson.
        submitted: the learner's notebook; not changed.
        folder: the learner's folder, whose files the notebook may open. The lesson's own files win over them.
        execute: what runs the job.
        imports: what a warm process may load beforehand.
    """
    restored = restore(key, submitted)
    job, credit = job_of(key, restored.notebook, folder), PartialCredit()
    if key.partial_credit:
        job = replace(job, steps=tuple(replace(step, parts=credit.ask(step.parts)) if step.check else step
                                       for step in job.steps))
    record = execute(replace(job, imports=imports))
    values = credit.settle(record, key.of_kind("check"))
    result = judge(key, restored.notebook, record, restored.repairs, values)
    write_outputs(key, restored.notebook, record, result)
    return Graded(restored.notebook, result)


def grade_hand_in(key: Key, folder: Path, name: str, beside: Path | None = None,
                  execute: Callable[[Job], RunRecord] = run, imports: tuple[str, ...] = ()) -> Graded:
    """Grades what was handed in as `name`.ipynb; what cannot be read has no points, and a reason.

    Args:
        folder: what was handed in.
        beside: whose files the notebook may open, if not that folder's.
    """
    try:
        data = hand_in_bytes(folder, name)
    except UnreadableNotebook as error:
        return ungraded(key, str(error))
    return grade_bytes(key, data, name, beside or folder, execute, imports)


def grade_bytes(key: Key, data: bytes, name: str, beside: Path, execute: Callable[[Job], RunRecord] = run,
                imports: tuple[str, ...] = ()) -> Graded:
    """Grades the bytes of what was handed in as `name`.ipynb; what is no notebook has no points, and a reason.

    Args:
        beside: the folder whose files the notebook may open.
    """
    try:
        submitted = parse_hand_in(data, name, key)
    except UnreadableNotebook as error:
        return ungraded(key, str(error))
    return grade_notebook(key, submitted, beside, execute, imports)


def ungraded(key: Key, reason: str) -> Graded:
    """A result of no points that says why, with a notebook to show it in."""
    empty = restore(key, new_notebook())
    facts = {cell.id: StepFact(cell.id, reason=f"not run: {reason}")
             for cell in empty.notebook.cells if cell.cell_type == "code"}
    record = RunRecord(facts, ended=reason)
    result = judge(key, empty.notebook, record, ())
    write_outputs(key, empty.notebook, record, result)
    empty.notebook.cells.insert(0, new_markdown_cell(f"**This could not be graded.** {reason}", id="not-graded"))
    return Graded(empty.notebook, result)


def job_of(key: Key, notebook: NotebookNode, folder: Path | None = None) -> Job:
    """What running a restored notebook takes."""
    checks = {cell.id: cell for cell in key.of_kind("check")}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    groups = _groups(key, cells, checks)
    # No cell id has a tilde, so no cell of the notebook is judged or shown by such a step.
    steps = [Step("setup~", (key.setup,))] if key.setup else []
    for place, cell in enumerate(cells):
        check = checks.get(cell.id)
        if check is None:
            steps.append(Step(cell.id, (cell.source,), helpers=key.helpers.names.get(cell.id, ())))
            continue
        steps.append(Step(cell.id, check.parts, check=True, group=groups[cell.id], hidden_from=check.hidden_from,
                          helpers=key.helpers.needed.get(cell.id, ())))
        later = [other for other in cells[place + 1:] if groups.get(other.id) != groups[cell.id]]
        if again := _run_again(key, check, later, checks):
            steps.append(Step(f"{cell.id}~", (again,)))
    folders = tuple(one for one in (folder, key.files) if one)
    return Job(tuple(steps), folders, key.seed, key.limits, services=key.services, modules=key.helpers.modules)


def _groups(key: Key, cells: list[NotebookNode], checks: dict[str, KeyCell]) -> dict[str, str]:
    """Per check the group in which it runs.

    In our lessons that is its exercise. In others the state that a check is to see may differ from one check to the
    next: only such as stand together and have nothing hidden share a group.
    """
    if key.check_isolation == "exercise":
        return {identity: check.exercise for identity, check in checks.items()}
    groups: dict[str, str] = {}
    above: KeyCell | None = None
    for cell in cells:
        check = checks.get(cell.id)
        if check is not None:
            together = above is not None and not _has_hidden(above) and not _has_hidden(check)
            groups[check.id] = groups[above.id] if together else check.id
        above = check
    return groups


def _run_again(key: Key, check: KeyCell, later: list[NotebookNode], checks: dict[str, KeyCell]) -> str:
    """What of a check must also run as a cell of the notebook, because later cells use names that it makes.

    It is judged where no code of the learner's follows it, in state that is thrown away; so those names are made here,
    by the part that learners see where that suffices.
    """
    if key.check_isolation in {"exercise", "fork"}:
        return ""
    whole = "\n".join(check.parts)
    sources = [checks[cell.id].source if cell.id in checks else cell.source for cell in later]
    needed = names_of(whole).gives(set().union(*(names_of(source).needed for source in sources)))
    if not needed and key.check_isolation == "auto":
        return ""
    return check.visible if needed == names_of(check.visible).gives(needed) else whole


def _has_hidden(check: KeyCell) -> bool:
    return check.hidden_from < len(check.parts)
