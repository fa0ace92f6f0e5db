"""Packs a learner's copy of a lesson for handing in, and says what they may want to know before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.grading import read_submission, restore
from autograder.grading.hand_in import Packed, pack
from autograder.learner.check import lesson_key
from autograder.learner.progress import LessonProgress, Progress, sources_of
from autograder.learner.workspace import Workspace


@dataclass(frozen=True)
class HandedIn:
    """What was packed.

    Attributes:
        untouched: the exercises and essays that are as they were handed out.
        answered: whether anything else is.
        checked: the record of its last check; None if it was never checked.
        changed: whether the notebook says something else than at its last check.
    """

    packed: Packed
    untouched: tuple[str, ...]
    answered: bool
    checked: LessonProgress | None
    changed: bool


def submit(workspace: Workspace, progress: Progress, lesson_id: str, to: Path | None = None) -> HandedIn:
    """Packs `work/LESSON` as it is saved on disk.

    Args:
        to: the folder for the zip, by default `work/submissions`.

    Raises:
        UnreadableNotebook: it is missing, damaged, or of another lesson, so that nobody could grade it.
        MleError: it is more than can be graded.
    """
    key = lesson_key(workspace, lesson_id)
    notebook = read_submission(workspace.notebook(lesson_id), key)
    answers = {cell.id: cell.source for cell in restore(key, notebook).notebook.cells}
    tasks = (*key.of_kind("exercise"), *key.of_kind("essay"))
    untouched = tuple(cell.id for cell in tasks if answers[cell.id].split() == cell.source.split())
    record, kit = progress.lessons.get(lesson_id), workspace.course.kit
    packed = pack(workspace.folder(lesson_id), lesson_id, to or workspace.root / "submissions",
                  shipped=workspace.course.notebooks / lesson_id, kit_version=kit.version if kit else "")
    changed = record is not None and record.sources not in {"", sources_of(notebook.cells)}
    return HandedIn(packed, untouched, len(untouched) < len(tasks), record, changed)
