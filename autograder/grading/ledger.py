"""The gradebook, written one submission at a time: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Column, MetaData, String, Table, delete, insert, select

from autograder.errors import MleError
from autograder.grading.key import Key
from autograder.grading.late import Rule, work_out
from autograder.grading.policy import GradingPolicy
from autograder.grading.result import Result

_TABLES = MetaData()
# Beside nbgrader's own tables and unknown to it: which bytes a submission's scores came from.
_GRADED = Table("mle_graded", _TABLES, Column("student", String(128), primary_key=True),
                Column("lesson", String(128), primary_key=True), Column("digest", String(64), nullable=False))


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
        """Whether a lesson is registered with all the checks and answers it has now."""
        try:
            notebook = self._book.find_notebook(key.lesson, key.lesson)
        except MissingEntry:
            return False
        graded = {cell.id for cell in key.cells if cell.kind in {"check", "essay"}}
        answers = {cell.id for cell in key.cells if cell.kind in {"exercise", "essay"}}
        return (graded <= {cell.name for cell in notebook.grade_cells}
                and answers <= {cell.name for cell in notebook.solution_cells})

    def graded(self) -> dict[tuple[str, str], str]:
        """Per (student, lesson) the digest that its scores came from."""
        rows = self._book.db.execute(select(_GRADED)).all()
        return {(student, lesson): digest for student, lesson, digest in rows}

    def enter(self, student: str, lesson: str, result: Result, digest: str, timestamp: datetime | None,
              essays_blank: Mapping[str, bool]) -> None:
        """Enters a submission's scores in one transaction; grades and comments given by hand stay.

        Args:
            digest: of what was graded; kept with the scores.
            timestamp: when it was handed in, in UTC.
            essays_blank: per essay whether nothing was written.

        Raises:
            MleError: the gradebook does not have a check of the result.
        """
        session = self._book.db
        try:
            submission = self._submission(student, lesson)
            submission.timestamp = timestamp
            for notebook in submission.notebooks:
                if notebook.notebook.name == lesson:
                    self._enter_notebook(notebook, result, essays_blank)
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

    def _enter_notebook(self, notebook: SubmittedNotebook, result: Result, essays_blank: Mapping[str, bool]) -> None:
        grades = {grade.name: grade for grade in notebook.grades}
        for check in result.checks.values():
            grade = grades.get(f"check-{check.id}")
            if grade is None:
                raise MleError(f"The gradebook does not know the check '{check.id}' of {result.lesson}: the lesson has "
                               f"changed since it was registered. Run `mle init-course {result.lesson}`.")
            grade.auto_score = check.earned
            grade.needs_manual_grade = grade.manual_score is not None
        for essay, blank in essays_blank.items():
            if essay in grades:
                grades[essay].auto_score = 0.0 if blank else None
                grades[essay].needs_manual_grade = not blank or grades[essay].manual_score is not None
        blank_answers = {e.id for e in result.exercises if not e.attempted} | {e for e, b in essays_blank.items() if b}
        for comment in notebook.comments:
            comment.auto_comment = "No response." if comment.name in blank_answers else None
