"""What the gradebook adds up to: one line for each submission, whoever it is of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.api import Assignment, Grade, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import case, func, select
from sqlalchemy.exc import DatabaseError

from autograder.errors import MleError
from autograder.grading.gradebook import gradebook_of
from autograder.grading.roster import ROSTER, Learner, Roster


@dataclass(frozen=True)
class Total:
    """One submission.

    Attributes:
        automatic: points that checks gave.
        by_hand: points that a person gave, in place of automatic ones or beside them.
        penalty: points to take off for lateness.
        points: the most that can be had, essays included.
        waiting: whether a person still has to grade part of it.
        handed_in: in UTC; None if nobody knows.
        seconds_late: after the date that held for this person.
    """

    student: str
    lesson: str
    automatic: float
    by_hand: float
    penalty: float
    points: float
    waiting: bool
    handed_in: datetime | None
    seconds_late: float

    @property
    def total(self) -> float:
        """What the submission is worth, as nbgrader exports it: never less than nothing."""
        return max(0.0, self.automatic + self.by_hand - self.penalty)


@dataclass(frozen=True)
class Results:
    """A cohort's results.

    Attributes:
        learners: everybody in the gradebook or on the roster.
        totals: by lesson and student.
    """

    learners: Roster
    totals: tuple[Total, ...]


def read_totals(root: Path, lessons: Iterable[str]) -> Results:
    """What the gradebook of a course has of some lessons.

    Raises:
        MleError: there is no gradebook, or it cannot be read; or the roster is wrong.
    """
    gradebook, lessons = gradebook_of(root), tuple(lessons)
    if not gradebook.exists():
        raise MleError(f"There is no gradebook {gradebook}, so nothing has been graded yet. Run `mle grade` first.")
    try:
        with gradebook.connection() as connection:
            people = [Learner(*(value or "" for value in row)) for row in connection.execute(
                select(Student.id, Student.first_name, Student.last_name, Student.email, Student.lms_user_id)
                .order_by(Student.id))]
            by_hand = case((Grade.manual_score.is_not(None), Grade.manual_score), else_=0.0) + func.coalesce(
                Grade.extra_credit, 0.0)
            automatic = case((Grade.manual_score.is_(None), func.coalesce(Grade.auto_score, 0.0)), else_=0.0)
            rows = connection.execute(
                select(SubmittedAssignment.student_id, Assignment.name, func.sum(automatic), func.sum(by_hand),
                       func.max(case((Grade.needs_manual_grade, 1), else_=0)), SubmittedAssignment.timestamp,
                       Assignment.duedate, SubmittedAssignment.extension, SubmittedAssignment.id)
                .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
                .where(Assignment.name.in_(lessons))
                .group_by(SubmittedAssignment.id, Assignment.id)).all()
            most = dict(connection.execute(select(Assignment.name, Assignment.max_score)).all())
            penalties = dict(connection.execute(
                select(SubmittedNotebook.assignment_id, func.sum(SubmittedNotebook.late_submission_penalty))
                .group_by(SubmittedNotebook.assignment_id)).all())
    except DatabaseError as error:
        raise MleError(f"{gradebook} cannot be read as a gradebook: {error.orig}. Put a copy of it back.") from None
    totals = [Total(student, lesson, automatic, by_hand, penalties[submission] or 0.0, most[lesson], bool(waiting),
                    when.replace(tzinfo=UTC) if when else None, _seconds_late(when, due, extension))
              for student, lesson, automatic, by_hand, waiting, when, due, extension, submission in rows]
    order = {lesson: place for place, lesson in enumerate(lessons)}
    totals.sort(key=lambda total: (order[total.lesson], total.student))
    return Results(_everybody(root, people), tuple(totals))


def _seconds_late(when: datetime | None, due: datetime | None, extension: timedelta | None) -> float:
    if when is None or due is None:
        return 0.0
    return max(0.0, (when - due - (extension or timedelta())).total_seconds())


def _everybody(root: Path, people: list[Learner]) -> Roster:
    """The gradebook's people with what the roster has beyond it, and the roster's others."""
    known = {one.id: one for one in people}
    for one in Roster.read(root / ROSTER).learners if (root / ROSTER).exists() else ():
        there = known.get(one.id, Learner(one.id))
        known[one.id] = replace(there, other_names=one.other_names, **{
            name: getattr(there, name) or getattr(one, name)
            for name in ("first_name", "last_name", "email", "lms_user_id")})
    return Roster(known.values(), "the gradebook")
