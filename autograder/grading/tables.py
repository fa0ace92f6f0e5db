"""The tables of a gradebook: nbgrader's, and beside them ours, which are unknown to it."""

from __future__ import annotations

from nbgrader.api import Base
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, inspect, text

OWN = MetaData()
# Which bytes a submission's scores came from.
GRADED = Table("mle_graded", OWN, Column("student", String(128), primary_key=True),
               Column("lesson", String(128), primary_key=True), Column("digest", String(64), nullable=False))
# The text of an essay when it was last graded: points given by hand are for that text and need no second look.
ESSAYS = Table("mle_essay", OWN, Column("student", String(128), primary_key=True),
               Column("lesson", String(128), primary_key=True), Column("essay", String(128), primary_key=True),
               Column("digest", String(64), nullable=False))
# A copy of the gradebook from before a migration counts only if the migration after it was committed.
MIGRATIONS = Table("mle_migration", OWN, Column("number", Integer, primary_key=True),
                   Column("copy", String(255), nullable=False))


# Our number among PostgreSQL's advisory locks.
_MAKING = 0x6D6C65


def one_makes(connection: Connection) -> None:
    """Until the transaction ends, nobody else makes tables; SQLite sees to that by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MAKING})


def make_own(connection: Connection) -> None:
    """Makes our tables where they are missing."""
    there = inspect(connection).get_table_names()
    if not all(name in there for name in OWN.tables):
        one_makes(connection)
        OWN.create_all(connection)


def all_tables() -> list[Table]:
    """Every table, in an order in which rows come after those that they refer to."""
    return [*Base.metadata.sorted_tables, *OWN.sorted_tables]
