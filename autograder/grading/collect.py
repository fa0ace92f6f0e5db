"""Takes hand-ins out of what a learning management system hands over, and puts each into `submitted/STUDENT/LESSON`.

A hand-in is never guessed to be somebody's: what cannot be told stays where it is and is listed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal

from autograder.errors import MleError
from autograder.grading.found import File, Source, opened
from autograder.grading.gradebook import gradebook_of
from autograder.grading.hand_in import fits_everywhere
from autograder.grading.lms_names import Owner, lesson_in, own_names, read_name
from autograder.grading.parcel import HandIn, hand_ins, timestamp_of
from autograder.grading.place import place
from autograder.grading.roster import ROSTER, Learner, Roster, enter_students
from autograder.grading.spreadsheet import defused, read_table, table_text
from autograder.grading.staging import staging
from autograder.grading.stored import write_atomically
from autograder.grading.worksheet import hand_in_times

UNMATCHED = "unmatched.csv"
_COLUMNS = ("from", "file", "name", "why")
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Collected:
    """One hand-in.

    Attributes:
        what: `older` than what is there, and left where it was found; `unchanged`: the same files are there already.
        came_from: the zip or folder, and where in it.
    """

    student: str
    lesson: str
    what: Literal["new", "newer", "unchanged", "older"]
    came_from: str


@dataclass(frozen=True)
class Unmatched:
    """Something that was left where it was found, and why."""

    source: str
    file: str
    name: str
    why: str


@dataclass
class Collection:
    """What a run did, or would do.

    Attributes:
        notes: sentences that a person should read.
        untimed: what was collected without a time of handing in, as (student, lesson).
        late: what Canvas calls late, as (student, lesson).
        students: how many people were entered in the gradebook, or changed there.
        roster: the roster, where one was made of the names found.
        listed: the file with what is unmatched.
    """

    collected: list[Collected] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    untimed: list[tuple[str, str]] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)
    students: int = 0
    roster: Path | None = None
    listed: Path | None = None


@dataclass
class _Group:
    """The files of one person, in one place."""

    source: Source
    owner: Owner
    files: list[tuple[tuple[str, ...], File]] = field(default_factory=list)
    when: datetime | None = None
    upload: int = 0
    late: bool = False

    @property
    def newest(self) -> tuple[bool, datetime, int, datetime]:
        """What puts hand-ins into the order of their handing in, as far as anything tells."""
        never = datetime.min.replace(tzinfo=UTC)
        return (self.when is not None, self.when or never, self.upload,
                max((file.when for _, file in self.files if file.when), default=never))

    @property
    def told(self) -> str:
        first = "/".join(self.files[0][1].parts)
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1} more"


def collect(root: Path, lessons: Iterable[str], paths: Iterable[Path], *, roster: Path | None = None, lesson: str = "",
            student: str = "", times: Path | None = None, zone: tzinfo | None = None, dry_run: bool = False,
            tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> Collection:
    """Collects hand-ins.

    Args:
        root: the course's folder.
        lessons: the ids of all lessons.
        paths: nbgrader's `inbound` folder, bulk downloads of Moodle or Canvas as zip or unpacked, zips of `mle submit`,
            notebooks.
        roster: by default `roster.csv` in the course's folder; where there is none, one is made of the names found.
        lesson: of which lesson files are that do not say so; what is of another is left out.
        student: whose files are that nbgrader, Moodle or Canvas did not name.
        times: a grading worksheet of the Moodle assignment, which says when each hand-in came.
        zone: in which the times of zips and of that worksheet are meant; None for this machine's.
        dry_run: change nothing.
        tell: called with a few words, how many are done, and of how many.

    Raises:
        MleError: a path does not exist, the roster or the worksheet is wrong, `student` is not on it, or another run is
            under way.
    """
    lessons, paths = tuple(lessons), list(paths)
    for path in paths:
        if not path.exists():
            raise MleError(f"There is no {path}. Check the path.")
    known = _roster(root, roster)
    known_times = hand_in_times(times, zone) if times else {}
    done = Collection()
    with ExitStack() as stack:
        groups: list[_Group] = []
        for path in paths:
            try:
                source = stack.enter_context(opened(path, zone))
            except MleError as error:
                done.unmatched.append(Unmatched(str(path), "", "", str(error)))
                continue
            groups += _groups(source, lessons, student, known_times)
            done.unmatched += [Unmatched(str(path), name, "", why) for name, why in source.problems]
        # The newest first: what follows for the same person and lesson is older.
        groups.sort(key=lambda group: group.newest, reverse=True)
        if known is None:
            known = Roster.of(group.owner for group in groups)
            if known.learners and not dry_run:
                done.roster = root / ROSTER
                known.write(done.roster)
        elif student:
            known.by_id(student)
        with staging(root, dry_run) as here:
            _collect_groups(root, groups, known, _Wanted(lessons, lesson), here, dry_run, done, tell)
    if not dry_run:
        done.students = enter_students(gradebook_of(root), known.learners)
        done.listed = _list_unmatched(root, paths, done.unmatched)
    return done


@dataclass(frozen=True)
class _Wanted:
    lessons: tuple[str, ...]
    lesson: str


def _collect_groups(root: Path, groups: list[_Group], roster: Roster, wanted: _Wanted, folder: Path, dry_run: bool,
                    done: Collection, tell: Callable[[str, int, int], None]) -> None:
    found = [(group, roster.find(group.owner)) for group in groups]
    twice = _one_for_two(found)
    taken: set[tuple[str, str]] = set()
    for number, (group, match) in enumerate(found):
        tell(group.owner.label, number, len(found))
        learner, why = match.learner, match.why
        if learner and (group.source.path, learner.id) in twice:
            learner, why = None, f"two people are called so there, and {roster.name} has one: '{learner.id}'"
        if learner is None:
            done.unmatched.append(_unmatched(group, why))
            continue
        here = folder / str(number)
        try:
            parcel = hand_ins(here, group.owner, group.files, wanted.lessons, wanted.lesson)
        except (MleError, OSError) as error:
            done.unmatched.append(_unmatched(group, str(error)))
            continue
        finally:
            _clear(folder, keep=here)
        done.notes += [f"{group.source.path.name}, {learner.id}: {note}" for note in parcel.notes]
        done.unmatched += [_unmatched(group, why) for why in parcel.problems]
        for one in parcel.hand_ins:
            try:
                _take(root, group, learner, one, taken, dry_run, done)
            except PermissionError as error:
                done.unmatched.append(_unmatched(group, f"{error.filename} cannot be moved: a file in it is open "
                                                        "somewhere, or it is not yours"))
    tell("done", len(found), len(found))


def _take(root: Path, group: _Group, learner: Learner, one: HandIn, taken: set[tuple[str, str]], dry_run: bool,
          done: Collection) -> None:
    key = (learner.id, one.lesson)
    if key in taken:
        what = "older"
    else:
        what = place(root, learner.id, one, group.when, dry_run)
        taken.add(key)
        if one.packed and group.when and one.packed - group.when > _CLOCKS_DIFFER:
            done.notes.append(f"{learner.id}, {one.lesson}: its receipt says {one.packed:%Y-%m-%d %H:%M} UTC, which is "
                              "after it was handed in: that clock was wrong, or the receipt was edited")
        if what != "older":
            if group.late:
                done.late.append(key)
            elif group.when is None and not (root / "submitted" / learner.id / one.lesson / "timestamp.txt").exists():
                done.untimed.append(key)
    done.collected.append(Collected(*key, what, f"{group.source.path.name}: {group.told}"))


def _groups(source: Source, lessons: tuple[str, ...], student: str, times: Mapping[str, datetime]) -> Iterator[_Group]:
    """The files of a source by whose they are and where they lie."""
    named: dict[Owner, _Group] = {}
    unnamed: list[File] = []
    for file in source.files:
        name = read_name(file.parts)
        # A folder's names are already ones that this system takes.
        if not source.path.is_dir() and not all(map(fits_everywhere, name.parts if name else file.parts)):
            source.problems.append(("/".join(file.parts), "its name cannot be written on every system: rename it and "
                                                          "collect it again"))
            continue
        if name is None:
            unnamed.append(file)
            continue
        group = named.setdefault(name.owner, _Group(source, name.owner))
        taken = any(parts == name.parts for parts, _ in group.files)
        group.files.append(((f"upload {name.upload}", *name.parts) if taken else name.parts, file))
        group.upload, group.late = max(group.upload, name.upload), group.late or name.late
    tells = source.times_tell()
    for group in named.values():
        if group.owner.by == "exchange":
            group.when = timestamp_of(group.owner, group.files)
        elif group.owner.by == "moodle" and group.owner.number in times:
            group.when = times[group.owner.number]
        elif group.owner.by == "moodle" and tells:
            group.when = max((file.when for _, file in group.files if file.when), default=None)
    yield from named.values()
    for parts, files in _own_hand_ins(source, unnamed, lessons, alone=not named):
        owner = Owner("given", (student,)) if student else Owner("person", own_names(parts, lessons))
        yield _Group(source, owner, [(file.parts, file) for file in files])


def _own_hand_ins(source: Source, files: list[File], lessons: tuple[str, ...],
                  alone: bool) -> Iterator[tuple[tuple[str, ...], list[File]]]:
    """Files that were named by people, by hand-in, each with the path that may name its owner."""
    in_folder, by_itself = source.path.is_dir(), all(file.parts == (source.path.name,) for file in files)
    if not in_folder and alone and len({_home(file, lessons) for file in files if _holds_lesson(file, ".ipynb")}) == 1:
        yield (source.path.name,), files  # somebody's own zip, or notebook
        return

    def naming(parts: tuple[str, ...]) -> tuple[str, ...]:
        # What whoever collects calls a folder says nothing of whoever handed in; a zip may bear their name.
        return parts[1:] if in_folder else parts if by_itself else (source.path.stem, *parts)

    by_folder: dict[tuple[str, ...], list[File]] = {}
    for file in files:
        by_folder.setdefault(file.parts[:-1], []).append(file)
    while by_folder:
        folder = min(by_folder)
        here = by_folder.pop(folder)
        hand_ins = [file for file in here if _holds_lesson(file, ".ipynb", ".zip")]
        if len(hand_ins) == 1 and len(folder) > in_folder:
            inside = _with_it(folder, by_folder) if _holds_lesson(hand_ins[0], ".ipynb") else []
            yield naming(hand_ins[0].parts), [*here, *(file for other in inside for file in by_folder.pop(other))]
        else:
            yield from ((naming(file.parts), [file]) for file in here)


def _with_it(folder: tuple[str, ...], by_folder: Mapping[tuple[str, ...], list[File]]) -> list[tuple[str, ...]]:
    """The folders within a notebook's own one, but for those with hand-ins, which may be somebody else's."""
    inside = [other for other in by_folder if other[:len(folder)] == folder]
    others = {other[len(folder)] for other in inside
              if any(_holds_lesson(file, ".ipynb", ".zip") for file in by_folder[other])}
    return [other for other in inside if other[len(folder)] not in others]


def _home(file: File, lessons: tuple[str, ...]) -> tuple[str, ...]:
    """The folder that holds a notebook, or the lesson's folder in which it lies; notebooks of one person share it."""
    folder = file.parts[:-1]
    if folder and lesson_in(folder[-1], lessons):
        folder = folder[:-1]
    return folder[:-1] if folder and folder[-1] == "backups" else folder  # as `mle` calls it, beside the lessons


def _holds_lesson(file: File, *endings: str) -> bool:
    return file.parts[-1].lower().endswith(endings)


def _one_for_two(found: Iterable[tuple[_Group, object]]) -> set[tuple[Path, str]]:
    """Where one download has two numbers for what would be one learner: these are two people."""
    numbers: dict[tuple[Path, str], set[str]] = {}
    for group, match in found:
        if group.owner.number and match.learner:
            numbers.setdefault((group.source.path, match.learner.id), set()).add(group.owner.number)
    return {key for key, several in numbers.items() if len(several) > 1}


def _roster(root: Path, path: Path | None) -> Roster | None:
    if path is None and not (root / ROSTER).exists():
        return None
    return Roster.read(path or root / ROSTER)


def _unmatched(group: _Group, why: str) -> Unmatched:
    return Unmatched(str(group.source.path), group.told, group.owner.label, why)


def _list_unmatched(root: Path, paths: Iterable[Path], unmatched: list[Unmatched]) -> Path | None:
    """Writes what is unmatched to a file, beside what earlier runs of other sources have left there."""
    path = root / "submitted" / UNMATCHED
    here = {defused(str(source)) for source in paths}
    rows = [row for row in (read_table(path).rows[1:] if path.exists() else []) if row and row[0] not in here]
    rows += [list(map(defused, (one.source, one.file, one.name, one.why))) for one in unmatched]
    if not rows:
        path.unlink(missing_ok=True)
        return None
    write_atomically(path, table_text([_COLUMNS, *rows]))
    return path if unmatched else None


def _clear(folder: Path, keep: Path) -> None:
    for other in folder.iterdir():
        if other != keep:
            shutil.rmtree(other, ignore_errors=True)
