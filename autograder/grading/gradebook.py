"""Makes nbgrader's gradebook, all of it or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import nbgrader
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from sqlalchemy import create_engine


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
