"""The zip that a learner hands in: packed with a receipt, and read again without trusting anything in it."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from autograder.errors import MleError
from autograder.execution import folders
from autograder.grading.stored import MOST_FILES, MOST_MB

RECEIPT = "receipt.json"
_SCHEMA_VERSION = 1
_LONGEST_RECEIPT = 16 * 2**20
_MADE_ANEW = {"__pycache__", ".ipynb_checkpoints"}
_FOREIGN = {"__MACOSX", "desktop.ini", "Thumbs.db"}  # what other systems' zip programs add by themselves
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, NotImplementedError, RuntimeError,
            OverflowError, ValueError, IndexError)
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{name}{number}" for name in ("COM", "LPT") for number in range(1, 10))}
_AGAIN = "Ask for it again."


@dataclass(frozen=True)
class Receipt:
    """What a hand-in says about itself.

    Attributes:
        created: when it was packed, in UTC, as the learner's own clock had it.
        digest: SHA-256 of names and bytes of all files, as `digest_of` gives it for the folder that they lie in.
        files: SHA-256 of each file, by its name below the lesson's folder, with slashes.
    """

    lesson: str
    created: str
    kit_version: str
    digest: str
    files: dict[str, str]
    schema_version: int = _SCHEMA_VERSION


@dataclass(frozen=True)
class Packed:
    """A zip that was just written.

    Attributes:
        left_out: files that could not go into it, with the reason. Those a lesson ships, caches and hidden files are
            not listed.
    """

    path: Path
    receipt: Receipt
    left_out: dict[str, str]


@dataclass(frozen=True)
class Pack:
    """A hand-in as it was read.

    Attributes:
        lesson: as its receipt says, else as its folder or its only notebook is called; empty if none of them tells.
            Any text at all: hold it against the course.
        receipt: None where there is none that can be read.
        names: the files below the lesson's folder without the receipt, with slashes, sorted.
        digest: of what is really in it, as `digest_of` gives it for the folder that `unpack` makes.
        size: of these files, in bytes.
        problems: sentences about what a person should look at: it can be graded all the same.
    """

    path: Path
    lesson: str
    receipt: Receipt | None
    names: tuple[str, ...]
    digest: str
    size: int
    problems: tuple[str, ...]


def pack(folder: Path, lesson: str, target: Path, *, shipped: Path | None = None,
         kit_version: str = "", created: datetime | None = None) -> Packed:
    """Packs a learner's copy of a lesson into a new zip.

    Caches, hidden files and links stay out, and what the lesson itself ships and the learner has not changed: grading
    puts that back.

    Args:
        folder: the learner's copy.
        target: the folder for the zip.
        shipped: the lesson as it is handed out.
        kit_version: of the learner's kit, by default of the package.
        created: an aware time, by default now.

    Raises:
        MleError: there is no notebook in it, or it is more than can be graded.
    """
    notebook = f"{lesson}.ipynb"
    if not (folder / notebook).is_file():
        raise MleError(f"There is no notebook at {folder / notebook}. `mle start {lesson}` puts one there.")
    created = (created or datetime.now(UTC)).replace(microsecond=0)
    found, left_out = _to_pack(folder, shipped, notebook)
    _within_limits(folder, found)
    target.mkdir(parents=True, exist_ok=True)
    path = _unused(target, f"{lesson} {created.astimezone():%Y-%m-%d %H.%M.%S}")
    temporary = target / f".{path.name}.{os.getpid()}.tmp"
    when = created.astimezone(UTC).timetuple()[:6]
    digest, files = _Digest(), {}
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name in sorted(found):
                data = folders.read(found[name], MOST_MB * 2**20)
                digest.add(name, data)
                files[name] = hashlib.sha256(data).hexdigest()
                archive.writestr(_entry(f"{lesson}/{name}", when), data, zipfile.ZIP_DEFLATED)
            receipt = Receipt(lesson, created.astimezone(UTC).isoformat(), kit_version or metadata.version("mle-path"),
                              digest.hexdigest(), files)
            archive.writestr(_entry(f"{lesson}/{RECEIPT}", when), json.dumps(asdict(receipt), indent=1) + "\n",
                             zipfile.ZIP_DEFLATED)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return Packed(path, receipt, left_out)


def read_pack(path: Path) -> Pack:
    """Reads a hand-in to its last byte, and writes nothing.

    A zip that the learner made by hand is read as well: without a receipt, without the lesson's folder, or with one
    folder more around it.

    Raises:
        MleError: it is no zip, damaged, locked with a password, larger than can be graded, or has a file whose name
            leads out of its folder.
    """
    digest, files, receipt, problems = _Digest(), {}, None, []
    size = 0
    with _opened(path) as archive:
        entries, top = _entries(path, archive, problems)
        for name, info in sorted(entries.items()):
            data = _content(path, archive, info)
            if name == RECEIPT:
                receipt = _receipt(data) if len(data) <= _LONGEST_RECEIPT else None
                continue
            digest.add(name, data)
            files[name] = hashlib.sha256(data).hexdigest()
            size += len(data)
    found = digest.hexdigest()
    if RECEIPT in entries and receipt is None:
        problems.append("Its receipt cannot be read, so nothing says whether it is as it was packed.")
    elif receipt is None:
        problems.append("It has no receipt, so it was not packed by `mle submit`.")
    else:
        problems += _differences(receipt, files, found)
    notebooks = [name for name in files if name.endswith(".ipynb") and "/" not in name]
    named = top if f"{top}.ipynb" in files else notebooks[0].removesuffix(".ipynb") if len(notebooks) == 1 else top
    return Pack(path, receipt.lesson if receipt else named, receipt, tuple(sorted(files)), found, size,
                tuple(problems))


def unpack(pack: Pack, folder: Path) -> None:
    """Writes the files of a hand-in, without its receipt, into a folder that must not exist yet.

    Where it fails, what it has written is left for the caller to remove: give it a folder of your own.

    Raises:
        MleError: the zip has changed since it was read.
        OSError: the folder exists, or cannot be written.
    """
    folder.mkdir(parents=True)
    with _opened(pack.path) as archive:
        entries, _ = _entries(pack.path, archive, [])
        if tuple(sorted(set(entries) - {RECEIPT})) != pack.names:
            raise MleError(f"{pack.path} has changed while it was read. Run the same command again.")
        for name in pack.names:
            target = folder.joinpath(*name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(_content(pack.path, archive, entries[name]))


def fits_everywhere(part: str) -> bool:
    """Whether every system takes this as the name of a file or folder."""
    return (part == part.rstrip(" .") and not _NOT_ON_WINDOWS.search(part)
            and part.partition(".")[0].upper() not in _DEVICES)


def unpackable(info: zipfile.ZipInfo) -> bool:
    """Whether a file of a zip is packed in a way that `content` can unpack piece by piece."""
    return info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A file of a zip, of which never more is unpacked than the zip says there is: `ZipFile.read` unpacks it all first.
    """
    with archive.open(info) as file:
        return file.read(info.file_size + 1)  # to the end, where its checksum is held against it


class _Digest:
    """As `digest_of` has it where paths have slashes, whatever the system: files come in the order of their names."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, name: str, data: bytes) -> None:
        self._sum.update(name.encode() + b"\0")
        self._sum.update(data)
        self._sum.update(b"\0")

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


def _to_pack(folder: Path, shipped: Path | None, notebook: str) -> tuple[dict[str, Path], dict[str, str]]:
    """Files by name with slashes, and those that cannot be packed."""
    found: dict[str, Path] = {}
    left_out: dict[str, str] = {}
    taken, holding = {notebook.casefold(), RECEIPT}, set()
    for parent, inner, names in os.walk(folder, onerror=_raise):
        links = [name for name in inner if os.path.islink(os.path.join(parent, name))]
        inner[:] = sorted(set(inner) - set(links) - _MADE_ANEW - _FOREIGN)
        inner[:] = [name for name in inner if not name.startswith(".")]
        for file in sorted([*names, *links]):
            path = Path(parent, file)
            name = path.relative_to(folder).as_posix()
            if file.startswith(".") or file in _MADE_ANEW | _FOREIGN:
                continue
            folded = name.casefold()
            around = {folded[:place] for place, letter in enumerate(folded) if letter == "/"}
            why = _unfit(path, name)
            if not why and name != notebook:
                if shipped is not None and _same_file(path, shipped / name):
                    continue
                if folded in taken | holding or around & taken:
                    why = "for other systems another file or folder has the same name; rename it"
            if why:
                left_out[name.encode("utf-8", "replace").decode()] = why
                continue
            found[name] = path
            taken.add(folded)
            holding |= around
    return found, left_out


def _raise(error: OSError) -> None:
    raise error


def _unfit(path: Path, name: str) -> str:
    if path.is_symlink():
        return "a link to somewhere else; put a copy of the file in its place"
    if not path.is_file():
        return "not a file"
    if name.casefold() == RECEIPT:
        return "that name is the receipt's; give it another one"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is no text; rename it"
    return "" if all(map(fits_everywhere, name.split("/"))) else "other systems do not take its name; rename it"


def _same_file(one: Path, other: Path) -> bool:
    return other.is_file() and one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def _within_limits(folder: Path, found: Mapping[str, Path]) -> None:
    sizes = {name: path.stat().st_size for name, path in found.items()}
    if len(sizes) > MOST_FILES:
        raise MleError(f"{folder} holds {len(sizes)} files, more than the {MOST_FILES} that can be graded. Move those "
                       "that your notebook does not need to another folder.")
    if sum(sizes.values()) > MOST_MB * 2**20:
        largest = sorted(sizes, key=sizes.__getitem__)[-3:][::-1]
        listed = ", ".join(f"{name} ({sizes[name] / 2**20:.0f} MiB)" for name in largest)
        raise MleError(f"{folder} holds {sum(sizes.values()) / 2**20:.0f} MiB, more than the {MOST_MB} MiB that can be "
                       f"graded. Its largest files: {listed}. Move what your notebook does not need elsewhere.")


def _unused(target: Path, stem: str) -> Path:
    path, number = target / f"{stem}.zip", 1
    while path.exists():
        number += 1
        path = target / f"{stem} ({number}).zip"
    return path


def _entry(name: str, when: tuple[int, ...]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, when)
    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16  # the same bytes on every system
    return info


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise MleError(f"{path} cannot be read: {error.strerror or error}.") from None
    except _DAMAGED as error:
        raise MleError(f"{path} is not a zip, or is damaged ({error}). {_AGAIN}") from None
    with archive:
        yield archive


def _entries(path: Path, archive: zipfile.ZipFile, problems: list[str]) -> tuple[dict[str, zipfile.ZipInfo], str]:
    """The files by their names below the innermost folder that holds all of them, and that folder's name."""
    listed: dict[tuple[str, ...], zipfile.ZipInfo] = {}
    taken: set[str] = set()
    size = 0
    for info in archive.infolist():
        parts = _parts(path, info.filename)
        if info.is_dir() or info.filename.endswith("\\") or any(
                part in _FOREIGN | _MADE_ANEW or part.startswith(".") for part in parts):
            continue
        if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG} or not all(map(fits_everywhere, parts)):
            problems.append(f"{info.filename!r} is no plain file, or its name cannot be written on every system. It "
                            "was left out.")
            continue
        if not unpackable(info):
            raise MleError(f"{path} cannot be unpacked: {info.filename!r} is packed in a way that few programs know. "
                           f"{_AGAIN}")
        # Two names that differ in case alone are one file on Windows and macOS.
        if (folded := "/".join(parts).casefold()) in taken:
            raise MleError(f"{path} holds {'/'.join(parts)!r} twice. {_AGAIN}")
        taken.add(folded)
        listed[parts] = info
        size += info.file_size
        if len(listed) > MOST_FILES + 1 or size > MOST_MB * 2**20 + _LONGEST_RECEIPT:
            raise MleError(f"{path} holds more than the {MOST_MB} MiB or {MOST_FILES} files that can be graded. "
                           f"{_AGAIN}")
    if not listed:
        raise MleError(f"{path} holds no files. {_AGAIN}")
    if inside := next((parts for parts in listed if any(
            "/".join(parts[:depth]).casefold() in taken for depth in range(1, len(parts)))), None):
        raise MleError(f"{path} holds {'/'.join(inside)!r}, which lies in a file and not in a folder. {_AGAIN}")
    top = ""
    while all(len(parts) > 1 for parts in listed) and len({parts[0] for parts in listed}) == 1:
        top = next(iter(listed))[0]
        listed = {parts[1:]: info for parts, info in listed.items()}
    return {"/".join(parts): info for parts, info in listed.items()}, top


def _parts(path: Path, name: str) -> tuple[str, ...]:
    """The parts of a file's name in a zip; some programs on Windows write backslashes."""
    parts = tuple(name.replace("\\", "/").rstrip("/").split("/"))
    if {"", ".", ".."} & set(parts):
        raise MleError(f"{path} holds a file with the name {name!r}, which leads out of its folder. Nothing of it was "
                       f"unpacked. {_AGAIN}")
    return parts


def _content(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return content(archive, info)
    except (*_DAMAGED, OSError) as error:
        if info.flag_bits & 1:
            raise MleError(f"{path} is locked with a password. {_AGAIN}") from None
        raise MleError(f"{path} is damaged: {info.filename!r} cannot be unpacked ({error}). {_AGAIN}") from None


def _receipt(data: bytes) -> Receipt | None:
    try:
        fields = json.loads(data.decode("utf-8-sig"))
        receipt = Receipt(**{name: fields[name] for name in Receipt.__dataclass_fields__})
        if datetime.fromisoformat(receipt.created).tzinfo is None:
            return None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = (receipt.lesson, receipt.kit_version, receipt.digest, *receipt.files, *receipt.files.values()) if (
        isinstance(receipt.files, dict)) else (None,)
    return receipt if all(isinstance(text, str) for text in texts) else None


def _differences(receipt: Receipt, files: Mapping[str, str], digest: str) -> Iterator[str]:
    if receipt.digest != digest:
        changed = sorted(name for name in files.keys() & receipt.files.keys() if files[name] != receipt.files[name])
        added, gone = sorted(files.keys() - receipt.files.keys()), sorted(receipt.files.keys() - files.keys())
        parts = [f"{what}: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
                 for what, names in (("changed", changed), ("added", added), ("missing", gone)) if names]
        yield (f"It is not as it was packed ({'; '.join(parts) or 'the receipt itself was changed'}).")
