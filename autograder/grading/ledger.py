"""The gradebook, written one submission at a time: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Column, MetaData, String, Table, delete, insert, select
from sqlalchemy.orm import Session

from autograder.errors import MleError
from autograder.grading.key import Key
from autograder.grading.late import Rule, work_out
from autograder.grading.policy import GradingPolicy
from autograder.grading.result import Result

_TABLES = MetaData()
# Beside nbgrader's own tables and unknown to it: which bytes a submission's scores came from.
_GRADED = Table("mle_graded", _TABLES, Column("student", String(128), primary_key=True),
                Column("lesson", String(128), primary_key=True), Column("digest", String(64), nullable=False))
# The text of an essay when it was last graded: points given by hand are for that text and need no second look.
_ESSAYS = Table("mle_essay", _TABLES, Column("student", String(128), primary_key=True),
                Column("lesson", String(128), primary_key=True), Column("essay", String(128), primary_key=True),
                Column("digest", String(64), nullable=False))


@dataclass(frozen=True)
class Essay:
    """What somebody wrote: whether that is nothing, and a digest of it."""

    blank: bool
    digest: str


def agrees(notebook: Notebook, key: Key) -> bool:
    """Whether a gradebook's notebook has exactly the checks, points and answers that a lesson has now."""
    points = {cell.grade_id: cell.points for cell in key.cells if cell.kind in {"check", "essay"}}
    answers = {cell.grade_id for cell in key.cells if cell.kind in {"exercise", "essay"}}
    return (points == {cell.name: cell.max_score for cell in notebook.grade_cells}
            and answers == {cell.name for cell in notebook.solution_cells})


def needs_migration(lesson: str) -> MleError:
    """Says that scores hang on checks that the lesson no longer has, or has other points for."""
    return MleError(f"{lesson} has other checks or points than its scores in the gradebook were given for. Run `mle "
                    f"migrate {lesson} --dry-run` to see what changes and for whom, then without --dry-run, then `mle "
                    "grade`.")


def digests(session: Session) -> dict[tuple[str, str], str]:
    """Per (student, lesson) the digest that its scores came from."""
    _TABLES.create_all(session.connection())
    return {(student, lesson): digest for student, lesson, digest in session.execute(select(_GRADED)).all()}


def forget(session: Session, lesson: str, student: str | None = None) -> None:
    """Has the submissions of a lesson, or one of them, graded again."""
    _TABLES.create_all(session.connection())
    chosen = delete(_GRADED).where(_GRADED.c.lesson == lesson)
    session.execute(chosen if student is None else chosen.where(_GRADED.c.student == student))


class Ledger:
    """A gradebook opened for writing scores; one writer at a time.

    Args:
        db_url: the gradebook's SQLAlchemy URL.
        policy: the course's due dates and extensions.
        rule: what lateness costs.
    """

    def __init__(self, db_url: str, policy: GradingPolicy, rule: Rule) -> None:
        self._book = Gradebook(db_url)
        _TABLES.create_all(self._book.engine)
        self._policy, self._rule = policy, rule

    def close(self) -> None:
        self._book.close()

    def knows(self, key: Key) -> bool:
        """Whether a lesson is registered with the checks, points and answers it has now.

        Raises:
            MleError: it is registered with others, and somebody's scores hang on them.
        """
        try:
            notebook = self._book.find_notebook(key.lesson, key.lesson)
        except MissingEntry:
            return False
        if agrees(notebook, key):
            return True
        if notebook.submissions:
            raise needs_migration(key.lesson)
        return False

    def graded(self) -> dict[tuple[str, str], str]:
        """Per (student, lesson) the digest that its scores came from."""
        return digests(self._book.db)

    def enter(self, student: str, lesson: str, result: Result, digest: str, timestamp: datetime | None,
              essays: Mapping[str, Essay]) -> None:
        """Enters a submission's scores in one transaction; grades and comments given by hand stay.

        Args:
            digest: of what was graded; kept with the scores.
            timestamp: when it was handed in, in UTC.
            essays: what was written, by essay.

        Raises:
            MleError: the gradebook does not have a check of the result.
        """
        session = self._book.db
        try:
            submission = self._submission(student, lesson)
            submission.timestamp = timestamp
            for notebook in submission.notebooks:
                if notebook.notebook.name == lesson:
                    self._enter_notebook(notebook, result, essays, self._changed(student, lesson, essays))
            work_out(session, self._policy, self._rule, submission).enter()
            session.execute(delete(_GRADED).where(_GRADED.c.student == student, _GRADED.c.lesson == lesson))
            session.execute(insert(_GRADED).values(student=student, lesson=lesson, digest=digest))
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def _submission(self, student: str, lesson: str) -> SubmittedAssignment:
        session = self._book.db
        try:
            return self._book.find_submission(lesson, student)
        except MissingEntry:
            pass
        assignment = self._book.find_assignment(lesson)
        with session.no_autoflush:
            person = session.get(Student, student)
            if person is None:
                person = Student(id=student)
                session.add(person)
            submission = SubmittedAssignment(assignment=assignment, student=person)
            session.add(submission)
            for notebook in assignment.notebooks:
                entry = SubmittedNotebook(notebook=notebook, assignment=submission)
                session.add(entry)
                session.add_all(Grade(cell_id=cell.id, notebook=entry)
                                for cell in (*notebook.grade_cells, *notebook.task_cells))
                session.add_all(Comment(cell_id=cell.id, notebook=entry)
                                for cell in (*notebook.solution_cells, *notebook.task_cells))
        session.flush()
        return submission

    def _changed(self, student: str, lesson: str, essays: Mapping[str, Essay]) -> set[str]:
        """Essays with another text than when they were last graded; the text of now is kept."""
        session, own = self._book.db, (_ESSAYS.c.student == student) & (_ESSAYS.c.lesson == lesson)
        before = {row.essay: row.digest for row in session.execute(select(_ESSAYS).where(own))}
        session.execute(delete(_ESSAYS).where(own))
        if essays:
            session.execute(insert(_ESSAYS), [
                {"student": student, "lesson": lesson, "essay": name, "digest": essay.digest}
                for name, essay in essays.items()])
        return {name for name, essay in essays.items() if before.get(name) != essay.digest}

    def _enter_notebook(self, notebook: SubmittedNotebook, result: Result, essays: Mapping[str, Essay],
                        changed: set[str]) -> None:
        grades = {grade.name: grade for grade in notebook.grades}
        for check in result.checks.values():
            grade = grades.get(f"check-{check.id}")
            if grade is None:
                raise MleError(f"The gradebook does not know the check '{check.id}' of {result.lesson}: the lesson has "
                               f"changed since it was registered. Run `mle migrate {result.lesson}`.")
            grade.auto_score = check.earned
            grade.needs_manual_grade = grade.manual_score is not None
        for name, essay in essays.items():
            if name in grades:
                grades[name].auto_score = 0.0 if essay.blank else None
                if name in changed or grades[name].manual_score is None:
                    grades[name].needs_manual_grade = not essay.blank or grades[name].manual_score is not None
        blank_answers = ({exercise.id for exercise in result.exercises if not exercise.attempted}
                         | {name for name, essay in essays.items() if essay.blank})
        for comment in notebook.comments:
            comment.auto_comment = "No response." if comment.name in blank_answers else None
