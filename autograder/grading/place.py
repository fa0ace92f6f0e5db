"""Puts a hand-in where `mle grade` looks for it. What was there is kept; an older one never takes a newer one's place.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from autograder.grading.parcel import TIMESTAMP, HandIn
from autograder.grading.stored import digest_of, write_atomically
from autograder.grading.times import moment_of

# Neither `mle grade` nor nbgrader looks into it: no student's id begins with a dot.
REPLACED = ".replaced"


def place(root: Path, student: str, hand_in: HandIn, when: datetime | None,
          dry_run: bool) -> Literal["new", "newer", "unchanged", "older"]:
    """Puts a hand-in into `submitted/STUDENT/LESSON`.

    Where one of the two times is not known, what is collected later is taken to be newer, but not what had been
    replaced before.

    Args:
        when: it was handed in, if that is known.
        dry_run: change nothing.

    Returns:
        What became of it; `older` and `unchanged` ones are not needed.
    """
    target = root / "submitted" / student / hand_in.lesson
    kept = root / "submitted" / REPLACED / student / hand_in.lesson
    what: Literal["new", "newer"] = "new"
    if target.exists():
        there, new = _timestamp(target), digest_of(hand_in.folder)
        if _digest(target) == new:
            if when and not there and not dry_run:
                write_atomically(target / TIMESTAMP, _text(when))
            return "unchanged"
        known_before = when is None or there is None or when == there
        if (when and there and when < there) or (
                known_before and any(_digest(one) == new for one in _folders(kept))):
            return "older"
        what = "newer"
    if dry_run:
        return what
    if when:
        write_atomically(hand_in.folder / TIMESTAMP, _text(when))
    target.parent.mkdir(parents=True, exist_ok=True)
    if what == "new":
        os.replace(hand_in.folder, target)
        return what
    aside = _unused(kept)
    aside.parent.mkdir(parents=True, exist_ok=True)
    os.replace(target, aside)
    try:
        os.replace(hand_in.folder, target)
    except BaseException:
        os.replace(aside, target)
        raise
    return what


def _digest(folder: Path) -> str:
    return digest_of(folder, without=TIMESTAMP)


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _timestamp(folder: Path) -> datetime | None:
    try:
        return moment_of((folder / TIMESTAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _text(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n"


def _unused(folder: Path) -> Path:
    stem, number = f"{datetime.now(UTC):%Y-%m-%d %H.%M.%S}", 1
    path = folder / stem
    while path.exists():
        number += 1
        path = folder / f"{stem} ({number})"
    return path
