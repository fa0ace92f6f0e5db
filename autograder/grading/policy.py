"""`grading.toml`: when lessons are due, for whom later, what lateness costs, and where the gradebook is.

    gradebook = "postgresql://mle@db.example.org/course"    # without it, the file gradebook.db

    [late]
    grace_minutes = 15          # nothing is taken off within these
    percent_per_day = 10        # of the points earned, for each day begun after the due date
    most_percent = 50

    [due]
    1-2-python-toolkit = 2026-12-01T23:59:00+01:00

    [extensions.ada]
    1-2-python-toolkit = 2026-12-08T23:59:00+01:00

A day is 24 hours, whatever the clocks do. A date without an offset is one on the clock of the machine that reads it; of
a time that this clock shows twice, the later is meant. A lesson that [due] does not name keeps the dates that it has in
the gradebook; who has an extension for it is said there, too.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from autograder.errors import MleError, nearest

POLICY_FILE = "grading.toml"
_DAY = 86_400  # seconds
_EXAMPLE = "2026-12-01T23:59:00+01:00"
_QUOTES = 'A name with other characters than letters, digits, - and _ needs quotes: [extensions."ada@school.org"].'


@dataclass(frozen=True)
class LatePolicy:
    """What lateness costs.

    Attributes:
        grace_minutes: so late costs nothing.
        percent_per_day: of the points earned, for each day begun after the due date.
        most_percent: it never costs more.
    """

    percent_per_day: float
    grace_minutes: float = 0.0
    most_percent: float = 100.0

    def days(self, seconds_late: float) -> int:
        """Days begun after the due date; 0 within the grace."""
        return 0 if seconds_late <= self.grace_minutes * 60 else math.ceil(seconds_late / _DAY)

    def percent(self, seconds_late: float) -> float:
        """How much of the earned points is taken off."""
        return min(self.most_percent, self.days(seconds_late) * self.percent_per_day)

    def penalty(self, earned: float, seconds_late: float) -> float:
        """Points to take off."""
        return round(max(earned, 0.0) * self.percent(seconds_late) / 100, 6)


@dataclass(frozen=True)
class GradingPolicy:
    """What a course's `grading.toml` says; of a course without one, nothing.

    Attributes:
        late: None where lateness is left to nbgrader's own plug-in.
        due: per lesson, in UTC and without a zone, as nbgrader has it; a lesson that is not in it has its dates and
            extensions in the gradebook alone. None where there is no such table.
        extensions: per student and lesson, in the same way.
        zones: the offset in which to show each of these dates, by lesson or by student and lesson.
        local: the dates that came without an offset, as they are named in the file.
    """

    late: LatePolicy | None = None
    due: Mapping[str, datetime] | None = None
    extensions: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    zones: Mapping[str | tuple[str, str], timedelta] = field(default_factory=dict)
    local: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it leaves everything to nbgrader."""
        return self.late is None and self.due is None

    def shown(self, moment: datetime, lesson: str, student: str = "") -> str:
        """A moment in UTC in words, in the offset that the file uses for that lesson and student."""
        offset = self.zones.get((student, lesson), self.zones.get(lesson, timedelta()))
        sign, minutes = ("-" if offset < timedelta() else "+"), int(abs(offset).total_seconds()) // 60
        zone = f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}" if offset else "UTC"
        return f"{moment + offset:%Y-%m-%d %H:%M} {zone}"


def read_policy(root: Path) -> GradingPolicy:
    """Reads a course's `grading.toml`.

    Raises:
        MleError: it is no TOML, or says something that cannot be meant; names file and key, and how to mend it.
    """
    return _Reader(root / POLICY_FILE).policy(_read(root / POLICY_FILE))


def gradebook_setting(root: Path) -> str:
    """The URL of the gradebook that a course's `grading.toml` names; empty if it names none.

    Raises:
        MleError: it is no TOML, or names no text.
    """
    path = root / POLICY_FILE
    said = _read(path).get("gradebook", "")
    if not isinstance(said, str):
        raise MleError(f"{path}: 'gradebook' is {said!r}, which is no text. Write it in quotes, above the first "
                       "[table], like gradebook = \"postgresql://USER@HOST/DATABASE\".")
    return said.strip()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise MleError(f"{path} is not UTF-8 text (byte {error.start} is out of place). Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise MleError(f"{path} is not valid TOML: {error}. {_QUOTES}") from None


def check_names(root: Path, policy: GradingPolicy, lessons: Iterable[str], students: Iterable[str]) -> None:
    """Refuses dates for lessons and students that there are none of.

    Raises:
        MleError: names the nearest one.
    """
    path, lessons, students = root / POLICY_FILE, list(lessons), list(students)
    for lesson in policy.due or ():
        if lesson not in lessons:
            raise MleError(f"{path}: [due] names a lesson '{lesson}', and there is none. {nearest(lesson, lessons)}")
    for student, lesson in policy.extensions:
        if student not in students:
            raise MleError(f"{path}: [extensions.{student}] names a student of whom there is nothing in submitted/, "
                           f"the gradebook or roster.csv. {nearest(student, students)} Somebody who has not handed "
                           "anything in yet belongs into roster.csv.")
        if lesson not in (policy.due or {}):
            # nbgrader keeps an extension as a length of time after the due date.
            raise MleError(f"{path}: [extensions.{student}] extends '{lesson}', which has no date in [due]. Give it "
                           f"one, or mend the name. {nearest(lesson, policy.due or ())}")
        if policy.extensions[student, lesson] < (policy.due or {})[lesson]:
            raise MleError(f"{path}: [extensions.{student}] lets {lesson} end before its date in [due]. An extension "
                           "is a later date.")


class _Reader:
    """Turns the parsed file into a policy, and says where it cannot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zones: dict[str | tuple[str, str], timedelta] = {}
        self._local: list[str] = []

    def policy(self, data: dict[str, Any]) -> GradingPolicy:
        self._only(data, ("gradebook", "late", "due", "extensions"), "",
                   "Tables are: [late], [due] and [extensions.STUDENT]; above them may be `gradebook`.")
        late = self._late(self._table(data["late"], "late")) if "late" in data else None
        due = None
        if "due" in data:
            due = {lesson: self._date(value, lesson, f"[due] {lesson}")
                   for lesson, value in self._table(data["due"], "due").items()}
        extensions = {}
        for student, dates in self._table(data.get("extensions", {}), "extensions").items():
            where = f"extensions.{student}"
            for lesson, value in self._table(dates, where).items():
                if isinstance(value, dict):
                    self._refuse(f"[{where}.{lesson}] has one name too many. {_QUOTES}")
                extensions[student, lesson] = self._date(value, (student, lesson), f"[{where}] {lesson}")
        return GradingPolicy(late, due, extensions, self._zones, tuple(self._local))

    def _late(self, table: dict[str, Any]) -> LatePolicy:
        keys = ("grace_minutes", "percent_per_day", "most_percent")
        self._only(table, keys, "[late] ", f"It takes: {', '.join(keys)}.")
        if "percent_per_day" not in table:
            self._refuse("[late] has no percent_per_day. Write for example `percent_per_day = 10`, or 0 if lateness "
                         "costs nothing.")
        for key, value in table.items():
            most = math.inf if key == "grace_minutes" else 100
            if isinstance(value, bool) or not isinstance(value, int | float):
                self._refuse(f"[late] {key} is {value!r}, which is no number. Write for example `{key} = 10`.")
            if not (math.isfinite(value) and 0 <= value <= most):
                upto = "0 or more" if most == math.inf else "between 0 and 100"
                self._refuse(f"[late] {key} is {value:g}; it has to be {upto}.")
        return LatePolicy(**{key: float(value) for key, value in table.items()})

    def _date(self, value: object, key: str | tuple[str, str], where: str) -> datetime:
        if not isinstance(value, datetime):
            said = f'"{value}"' if isinstance(value, str) else str(value)
            self._refuse(f"{where} is {said}, which is no date with a time. Write it without quotes, like {_EXAMPLE}.")
        try:
            if value.tzinfo is None:
                self._local.append(where)
                value = self._on_this_clock(value, where)
            moment = value.astimezone(UTC).replace(tzinfo=None)
        except (OverflowError, OSError, ValueError):
            self._refuse(f"{where} is {value}, too far away for a date. Write it like {_EXAMPLE}.")
        self._zones[key] = value.utcoffset() or timedelta()
        return moment

    def _on_this_clock(self, value: datetime, where: str) -> datetime:
        early, late = (value.replace(fold=fold).astimezone() for fold in (0, 1))
        if value not in (early.replace(tzinfo=None), late.replace(tzinfo=None)):
            self._refuse(f"{where} is {value}, a time that does not exist: the clocks are put forward over it. Choose "
                         f"another, or add the offset, like {_EXAMPLE}.")
        return max(early, late)

    def _table(self, value: object, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(f"'{name}' has to be a table: write [{name}] on a line of its own, and its entries below.")
        return value

    def _only(self, table: dict[str, Any], known: tuple[str, ...], where: str, says: str) -> None:
        for key in table:
            if key not in known:
                self._refuse(f"{where}'{key}' is unknown. {says} {nearest(key, known)}")

    def _refuse(self, problem: str) -> NoReturn:
        raise MleError(f"{self._path}: {problem}")
