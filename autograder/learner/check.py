"""Grades a learner's own copy with every check there is, and keeps the result."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from autograder.grading import Key, Result, grade_notebook, read_submission, restore
from autograder.learner.progress import LessonProgress, Progress
from autograder.learner.workspace import Workspace


@dataclass(frozen=True)
class Hint:
    """The next hint to look at: the `number`-th of `total`, counted from 1."""

    number: int
    total: int


@dataclass(frozen=True)
class Checked:
    """A graded lesson, what was known before, and for each unsolved exercise the next hint."""

    notebook: Path
    result: Result
    progress: LessonProgress
    hints: dict[str, Hint]


def check_lesson(workspace: Workspace, progress: Progress, lesson_id: str) -> Checked:
    """Grades `work/LESSON/LESSON.ipynb` as it is saved on disk.

    Raises:
        UnreadableNotebook: it is missing, damaged, or of another lesson.
    """
    key = Key.load(workspace.course.solutions / lesson_id)
    path = workspace.notebook(lesson_id)
    notebook = read_submission(path, key)
    result = grade_notebook(key, notebook, path.parent).result
    answers = {cell.id: cell.source for cell in restore(key, notebook).notebook.cells}
    entry = progress.record(result, answers)
    hints = {}
    for exercise in result.exercises:
        total = len(key.hints.get(exercise.id, ()))
        tries = entry.exercises[exercise.id].tries
        if exercise.attempted and exercise.earned < exercise.points and total:
            hints[exercise.id] = Hint(min(max(tries, 1), total), total)
    return Checked(path, result, entry, hints)


def changed_lessons(workspace: Workspace) -> tuple[str, ...]:
    """Lessons in the workspace whose notebook is no longer the one handed out."""
    return tuple(
        lesson for lesson in workspace.lessons()
        if _digest(workspace.notebook(lesson)) != _digest(workspace.course.notebooks / lesson / f"{lesson}.ipynb"))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
