"""Copies of a gradebook from before a migration, and the way back to them."""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from autograder.errors import MleError
from autograder.grading.gradebook import Store, store_in_file
from autograder.grading.tables import MIGRATIONS, make_own
from autograder.grading.transfer import carry_gradebook


@dataclass(frozen=True)
class Undone:
    """An undone migration: the copy that was put back, and where the gradebook of until then is kept."""

    restored: Path
    kept: Path


class Copy:
    """A copy of a gradebook in a file beside the course, named from `keep()` on, else gone when the block ends.

    Args:
        what: what the copy is of, for its name.
    """

    def __init__(self, gradebook: Store, what: str) -> None:
        self._gradebook = gradebook
        self._name = f"{gradebook.file.name if gradebook.file else 'gradebook.db'}.{what}"
        self._draft = gradebook.beside / f".{self._name}.{os.getpid()}.tmp"

    def __enter__(self) -> Copy:
        if self._gradebook.file is not None:
            _copy(self._gradebook.file, self._draft)
        else:
            carry_gradebook(self._gradebook, store_in_file(self._draft), held=True)
        return self

    def __exit__(self, *raised: object) -> None:
        self._draft.unlink(missing_ok=True)

    def keep(self) -> Path:
        """Gives the copy its name, which is no other file's."""
        name = f"{self._name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        target = self._gradebook.beside / name
        for number in itertools.count(2):
            if not target.exists():
                break
            target = self._gradebook.beside / f"{name}-{number}"
        os.replace(self._draft, target)
        return target


def record(session: Session, copy: Path) -> None:
    """Writes into a gradebook that it was migrated, and from which copy it can be put back."""
    make_own(session.connection())
    session.execute(insert(MIGRATIONS).values(copy=copy.name))


def latest_backup(session: Session, gradebook: Store) -> Store:
    """The gradebook as it was before the last migration that was not undone.

    Raises:
        MleError: there was none, or the copy is gone.
    """
    make_own(session.connection())
    name = session.scalar(select(MIGRATIONS.c.copy).order_by(MIGRATIONS.c.number.desc()))
    if name is None:
        raise MleError(f"There is no migration to undo in {gradebook}.")
    path = gradebook.beside / name
    if not path.is_file():
        raise MleError(f"{path}, the gradebook as it was before the last migration, is gone, so that cannot be undone. "
                       "If you moved it, or migrated on another machine, put it there.")
    return store_in_file(path)


def put_back(source: Store, gradebook: Store) -> Undone:
    """Puts the gradebook back as a copy has it, and keeps the present one under another name.

    Raises:
        MleError: another program is writing to it.
    """
    with Copy(gradebook, "before-undo") as copy:
        kept = copy.keep()
    if gradebook.file is None:
        carry_gradebook(source, gradebook, replace=True)
    else:
        # Through SQLite, in one transaction of its own: programs that have it open go on with the old state.
        _copy(source.file, gradebook.file)
    source.file.unlink()
    return Undone(source.file, kept)


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
