"""Copies of a gradebook from before a migration, and the way back to them."""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.orm import Session

from autograder.errors import MleError

_TABLES = MetaData()
# Beside nbgrader's own tables: a copy counts only if the migration after it was committed.
_MIGRATIONS = Table("mle_migration", _TABLES, Column("number", Integer, primary_key=True),
                    Column("copy", String(255), nullable=False))


@dataclass(frozen=True)
class Undone:
    """An undone migration: the copy that was put back, and where the gradebook of before that is kept."""

    restored: Path
    kept: Path


class Copy:
    """A copy of a gradebook that is there under its name from `keep()` on, and otherwise gone when the block ends.

    Args:
        what: what the copy is of, for its name.
    """

    def __init__(self, gradebook: Path, what: str) -> None:
        self._gradebook, self._what = gradebook, what
        self._draft = gradebook.with_name(f".{gradebook.name}.{what}.{os.getpid()}.tmp")

    def __enter__(self) -> Copy:
        _copy(self._gradebook, self._draft)
        return self

    def __exit__(self, *raised: object) -> None:
        self._draft.unlink(missing_ok=True)

    def keep(self) -> Path:
        """Gives the copy its name, which is no other file's."""
        name = f"{self._gradebook.name}.{self._what}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        target = self._gradebook.with_name(name)
        for number in itertools.count(2):
            if not target.exists():
                break
            target = self._gradebook.with_name(f"{name}-{number}")
        os.replace(self._draft, target)
        return target


def record(session: Session, copy: Path) -> None:
    """Writes into a gradebook that it was migrated, and from which copy it can be put back."""
    _TABLES.create_all(session.connection())
    session.execute(insert(_MIGRATIONS).values(copy=copy.name))


def latest_backup(session: Session, gradebook: Path) -> Path:
    """The gradebook as it was before the last migration that was not undone.

    Raises:
        MleError: there was none, or the copy is gone.
    """
    _TABLES.create_all(session.connection())
    name = session.scalar(select(_MIGRATIONS.c.copy).order_by(_MIGRATIONS.c.number.desc()))
    if name is None:
        raise MleError(f"There is no migration to undo in {gradebook}.")
    if not (gradebook.parent / name).is_file():
        raise MleError(f"{gradebook.parent / name}, the gradebook as it was before the last migration, is gone, so "
                       "that cannot be undone. If you moved it, put it back there.")
    return gradebook.parent / name


def put_back(source: Path, gradebook: Path) -> Undone:
    """Puts the gradebook back as a copy has it, and keeps the present one under another name.

    Raises:
        MleError: another program is writing to it.
    """
    with Copy(gradebook, "before-undo") as copy:
        kept = copy.keep()
    # Through SQLite, in one transaction of its own: programs that have the gradebook open go on with the old state.
    _copy(source, gradebook)
    source.unlink()
    return Undone(source, kept)


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise MleError(f"Another program is writing to {target}: nbgrader, Formgrader or another `mle`. Run the same "
                       "command again when that has finished.") from None
    except sqlite3.DatabaseError as error:
        raise MleError(f"{source} is no gradebook that can be read ({error}). Nothing was changed.") from None
