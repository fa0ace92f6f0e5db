"""The gradebook, written by one: many submissions' scores at a time, all of them in one transaction, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from autograder.errors import MleError
from autograder.grading.finished import Essay
from autograder.grading.gradebook import Store
from autograder.grading.key import Key
from autograder.grading.late import Rule, work_out
from autograder.grading.policy import GradingPolicy
from autograder.grading.result import CheckResult, Result
from autograder.grading.tables import ESSAYS, GRADED, make_own

_PATIENCE, _BETWEEN = 120.0, 0.5  # seconds to wait for a gradebook that is away or in use, and between attempts
# nbgrader's names for kinds of cells.
_GRADED, _ANSWERED = {"GradeCell", "TaskCell"}, {"SolutionCell", "TaskCell"}


@dataclass(frozen=True)
class Entry:
    """A submission's scores.

    Attributes:
        digest: of what was graded; kept with the scores.
        timestamp: when it was handed in, in UTC and without a zone.
        essays: what was written, by essay.
    """

    student: str
    lesson: str
    result: Result
    digest: str
    timestamp: datetime | None
    essays: Mapping[str, Essay]

    @cached_property
    def checks(self) -> dict[str, CheckResult]:
        """What became of the checks, by their names in the gradebook."""
        return {f"check-{check.id}": check for check in self.result.checks.values()}

    @cached_property
    def blank(self) -> set[str]:
        """Answers of which there is nothing."""
        return ({exercise.id for exercise in self.result.exercises if not exercise.attempted}
                | {name for name, essay in self.essays.items() if essay.blank})


class GradebookAway(MleError):
    """The gradebook cannot be written to, and has been waited for in vain."""


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
    make_own(session.connection())
    return {(student, lesson): digest for student, lesson, digest in session.execute(select(GRADED)).all()}


def forget(session: Session, lesson: str, student: str | None = None) -> None:
    """Has the submissions of a lesson, or one of them, graded again."""
    make_own(session.connection())
    chosen = delete(GRADED).where(GRADED.c.lesson == lesson)
    session.execute(chosen if student is None else chosen.where(GRADED.c.student == student))


class Ledger:
    """A gradebook opened for writing scores; one writer at a time.

    Args:
        store: where the gradebook is.
        policy: the course's due dates and extensions.
        rule: what lateness costs.
        tell: called with a few words when the gradebook has to be waited for.
    """

    def __init__(self, store: Store, policy: GradingPolicy, rule: Rule,
                 tell: Callable[[str], None] = lambda text: None) -> None:
        self._store, self._policy, self._rule, self._tell = store, policy, rule, tell
        with store.troubles_told():
            self._book = Gradebook(store.url)
            with self._book.engine.begin() as connection:
                make_own(connection)

    def close(self) -> None:
        # A connection that was lost cannot even be given back.
        with suppress(DBAPIError):
            self._book.close()

    def knows(self, key: Key) -> bool:
        """Whether a lesson is registered with the checks, points and answers it has now.

        Raises:
            MleError: it is registered with others, and somebody's scores hang on them.
        """
        with self._reading():
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
        with self._reading() as session:
            return digests(session)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """The gradebook's rows; no transaction stays open behind it for hours."""
        try:
            with self._store.troubles_told():
                yield self._book.db()
                self._book.db.commit()  # of tables that were made
        finally:
            with suppress(DBAPIError):
                self._book.db.remove()

    def enter(self, entries: Sequence[Entry]) -> list[str]:
        """Enters scores, all in one transaction if none is refused; what a person gave stays.

        Returns:
            For each an empty string, or why it could not be entered.

        Raises:
            GradebookAway: the gradebook's server is gone and does not come back, or somebody else keeps writing to it.
        """
        if not entries:
            return []
        try:
            self._patiently(entries)
        except GradebookAway:
            raise
        except (MleError, DataError, IntegrityError, ValueError) as error:  # such as a name that is no text
            if len(entries) == 1:
                return [" ".join(str(getattr(error, "orig", None) or error).split())]
            return [why for entry in entries for why in self.enter([entry])]
        return ["" for _ in entries]

    def _patiently(self, entries: Sequence[Entry]) -> None:
        since = time.monotonic()
        while True:
            try:
                with Session(self._book.engine, autoflush=False) as session:
                    self._store.hold(session.connection(), told=False)
                    _Batch(session, self._policy, self._rule).enter(entries)
                    session.commit()
                return
            except DBAPIError as error:
                # Whether a transaction whose end was not heard of is in or not: to enter it again changes nothing.
                if isinstance(error, DataError | IntegrityError):
                    raise
                if not (self._store.lost(error) or self._store.busy(error)):  # such as a full disk
                    with self._store.troubles_told():
                        raise
                if time.monotonic() - since > _PATIENCE:
                    raise GradebookAway(str(self._store.told(error))) from None
            self._tell("waiting for the gradebook")
            time.sleep(_BETWEEN)


@dataclass(frozen=True)
class _Registered:
    """What a gradebook has of a lesson: its cells as (id, name, notebook's id), and its notebooks' names by id."""

    assignment: str
    notebooks: dict[str, str]
    graded: list[tuple[str, str, str]]
    answered: list[tuple[str, str, str]]


class _Batch:
    """Writes scores into a session, a table at a time: objects for each row would take most of the time."""

    def __init__(self, session: Session, policy: GradingPolicy, rule: Rule) -> None:
        self._session, self._policy, self._rule = session, policy, rule

    def enter(self, entries: Sequence[Entry]) -> None:
        """Enters them.

        Raises:
            MleError: the gradebook does not have a check of one of them.
        """
        entered: list[str] = []
        # The last of somebody's for a lesson counts, if there are several.
        latest = {(entry.lesson, entry.student): entry for entry in entries}
        for lesson, group in groupby(sorted(latest), key=lambda names: names[0]):
            entered += self._enter_lesson(lesson, {student: latest[lesson, student] for _, student in group})
        self._session.flush()
        work_out(self._session, self._policy, self._rule, entered).enter()
        self._session.flush()

    def _enter_lesson(self, lesson: str, entries: dict[str, Entry]) -> list[str]:
        registered = self._registered(lesson)
        names = {name for _, name, notebook in registered.graded if registered.notebooks[notebook] == lesson}
        for entry in entries.values():
            for unknown in entry.checks.keys() - names:
                raise MleError(f"The gradebook does not know the check '{entry.checks[unknown].id}' of {lesson}: the "
                               f"lesson has changed since it was registered. Run `mle migrate {lesson}`.")
        changed = self._changed_essays(lesson, entries)
        there = dict(self._session.execute(
            select(SubmittedAssignment.student_id, SubmittedAssignment.id)
            .where(SubmittedAssignment.assignment_id == registered.assignment,
                   SubmittedAssignment.student_id.in_(entries))).all())
        self._update({there[student]: entry for student, entry in entries.items() if student in there}, lesson, changed)
        there |= self._insert(registered, lesson, {student: entry for student, entry in entries.items()
                                                   if student not in there})
        own = (GRADED.c.lesson == lesson) & GRADED.c.student.in_(entries)
        self._session.execute(delete(GRADED).where(own))
        self._session.execute(insert(GRADED), [
            {"student": entry.student, "lesson": lesson, "digest": entry.digest} for entry in entries.values()])
        return list(there.values())

    def _registered(self, lesson: str) -> _Registered:
        assignment = self._session.scalar(select(Assignment.id).where(Assignment.name == lesson))
        if assignment is None:
            raise MleError(f"The gradebook does not know {lesson}. Run `mle init-course {lesson}`.")
        notebooks = dict(self._session.execute(
            select(Notebook.id, Notebook.name).where(Notebook.assignment_id == assignment)).all())
        cell = BaseCell.__table__.c
        cells = self._session.execute(
            select(cell.id, cell.name, cell.notebook_id, cell.type).where(cell.notebook_id.in_(notebooks))).all()
        return _Registered(assignment, notebooks, [row[:3] for row in cells if row.type in _GRADED],
                           [row[:3] for row in cells if row.type in _ANSWERED])

    def _changed_essays(self, lesson: str, entries: dict[str, Entry]) -> dict[str, set[str]]:
        """By student, essays with another text than when they were last graded; the texts of now are kept."""
        own = (ESSAYS.c.lesson == lesson) & ESSAYS.c.student.in_(entries)
        before = {(row.student, row.essay): row.digest for row in self._session.execute(select(ESSAYS).where(own))}
        self._session.execute(delete(ESSAYS).where(own))
        rows = [{"student": entry.student, "lesson": lesson, "essay": name, "digest": essay.digest}
                for entry in entries.values() for name, essay in entry.essays.items()]
        if rows:
            self._session.execute(insert(ESSAYS), rows)
        return {student: {name for name, essay in entry.essays.items()
                          if before.get((student, name)) != essay.digest} for student, entry in entries.items()}

    def _update(self, entries: dict[str, Entry], lesson: str, changed: dict[str, set[str]]) -> None:
        """Brings submissions that the gradebook has up to date; `entries` by their ids."""
        if not entries:
            return
        self._execute(update(SubmittedAssignment.__table__), [
            {"row": row, "timestamp": entry.timestamp} for row, entry in entries.items()])
        notebooks = dict(self._session.execute(
            select(SubmittedNotebook.id, SubmittedNotebook.assignment_id)
            .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
            .where(SubmittedNotebook.assignment_id.in_(entries), Notebook.name == lesson)).all())
        cell = BaseCell.__table__.c
        grades = []
        for row, notebook, name, manual in self._session.execute(
                select(Grade.id, Grade.notebook_id, cell.name, Grade.manual_score)
                .join(BaseCell.__table__, Grade.cell_id == cell.id).where(Grade.notebook_id.in_(notebooks))):
            entry = entries[notebooks[notebook]]
            values = _grade(entry, name, manual, changed[entry.student])
            if values:
                grades.append({"row": row, **values})
        for alike in ({"row", "auto_score", "needs_manual_grade"}, {"row", "auto_score"}):
            self._execute(update(Grade.__table__), [values for values in grades if values.keys() == alike])
        self._execute(update(Comment.__table__), [
            {"row": row, "auto_comment": _comment(entries[notebooks[notebook]], name)}
            for row, notebook, name in self._session.execute(
                select(Comment.id, Comment.notebook_id, cell.name)
                .join(BaseCell.__table__, Comment.cell_id == cell.id).where(Comment.notebook_id.in_(notebooks)))])

    def _execute(self, changing: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            table = changing.table
            values = {name: bindparam(name) for name in rows[0] if name != "row"}
            self._session.connection().execute(changing.where(table.c.id == bindparam("row")).values(values), rows)

    def _insert(self, registered: _Registered, lesson: str, entries: dict[str, Entry]) -> dict[str, str]:
        """Enters submissions that are new; returns their ids by student."""
        if not entries:
            return {}
        known = set(self._session.scalars(select(Student.id).where(Student.id.in_(entries))))
        ids = {student: new_uuid() for student in entries}
        notebooks, grades, comments = [], [], []
        for student, entry in entries.items():
            of = {notebook: new_uuid() for notebook in registered.notebooks}
            notebooks += [{"id": row, "notebook_id": notebook, "assignment_id": ids[student]}
                          for notebook, row in of.items()]
            for cell, name, notebook in registered.graded:
                own = registered.notebooks[notebook] == lesson
                values = _grade(entry, name, None, entry.essays) if own else {}
                grades.append({"cell_id": cell, "notebook_id": of[notebook], "auto_score": None,
                               "needs_manual_grade": True, **values})
            for cell, name, notebook in registered.answered:
                said = _comment(entry, name) if registered.notebooks[notebook] == lesson else None
                comments.append({"cell_id": cell, "notebook_id": of[notebook], "auto_comment": said})
        for table, rows in ((Student, [{"id": student} for student in entries if student not in known]),
                            (SubmittedAssignment, [
                                {"id": ids[student], "assignment_id": registered.assignment, "student_id": student,
                                 "timestamp": entry.timestamp} for student, entry in entries.items()]),
                            (SubmittedNotebook, notebooks), (Grade, grades), (Comment, comments)):
            if rows:
                self._session.connection().execute(insert(table.__table__), rows)
        return ids


def _grade(entry: Entry, name: str, manual: float | None, changed: Container[str]) -> dict[str, Any]:
    """What changes in the grade for a cell; `manual` is what a person gave."""
    if (check := entry.checks.get(name)) is not None:
        return {"auto_score": check.earned, "needs_manual_grade": manual is not None}
    if (essay := entry.essays.get(name)) is None:
        return {}
    values: dict[str, Any] = {"auto_score": 0.0 if essay.blank else None}
    if name in changed or manual is None:
        values["needs_manual_grade"] = not essay.blank or manual is not None
    return values


def _comment(entry: Entry, name: str) -> str | None:
    return "No response." if name in entry.blank else None
