"""What the gradebook says of each submission, check by check: automatic points, points by hand, comments, lateness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbgrader.api import Comment, Grade, Notebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

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
        notebook = session.scalar(select(Notebook).where(
            Notebook.name == lesson, Notebook.assignment.has(name=lesson)))
        if notebook is None:
            continue
        marks, comments = _marks(session, notebook), _comments(session, notebook)
        chosen = (select(SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty, SubmittedAssignment)
                  .join(SubmittedNotebook.assignment).where(SubmittedNotebook.notebook_id == notebook.id)
                  .options(joinedload(SubmittedAssignment.student).load_only(Student.first_name, Student.last_name))
                  .order_by(SubmittedAssignment.student_id))
        if student is not None:
            chosen = chosen.where(SubmittedAssignment.student_id == student)
        for identity, penalty, submission in session.execute(chosen):
            person = submission.student
            name = " ".join(part for part in (person.first_name, person.last_name) if part)
            when = policy.shown(submission.timestamp, lesson, person.id) if submission.timestamp else ""
            yield Marks(person.id, lesson, name or person.id, when, penalty or 0.0, lateness(policy, submission),
                        marks.get(identity, {}), comments.get(identity, {}))


# By cell and not by submission: for cells the gradebook has an index. By column: of others nbgrader computes some for
# each row.


def _marks(session: Session, notebook: Notebook) -> dict[str, dict[str, Mark]]:
    """By submitted notebook and cell."""
    cells = {cell.id: cell for cell in (*notebook.grade_cells, *notebook.task_cells)}
    rows = session.execute(select(
        Grade.notebook_id, Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit,
        Grade.needs_manual_grade).where(Grade.cell_id.in_(cells)))
    found: dict[str, dict[str, Mark]] = {}
    for identity, cell, auto, manual, extra, waiting in rows:
        mark = Mark(cells[cell].max_score, auto, manual, extra or 0.0, bool(waiting))
        found.setdefault(identity, {})[cells[cell].name] = mark
    return {identity: dict(sorted(own.items())) for identity, own in found.items()}


def _comments(session: Session, notebook: Notebook) -> dict[str, dict[str, str]]:
    """Those given by hand, by submitted notebook and cell."""
    cells = {cell.id: cell.name for cell in (*notebook.solution_cells, *notebook.task_cells)}
    rows = session.execute(select(Comment.notebook_id, Comment.cell_id, Comment.manual_comment)
                           .where(Comment.cell_id.in_(cells), Comment.manual_comment.is_not(None)))
    found: dict[str, dict[str, str]] = {}
    for identity, cell, comment in rows:
        if comment:
            found.setdefault(identity, {})[cells[cell]] = comment
    return {identity: dict(sorted(own.items())) for identity, own in found.items()}
