"""The answers that lie in autograded notebooks, and their pieces, which are kept so that each is read once only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from autograder.grading import write_atomically
from autograder.reports.cohort_data import Record
from autograder.reports.similarity import VERSION, Pieces, pieces_of
from autograder.reports.workers import Workers


def answers_in(root: Path, lesson: str, learner: str, exercises: Iterable[str]) -> dict[str, str]:
    """A learner's answers by exercise, as they were graded; none where the notebook is missing or damaged."""
    return _code_cells(os.path.join(root, "autograded", learner, lesson, f"{lesson}.ipynb"), set(exercises))


def given_pieces(notebooks: Path, lesson: str) -> Pieces:
    """The pieces of all code that learners are handed out; none where the lesson was never built."""
    cells = _code_cells(os.path.join(notebooks, lesson, f"{lesson}.ipynb"))
    return np.unique(np.concatenate([np.empty(0, np.uint32), *map(pieces_of, cells.values())]))


def answer_pieces(root: Path, lesson: str, records: Mapping[str, Record],
                  workers: Workers) -> dict[str, dict[str, Pieces]]:
    """By exercise and learner the pieces of each answer that somebody has attempted.

    Args:
        workers: what reads notebooks that were not read before.
    """
    path = user_cache_path("mle-path") / "answers" / f"{_name(root, lesson)}.json"
    before = _kept(path)
    attempted = {learner: {check.exercise: None for check in record.checks if check.attempted}
                 for learner, record in records.items()}
    new = {record.submission_digest: learner for learner, record in records.items()
           if record.submission_digest not in before}
    read = workers.map(_pieces_in, [(root, lesson, learner, tuple(attempted[learner])) for learner in new.values()])
    kept = dict(zip(new, read, strict=True))
    kept |= {record.submission_digest: before[record.submission_digest] for record in records.values()
             if record.submission_digest in before}
    if kept.keys() != before.keys():
        with contextlib.suppress(OSError):  # a cache that cannot be written costs seconds, no more
            write_atomically(path, json.dumps(kept))
    found: dict[str, dict[str, Pieces]] = {}
    for learner, record in records.items():
        pieces = kept[record.submission_digest]
        for exercise in attempted[learner]:
            if exercise in pieces:
                found.setdefault(exercise, {})[learner] = np.frombuffer(bytes.fromhex(pieces[exercise]), np.uint32)
    return found


def _pieces_in(notebook: tuple[Path, str, str, tuple[str, ...]]) -> dict[str, str]:
    """The pieces of one notebook's answers by exercise, in hexadecimal digits."""
    return {exercise: pieces_of(source).tobytes().hex() for exercise, source in answers_in(*notebook).items()}


def _code_cells(path: str, wanted: set[str] | None = None) -> dict[str, str]:
    """Sources by cell id, of all code cells or of those that are wanted; none where there is no such notebook."""
    try:
        with open(path, "rb") as file:
            cells = json.loads(file.read())["cells"]
        return {cell["id"]: _joined(cell["source"]) for cell in cells
                if cell["cell_type"] == "code" and (wanted is None or cell["id"] in wanted)}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _kept(path: Path) -> dict[str, dict[str, str]]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        for pieces in kept.values():
            for numbers in pieces.values():
                bytes.fromhex(numbers)
        return kept
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _name(root: Path, lesson: str) -> str:
    return hashlib.sha256(f"{VERSION}\n{root}\n{lesson}".encode()).hexdigest()
