"""Where a course's gradebook is, and nbgrader's tables in it: made and changed as a whole, or not at all.

It is the file `gradebook.db` in the course's folder, unless `gradebook` in `grading.toml` names another, such as a
database on a PostgreSQL server. Then the environment variable MLE_GRADEBOOK may say it more exactly, with a password.
On its own that variable names none: the kit's samples and proofs, which are courses too, must not get into a cohort's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nbgrader
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import Base, Course, Gradebook
from sqlalchemy import Connection, create_engine, insert, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from autograder.errors import MleError
from autograder.grading.policy import POLICY_FILE, gradebook_setting
from autograder.grading.tables import one_makes

VARIABLE = "MLE_GRADEBOOK"
_FILE = "gradebook.db"
_CONNECT_SECONDS, _LOCK_SECONDS = 10, 10
_EXAMPLE = "postgresql://USER@HOST/DATABASE"


@dataclass(frozen=True)
class Store:
    """A gradebook's place.

    Attributes:
        url: SQLAlchemy's URL of it, the driver named.
        file: of an SQLite gradebook, else None.
        beside: the folder for copies of it.
    """

    url: str
    file: Path | None
    beside: Path

    def __str__(self) -> str:
        """For messages: without a password."""
        if self.file is not None:
            return str(self.file)
        return self._shown().render_as_string(hide_password=True)

    @property
    def public(self) -> str:
        """The URL to write into a file that others may read: without a password."""
        if self.file is not None:
            return self.url
        shown = self._shown()
        return URL.create(shown.drivername, shown.username, None, shown.host, shown.port, shown.database,
                          shown.query).render_as_string()

    def _shown(self) -> URL:
        url = make_url(self.url)
        query = {name: value for name, value in url.query.items() if name not in {"password", "connect_timeout"}}
        return url.set(drivername="postgresql", query=query)

    def exists(self) -> bool:
        """Whether there is a gradebook, or at least something that should be one.

        Raises:
            MleError: the server cannot be asked.
        """
        if self.file is not None:
            return self.file.exists()
        with self.connection() as connection:
            return inspect(connection).has_table("assignment")

    def make(self) -> None:
        """Makes an empty gradebook where there is none.

        nbgrader makes one itself when it is opened, but in steps, and one that was left half made it does not mend: its
        tables are there without the version of its schema. And for that version it starts a Python of seconds.

        Raises:
            MleError: the server cannot be reached, or refuses.
        """
        if self.file is not None:
            _make_file(self.file)
        elif not self.exists():
            with self.connection() as connection:
                # Somebody else may be making it; then it is there once this is passed.
                one_makes(connection)
                if not inspect(connection).has_table("assignment"):
                    _make_tables(connection)
                    # Assignments of a course without a name refer to this one, which nbgrader never enters. SQLite
                    # does not mind.
                    connection.execute(insert(Course).values(id=""))
                connection.commit()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection to its database; what is not committed at the end is rolled back.

        Raises:
            MleError: it cannot be reached, or another program is writing to it.
        """
        engine = create_engine(self.url)
        try:
            with self.troubles_told(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Its rows in one transaction; what is not committed at the end is rolled back.

        Raises:
            MleError: it cannot be reached, or another program is writing to it.
        """
        with self.troubles_told():
            gradebook = Gradebook(self.url)
            try:
                # Rows stay readable after a commit: they are reported. Nothing is written unless somebody says so.
                with Session(gradebook.engine, expire_on_commit=False, autoflush=False) as session:
                    yield session
            finally:
                gradebook.close()

    def hold(self, connection: Connection, *, told: bool = True) -> None:
        """From here on nobody else writes to it, until the connection's transaction ends; everybody may read.

        Args:
            told: whether troubles are told in words, or left as the database's errors.

        Raises:
            MleError: another program is writing to it, and has not finished within some seconds.
        """
        with self.troubles_told() if told else nullcontext():
            if self.file is not None:
                connection.execute(text("UPDATE course SET id = id WHERE 1 = 0"))
                return
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
            tables = ", ".join(f'"{name}"' for name in Base.metadata.tables)
            connection.execute(text(f"LOCK TABLE {tables} IN EXCLUSIVE MODE"))

    @contextmanager
    def troubles_told(self) -> Iterator[None]:
        """Says in words for the reader what a database refuses; other errors pass."""
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            if (told := self.told(error)) is None:
                raise
            raise told from error

    def lost(self, error: DBAPIError) -> bool:
        """Whether an error means that the server went away, and may come back."""
        if self.file is not None:
            return False
        state = getattr(error.orig, "sqlstate", None) or ""
        # Class 08 is for connections, 57P0x for a server that is stopped or starts.
        return error.connection_invalidated or state.startswith(("08", "57P0")) or (
            not state and isinstance(error, OperationalError))

    def busy(self, error: DBAPIError) -> bool:
        """Whether an error means that somebody else is writing to it."""
        if self.file is not None:
            return isinstance(error, OperationalError) and "locked" in str(error.orig)
        return getattr(error.orig, "sqlstate", None) == "55P03"

    def told(self, error: DBAPIError) -> MleError | None:
        """What an error means in words for the reader; None where the error says it as well."""
        said = " ".join(str(error.orig).split())
        if self.busy(error):
            where = self.file.name if self.file else self
            return MleError(f"Another program is writing to {where}: nbgrader, Formgrader or another `mle`. Nothing "
                            "was changed; run the same command again when that has finished.")
        if self.file is not None:
            return None
        state = getattr(error.orig, "sqlstate", None) or ""
        if state.startswith("28") or "authentication failed" in said or "no password supplied" in said:
            return MleError(f"The gradebook {self} refuses this user: {said}. Put the password into PGPASSWORD, into "
                            f"~/.pgpass or into the URL in {VARIABLE}, then run the same command again.")
        if state == "3D000" or "does not exist" in said:
            return MleError(f"The server has no such gradebook, {self}: {said}. Make it with PostgreSQL's `createdb`, "
                            f"or mend the URL ({VARIABLE}, or `gradebook` in {POLICY_FILE}).")
        if self.lost(error):
            return MleError(f"The gradebook {self} cannot be reached: {said}. Check that the server runs and that the "
                            f"URL is right ({VARIABLE}, or `gradebook` in {POLICY_FILE}), then run the same command "
                            "again: what was entered is there, and the rest goes on from where it stopped.")
        return MleError(f"The gradebook {self} refuses: {said}.")


def gradebook_of(root: Path) -> Store:
    """Where the gradebook of the course in a folder is.

    Raises:
        MleError: what names it is no URL of a database that can serve, or a package for it is missing.
    """
    said, where = gradebook_setting(root), f"`gradebook` in {root / POLICY_FILE}"
    if said and (more := os.environ.get(VARIABLE, "").strip()):
        said, where = more, VARIABLE
    return store_at(said, where, root) if said else store_in_file(root / _FILE)


def store_in_file(path: Path) -> Store:
    """The SQLite gradebook in a file, or to be made there."""
    return Store(f"sqlite:///{path}", path, path.parent)


def store_at(said: str, where: str, root: Path) -> Store:
    """The gradebook that somebody means by a URL.

    Args:
        where: it was said, for messages.
        root: the course's folder, from which paths are reckoned.

    Raises:
        MleError: it is no URL of a database that can serve, or a package for it is missing.
    """
    try:
        url = make_url(said)
    except ArgumentError:
        raise MleError(f"{where} is no URL of a database. Write it like {_EXAMPLE}.") from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return store_in_file(root / url.database)
    if kind not in {"postgresql", "postgres"}:
        raise MleError(f"{where} names a database of the kind '{kind}'. A gradebook is in PostgreSQL, like {_EXAMPLE}, "
                       "or in a file, like sqlite:///gradebook.db.")
    if find_spec("psycopg") is None:
        raise MleError(f"{where} names a PostgreSQL gradebook, and what reaches one is not installed: run `./mle add "
                       "postgresql`.")
    return Store(_with_driver(url).render_as_string(hide_password=False), None, root)


def _with_driver(url: URL) -> URL:
    query = {"connect_timeout": str(_CONNECT_SECONDS), **url.query}
    return url.set(drivername="postgresql+psycopg", query=query)


def _make_file(path: Path) -> None:
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        engine = create_engine(f"sqlite:///{temporary}")
        with engine.begin() as connection:
            _make_tables(connection)
        engine.dispose()
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _make_tables(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    scripts = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
    MigrationContext.configure(connection).stamp(scripts, "heads")
