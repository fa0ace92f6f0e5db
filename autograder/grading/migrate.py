"""Brings a gradebook that has scores to a lesson's present set of checks, in one transaction and with a way back.

nbgrader refuses to add or remove graded cells once somebody has handed in. What it would register in an empty gradebook
is registered in a temporary one here, and the difference is carried over: cells, and with them grades and comments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from autograder.authoring import generate
from autograder.errors import MleError
from autograder.execution.temporary import temporary_folder
from autograder.grading.backup import Copy, record
from autograder.grading.gradebook import Store, store_in_file
from autograder.grading.key import Key
from autograder.grading.late import points_of
from autograder.grading.ledger import agrees, forget

_GRADED, _ANSWERED = (GradeCell, TaskCell), (SolutionCell, TaskCell)
_SOURCE = ("cell_type", "locked", "source", "checksum")

# The record of somebody's graded hand-in of a lesson, by lesson and student; raises MleError where there is none.
Records = Callable[[str, str], dict[str, Any]]
# Whether somebody's hand-in passed a check when it was graded; None where that is not known.
_Passed = Callable[[str, str], bool | None]


@dataclass(frozen=True)
class CellChange:
    """A graded cell that comes (`before` is None), goes (`after` is None) or changes its points."""

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class ScoreChange:
    """The points somebody has for the lesson, before and after, late penalty not taken off."""

    student: str
    before: float
    after: float


@dataclass
class Migration:
    """What a lesson's present cells change in the gradebook.

    Attributes:
        cells: graded cells that come, go or change points.
        others: answers and given cells that come or go, by name.
        scores: whose points change, by what is known before they are graded again.
        submissions: how many there are of the lesson; all of them are graded again by the next `mle grade`.
        by_hand: sentences on points and comments given by hand that go with a cell, or no longer fit it.
        unknown: points of new checks, of which nothing is known before that.
    """

    lesson: str
    cells: list[CellChange] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    scores: list[ScoreChange] = field(default_factory=list)
    submissions: int = 0
    by_hand: list[str] = field(default_factory=list)

    @property
    def unknown(self) -> float:
        return sum(cell.after or 0 for cell in self.cells if cell.before is None)


@dataclass(frozen=True)
class Migrated:
    """What a migration changed, or would change, and where the gradebook of before is kept."""

    lessons: list[Migration]
    backup: Path | None = None


def migrate(session: Session, gradebook: Store, root: Path, keys: Sequence[Key], records: Records,
            settle: Callable[[], None], *, dry_run: bool, tell: Callable[[str, int, int], None]) -> Migrated:
    """Brings a gradebook to the present cells of lessons, all of them in one transaction.

    Args:
        session: of that gradebook; committed at the end, unless it is a dry run.
        root: the course's folder.
        keys: the lessons; those that need nothing are left alone.
        records: tells which checks were passed, where their points change.
        settle: called before the end, for what hangs on the scores.
        tell: called with a few words, how many lessons are done, and of how many.

    Raises:
        MleError: nbgrader does not take a lesson.
    """
    stale = [key.lesson for key in keys if is_stale(session, key)]
    migrations: list[Migration] = []

    def carry() -> None:
        for done, lesson in enumerate(stale):
            tell(lesson, done, len(stale))
            migrations.append(_carry_lesson(session, root, lesson, _passed(records, lesson)))

    if dry_run or not stale:
        carry()
        return Migrated(migrations)
    gradebook.hold(session.connection())  # so the copy is of just before
    for lesson in stale:
        forget(session, lesson)
    with Copy(gradebook, "before-migrate") as copy:
        carry()
        session.flush()
        settle()
        session.flush()
        kept = copy.keep()
        try:
            record(session, kept)
            session.commit()
        except BaseException:
            kept.unlink()
            raise
    return Migrated(migrations, kept)


def is_stale(session: Session, key: Key) -> bool:
    """Whether the gradebook has a lesson with other cells, or other points for them, than the lesson has now."""
    notebook = _find(session, key.lesson)
    own = {cell.grade_id for cell in key.cells if "nbgrader" in cell.metadata}
    return notebook is not None and not (agrees(notebook, key) and own == {cell.name for cell in notebook.source_cells})


def _passed(records: Records, lesson: str) -> _Passed:
    @lru_cache(maxsize=1)  # of one student after the other
    def checks_of(student: str) -> dict[str, bool]:
        try:
            return {f"check-{check['id']}": check["status"] == "passed"
                    for exercise in records(lesson, student)["exercises"] for check in exercise["checks"]}
        except (MleError, OSError, ValueError, TypeError, KeyError):  # gone, or damaged
            return {}

    return lambda student, cell: checks_of(student).get(cell)


def _carry_lesson(session: Session, root: Path, lesson: str, passed: _Passed) -> Migration:
    """Carries a lesson's present cells into the rows of a session."""
    notebook = _find(session, lesson)
    submitted = session.scalars(select(SubmittedNotebook).where(SubmittedNotebook.notebook_id == notebook.id).options(
        selectinload(SubmittedNotebook.grades).joinedload(Grade.cell),
        selectinload(SubmittedNotebook.comments).joinedload(Comment.cell),
        joinedload(SubmittedNotebook.assignment))).all()
    # A database gives rows in any order, and what is told of them names learners.
    submitted = sorted(submitted, key=lambda entry: entry.assignment.student_id)
    migration = Migration(lesson, submissions=len(submitted))
    with temporary_folder("mle-migrate-") as folder:
        fresh = store_in_file(Path(folder) / "gradebook.db")
        fresh.make()
        generate(root, lesson, fresh.url, Path(folder) / "release")
        with fresh.session() as other:
            _Carrier(session, notebook, submitted, migration, passed).carry(_find(other, lesson))
    return migration


def _find(session: Session, lesson: str) -> Notebook | None:
    return session.scalars(select(Notebook).where(
        Notebook.name == lesson, Notebook.assignment.has(name=lesson))).first()


class _Carrier:
    """Carries cells from a notebook as nbgrader registers it now into the gradebook."""

    def __init__(self, session: Session, notebook: Notebook, submitted: list[SubmittedNotebook], migration: Migration,
                 passed: _Passed) -> None:
        self._session, self._notebook, self._submitted = session, notebook, submitted
        self._migration, self._passed = migration, passed

    def carry(self, wanted: Notebook) -> None:
        before = {entry.id: points_of(entry) for entry in self._submitted}
        for cells in ("grade_cells", "solution_cells", "task_cells"):
            have = {cell.name: cell for cell in getattr(self._notebook, cells)}
            want = {cell.name: cell for cell in getattr(wanted, cells)}
            for name in sorted(have.keys() - want.keys()):
                self._remove(have[name])
            for name in sorted(want.keys() - have.keys()):
                self._add(want[name])
            for name in sorted(want.keys() & have.keys()):
                self._alter(have[name], want[name])
        self._carry_sources(wanted)
        for entry in self._submitted:
            after = points_of(entry)
            if abs(after - before[entry.id]) > 1e-9:
                self._migration.scores.append(ScoreChange(entry.assignment.student_id, before[entry.id], after))
        self._migration.scores.sort(key=lambda change: change.student)
        self._migration.others = sorted(set(self._migration.others) - {cell.name for cell in self._migration.cells})

    def _remove(self, cell: BaseCell) -> None:
        if isinstance(cell, _GRADED):
            self._migration.cells.append(CellChange(cell.name, cell.max_score, None))
        else:
            self._migration.others.append(cell.name)
        for entry in self._submitted:
            student = entry.assignment.student_id
            for grade in [grade for grade in entry.grades if grade.cell is cell]:
                if grade.manual_score is not None or grade.extra_credit:
                    given = " and ".join(f"{points:g} {what}" for points, what in (
                        (grade.manual_score, "points"), (grade.extra_credit or None, "extra")) if points is not None)
                    self._migration.by_hand.append(f"{student}: {given} for '{cell.name}' go with it")
                entry.grades.remove(grade)
                self._session.delete(grade)
            for comment in [comment for comment in entry.comments if comment.cell is cell]:
                if comment.manual_comment:
                    self._migration.by_hand.append(
                        f"{student}: the comment on '{cell.name}' goes with it: {comment.manual_comment}")
                entry.comments.remove(comment)
                self._session.delete(comment)
        self._session.delete(cell)

    def _add(self, wanted: BaseCell) -> None:
        kind = type(wanted)
        cell = kind(name=wanted.name, notebook=self._notebook, **_worth(wanted))
        self._session.add(cell)
        if kind in _GRADED:
            self._migration.cells.append(CellChange(wanted.name, None, wanted.max_score))
            # Without a score, it waits for a person until it is graded again.
            self._session.add_all(Grade(cell=cell, notebook=entry, needs_manual_grade=True)
                                  for entry in self._submitted)
        else:
            self._migration.others.append(wanted.name)
        if kind in _ANSWERED:
            self._session.add_all(Comment(cell=cell, notebook=entry) for entry in self._submitted)

    def _alter(self, cell: BaseCell, wanted: BaseCell) -> None:
        if not isinstance(cell, _GRADED):
            return
        cell.cell_type = wanted.cell_type
        if cell.max_score == wanted.max_score:
            return
        before, cell.max_score = cell.max_score, wanted.max_score
        self._migration.cells.append(CellChange(cell.name, before, wanted.max_score))
        for entry in self._submitted:
            for grade in [grade for grade in entry.grades if grade.cell is cell]:
                self._rescale(grade, entry.assignment.student_id, before, wanted.max_score)

    def _rescale(self, grade: Grade, student: str, before: float, after: float) -> None:
        if grade.auto_score is not None:
            passed = self._passed(student, grade.cell.name)
            if passed is None:
                passed = before > 0 and grade.auto_score >= before
            grade.auto_score = after if passed else 0.0
        if grade.manual_score is not None and grade.manual_score > after:
            self._migration.by_hand.append(f"{student}: keeps {grade.manual_score:g} points for '{grade.cell.name}', "
                                           f"which is now worth {after:g}")

    def _carry_sources(self, wanted: Notebook) -> None:
        have = {cell.name: cell for cell in self._notebook.source_cells}
        want = {cell.name: cell for cell in wanted.source_cells}
        for name in have.keys() - want.keys():
            self._session.delete(have[name])
        for name, cell in want.items():
            text = {column: getattr(cell, column) for column in _SOURCE}
            if name not in have:
                self._session.add(SourceCell(name=name, notebook=self._notebook, **text))
                continue
            for column, value in text.items():
                setattr(have[name], column, value)
        self._migration.others += sorted(have.keys() ^ want.keys())


def _worth(cell: BaseCell) -> dict[str, object]:
    return {"max_score": cell.max_score, "cell_type": cell.cell_type} if isinstance(cell, _GRADED) else {}
