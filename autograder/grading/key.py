"""What a submission is held against: the lesson's own cells, read from its source notebook."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.authoring import without_solutions
from autograder.course import Limits
from autograder.errors import MleError


@dataclass(frozen=True)
class KeyCell:
    """A cell the lesson fixes, or whose place it fixes.

    Attributes:
        id: nbgrader's grade id, or the cell id of a rubric.
        kind: given, exercise, check, essay or rubric.
        source: what the cell holds before the learner touched it; of a check, hidden tests included.
        metadata: the cell's metadata as built.
        exercise: of a check, the id of its exercise.
        hidden: of a check, the sentence about its hidden part.
    """

    id: str
    kind: str
    cell_type: str
    source: str
    metadata: dict[str, Any]
    exercise: str = ""
    hidden: str = ""
    points: float = 0


@dataclass(frozen=True)
class Key:
    """The fixed cells of a lesson in order, and what running it takes."""

    lesson: str
    title: str
    cells: tuple[KeyCell, ...]
    notebook_metadata: dict[str, Any]
    hints: dict[str, tuple[str, ...]]
    seed: int
    limits: Limits
    extras: tuple[str, ...]
    files: Path
    digest: str

    @classmethod
    def load(cls, folder: Path) -> Key:
        """Reads `solutions/LESSON/`; cached for as long as its notebook's bytes are the same.

        Raises:
            MleError: there is no such lesson built, or the notebook is not one of ours.
        """
        path = folder / f"{folder.name}.ipynb"
        try:
            data = path.read_bytes()
        except OSError:
            raise MleError(f"{path} is missing, so {folder.name} cannot be graded. Run `mle build {folder.name}`, "
                           "then try again.") from None
        return _read_key(folder, data)

    def of_kind(self, kind: str) -> tuple[KeyCell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == kind)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(cell.id for cell in self.cells)


@lru_cache(maxsize=64)
def _read_key(folder: Path, data: bytes) -> Key:
    try:
        notebook = nbformat.reads(data.decode("utf-8"), as_version=4)
        meta = notebook.metadata["mle"]
        lesson, title, limits = meta["lesson"], meta["title"], Limits(**meta["limits"])
    except Exception as error:
        raise MleError(f"{folder / folder.name}.ipynb is not a notebook that `mle build` wrote ({error!r}). "
                       f"Run `mle build {folder.name}` to write it again.") from None
    hints: dict[str, list[str]] = {}
    cells = []
    for cell in without_solutions(notebook).cells:
        mle = cell.metadata.get("mle", {})
        if mle.get("kind") == "hint":
            hints.setdefault(mle["exercise"], []).append(mle["text"])
        elif mle.get("kind") in {"given", "exercise", "check", "essay", "rubric"}:
            cells.append(_key_cell(cell, mle))
    return Key(lesson, title, tuple(cells), dict(notebook.metadata), {k: tuple(v) for k, v in hints.items()},
               meta["seed"], limits, tuple(meta["extras"]), folder, hashlib.sha256(data).hexdigest())


def _key_cell(cell: NotebookNode, mle: dict[str, Any]) -> KeyCell:
    nbgrader = cell.metadata.get("nbgrader", {})
    return KeyCell(
        id=nbgrader.get("grade_id", cell.get("id", "")), kind=mle["kind"], cell_type=cell.cell_type,
        source=cell.source, metadata=cell.metadata, exercise=mle.get("exercise", ""), hidden=mle.get("hidden", ""),
        points=float(nbgrader.get("points", 0)))
