"""What a submission is held against: the lesson's own cells, read from the notebook that `mle build` wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode

from autograder.authoring import without_solutions
from autograder.course import Limits, split_check
from autograder.errors import MleError
from autograder.grading.helpers import Helpers, helpers_of


@dataclass(frozen=True)
class KeyCell:
    """A cell the lesson fixes, or whose place it fixes.

    Attributes:
        id: nbgrader's grade id, or the cell id of a rubric; fit to be a cell id.
        kind: given, exercise, check, essay, rubric or task.
        source: what the cell holds before the learner touched it; of a check, hidden tests included.
        metadata: the cell's metadata as built.
        visible: of the source what learners receive.
        exercise: of a check, the id of its exercise.
        check: of a check, its id as its author wrote it.
        parts: of a check, the pieces to run one after the other.
        hidden_from: of a check, the first part that learners never see.
        hidden: of a check, the sentence about its hidden part.
        at_grading: of a check, whether it has a part that is not here and runs at grading.
        handed_out_as: the cell's id in the notebook that learners receive.
    """

    id: str
    kind: str
    cell_type: str
    source: str
    metadata: dict[str, Any]
    visible: str = ""
    exercise: str = ""
    check: str = ""
    parts: tuple[str, ...] = ()
    hidden_from: int = 1
    hidden: str = ""
    at_grading: bool = False
    points: float = 0
    handed_out_as: str = ""

    @property
    def grade_id(self) -> str:
        """What nbgrader calls the cell."""
        return self.metadata.get("nbgrader", {}).get("grade_id", self.id)


@dataclass(frozen=True)
class Key:
    """The fixed cells of a lesson in order, and what running it takes.

    Attributes:
        files: the folder whose files the notebook may open beside the learner's own; None where theirs hold them all.
        check_isolation: which state checks see: `exercise` for lessons of `mle build`, else see `foreign.py`.
        partial_credit: whether a check whose last line is a number is worth that many points.
        setup: code to run before the first cell, seen by nobody.
        ours: whether `mle build` wrote the lesson.
        services: whether it starts services and calls them.
    """

    lesson: str
    title: str
    cells: tuple[KeyCell, ...]
    notebook_metadata: dict[str, Any]
    hints: dict[str, tuple[str, ...]]
    seed: int
    limits: Limits
    extras: tuple[str, ...]
    files: Path | None
    digest: str
    check_isolation: Literal["exercise", "auto", "fork", "in_place"] = "exercise"
    partial_credit: bool = False
    setup: str = ""
    ours: bool = True
    services: bool = False

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
        return _read_key(folder, data, None)

    @classmethod
    def load_released(cls, folder: Path, at_grading: Iterable[str]) -> Key:
        """Reads `notebooks/LESSON/`, in which solutions, rubrics and hidden parts of checks are not.

        Args:
            at_grading: the ids of the checks of which a part is missing here.

        Raises:
            MleError: there is no such lesson, or the notebook is not one of ours.
        """
        path = folder / f"{folder.name}.ipynb"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MleError(f"{path} cannot be read ({error.strerror}). Unpack the kit again over this folder; your "
                           "folder work stays as it is.") from None
        return _read_key(folder, data, frozenset(at_grading))

    def of_kind(self, kind: str) -> tuple[KeyCell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == kind)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(cell.id for cell in self.cells)

    @cached_property
    def helpers(self) -> Helpers:
        """What the lesson gives to its checks."""
        return helpers_of(self.cells, self.files, self.ours)

    @cached_property
    def by_grade_id(self) -> dict[str, str]:
        """The id here of each cell, by what nbgrader calls it."""
        return {cell.grade_id: cell.id for cell in self.cells}

    @cached_property
    def by_cell_id(self) -> dict[str, str]:
        """The id here of each cell, by the cell's id in a learner's notebook."""
        return {cell.handed_out_as or cell.id: cell.id for cell in self.cells}


@lru_cache(maxsize=64)
def _read_key(folder: Path, data: bytes, at_grading: frozenset[str] | None) -> Key:
    try:
        notebook = nbformat.reads(data.decode("utf-8"), as_version=4)
        meta = notebook.metadata["mle"]
        lesson, title, limits = meta["lesson"], meta["title"], Limits(**meta["limits"])
    except Exception as error:
        raise MleError(f"{folder / folder.name}.ipynb is not a notebook that `mle build` wrote ({error!r}). "
                       f"Run `mle build {folder.name}` to write it again.") from None
    hints: dict[str, list[str]] = {}
    cells = []
    for cell in notebook.cells if at_grading is not None else without_solutions(notebook).cells:
        mle = cell.metadata.get("mle", {})
        if mle.get("kind") == "hint":
            hints.setdefault(mle["exercise"], []).append(mle["text"])
        elif mle.get("kind") in {"given", "exercise", "check", "essay", "rubric"}:
            cells.append(_key_cell(cell, mle, at_grading or frozenset()))
    return Key(lesson, title, tuple(cells), dict(notebook.metadata), {k: tuple(v) for k, v in hints.items()},
               meta["seed"], limits, tuple(meta["extras"]), folder, hashlib.sha256(data).hexdigest(),
               services=meta.get("services", False))


def _key_cell(cell: NotebookNode, mle: dict[str, Any], at_grading: frozenset[str]) -> KeyCell:
    nbgrader = cell.metadata.get("nbgrader", {})
    identity = nbgrader.get("grade_id", cell.get("id", ""))
    fixed = {"id": identity, "kind": mle["kind"], "cell_type": cell.cell_type, "source": cell.source,
             "metadata": cell.metadata, "points": float(nbgrader.get("points", 0))}
    if mle["kind"] != "check":
        return KeyCell(**fixed, visible=cell.source)
    visible, hidden = split_check(cell.source)
    return KeyCell(
        **fixed, visible=visible, exercise=mle.get("exercise", ""), check=identity.removeprefix("check-"),
        parts=tuple(part for part in (visible, hidden) if part), hidden_from=1 if visible else 0,
        hidden=mle.get("hidden", ""), at_grading=identity.removeprefix("check-") in at_grading)
