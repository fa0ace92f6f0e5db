"""Turns a lesson into nbgrader's source notebook: same input, same bytes."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course import Cell, Course, Lesson, has_code, split_check

# The version is left out on purpose: it would change the bytes with the Python that builds.
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def solution_notebook(course: Course, lesson: Lesson) -> NotebookNode:
    """The lesson as nbgrader's source notebook, with solutions, hidden tests and rubrics in it.

    Besides nbgrader's metadata, cells carry `mle` metadata: their kind, the exercise they belong to, and what a
    hidden check may say. Everything later (grading, feedback, progress) reads that and not `lesson.py`.
    """
    cells: list[NotebookNode] = []
    hints: Counter[str] = Counter()
    for cell in lesson.cells:
        if cell.kind == "hint":
            hints[cell.owner] += 1
            built = [_hint(lesson, cell, hints[cell.owner])]
        else:
            built = [_NOTEBOOK_CELL[cell.kind](cell)]
        if cell.kind == "exercise":
            built[0].metadata["mle"]["points"] = sum(check.points for check in lesson.checks(cell.id))
            built.append(_about_exercise(lesson, cell))
        elif cell.kind == "essay":
            built.insert(0, _about_essay(cell))
        # The lesson's title comes first, what it is about second; where it begins without prose, the other way round.
        if not cells:
            built.insert(1 if cell.kind == "prose" else 0, _about_lesson(course, lesson))
        cells += built
    _give_ids(cells)
    notebook = new_notebook(cells=cells, metadata=_METADATA)
    notebook.metadata["mle"] = {
        "lesson": lesson.id, "title": lesson.title, "module": lesson.module, "minutes": lesson.minutes,
        "points": lesson.points, "extras": list(lesson.extras), "seed": lesson.seed, "limits": asdict(lesson.limits),
    }
    if lesson.services:
        notebook.metadata["mle"]["services"] = True
    return notebook


def content_id(cell_type: str, source: str) -> str:
    """The id of a cell that is not graded, as long as no cell above it says the same."""
    digest = hashlib.sha256(f"{cell_type}\n{source}".encode()).hexdigest()
    return f"{cell_type}-{digest[:12]}"


def _plain_code(cell: Cell) -> NotebookNode:
    return new_code_cell(cell.source)


def _prose(cell: Cell) -> NotebookNode:
    return new_markdown_cell(cell.source)


def _given(cell: Cell) -> NotebookNode:
    make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    return _nbgrader_cell(make(cell.source), f"given-{cell.id}", {"kind": "given"}, locked=True)


def _exercise(cell: Cell) -> NotebookNode:
    return _nbgrader_cell(new_code_cell(cell.source), cell.id, {
        "kind": "exercise", "difficulty": cell.difficulty, "minutes": cell.minutes, "skills": list(cell.skills),
    }, solution=True)


def _check(cell: Cell) -> NotebookNode:
    source = cell.source
    if not has_code(split_check(source)[0]):
        source = "# This check runs at grading.\n" + source
    meta = {"kind": "check", "exercise": cell.owner}
    if cell.hidden:
        meta["hidden"] = cell.hidden
    return _nbgrader_cell(new_code_cell(source), f"check-{cell.id}", meta, grade=True, locked=True, points=cell.points)


def _essay(cell: Cell) -> NotebookNode:
    return _nbgrader_cell(new_markdown_cell(cell.source), cell.id, {
        "kind": "essay", "minutes": cell.minutes, "skills": list(cell.skills),
    }, grade=True, solution=True, points=cell.points)


def _rubric(cell: Cell) -> NotebookNode:
    notebook_cell = new_markdown_cell(cell.source)
    notebook_cell.metadata["mle"] = {"kind": "rubric", "essay": cell.owner}
    return notebook_cell


def _hint(lesson: Lesson, cell: Cell, number: int) -> NotebookNode:
    total = len(lesson.hints(cell.owner))
    notebook_cell = new_markdown_cell(
        f"<details><summary>Hint {number} of {total}</summary>\n\n{cell.source}\n\n</details>")
    notebook_cell.metadata["mle"] = {"kind": "hint", "exercise": cell.owner, "text": cell.source}
    return notebook_cell


_NOTEBOOK_CELL = {
    "code": _plain_code, "prose": _prose, "given": _given, "exercise": _exercise, "check": _check,
    "essay": _essay, "rubric": _rubric,
}


def _nbgrader_cell(cell: NotebookNode, grade_id: str, mle: dict, *, grade: bool = False, solution: bool = False,
                   locked: bool = False, points: float | None = None) -> NotebookNode:
    cell.metadata["nbgrader"] = {
        "schema_version": 3, "grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked,
        "task": False,
    }
    if points is not None:
        cell.metadata["nbgrader"]["points"] = points
    cell.metadata["mle"] = mle
    return cell


def _about_lesson(course: Course, lesson: Lesson) -> NotebookNode:
    after = ", ".join(f"*{course.lesson(p).title}* ({p})" for p in lesson.prerequisites) or "nothing"
    skills = "; ".join(_lower_first(course.skills[skill].title) for skill in lesson.skills)
    cell = new_markdown_cell(
        f"You will have built {lesson.builds.rstrip('.')}.\n\n"
        f"- **Time:** about {_duration(lesson.minutes)}\n"
        f"- **Points:** {lesson.points:g}, in {len(lesson.exercises)} graded exercises\n"
        f"- **Before this:** {after}\n"
        f"- **Skills:** {skills}")
    cell.metadata["mle"] = {"kind": "about"}
    return cell


def _about_exercise(lesson: Lesson, exercise: Cell) -> NotebookNode:
    checks = lesson.checks(exercise.id)
    parts = [split_check(check.source) for check in checks]
    here = sum(has_code(visible) for visible, _ in parts)
    more = sum(has_code(hidden) for _, hidden in parts)
    points = sum(check.points for check in checks)
    cell = new_markdown_cell(
        f"*{_count(points, 'point')} · {_count(here, 'check')} here, {more or 'none'} more at grading · "
        f"difficulty {exercise.difficulty} of 5 · about {exercise.minutes} min*")
    cell.metadata["mle"] = {"kind": "about", "exercise": exercise.id}
    return cell


def _about_essay(essay: Cell) -> NotebookNode:
    cell = new_markdown_cell(f"*{_count(essay.points, 'point')} · read and graded by a person · "
                             f"about {essay.minutes} min*")
    cell.metadata["mle"] = {"kind": "about", "exercise": essay.id}
    return cell


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def _duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _give_ids(cells: list[NotebookNode]) -> None:
    """Ids that stay the same while a cell does: the grade id, else a hash of the content."""
    taken: set[str] = set()
    for cell in cells:
        base = cell.metadata.get("nbgrader", {}).get("grade_id")
        if base is None:
            base = content_id(cell.cell_type, cell.source)
        identity, number = base, 1
        while identity in taken:
            number += 1
            identity = f"{base}-{number}"
        taken.add(identity)
        cell["id"] = identity
