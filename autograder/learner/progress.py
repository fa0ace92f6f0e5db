"""What a learner has earned so far, kept in a file of their own; nothing leaves the machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from autograder.grading import Result


@dataclass
class ExerciseProgress:
    """One exercise.

    Attributes:
        earned: in the last check.
        tries: different answers that were checked and fell short.
        answer: digest of the last answer checked, so that checking the same one again is no further try.
        best: in the best check.
    """

    earned: float = 0
    points: float = 0
    tries: int = 0
    answer: str = ""
    best: float = 0

    def __post_init__(self) -> None:
        # Records of before this was kept.
        self.best = max(self.best, self.earned)


@dataclass
class LessonProgress:
    """One lesson.

    Attributes:
        earned: in the last check.
        best: in the best one.
        checked: an ISO time in UTC.
        sources: digest of what all cells said at the last check; empty if that was not kept.
    """

    earned: float = 0
    best: float = 0
    points: float = 0
    checked: str = ""
    sources: str = ""
    exercises: dict[str, ExerciseProgress] = field(default_factory=dict)


class Progress:
    """The record in `work/.mle/progress.json`; every check is also a line of `checks.jsonl` beside it.

    Attributes:
        lessons: what is known of each lesson that was checked.
        set_aside: where a damaged record was put, if there was one.
        unsaved: why the last result could not be written, if so.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "progress.json"
        self._log = folder / "checks.jsonl"
        self.lessons: dict[str, LessonProgress] = {}
        self.set_aside: Path | None = None
        self.unsaved: OSError | None = None
        self._load()

    def record(self, result: Result, answers: dict[str, str], sources: str = "") -> LessonProgress:
        """Adds the result of a check and saves; where that fails, `unsaved` says why, and the result still stands here.

        Args:
            answers: the source of each exercise cell that was judged, by exercise id. No other counts as a try.
            sources: digest of all cells of the notebook, as `sources_of` gives it.
        """
        lesson = self.lessons.setdefault(result.lesson, LessonProgress())
        # In a learner's kit the part of a check that is missing decides at grading; until then it stands as passed.
        lesson.earned, lesson.points = result.earned + result.pending, result.points
        lesson.best = max(lesson.best, lesson.earned)
        lesson.checked, lesson.sources = datetime.now(UTC).isoformat(timespec="seconds"), sources
        for exercise in result.exercises:
            entry = lesson.exercises.setdefault(exercise.id, ExerciseProgress())
            entry.earned, entry.points = exercise.earned + exercise.pending, exercise.points
            entry.best = max(entry.best, entry.earned)
            if exercise.id not in answers:
                continue
            digest = hashlib.sha256(answers[exercise.id].encode()).hexdigest()[:16]
            if exercise.attempted and not exercise.solved and digest != entry.answer:
                entry.tries += 1
            entry.answer = digest
        try:
            self._save(lesson, result)
        except OSError as error:
            self.unsaved = error
        return lesson

    def _save(self, lesson: LessonProgress, result: Result) -> None:
        from autograder.grading import write_atomically

        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps({k: asdict(v) for k, v in self.lessons.items()}, indent=1) + "\n")
        line = json.dumps({"checked": lesson.checked, **result.to_dict()}) + "\n"
        with self._log.open("a+b") as log:
            # A disk that was full may have cut the last line short.
            if log.tell() and not _ends_a_line(log):
                line = "\n" + line
            log.write(line.encode())

    def _load(self) -> None:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            self.lessons = {lesson_id: _lesson(entry) for lesson_id, entry in data.items()}
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            # Kept for whoever wants to look; starting over loses less than refusing to go on.
            stem, number = f"progress-broken-{datetime.now():%Y%m%d-%H%M%S}", 1
            self.set_aside = self._path.with_name(f"{stem}.json")
            while self.set_aside.exists():
                number += 1
                self.set_aside = self._path.with_name(f"{stem}-{number}.json")
            self._path.replace(self.set_aside)


def sources_of(cells: Iterable[Mapping[str, Any]]) -> str:
    """Digest of what the cells of a notebook say; running them changes nothing in it."""
    digest = hashlib.sha256()
    for cell in cells:
        digest.update(f"{cell['cell_type']}\0{cell['source']}\0".encode())
    return digest.hexdigest()[:16]


def _ends_a_line(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read() == b"\n"


def _lesson(entry: dict[str, Any]) -> LessonProgress:
    exercises = {name: ExerciseProgress(**values) for name, values in entry.pop("exercises").items()}
    lesson = LessonProgress(**entry, exercises=exercises)
    for record in (lesson, *exercises.values()):
        for key, value in vars(record).items():
            wanted = {"checked": str, "sources": str, "answer": str, "exercises": dict}.get(key, (int, float))
            if not isinstance(value, wanted):
                raise TypeError(f"{key} is {value!r}")
    return lesson
