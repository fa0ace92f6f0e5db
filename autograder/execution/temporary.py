"""Temporary folders that are cleared away even where the process that made them was killed: by the next one.

Each is locked as long as its process lives, and the kernel takes the lock off whichever way that ends. Unlike the
number of a process, a lock cannot come to mean another one, and it counts in containers that share a folder too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator

from autograder.execution import folders

try:
    import fcntl
except ImportError:  # Windows, where nothing is cleared for others
    fcntl = None


class TemporaryFolder:
    """A new folder, readable by this user alone, and locked until it is removed.

    Args:
        within: the folder to make it in; by default the system's for temporary ones.

    Attributes:
        path: where it is.
    """

    def __init__(self, prefix: str, within: str | None = None) -> None:
        self._lock: int | None = None
        while True:
            self.path = tempfile.mkdtemp(prefix=prefix, dir=within)
            try:
                self._lock = None if fcntl is None else _lock(self.path)
            except (BlockingIOError, FileNotFoundError):
                continue  # another process takes it for one that was left behind, and clears it
            except OSError:
                pass  # a file system without locks, where nobody clears anything
            return

    def remove(self) -> None:
        """Removes it and all in it; what cannot be removed stays, and is tried again by `clear_left`."""
        _remove(self.path)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[str]:
    """A folder for as long as the block runs. Clears those of the same prefix whose processes are gone."""
    clear_left(prefix)
    folder = TemporaryFolder(prefix)
    try:
        yield folder.path
    finally:
        folder.remove()


def clear_left(prefix: str, within: str | None = None) -> None:
    """Removes this user's folders of that prefix that no living process holds."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(within or tempfile.gettempdir())):
            if entry.name.startswith(prefix):
                with contextlib.suppress(OSError):
                    lock = _lock(entry.path)
                    _remove(entry.path)
                    os.close(lock)


def _lock(path: str) -> int:
    """A descriptor that holds the lock on one of this user's folders.

    Raises:
        BlockingIOError: another process holds it.
        FileNotFoundError: it is gone.
        OSError: it is somebody else's, or no folder, or cannot be locked.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        held = os.fstat(descriptor)
        if held.st_uid != os.geteuid():
            raise PermissionError(path)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(held, os.lstat(path)):
            raise FileNotFoundError(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _remove(path: str) -> None:
    if hasattr(os, "O_PATH"):
        folders.remove(path)
    else:
        shutil.rmtree(path, ignore_errors=True)
