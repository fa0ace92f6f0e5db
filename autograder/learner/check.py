"""Grades a learner's own copy with every check there is, and keeps the result."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import has_code
from autograder.grading import Key, Result, UnreadableNotebook, grade_notebook, read_submission, restore
from autograder.learner.progress import ExerciseProgress, LessonProgress, Progress, sources_of
from autograder.learner.workspace import Workspace


@dataclass(frozen=True)
class Hint:
    """The next hint to look at: the `number`-th, counted from 1, of `texts`, which are in Markdown."""

    number: int
    texts: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Checked:
    """A graded lesson.

    Attributes:
        hints: for each exercise that was judged and is unsolved, the next hint.
        further: of a learner's kit, for each exercise how many checks are here and how many more run at grading.
        counted: whether it is the copy in `work/`, whose results the learner's progress is made of.
    """

    notebook: Path
    result: Result
    hints: dict[str, Hint]
    counted: bool
    further: dict[str, tuple[int, int]] = field(default_factory=dict)


def check_lesson(workspace: Workspace, progress: Progress, lesson_id: str, path: Path | None = None) -> Checked:
    """Grades a notebook as it is saved on disk.

    Args:
        path: the notebook, by default `work/LESSON/LESSON.ipynb`. One that lies elsewhere does not count as progress.

    Raises:
        UnreadableNotebook: it is missing, damaged, or of another lesson.
    """
    key = lesson_key(workspace, lesson_id)
    own = workspace.notebook(lesson_id)
    path = path or own
    counted = os.path.realpath(path) == os.path.realpath(own)
    # A notebook in a folder of other things is run with the lesson's files alone.
    folder = path.parent if path.parent.name.startswith(lesson_id) else None
    submission = read_submission(path, key)
    graded = grade_notebook(key, submission, folder)
    result = graded.result
    cells = {cell.id: cell for cell in graded.notebook.cells}
    judged = {exercise.id: cells[exercise.id].source for exercise in result.exercises
              if exercise.ran and (exercise.problem or any(check.status != "not_run" for check in exercise.checks))}
    entry = (progress.record(result, judged, sources_of(submission.cells)) if counted
             else progress.lessons.get(lesson_id, LessonProgress()))
    hints = {}
    for exercise in result.exercises:
        texts = key.hints.get(exercise.id, ())
        tries = entry.exercises.get(exercise.id, ExerciseProgress()).tries
        if exercise.id in judged and exercise.attempted and not exercise.solved and texts:
            hints[exercise.id] = Hint(min(max(tries, 1), len(texts)), texts)
    return Checked(path, result, hints, counted, _further(key))


def lesson_key(workspace: Workspace, lesson_id: str) -> Key:
    """What a learner's copy of a lesson is held against.

    Raises:
        MleError: the lesson was never built.
    """
    course = workspace.course
    if course.kit:
        return Key.load_released(course.notebooks / lesson_id, course.kit.at_grading.get(lesson_id, ()))
    return Key.load(course.solutions / lesson_id)


def _further(key: Key) -> dict[str, tuple[int, int]]:
    """By exercise, how many checks are here and how many more run at grading; nothing where all are here."""
    checks = key.of_kind("check")
    if not any(check.at_grading for check in checks):
        return {}
    return {exercise.id: (sum(has_code(check.source) for check in checks if check.exercise == exercise.id),
                          sum(check.at_grading for check in checks if check.exercise == exercise.id))
            for exercise in key.of_kind("exercise")}


def changed_lessons(workspace: Workspace) -> tuple[str, ...]:
    """Lessons in the workspace with an answer that is no longer the one handed out, or that cannot be read."""
    return tuple(lesson for lesson in workspace.lessons() if _is_begun(workspace, lesson))


def _is_begun(workspace: Workspace, lesson_id: str) -> bool:
    key = lesson_key(workspace, lesson_id)
    try:
        notebook = read_submission(workspace.notebook(lesson_id), key)
    except UnreadableNotebook:
        return True
    # Opening and saving a notebook changes its file, but no answer.
    answers = {cell.id: cell.source for cell in restore(key, notebook).notebook.cells}
    return any(answers.get(cell.id, "").split() != cell.source.split()
               for cell in (*key.of_kind("exercise"), *key.of_kind("essay")))
