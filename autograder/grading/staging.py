"""Where hand-ins are unpacked before they are put in place: one run of `mle collect` at a time."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from autograder.errors import MleError

_STAGING = ".mle-collect-"
_LOCK = ".mle-collect.lock"


@contextmanager
def staging(root: Path, dry_run: bool) -> Iterator[Path]:
    """A folder beside the finished ones, so that renaming puts hand-ins in place. Clears what a killed run left.

    Raises:
        MleError: another run is under way.
    """
    if dry_run:
        with tempfile.TemporaryDirectory(prefix=_STAGING) as folder:
            yield Path(folder)
        return
    submitted = root / "submitted"
    submitted.mkdir(exist_ok=True)
    with _alone(submitted / _LOCK):
        for left in submitted.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=submitted))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.touch()
    # SQLite's locks are the system's own: they work everywhere, and go with their process, however it ends.
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise MleError(f"Another `mle collect` is at work in {path.parent}. Wait until it is done, then run the "
                           "same command again.") from None
        yield
