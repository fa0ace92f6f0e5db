"""The points of every submission in a gradebook, in a few queries: nbgrader's own sums read all grades for each one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nbgrader.api import Assignment, Grade, GradeCell, Notebook, SubmittedAssignment, SubmittedNotebook, TaskCell
from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Score:
    """What the gradebook says of one submission.

    Attributes:
        earned: points so far, late penalty not taken off.
        points: the most that can be had, essays included.
        waiting: whether a person still has to grade part of it.
        penalty: points to take off for lateness.
    """

    student: str
    lesson: str
    earned: float
    points: float
    waiting: bool
    penalty: float = 0.0

    @property
    def total(self) -> float:
        """Points so far, late penalty taken off."""
        return max(self.earned - self.penalty, 0.0)


def read_scores(session: Session) -> list[Score]:
    """Every submission in a gradebook, by due date (those without first), lesson and student."""
    points: dict[str, float] = {}
    for kind in (GradeCell, TaskCell):
        for assignment, most in session.execute(
                select(Notebook.assignment_id, func.sum(kind.max_score)).join(Notebook, kind.notebook_id == Notebook.id)
                .group_by(Notebook.assignment_id)):
            points[assignment] = points.get(assignment, 0.0) + most
    earned = {submission: (score, waiting) for submission, score, waiting in session.execute(
        select(SubmittedNotebook.assignment_id, func.sum(Grade.score),
               func.max(cast(Grade.needs_manual_grade, Integer)))
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id).group_by(SubmittedNotebook.assignment_id))}
    penalties = dict(session.execute(
        select(SubmittedNotebook.assignment_id, func.sum(SubmittedNotebook.late_submission_penalty))
        .group_by(SubmittedNotebook.assignment_id)).all())
    rows = session.execute(
        select(SubmittedAssignment.id, SubmittedAssignment.student_id, Assignment.id, Assignment.name,
               Assignment.duedate).join(SubmittedAssignment.assignment)).all()
    scores = []
    # Sorted here: databases do not agree on where nothing belongs, nor on text.
    for submission, student, assignment, lesson, _ in sorted(
            rows, key=lambda row: (row.duedate is not None, row.duedate or datetime.min, row.name, row.student_id)):
        score, waiting = earned.get(submission, (0.0, 0))
        scores.append(Score(student, lesson, score, points.get(assignment, 0.0), bool(waiting),
                            penalties.get(submission) or 0.0))
    return scores
