"""What a learner has earned so far, kept in a file of their own; nothing leaves the machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.grading import Result, write_atomically


@dataclass
class ExerciseProgress:
    """One exercise.

    Attributes:
        tries: different answers that were checked and fell short.
        answer: digest of the last answer checked, so that checking the same one again is no further try.
    """

    earned: float = 0
    points: float = 0
    tries: int = 0
    answer: str = ""


@dataclass
class LessonProgress:
    """One lesson; `earned` is of the last check, `best` of the best one, `checked` an ISO time in UTC."""

    earned: float = 0
    best: float = 0
    points: float = 0
    checked: str = ""
    exercises: dict[str, ExerciseProgress] = field(default_factory=dict)


class Progress:
    """The record in `work/.mle/progress.json`; every check is also a line of `checks.jsonl` beside it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "progress.json"
        self._log = folder / "checks.jsonl"
        self.lessons: dict[str, LessonProgress] = {}
        self.set_aside: Path | None = None
        self._load()

    def record(self, result: Result, answers: dict[str, str]) -> LessonProgress:
        """Adds the result of a check and saves.

        Args:
            answers: the source of each exercise cell, by exercise id.
        """
        lesson = self.lessons.setdefault(result.lesson, LessonProgress())
        lesson.earned, lesson.points = result.earned, result.points
        lesson.best = max(lesson.best, result.earned)
        lesson.checked = datetime.now(UTC).isoformat(timespec="seconds")
        for exercise in result.exercises:
            entry = lesson.exercises.setdefault(exercise.id, ExerciseProgress())
            digest = hashlib.sha256(answers.get(exercise.id, "").encode()).hexdigest()[:16]
            if exercise.attempted and exercise.earned < exercise.points and digest != entry.answer:
                entry.tries += 1
            entry.earned, entry.points, entry.answer = exercise.earned, exercise.points, digest
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps({k: asdict(v) for k, v in self.lessons.items()}, indent=1) + "\n")
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"checked": lesson.checked, **result.to_dict()}) + "\n")
        return lesson

    def next_lesson(self, lesson_ids: Iterable[str]) -> str | None:
        """The first lesson, in teaching order, that has points left to earn."""
        for lesson_id in lesson_ids:
            lesson = self.lessons.get(lesson_id)
            if lesson is None or lesson.best < lesson.points:
                return lesson_id
        return None

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


def _lesson(entry: dict[str, Any]) -> LessonProgress:
    exercises = {name: ExerciseProgress(**values) for name, values in entry.pop("exercises").items()}
    lesson = LessonProgress(**entry, exercises=exercises)
    for record in (lesson, *exercises.values()):
        for key, value in vars(record).items():
            wanted = {"checked": str, "answer": str, "exercises": dict}.get(key, (int, float))
            if not isinstance(value, wanted):
                raise TypeError(f"{key} is {value!r}")
    return lesson
