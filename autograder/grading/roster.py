"""The roster: who is in the cohort, and whose name a learning management system means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from sqlalchemy import insert, select, update

from autograder.errors import MleError, nearest
from autograder.grading.gradebook import Store
from autograder.grading.lms_names import Owner
from autograder.grading.spreadsheet import defused, read_table, table_text
from autograder.grading.stored import write_atomically

ROSTER = "roster.csv"
# Those of `nbgrader db student import`, which leaves out columns that it does not know.
_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")
_OPTIONAL = "other_names"
_LONGEST = 128  # what the gradebook's columns hold
_NO_NAME = " =+-@＝＋－＠\t\r\n"
_NO_FOLDER = re.compile(r'[<>:"|?*/\\\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Letters that are no letter with an accent; lower-casing has made "ss" of "ß".
_SINGLE = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"})
_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ`´"))
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


@dataclass(frozen=True)
class Learner:
    """Somebody on the roster.

    Attributes:
        lms_user_id: in Canvas the number in the names of downloaded files; Moodle shows no such number there.
        other_names: further names that a learning management system has for them.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """Whom a name means: somebody, or nobody with the reason."""

    learner: Learner | None
    why: str = ""


class Roster:
    """The learners of a cohort.

    Raises:
        MleError: an id is empty, is there twice, or can be no folder's name.
    """

    def __init__(self, learners: Iterable[Learner], name: str = ROSTER) -> None:
        self.learners = tuple(learners)
        self.name = name
        seen: dict[str, str] = {}
        for learner in self.learners:
            if problem := _unfit(learner.id):
                raise MleError(f"{name}: the id {learner.id!r} {problem}. Give this person another id.")
            if (folded := learner.id.casefold()) in seen:
                raise MleError(f"{name}: the id '{learner.id}' is there twice. Every person needs an id of their own.")
            seen[folded] = learner.id

    @classmethod
    def read(cls, path: Path) -> Roster:
        """Reads a CSV file with the columns of `nbgrader db student import`, of which only `id` must be there.

        A column `other_names` may hold further names, with semicolons between them.

        Raises:
            MleError: it cannot be read, is no roster, or has two people with one lms_user_id.
        """
        rows = read_table(path).rows
        if not rows:
            raise MleError(f"{path} is empty. Its first line names the columns: {','.join(_COLUMNS)}.")
        header = [column.strip().lower().replace(" ", "_") for column in rows[0]]
        if "id" not in header:
            raise MleError(f"{path} has no column 'id'. Its first line must name the columns, such as "
                           f"{','.join(_COLUMNS)}; it is: {','.join(rows[0])}.")
        learners = []
        for number, row in enumerate(rows[1:], start=2):
            values = {column: value.strip() for column, value in zip(header, row, strict=False)}
            if not any(values.values()):
                continue
            known = {column: values.get(column, "") for column in _COLUMNS}
            if too_long := next((column for column, value in known.items() if len(value) > _LONGEST), None):
                raise MleError(f"{path}: row {number}: '{too_long}' is longer than {_LONGEST} characters.")
            others = tuple(name.strip() for name in values.get(_OPTIONAL, "").split(";") if name.strip())
            learners.append(Learner(**known, other_names=others))
        numbers: dict[str, str] = {}
        for one in learners:
            if one.lms_user_id and (other := numbers.setdefault(one.lms_user_id, one.id)) != one.id:
                raise MleError(f"{path}: '{other}' and '{one.id}' have the same lms_user_id {one.lms_user_id}. Correct "
                               "it, or leave it out.")
        return cls(learners, str(path))

    @classmethod
    def of(cls, owners: Iterable[Owner]) -> Roster:
        """A roster of the people that names of files tell of; a name that can be no id is left out."""
        learners: dict[str, Learner] = {}
        numbers: set[str] = set()
        for owner in sorted(owners, key=lambda owner: owner.label):
            if not owner.names or (owner.by == "canvas" and not owner.number):
                continue
            # No formula, when a spreadsheet program opens the roster.
            name = owner.names[0].strip(_NO_NAME)
            first, _, last = name.rpartition(" ") if owner.by in {"moodle", "person"} else ("", "", name)
            first, last = first.strip(_NO_NAME), last.strip(_NO_NAME)
            number = owner.number if owner.by == "canvas" else ""
            if number in numbers:  # somebody who has changed their name
                continue
            given = owner.by in {"exchange", "given"}
            identity = owner.names[0] if given else fit_id(name) or f"student-{owner.number}"
            there = learners.get(identity)
            if there and number and there.lms_user_id != number:
                identity = f"{identity}-{number}"
            if _unfit(identity) or any(identity != one and identity.casefold() == one.casefold() for one in learners):
                continue
            learners.setdefault(identity, Learner(identity, *(("", "") if given else (first, last)),
                                                  lms_user_id=number))
            numbers |= {number} - {""}
        return cls(learners.values())

    def write(self, path: Path) -> None:
        """Writes it as `read` reads it."""
        rows = ([*(getattr(one, column) for column in _COLUMNS), ";".join(one.other_names)] for one in self.learners)
        write_atomically(path, table_text([(*_COLUMNS, _OPTIONAL), *rows]))

    def by_id(self, identity: str) -> Learner:
        """The learner with an id.

        Raises:
            MleError: nobody has it; the nearest is suggested.
        """
        if identity in self._by_id:
            return self._by_id[identity]
        raise MleError(f"{self.name} has nobody with the id '{identity}'. {nearest(identity, self._by_id)}")

    def find(self, owner: Owner) -> Match:
        """Whom a file's name means. Nobody, rather than somebody it may not be."""
        if not owner.names:
            return Match(None, "its name does not say whose it is; name the student with --student")
        if owner.by in {"exchange", "given"}:
            return self._found(self._identified(owner.names[0]), f"has the id '{owner.names[0]}'")
        if owner.by == "canvas" and (found := self._by_number.get(owner.number)):
            return self._found(found, f"has the lms_user_id {owner.number}")
        if owner.by == "canvas" and not owner.number:
            return Match(None, "Canvas handed it out without a name; download it again with names shown")
        if owner.by == "person":
            return self._named(owner.names)
        name = owner.names[0]
        match = self._found(self._called(name, joined=owner.by == "canvas"), f"is called '{name}'")
        if owner.by == "canvas" and match.learner and match.learner.lms_user_id:
            return Match(None, f"{match.learner.id} is called so, but has the lms_user_id {match.learner.lms_user_id} "
                               f"and not {owner.number}")
        return match

    def _named(self, names: tuple[str, ...]) -> Match:
        """Whom all the names together mean that somebody gave a file and the folders around it."""
        found = {name: self._identified(name) or self._called(name) for name in names}
        people = {one.id: one for several in found.values() for one in several}
        if len(people) > 1:
            told = " and ".join(repr(name) for name, several in found.items() if several)
            return Match(None, f"{told} may be more than one person: {', '.join(people)}")
        if people:
            return Match(next(iter(people.values())))
        return Match(None, f"{self.name} has nobody called {' or '.join(map(repr, names))}")

    def _found(self, found: tuple[Learner, ...], what: str) -> Match:
        if len(found) == 1:
            return Match(found[0])
        if found:
            return Match(None, f"more than one person {what}: {', '.join(one.id for one in found)}")
        return Match(None, f"{self.name} has nobody who {what}")

    def _identified(self, name: str) -> tuple[Learner, ...]:
        """By id or e-mail address. Not by `lms_user_id`: only Canvas has that number, and says so where it does."""
        if name in self._by_id:
            return (self._by_id[name],)
        folded = name.casefold()
        return tuple(one for one in self.learners if folded in {one.id.casefold(), one.email.casefold()})

    def _called(self, name: str, joined: bool = False) -> tuple[Learner, ...]:
        """By name; `joined`, or in letters that need no spaces, else by what it is with nothing between its parts."""
        ids = set().union(*(self._by_name.get(form, set()) for form in name_forms(name)))
        if not ids and (joined or name.upper() == name.lower()):
            ids = set().union(*(self._by_joined_name.get(form, set()) for form in joined_forms(name)))
        return tuple(one for one in self.learners if one.id in ids)

    @cached_property
    def _by_id(self) -> dict[str, Learner]:
        return {learner.id: learner for learner in self.learners}

    @cached_property
    def _by_number(self) -> dict[str, tuple[Learner, ...]]:
        found: dict[str, tuple[Learner, ...]] = {}
        for one in self.learners:
            if one.lms_user_id:
                found[one.lms_user_id] = (*found.get(one.lms_user_id, ()), one)
        return found

    @cached_property
    def _by_name(self) -> dict[str, set[str]]:
        return self._by_forms(name_forms)

    @cached_property
    def _by_joined_name(self) -> dict[str, set[str]]:
        return self._by_forms(joined_forms)

    def _by_forms(self, forms: Callable[[str], set[str]]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self.learners:
            names = (f"{one.first_name} {one.last_name}", f"{one.last_name} {one.first_name}", *one.other_names)
            for form in set().union(*map(forms, names)):
                found.setdefault(form, set()).add(one.id)
        return found


def name_forms(name: str) -> set[str]:
    """The ways in which a name may have been written: in any order of its parts, without accents or apostrophes, and
    with umlauts spelt out. Two names are taken for the same if they share one."""
    return {" ".join(sorted(words)) for words in _spellings(name)}


def joined_forms(name: str) -> set[str]:
    """A name's spellings with nothing between its parts, as Canvas writes names, in the order in which they stand."""
    return {"".join(words) for words in _spellings(name)}


def _spellings(name: str) -> list[list[str]]:
    lower = unicodedata.normalize("NFC", name).casefold()
    found = []
    for spelt in (lower, lower.translate(_SPELT_OUT)):
        letters = unicodedata.normalize("NFKD", spelt.translate(_SINGLE))
        plain = "".join(c for c in letters if not unicodedata.combining(c))
        # Moodle takes apostrophes out of names.
        found += [re.findall(r"[^\W_]+", text) for text in (plain, plain.translate(_APOSTROPHES))]
    return [words for words in found if words]


def fit_id(name: str) -> str:
    """An id made of a name, in ASCII where the name's letters allow it; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).casefold().translate(_SINGLE))
    words = re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return "-".join(words)[:_LONGEST - 28]


def enter_students(gradebook: Store, learners: Iterable[Learner]) -> int:
    """Enters people in a gradebook; what it has of them beyond the roster stays. Returns how many were new or changed.
    """
    from nbgrader.api import Student

    gradebook.make()
    students, changed = Student.__table__, 0
    columns = [field.name for field in fields(Learner) if field.name in _COLUMNS]
    with gradebook.connection() as connection:
        there = {row.id: row for row in connection.execute(select(students))}
        for learner in learners:
            values = {column: getattr(learner, column) for column in columns if getattr(learner, column)}
            if learner.id not in there:
                connection.execute(insert(students).values(values))
            elif any(getattr(there[learner.id], column) != value for column, value in values.items()):
                connection.execute(update(students).where(students.c.id == learner.id).values(values))
            else:
                continue
            changed += 1
        connection.commit()
    return changed


def _unfit(identity: str) -> str:
    """Why an id can be no folder's name on some system; empty if it can."""
    if not identity:
        return "is empty"
    if _NO_FOLDER.search(identity) or identity[0] in "._" or identity[-1] in ". " or _DEVICES.fullmatch(identity):
        return "cannot be the name of a folder on every system"
    if defused(identity) != identity:
        return "begins like a formula, which spreadsheet programs would run"
    return ""
