"""What the gradebook says of each submission, check by check: automatic points, points by hand, comments, lateness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbgrader.api import Assignment, Comment, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, selectinload

from autograder.grading.late import lateness
from autograder.grading.policy import GradingPolicy


@dataclass(frozen=True)
class Mark:
    """The points for one check or essay.

    Attributes:
        points: the most there are.
        auto: None where a person has to give them, or where it has not been graded.
        manual: given by hand; they take the place of automatic ones.
        extra: given by hand beside them.
        waiting: whether a person still has to look at it.
    """

    points: float
    auto: float | None
    manual: float | None
    extra: float
    waiting: bool

    @property
    def earned(self) -> float:
        """As nbgrader counts it."""
        given = self.auto if self.manual is None else self.manual
        return 0.0 if given is None else given + self.extra


@dataclass(frozen=True)
class Marks:
    """What the gradebook says of one submission.

    Attributes:
        name: of the learner; their id where the gradebook has no name.
        handed_in: when, in words; empty if nobody knows.
        penalty: points to take off for lateness.
        why: what the penalty comes from, or why there is none for a late submission; empty if it was in time.
        marks: by nbgrader's name of the cell: `check-ID`, or the essay's id.
        comments: given by hand, by the id of the exercise or essay.
    """

    student: str
    lesson: str
    name: str
    handed_in: str
    penalty: float
    why: str
    marks: dict[str, Mark]
    comments: dict[str, str]

    @property
    def earned(self) -> float:
        """Points so far, late penalty not taken off."""
        return sum(mark.earned for mark in self.marks.values())

    @property
    def points(self) -> float:
        return sum(mark.points for mark in self.marks.values())


def read_marks(session: Session, policy: GradingPolicy, lessons: Iterable[str], student: str | None) -> Iterator[Marks]:
    """What a gradebook says of the submissions of lessons, by lesson and student."""
    for lesson in lessons:
        chosen = (select(SubmittedNotebook).join(SubmittedNotebook.assignment).join(SubmittedAssignment.assignment)
                  .where(Assignment.name == lesson, SubmittedNotebook.notebook.has(name=lesson))
                  .options(contains_eager(SubmittedNotebook.assignment).joinedload(SubmittedAssignment.assignment),
                           contains_eager(SubmittedNotebook.assignment).joinedload(SubmittedAssignment.student),
                           selectinload(SubmittedNotebook.grades).joinedload(Grade.cell),
                           selectinload(SubmittedNotebook.comments).joinedload(Comment.cell))
                  .order_by(SubmittedAssignment.student_id))
        if student is not None:
            chosen = chosen.where(SubmittedAssignment.student_id == student)
        for notebook in session.scalars(chosen):
            yield _of(notebook, policy, lesson)


def _of(notebook: SubmittedNotebook, policy: GradingPolicy, lesson: str) -> Marks:
    submission, person = notebook.assignment, notebook.assignment.student
    name = " ".join(part for part in (person.first_name, person.last_name) if part)
    marks = {grade.cell.name: Mark(grade.cell.max_score, grade.auto_score, grade.manual_score,
                                   grade.extra_credit or 0.0, bool(grade.needs_manual_grade))
             for grade in sorted(notebook.grades, key=lambda grade: grade.cell.name)}
    comments = {comment.cell.name: comment.manual_comment
                for comment in sorted(notebook.comments, key=lambda comment: comment.cell.name)
                if comment.manual_comment}
    when = policy.shown(submission.timestamp, lesson, person.id) if submission.timestamp else ""
    return Marks(person.id, lesson, name or person.id, when, notebook.late_submission_penalty or 0.0,
                 lateness(policy, submission), marks, comments)
