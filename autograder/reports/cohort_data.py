"""What is known of a cohort: who handed in what, what the gradebook says of it, and what grading saw of each check."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import Assignment, Grade, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Connection, case, func, select
from sqlalchemy.exc import DatabaseError

from autograder.errors import MleError
from autograder.grading import RESULT_FILE, GradingCourse
from autograder.grading.times import moment_of


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gradebook says of one submission.

    Attributes:
        earned: points so far, late penalty not taken off.
        points: the most that can be had, essays included.
        waiting: whether a person still has to grade part of it.
        penalty: points taken off because it was late.
    """

    earned: float
    points: float
    waiting: bool
    penalty: float

    @property
    def share(self) -> float:
        return self.earned / self.points if self.points else 0.0


@dataclass(frozen=True)
class Cohort:
    """Everybody, and what they handed in.

    Attributes:
        names: of learners by id; the id itself where no name is known.
        lessons: in the order they are taught.
        handed_in: by lesson, who handed in, and when in UTC, None where that is not known.
        standings: by lesson, what the gradebook has, by learner.
    """

    names: dict[str, str]
    lessons: tuple[str, ...]
    handed_in: dict[str, dict[str, datetime | None]]
    standings: dict[str, dict[str, Standing]]


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """One check of one submission, as its result.json has it."""

    id: str
    exercise: str
    attempted: bool
    status: str
    message: str
    hidden: bool
    points: float
    earned: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """One result.json. The fields are explained in result.schema.json; of `flags`, check and evidence."""

    submission_digest: str
    lesson_digest: str
    ended: str
    repairs: tuple[str, ...]
    checks: tuple[CheckSeen, ...]
    flags: tuple[tuple[str, str], ...] = ()


@dataclass
class Records:
    """What grading saw of one lesson's submissions.

    Attributes:
        read: by learner.
        unreadable: learners whose record is missing or damaged, with the reason.
    """

    read: dict[str, Record] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def read_cohort(grading: GradingCourse, lessons: Sequence[str]) -> Cohort:
    """Reads the gradebook and the names of what lies in `submitted/`; neither has to be there.

    Raises:
        MleError: the gradebook cannot be read.
    """
    cohort = Cohort({}, tuple(lessons), {lesson: {} for lesson in lessons}, {lesson: {} for lesson in lessons})
    _find_hand_ins(grading.root / "submitted", cohort)
    if grading.gradebook.exists():
        try:
            with grading.gradebook.connection() as connection:
                _read_gradebook(connection, cohort)
        except DatabaseError as error:
            raise MleError(f"{grading.gradebook} cannot be read as a gradebook: {error.orig}. If it was made with an "
                           "older nbgrader, run `nbgrader db upgrade`; otherwise put a copy of it back.") from None
    for lesson, learners in cohort.handed_in.items():
        for learner, time in learners.items():
            if time is None:
                learners[learner] = _timestamp(grading.root / "submitted" / learner / lesson / "timestamp.txt")
    return cohort


def read_records(root: Path, lesson: str, learners: Iterable[str]) -> Records:
    """Reads the result.json of some learners for one lesson."""
    found = Records()
    for learner in learners:
        path = os.path.join(root, "autograded", learner, lesson, RESULT_FILE)
        try:
            with open(path, "rb") as file:
                found.read[learner] = _record(file.read())
        except OSError as error:
            found.unreadable[learner] = f"its {RESULT_FILE} cannot be read ({error.strerror}): grade it again"
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            found.unreadable[learner] = f"its {RESULT_FILE} is damaged: grade it again"
    return found


def _find_hand_ins(submitted: Path, cohort: Cohort) -> None:
    if not submitted.is_dir():
        return
    for learner in sorted(entry.name for entry in os.scandir(submitted) if entry.is_dir()):
        if learner.startswith("."):
            continue
        cohort.names[learner] = learner
        with contextlib.suppress(OSError), os.scandir(submitted / learner) as entries:
            for entry in entries:
                if entry.name in cohort.handed_in and entry.is_dir():
                    cohort.handed_in[entry.name][learner] = None


def _timestamp(path: Path) -> datetime | None:
    try:
        with path.open(encoding="utf-8") as file:
            return moment_of(file.read(1000))
    except (OSError, ValueError):
        return None


def _in_utc(time: datetime | None) -> datetime | None:
    """nbgrader's times are in UTC and do not say so."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _read_gradebook(connection: Connection, cohort: Cohort) -> None:
    for student, first, last in connection.execute(select(Student.id, Student.first_name, Student.last_name)):
        cohort.names[student] = " ".join(part for part in (first, last) if part) or student
    most = dict(connection.execute(select(Assignment.name, Assignment.max_score)).all())
    lessons = dict(connection.execute(select(Assignment.id, Assignment.name)).all())
    # In one query for all: nbgrader's own scores ask the database again for each submission.
    totals = connection.execute(
        select(SubmittedNotebook.assignment_id, func.sum(Grade.score),
               func.sum(case((Grade.needs_manual_grade, 1), else_=0)))
        .select_from(SubmittedNotebook).join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .group_by(SubmittedNotebook.assignment_id))
    scores = {submission: (score or 0.0, bool(waiting)) for submission, score, waiting in totals}
    penalties = dict(connection.execute(
        select(SubmittedNotebook.assignment_id, func.sum(SubmittedNotebook.late_submission_penalty))
        .group_by(SubmittedNotebook.assignment_id)).all())
    for submission, lesson_id, student, handed_in in connection.execute(
            select(SubmittedAssignment.id, SubmittedAssignment.assignment_id, SubmittedAssignment.student_id,
                   SubmittedAssignment.timestamp)):
        lesson = lessons.get(lesson_id)
        if lesson not in cohort.standings:
            continue
        earned, waiting = scores.get(submission, (0.0, False))
        cohort.standings[lesson][student] = Standing(earned, most[lesson], waiting,
                                                     penalties.get(submission) or 0.0)
        cohort.handed_in[lesson][student] = _in_utc(handed_in)


def _record(text: bytes) -> Record:
    """Reads a result.json, as far as the report needs it.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not one.
    """
    data = json.loads(text)
    checks = tuple(
        CheckSeen(_text(check["id"]), _text(exercise["id"]), bool(exercise["attempted"]), _text(check["status"]),
                  _text(check["message"]), bool(check["hidden"]), _number(check["points"]),
                  _number(check["earned"]), _number(check["seconds"]))
        for exercise in data["exercises"] for check in exercise["checks"])
    return Record(_text(data["submission_digest"]), _text(data["lesson_digest"]), _text(data["ended"]),
                  tuple(map(_text, data["repairs"])), checks,
                  tuple((_text(flag["check"]), _text(flag["evidence"]))
                        for flag in data.get("audit", {}).get("flags", ())))


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is no number of points or seconds")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
