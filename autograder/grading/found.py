"""What lies in a zip or a folder that hand-ins are collected from: names made safe, nothing unpacked yet."""

from __future__ import annotations

import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from autograder.errors import MleError
from autograder.execution import folders
from autograder.grading.hand_in import content, unpackable
from autograder.grading.stored import MOST_MB

_MOST_FILES = 200_000  # of a whole cohort
# Left by systems and editors; no part of what somebody handed in.
_JUNK = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError, OverflowError,
            ValueError, IndexError)
_UTF_8_NAME, _ENCRYPTED = 0x800, 0x1
_UNIX_TIMES = 0x5455
_LONGEST_DOWNLOAD = timedelta(hours=1)


@dataclass(frozen=True)
class File:
    """One file.

    Attributes:
        parts: its path in the source, part by part.
        when: the time that the zip or the folder has for it, if it has one.
        read: gives its content, or raises an MleError.
    """

    parts: tuple[str, ...]
    when: datetime | None
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Source:
    """A zip or a folder.

    Attributes:
        problems: of files that cannot be taken, their name and why.
    """

    path: Path
    files: list[File] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def times_tell(self) -> bool:
        """Whether the files' times may be those of the hand-ins, and not of the download that wrote them one after the
        other into a zip, or of its unpacking."""
        times = [file.when for file in self.files if file.when]
        if len(times) < 2:
            return False
        in_one_go = times == sorted(times) or not self.path.is_file()
        return max(times) - min(times) > _LONGEST_DOWNLOAD or not in_one_go


@contextmanager
def opened(path: Path, zone: tzinfo | None) -> Iterator[Source]:
    """What lies in a folder, in a zip, or a file alone.

    Args:
        zone: in which a zip's times are meant, which do not say; None for this machine's.

    Raises:
        MleError: it cannot be read, or is no zip.
    """
    if path.is_dir():
        yield _folder(path)
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        try:
            archive = zipfile.ZipFile(path)
        except OSError as error:
            raise MleError(f"{path} cannot be read: {error.strerror or error}.") from None
        except _DAMAGED as error:
            raise MleError(f"{path} is no zip, or is damaged ({error}). Download it again.") from None
        with archive:
            yield _zip(path, archive, zone)
    else:
        yield Source(path, [_file(path, (path.name,))])


def is_junk(part: str) -> bool:
    """Whether a file or folder of this name is no part of what somebody handed in."""
    return part in _JUNK or part.startswith(".")


def _folder(path: Path) -> Source:
    source = Source(path)
    for parent, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not is_junk(name) and not os.path.islink(Path(parent, name)))
        for name in sorted(names):
            file = Path(parent, name)
            if is_junk(name):
                continue
            if file.is_symlink() or not file.is_file():
                source.problems.append((file.relative_to(path).as_posix(), "it is a link, or no plain file"))
                continue
            # With the folder's own name: it may be one hand-in's.
            source.files.append(_file(file, (path.resolve().name, *file.relative_to(path).parts)))
            if len(source.files) > _MOST_FILES:
                raise MleError(f"{path} holds more than {_MOST_FILES} files. Name the folder that the hand-ins lie in.")
    return source


def _file(path: Path, parts: tuple[str, ...]) -> File:
    def read() -> bytes:
        try:
            return folders.read(path, MOST_MB * 2**20)
        except OSError as error:
            raise MleError(f"{path} cannot be read: {error.strerror or error}.") from None

    return File(tuple(unicodedata.normalize("NFC", part) for part in parts),
                datetime.fromtimestamp(path.stat().st_mtime, UTC), read)


def _zip(path: Path, archive: zipfile.ZipFile, zone: tzinfo | None) -> Source:
    source = Source(path)
    infos = archive.infolist()
    if len(infos) > _MOST_FILES:
        raise MleError(f"{path} holds more than {_MOST_FILES} files, so it is no download of hand-ins.")
    for info in infos:
        name = _name(info)
        parts = tuple(name.replace("\\", "/").rstrip("/").split("/"))
        if info.is_dir() or name.endswith("\\"):
            continue
        if {"", ".", ".."} & set(parts) or (len(parts[0]) == 2 and parts[0][1] == ":"):
            source.problems.append((name, "its name leads out of the zip's own folder"))
        elif any(map(is_junk, parts)):
            continue
        elif stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
            source.problems.append((name, "it is a link, or no plain file"))
        elif info.flag_bits & _ENCRYPTED:
            source.problems.append((name, "it is locked with a password"))
        elif not unpackable(info):
            source.problems.append((name, "it is packed in a way that few programs know"))
        elif info.file_size > MOST_MB * 2**20:
            source.problems.append((name, f"it is larger than the {MOST_MB} MiB that can be graded"))
        else:
            source.files.append(File(parts, _time(info, zone), _reader(path, archive, info, name)))
    return source


def _reader(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return content(archive, info)
        except _DAMAGED as error:
            raise MleError(f"{name} in {path} is damaged ({error}). Download it again.") from None

    return read


def _name(info: zipfile.ZipInfo) -> str:
    """A name as its author saw it: programs write UTF-8 without saying so, and Python then reads it as DOS letters."""
    name = info.filename
    if not info.flag_bits & _UTF_8_NAME:
        with suppress(UnicodeError):  # what is no UTF-8 are DOS letters
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def _time(info: zipfile.ZipInfo, zone: tzinfo | None) -> datetime | None:
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        # Beside the DOS time, which has no zone and whole pairs of seconds.
        if kind == _UNIX_TIMES and size >= 5 and extra[4] & 1 and len(extra) >= 9:
            return datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], UTC)
        extra = extra[4 + size:]
    try:
        when = datetime(*info.date_time, tzinfo=zone)
        # 1980 began when DOS counts from: written by programs that have no time.
        return when.astimezone(UTC) if when.year > 1980 else None
    except (ValueError, OverflowError, OSError):
        return None
