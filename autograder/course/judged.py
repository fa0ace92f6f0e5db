"""`judged.toml`: what an author of a lesson has judged by hand about its mutants and asserts, with a reason each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.model import Lesson
from autograder.errors import SourceError, nearest


@dataclass(frozen=True)
class Equivalent:
    """A change to a solution that makes no difference, by the lines that verification shows of it."""

    exercise: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class Kept:
    """Asserts of a check that no wrong answer and no mutant needs, kept all the same.

    Attributes:
        asserts: the first line of each.
    """

    check: str
    asserts: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Judged:
    """Everything judged by hand in one lesson."""

    equivalents: tuple[Equivalent, ...] = ()
    kept: tuple[Kept, ...] = ()


_KINDS: dict[str, type] = {"equivalent": Equivalent, "kept": Kept}


def read_judged(path: Path, lesson: Lesson) -> Judged:
    """Reads the file; an absent one means that nothing was judged.

    Raises:
        SourceError: it is not TOML of this kind, or names an exercise or check that the lesson lacks.
    """
    if not path.exists():
        return Judged()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SourceError(path, None, f"not valid TOML: {error}") from None
    for name in tables:
        if name not in _KINDS:
            raise SourceError(path, None, f"unknown table '{name}'. {nearest(name, _KINDS)}")
    known = {"exercise": [cell.id for cell in lesson.exercises], "check": [cell.id for cell in lesson.checks()]}
    found: dict[str, tuple[Any, ...]] = {}
    for name, kind in _KINDS.items():
        entries = tables.get(name, [])
        if not isinstance(entries, list):
            raise SourceError(path, None, f"'{name}' must be written [[{name}]]")
        found[name] = tuple(_entry(path, name, number, kind, entry, known)
                            for number, entry in enumerate(entries, start=1))
    return Judged(found["equivalent"], found["kept"])


def _entry(path: Path, name: str, number: int, kind: type, entry: Any, known: dict[str, list[str]]) -> Any:
    where = f"[[{name}]] number {number}"
    keys = list(kind.__annotations__)
    if not isinstance(entry, dict):
        raise SourceError(path, None, f"{where} must hold {', '.join(keys)}")
    for key in sorted(set(entry) ^ set(keys)):
        raise SourceError(path, None, f"{where}: {'unknown key' if key in entry else 'lacks the key'} '{key}'")
    for key in keys:
        value = entry[key]
        if key == "asserts":
            if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
                raise SourceError(path, None, f"{where}: 'asserts' must be a list of the first lines of asserts")
            continue
        # An empty line is what a deleted statement may leave.
        if not isinstance(value, str) or (not value.strip() and key != "after"):
            raise SourceError(path, None, f"{where}: '{key}' must be text")
        if key in known and value not in known[key]:
            raise SourceError(path, None, f"{where}: the lesson has no {key} '{value}'. {nearest(value, known[key])}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
