"""A new gradebook: nbgrader's own in every table, and made at once."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from nbgrader.api import Gradebook

from autograder.grading.gradebook import store_in_file


def tables(path: Path) -> dict[str, list]:
    """Columns of every table, and the version of the schema."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for name, in db.execute("select name from sqlite_master where type = 'table' order by 1")]
        return {name: [row[1:3] for row in db.execute(f"pragma table_info({name})")] for name in names} | {
            "version": db.execute("select * from alembic_version").fetchall()}


def test_it_has_the_tables_and_the_version_that_nbgrader_gives_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # for nbgrader's `alembic`
    store_in_file(tmp_path / "ours.db").make()
    Gradebook(f"sqlite:///{tmp_path / 'theirs.db'}").close()
    assert tables(tmp_path / "ours.db") == tables(tmp_path / "theirs.db")
    assert len(tables(tmp_path / "ours.db")["version"]) == 1


def test_one_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "gradebook.db").write_bytes(b"anything")
    store_in_file(tmp_path / "gradebook.db").make()
    assert (tmp_path / "gradebook.db").read_bytes() == b"anything"


def test_where_it_cannot_be_finished_nothing_is_there(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MigrationContext, "stamp", full)
    with pytest.raises(OSError, match="No space left"):
        store_in_file(tmp_path / "gradebook.db").make()
    assert list(tmp_path.iterdir()) == []
