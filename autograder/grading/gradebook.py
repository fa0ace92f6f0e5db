"""nbgrader's gradebook as a database: making one, all of it or nothing, and changing one, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbgrader
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import Base, Gradebook
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from autograder.errors import MleError


def make_gradebook(path: Path) -> None:
    """Makes an empty SQLite gradebook where there is none.

    nbgrader makes one itself when it is opened, but in steps, and one that was left half made it does not mend: its
    tables are there without the version of its schema. And for that version it starts a Python of seconds.
    """
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        engine = create_engine(f"sqlite:///{temporary}")
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            scripts = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
            MigrationContext.configure(connection).stamp(scripts, "heads")
        engine.dispose()
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def opened(db_url: str) -> Iterator[Session]:
    """The rows of a gradebook in one transaction; what is not committed at the end is rolled back.

    Raises:
        MleError: another program is writing to it.
    """
    gradebook = Gradebook(db_url)
    try:
        # Rows stay readable after a commit: they are what is reported. Nothing is written unless somebody says so.
        with Session(gradebook.engine, expire_on_commit=False, autoflush=False) as session:
            yield session
    except OperationalError as error:
        if "locked" not in str(error.orig):
            raise
        raise MleError("Another program is writing to gradebook.db: nbgrader, Formgrader or another `mle`. Nothing was "
                       "changed; run the same command again when that has finished.") from None
    finally:
        gradebook.close()
