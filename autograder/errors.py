"""Errors that a person can mend: they are printed as one paragraph, without a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class MleError(Exception):
    """Something the person at the keyboard can put right; the message says what, where and how."""

    exit_code = 1


class Stopped(MleError):
    """Somebody stopped the command, and this is what that has left; otherwise a general sentence says so."""

    exit_code = 130  # what a shell reports for a command ended by Ctrl-C


class SourceError(MleError):
    """A mistake in an authored file (lesson, answers, syllabus, skills).

    Attributes:
        path: the file.
        line: the line, counted from 1, or None where the whole file is meant.
    """

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path = path
        self.line = line
        self.problem = problem
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {problem}")


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that suggests the closest known word, or lists them all when none is close."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    # A lesson is often remembered by part of its name ("toolkit"), which difflib scores low.
    close = close or [name for name in known if word and word.lower() in name][:1]
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known are: {', '.join(known) or 'none yet'}."
