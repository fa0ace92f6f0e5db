"""What a worker of a cluster does: grades one notebook, given as bytes, and knows no gradebook and no course.

A lesson travels once to each worker and stays there, in a folder that goes with the worker's process.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import io
import os
import tarfile
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder import execution
from autograder.execution import EngineError, folders
from autograder.execution.temporary import TemporaryFolder, clear_left
from autograder.grading.finished import Finished, finished
from autograder.grading.grade import grade_bytes
from autograder.grading.key import Key
from autograder.grading.stored import MOST_FILES, MOST_MB, environment_versions
from autograder.grading.warm import warm_imports

_PREFIX = "mle-cluster-"
# Troubles that are the worker's and not the notebook's.
_OF_THE_MACHINE = {errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES,
                   *([errno.EDQUOT] if hasattr(errno, "EDQUOT") else [])}
_LEVELS = ("none", "landlock", "namespaces")  # each keeps in what the one before does, and more


@dataclass(frozen=True)
class Needs:
    """What a worker has to have, so that it gives the result that any other would.

    Attributes:
        versions: of Python and libraries.
        level: the least isolation.
    """

    versions: dict[str, str]
    level: str


@dataclass(frozen=True)
class Lesson:
    """A built lesson.

    Attributes:
        name: as its folder is called.
        notebook: with solution and checks, as in `solutions/`.
        files: what lies beside it, packed.
    """

    name: str
    notebook: bytes
    files: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(b"\0".join((self.name.encode(), self.notebook, self.files))).hexdigest()


@dataclass(frozen=True)
class Parcel:
    """A notebook to grade.

    Attributes:
        digest: of its lesson.
        lesson: None where the worker should have it.
        notebook: what was handed in, as it is.
        beside: the files handed in with it, packed.
    """

    digest: str
    lesson: Lesson | None
    notebook: bytes
    beside: bytes


@dataclass(frozen=True)
class Refused:
    """A worker cannot grade this, or should not; and why."""

    why: str


class NotThere:
    """The worker does not have the lesson: it has to be sent along."""


def fitness() -> tuple[dict[str, str], str]:
    """What this process has to grade with: versions, and its level of isolation."""
    engine = execution.default_engine()
    return environment_versions(), "none" if engine is None else engine.level.value


def unfit(needs: Needs, versions: dict[str, str], level: str) -> str:
    """Why a worker may not grade; empty if it may."""
    other = [_difference(name, versions.get(name, "-"), version) for name, version in needs.versions.items()
             if versions.get(name, "-") != version]
    if other:
        return (f"it has another environment than this machine: {', '.join(other)}. Install the same there, from the "
                "same requirements.lock, with the same extras")
    if not isolates(level, needs.level):
        return (f"its isolation is '{level}', and '{needs.level}' is needed. Run `mle doctor` there to see what is "
                "missing")
    return ""


def isolates(level: str, needed: str) -> bool:
    """Whether a level of isolation is at least another."""
    return _LEVELS.index(level) >= _LEVELS.index(needed)


def grade_parcel(parcel: Parcel, needs: Needs) -> Finished | Refused | NotThere:
    """Grades a notebook in this process's engine. The same parcel gives the same result everywhere."""
    if why := unfit(needs, *fitness()):
        return Refused(why)
    try:
        key = _lessons.key(parcel)
        if key is None:
            return NotThere()
        imports = warm_imports(key, execution)
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
            unpack(parcel.beside, Path(folder))
            return finished(grade_bytes(key, parcel.notebook, key.lesson, Path(folder), execution.run, imports))
    except EngineError as error:
        return Refused(f"it cannot run notebooks (any more): {error}")
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            raise
        return Refused(f"it cannot work (any more): {error.strerror}")


class _Lessons:
    """The lessons that this process has been sent."""

    def __init__(self) -> None:
        self._lock, self._folder = threading.Lock(), None
        self._known: dict[str, Path] = {}

    def key(self, parcel: Parcel) -> Key | None:
        with self._lock:
            if parcel.digest not in self._known:
                if parcel.lesson is None:
                    return None
                if self._folder is None:
                    clear_left(_PREFIX)
                    self._folder = TemporaryFolder(_PREFIX)
                    atexit.register(self._folder.remove)
                place = Path(self._folder.path) / parcel.digest / parcel.lesson.name
                unpack(parcel.lesson.files, place)
                (place / f"{place.name}.ipynb").write_bytes(parcel.lesson.notebook)
                self._known[parcel.digest] = place
            return Key.load(self._known[parcel.digest])


_lessons = _Lessons()


def pack(folder: Path) -> bytes:
    """A folder's files as one archive, the same bytes for the same files; notebooks are left out.

    Raises:
        Unfit: they are more, or larger, than may be handed in.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as temporary:
        copy = os.path.join(temporary, "files")
        # As they are laid out for a notebook anyway: without pipes, devices and whatever else is no file.
        folders.lay_out(copy, (str(folder),), MOST_MB * 2**20, MOST_FILES)
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
            _add(archive, copy, "")
    return data.getvalue()


def _add(archive: tarfile.TarFile, folder: str, name: str) -> None:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        inner = f"{name}{entry.name}"
        about = archive.gettarinfo(entry.path, inner)
        about.uid = about.gid = about.mtime = 0
        about.uname = about.gname = ""
        if about.islnk():  # two names for one file
            about.type, about.size = tarfile.REGTYPE, entry.stat().st_size
        if about.isreg():
            with open(entry.path, "rb") as file:
                archive.addfile(about, file)
        else:
            archive.addfile(about)
        if about.isdir():
            _add(archive, entry.path, f"{inner}/")


def unpack(data: bytes, folder: Path) -> None:
    """Lays out what `pack` has packed; the names in it are this kit's, and lead nowhere else."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, filter="fully_trusted")


def _difference(name: str, there: str, here: str) -> str:
    there, here = there.partition(" ")[0], here.partition(" ")[0]
    if there == "-":
        return f"no {name}, which is {here} here"
    return f"{name} {there}, which is not here" if here == "-" else f"{name} {there} instead of {here}"
