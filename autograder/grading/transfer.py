"""Carries a gradebook as a whole into another database, row by row, and proves that both say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from nbgrader.api import Assignment, Course
from sqlalchemy import Connection, Table, delete, func, insert, inspect, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from autograder.errors import MleError
from autograder.grading.gradebook import Store
from autograder.grading.scores import read_scores
from autograder.grading.tables import all_tables, make_own

_AT_ONCE = 1000  # rows
_SHOWN = 200  # characters of what a database says

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Carried:
    """What was carried: rows by table, how many submissions there are, and all their points together."""

    rows: dict[str, int]
    submissions: int
    points: float


def carry_gradebook(source: Store, target: Store, *, replace: bool = False, held: bool = False,
                    tell: Tell = lambda text, done, of: None) -> Carried:
    """Carries everything in one transaction, in which it is read again and compared; the source stays as it is.

    Args:
        replace: put it in the place of what the target has; otherwise that has to be empty.
        held: a transaction of somebody else's keeps everybody from writing to the source.
        tell: called with a few words, how many tables are done, and of how many.

    Raises:
        MleError: there is no source, the target has somebody's rows already, or a row cannot be kept there.
    """
    if not source.exists():
        raise MleError(f"There is no gradebook {source}.")
    target.make()
    with source.connection() as old, target.connection() as new:
        if not held:
            source.hold(old)  # what is written meanwhile would be missing
        target.hold(new)
        make_own(new)
        if not replace and (there := [table.name for table in all_tables() if _count(new, table)]) and there != [
                "course"]:
            raise MleError(f"{target} is not empty: it has rows in {', '.join(there)}. Nothing was changed. Name an "
                           "empty database, or go on with the gradebook that is there.")
        for table in reversed(all_tables()):
            new.execute(delete(table))
        rows = {}
        for done, table in enumerate(all_tables()):
            tell(table.name, done, len(all_tables()))
            rows[table.name] = _carry(old, new, table, source, target)
        tell("comparing", len(all_tables()), len(all_tables()))
        carried = _compared(old, new, rows, source, target)
        new.commit()
        old.rollback()
    return carried


def _carry(old: Connection, new: Connection, table: Table, source: Store, target: Store) -> int:
    number = 0
    for rows in _batched(_rows(old, table), _AT_ONCE):
        try:
            new.execute(insert(table), rows)
        except (DataError, IntegrityError) as error:
            said = " ".join(str(error.orig).split())[:_SHOWN]
            raise MleError(f"A row of the table '{table.name}' in {source} cannot be kept in {target}: {said}. Nothing "
                           "was changed. Mend that row in Formgrader or in the database, then run the same command "
                           "again.") from None
        number += len(rows)
    return number


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """A table's rows; none where it is one of ours that was not needed yet."""
    if not inspect(connection).has_table(table.name):
        return
    found = connection.execution_options(yield_per=_AT_ONCE).execute(select(table))
    yield from map(dict, found.mappings())
    if table is Course.__table__:
        # Assignments of a course without a name refer to a row that nbgrader never enters, as SQLite does not mind.
        named = select(Assignment.course_id).distinct().where(Assignment.course_id.not_in(select(Course.id)))
        yield from ({column.name: None for column in table.columns} | {"id": missing}
                    for missing in connection.scalars(named))


def _compared(old: Connection, new: Connection, rows: dict[str, int], source: Store, target: Store) -> Carried:
    """Holds every row of both against each other, then what they add up to."""
    for table in all_tables():
        keys = [column.name for column in table.primary_key.columns]
        # Sorted here: databases sort text in different ways.
        before, after = (sorted(_rows(connection, table), key=lambda row, keys=keys: [row[key] for key in keys])
                         for connection in (old, new))
        if not rows[table.name] == len(before) == len(after):
            raise MleError(f"{target} would have {len(after)} rows in '{table.name}', and {source} has {len(before)}. "
                           "Nothing was changed.")
        if before != after:
            raise MleError(f"Rows of '{table.name}' would not be in {target} as they are in {source}. Nothing was "
                           "changed.")
    with Session(old) as one, Session(new) as other:
        before, after = read_scores(one), read_scores(other)
    by_name = {(score.student, score.lesson): score for score in after}
    if len(before) != len(after) or any(by_name.get((score.student, score.lesson)) != score for score in before):
        raise MleError(f"The scores in {target} would not be those in {source}. Nothing was changed.")
    return Carried(rows, len(after), sum(score.earned for score in after))


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) if inspect(connection).has_table(
        table.name) else 0


def _batched(rows: Iterable[dict[str, Any]], number: int) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while batch := list(islice(rows, number)):
        yield batch
