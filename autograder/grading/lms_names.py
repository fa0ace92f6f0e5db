"""Who handed a file in, read off its path: as nbgrader's exchange, Moodle and Canvas name what they hand out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

By = Literal["exchange", "moodle", "canvas", "person", "given"]

_EXCHANGE = re.compile(r"(?P<name>.+)\+(?P<lesson>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d \d\d[:_.-]\d\d[^+]*)(\+[^+]+)?")
_MOODLE_FOLDER = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_[a-z]+_?")
_MOODLE_FILE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_(?P<rest>.+)")
# Canvas takes out of a name whatever is no letter, digit or underscore.
_CANVAS = re.compile(r"(?P<name>\w+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<upload>\d+)_(?P<rest>.+)")
_CANVAS_TEXT = re.compile(r"(?P<name>\w+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<rest>(?:text|link)\.html)")
_CANVAS_ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon_\w+?)_(?P<upload>\d+)_(?P<rest>.+)")
# What somebody's own name for a file has beside their name: a date and a time, the number of a copy.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ _T]\d\d[.:h-]\d\d(?:[.:-]\d\d)?)?")
_COPY = re.compile(r"\(\d+\)|-\d+$")


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as far as its path tells.

    Attributes:
        by: whose way of naming it is; `person` where somebody named it as they liked; `given` where whoever collects
            says whose it is.
        names: what the person may be called, the likeliest first.
        number: of Canvas the person's id there; of Moodle their number in this one assignment.
        lesson: of the exchange, the assignment.
        when: of the exchange, when it was handed in, as it stands there.
        folder: of the exchange, the hand-in's folder: a person may have handed in more than once.
    """

    by: By
    names: tuple[str, ...]
    number: str = ""
    lesson: str = ""
    when: str = ""
    folder: str = ""

    @property
    def label(self) -> str:
        """A word for messages."""
        name = self.names[0] if self.names else "nobody named"
        return f"{name} ({self.number})" if self.number else name


@dataclass(frozen=True)
class Named:
    """What a path says.

    Attributes:
        parts: the file's path within what was handed in.
        upload: of Canvas the number of the upload: the higher, the later.
        late: whether Canvas calls it late.
    """

    owner: Owner
    parts: tuple[str, ...]
    upload: int = 0
    late: bool = False


def read_name(parts: tuple[str, ...]) -> Named | None:
    """What the path of a file says, of those that nbgrader, Moodle or Canvas wrote; None for any other path."""
    for depth, part in enumerate(parts[:-1], start=1):
        if found := _EXCHANGE.fullmatch(part):
            return Named(Owner("exchange", (found["name"],), lesson=found["lesson"], when=found["when"],
                               folder="/".join(parts[:depth])), parts[depth:])
        if found := _MOODLE_FOLDER.fullmatch(part):
            return Named(Owner("moodle", (found["name"],), found["number"]), parts[depth:])
    name = parts[-1]
    if found := _MOODLE_FILE.fullmatch(name):
        return Named(Owner("moodle", (found["name"],), found["number"]), (found["rest"],))
    if found := _CANVAS_ANONYMOUS.fullmatch(name):
        return Named(Owner("canvas", (found["name"],)), (found["rest"],), int(found["upload"]), bool(found["late"]))
    if found := _CANVAS.fullmatch(name):
        return Named(Owner("canvas", (found["name"],), found["number"]), (found["rest"],), int(found["upload"]),
                     bool(found["late"]))
    if found := _CANVAS_TEXT.fullmatch(name):
        return Named(Owner("canvas", (found["name"],), found["number"]), (found["rest"],), late=bool(found["late"]))
    return None


def own_names(parts: tuple[str, ...], lessons: tuple[str, ...]) -> tuple[str, ...]:
    """What a path that somebody chose may say about whose the file is: what is left of its parts, the last first."""
    left = []
    for number, part in enumerate(reversed(parts)):
        text = part.rpartition(".")[0] if number == 0 and "." in part else part
        lesson = lesson_in(text, lessons)
        text = _COPY.sub(" ", _TIME.sub(" ", text.replace(lesson, " ") if lesson else text)).strip(" _-.,")
        if text:
            left.append(text)
    return tuple(left)


def lesson_in(text: str, lessons: tuple[str, ...]) -> str:
    """The only lesson whose id stands in a text as a word of its own; empty if there is none, or more than one."""
    found = [lesson for lesson in lessons
             if re.search(rf"(?<![a-z0-9]){re.escape(lesson)}(?![a-z0-9])", text.lower())]
    # One lesson's id may be the beginning of another's.
    found = [lesson for lesson in found if not any(lesson != other and lesson in other for other in found)]
    return found[0] if len(found) == 1 else ""
