"""What a lesson's checks tell those who give one of its wrong answers: found out by giving each of them, once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from platformdirs import user_cache_path

from autograder import execution
from autograder.course import Course
from autograder.grading import Key, Runs, warm_imports, write_atomically
from autograder.grading.stored import digest_of, environment_digest
from autograder.quality.exercises import in_parallel
from autograder.quality.trials import Trials
from autograder.quality.variants import read_notebook


@dataclass(frozen=True)
class WrongAnswer:
    """A misconception with a name.

    Attributes:
        told: what the checks that do not pass say, by their ids.
    """

    exercise: str
    name: str
    told: dict[str, str]


def wrong_answers(course: Course, lesson_id: str, jobs: int, runner: Runs = execution,
                  tell: Callable[[str], None] = lambda text: None) -> tuple[WrongAnswer, ...]:
    """Runs every wrong answer of a lesson, and keeps what came of it in the user's cache folder.

    Args:
        jobs: how many at a time.
        runner: what runs notebooks.
        tell: called with a few words for each exercise.

    Raises:
        MleError: the lesson's source is wrong, it was never built, or it cannot be run here.
    """
    lesson = course.lesson(lesson_id)
    key, solution = Key.load(course.solutions / lesson_id), read_notebook(course.solutions / lesson_id)
    imports = warm_imports(key, runner)
    answers = [answer for answer in course.answers(lesson) if not answer.right]
    found: list[WrongAnswer] = []
    for exercise in (cell.id for cell in lesson.exercises):
        tell(exercise)
        own = [answer for answer in answers if answer.exercise == exercise]
        trials = Trials(key, solution, exercise, imports, runner)
        tried = in_parallel(jobs, [partial(trials.run, answer.source) for answer in own])
        found += [WrongAnswer(exercise, answer.name, dict(trial.failed))
                  for answer, trial in zip(own, tried, strict=True)]
    with contextlib.suppress(OSError):  # a cache that cannot be written costs seconds, no more
        write_atomically(_path(course, lesson_id), json.dumps([asdict(one) for one in found], indent=1) + "\n")
    return tuple(found)


def known_wrong_answers(course: Course, lesson_id: str) -> tuple[WrongAnswer, ...] | None:
    """What `wrong_answers` has kept for the lesson as it is now; None where it has to be called.

    Raises:
        MleError: the lesson was never built.
    """
    try:
        kept = json.loads(_path(course, lesson_id).read_text(encoding="utf-8"))
        return tuple(WrongAnswer(str(one["exercise"]), str(one["name"]), {
            str(check): str(message) for check, message in one["told"].items()}) for one in kept)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _path(course: Course, lesson_id: str) -> Path:
    """Named by all that decides about the messages: the lesson as built, its files, its answers, the libraries."""
    key, digest = Key.load(course.solutions / lesson_id), hashlib.sha256()
    answers = course.sources / lesson_id / "answers.py"
    for part in (key.digest, digest_of(key.files), environment_digest()):
        digest.update(part.encode() + b"\n")
    digest.update(answers.read_bytes().replace(b"\r\n", b"\n") if answers.is_file() else b"")
    return user_cache_path("mle-path") / "wrong-answers" / f"{digest.hexdigest()}.json"
