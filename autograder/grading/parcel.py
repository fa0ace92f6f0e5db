"""What one person handed in at one time: zips unpacked, and one folder for each lesson that is in it."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import MleError
from autograder.grading.found import File, is_junk
from autograder.grading.hand_in import Pack, read_pack, unpack
from autograder.grading.lms_names import Owner, lesson_in
from autograder.grading.stored import MOST_FILES, MOST_MB
from autograder.grading.times import moment_of

TIMESTAMP = "timestamp.txt"
_LARGEST_NOTEBOOK_MB = 64
_DEEPEST_ZIP = 3
_AGAIN = re.compile(r"-(\d+)")


@dataclass(frozen=True)
class HandIn:
    """The files for one lesson.

    Attributes:
        folder: with `LESSON.ipynb` and whatever lay beside it.
        packed: when `mle submit` packed it, as its receipt says, which the learner can edit.
    """

    lesson: str
    folder: Path
    packed: datetime | None = None


@dataclass
class Parcel:
    """What was in it.

    Attributes:
        notes: sentences for a person to read.
        problems: why something in it could not be taken.
    """

    hand_ins: list[HandIn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Budget:
    """What may be written of one parcel."""

    def __init__(self) -> None:
        self._files = self._bytes = 0

    def take(self, files: int, size: int) -> None:
        self._files, self._bytes = self._files + files, self._bytes + size
        if self._files > MOST_FILES or self._bytes > MOST_MB * 2**20:
            raise MleError(f"with what its zips hold it is more than the {MOST_MB} MiB or {MOST_FILES} files that can "
                           "be graded")


@dataclass(frozen=True)
class _Notebook:
    """A notebook by its name in the parcel, with the zip that it came in."""

    name: Path
    lesson: str
    pack: Pack | None

    def likeliest(self, by: str) -> tuple[int, bool, bool, str]:
        """Of several for one lesson the one that was meant: uploaded last, named and placed as the lesson is."""
        # Canvas numbers what a person uploads under a name that they have used before.
        again = _AGAIN.fullmatch(self.name.stem.removeprefix(self.lesson)) if by == "canvas" else None
        return (int(again[1]) if again else 0, self.name.stem == self.lesson, self.name.parent.name == self.lesson,
                str(self.name))


def hand_ins(here: Path, owner: Owner, files: list[tuple[tuple[str, ...], File]], lessons: tuple[str, ...],
             lesson: str) -> Parcel:
    """Writes somebody's files into the folder `here`, sorted by lesson.

    Args:
        files: with the path that each has in the hand-in.
        lesson: of which lesson files are that do not say so; what is of another is left out. Empty: no such lesson.

    Raises:
        MleError: it is too large, or a file cannot be read.
    """
    parcel = Parcel()
    loose, budget = here / "loose", _Budget()
    _write(loose, files, budget)
    packs: dict[Path, Pack] = {}
    _unpack_all(loose, packs, parcel, _DEEPEST_ZIP, budget)
    found: dict[str, list[_Notebook]] = {}
    for path in _notebooks(loose):
        pack = next((packs[parent] for parent in path.parents if parent in packs), None)
        of = owner.lesson or _lesson_of(path.relative_to(loose), path, pack, lessons) or lesson
        if of not in lessons:
            parcel.problems.append(f"{path.name} does not say which lesson it is of; name it with --lesson" if not of
                                   else f"no lesson is called '{of}'")
        elif lesson and of != lesson:
            parcel.notes.append(f"{path.name} is of {of} and was left out")
        else:
            found.setdefault(of, []).append(_Notebook(path.relative_to(loose), of, pack))
    budget = _Budget()  # each lesson gets what lies beside its notebook, which may be the same files for all of them
    everywhere = {loose / one.name.parent for several in found.values() for one in several}
    for of, several in found.items():
        chosen = max(several, key=lambda one: one.likeliest(owner.by))
        if others := [one.name.as_posix() for one in several if one is not chosen]:
            parcel.notes.append(f"more than one notebook of {of}: {chosen.name.as_posix()} was taken, not "
                                f"{', '.join(others)}")
        target = here / "lessons" / of
        _copy(loose / chosen.name, target, everywhere, budget)
        (target / TIMESTAMP).unlink(missing_ok=True)  # whoever hands in does not set the time
        os.replace(target / chosen.name.name, target / f"{of}.ipynb")
        parcel.hand_ins.append(HandIn(of, target, _packed(chosen.pack)))
    if not (found or parcel.problems or parcel.notes):
        names = sorted({parts[-1] for parts, _ in files})
        parcel.problems.append(f"there is no notebook in it, only {', '.join(names[:5])}")
    return parcel


def timestamp_of(owner: Owner, files: list[tuple[tuple[str, ...], File]]) -> datetime | None:
    """When something was handed in through nbgrader's exchange: as its own file says, else its folder's name."""
    texts = [file for parts, file in files if parts == (TIMESTAMP,)]
    moments = (moment_of(text) for text in (*(_text(file) for file in texts), owner.when))
    return next((moment for moment in moments if moment), None)


def _text(file: File) -> str:
    try:
        return file.read()[:1000].decode("utf-8", "replace").strip()
    except MleError:
        return ""


def _write(folder: Path, files: list[tuple[tuple[str, ...], File]], budget: _Budget) -> None:
    for parts, file in files:
        data = file.read()
        budget.take(1, len(data))
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as new:
            new.write(data)


def _unpack_all(folder: Path, packs: dict[Path, Pack], parcel: Parcel, deepest: int, budget: _Budget) -> None:
    """Unpacks zips that hold a notebook or, where there is none at all, further zips. Others are a learner's data."""
    zips = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ".zip" and path.is_file()]
    alone = not _notebooks(folder)
    for path in zips:
        try:
            pack = read_pack(path)
        except MleError as error:
            if alone:
                parcel.problems.append(str(error).replace(str(path), path.name))
            continue
        holds = {Path(name).suffix.lower() for name in pack.names}
        if ".ipynb" not in holds and not (alone and ".zip" in holds and deepest > 1):
            continue
        target = path.with_name(f"{path.name} unpacked")
        budget.take(len(pack.names) - 1, pack.size - path.stat().st_size)  # which goes once it is unpacked
        unpack(pack, target)
        packs[target] = pack
        # Without a receipt, the last sentence says only that it has none.
        parcel.notes += [text.replace(str(path), path.name)
                         for text in (pack.problems if pack.receipt else pack.problems[:-1])]
        path.unlink()
        if ".ipynb" not in holds:
            _unpack_all(target, packs, parcel, deepest - 1, budget)


def _notebooks(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ".ipynb" and path.is_file()
            and not any(map(is_junk, path.relative_to(folder).parts))]


def _lesson_of(name: Path, path: Path, pack: Pack | None, lessons: tuple[str, ...]) -> str:
    """The lesson of a notebook: as its receipt says, or itself, or its name, or the folders it lies in."""
    if pack and pack.receipt and pack.receipt.lesson in lessons:
        return pack.receipt.lesson
    with_claim = _claimed(path)
    if with_claim in lessons:
        return with_claim
    return next((found for part in reversed(name.parts) if (found := lesson_in(part, lessons))), "")


def _claimed(path: Path) -> object:
    try:
        if path.stat().st_size > _LARGEST_NOTEBOOK_MB * 2**20:
            return None
        return json.loads(path.read_bytes())["metadata"]["mle"]["lesson"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _packed(pack: Pack | None) -> datetime | None:
    if pack is None or pack.receipt is None:
        return None
    packed = datetime.fromisoformat(pack.receipt.created)
    return packed if packed.tzinfo else packed.replace(tzinfo=UTC)


def _copy(notebook: Path, target: Path, lessons: set[Path], budget: _Budget) -> None:
    """Copies a notebook and what lies beside it, but for other notebooks and the folders of other lessons."""
    def not_part(folder: str, names: list[str]) -> list[str]:
        here = Path(folder)
        return [name for name in names if is_junk(name) or here / name in lessons
                or (name.lower().endswith(".ipynb") and here / name != notebook)]

    def copy(source: str, to: str) -> str:
        budget.take(1, os.path.getsize(source))
        return shutil.copy2(source, to)

    shutil.copytree(notebook.parent, target, ignore=not_part, copy_function=copy)
