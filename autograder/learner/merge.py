"""A learner's notebook and a newer version of its lesson made into one.

A copy says by itself what in it is as it was handed out: `mle build` names a lesson's ordinary cells after what they
say, and gives the others a checksum. So nothing else is needed to tell the learner's work from the lesson's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum

from autograder.authoring import content_id

_ANSWERS = {"exercise", "essay"}
_ORDINARY = re.compile(r"((?:code|markdown)-[0-9a-f]{12})(?:-\d+)?")
_OF_THE_LESSON = {"nbgrader", "mle", "deletable", "editable"}


@dataclass(frozen=True)
class Merged:
    """The newer version with the learner's work in it.

    Attributes:
        answers: exercises and essays whose answer was carried over.
        begun_anew: of those, the ones that the lesson now starts with other code or text.
        orphans: exercises and essays that the lesson no longer has; their answers stand at the end.
        restored: cells that only the lesson may change, and that had been changed.
        added, removed: how many of the lesson's own cells came and went.
        outdated: whether anything shows that the copy is of another version. Cells that are only missing do not: the
            learner may have deleted them.
        differs: whether it is anything but the copy as it was.
    """

    notebook: NotebookNode
    answers: tuple[str, ...]
    begun_anew: tuple[str, ...]
    orphans: tuple[str, ...]
    restored: tuple[str, ...]
    added: int
    removed: int
    outdated: bool
    differs: bool


def merge(own: NotebookNode, newer: NotebookNode) -> Merged:
    """Puts a learner's work into a newer version of the lesson.

    Answers go where the exercise is now. A cell of the learner's own, and one of the lesson's that they have changed
    and that is no longer in it, stays behind the cell that it followed.

    Args:
        own: the learner's copy.
        newer: the lesson as it is handed out now.
    """
    fixed = {cell.id: cell for cell in newer.cells}
    matched = _match(own.cells, fixed)
    placed: dict[str, NotebookNode] = {}
    following: dict[str, list[NotebookNode]] = {"": []}
    orphans: dict[str, NotebookNode] = {}
    answers, begun_anew, restored = [], [], []
    anchor, removed, outdated = "", 0, False
    for position, cell in enumerate(own.cells):
        identity = matched.get(position)
        if identity is not None:
            anchor, wanted = identity, fixed[identity]
            following[identity] = []
            placed[identity] = _carried_over(cell, wanted)
            is_newer = _checksum(cell) not in {"", _checksum(wanted)}
            outdated |= is_newer
            if is_as_handed_out(cell) or cell.source == wanted.source:
                continue
            if _kind(wanted) in _ANSWERS:
                answers.append(identity)
                begun_anew += [identity] if is_newer else []
            elif "nbgrader" in wanted.metadata:
                restored.append(identity)
        elif is_as_handed_out(cell) and _identity(cell) not in fixed:
            removed += 1
        elif _kind(cell) in _ANSWERS and _identity(cell) not in {*fixed, *orphans}:
            orphans[_identity(cell)] = _freed(cell, fixed)
        else:
            following[anchor].append(_freed(cell, {*fixed, *orphans}))

    cells = list(following[""])
    for identity, wanted in fixed.items():
        cells += [placed.get(identity, wanted), *following.get(identity, ())]
    for identity, cell in orphans.items():
        cells += [new_markdown_cell(f"Your answer to `{identity}`, which this lesson no longer has:"), cell]
    notebook = nbformat.from_dict({
        # What the learner's programs keep with a notebook stays.
        **newer, "metadata": {**newer.metadata, **own.metadata, "mle": newer.metadata["mle"]},
        "cells": list(_with_own_ids(cells))})
    return Merged(
        notebook, tuple(answers), tuple(begun_anew), tuple(orphans), tuple(restored),
        added=len(fixed.keys() - set(matched.values())), removed=removed,
        outdated=outdated or bool(removed or orphans), differs=_says(own) != _says(notebook))


def is_as_handed_out(cell: NotebookNode) -> bool:
    """Whether a cell is the lesson's and nobody has changed what it says."""
    if "nbgrader" not in cell.metadata:
        ordinary = _ORDINARY.fullmatch(cell.get("id", ""))
        return bool(ordinary) and ordinary[1] == content_id(cell.cell_type, cell.source)
    try:
        return _checksum(cell) == compute_checksum(cell)
    except (KeyError, TypeError, ValueError, AttributeError):  # some program has cut down its metadata
        return False


def _match(cells: Iterable[NotebookNode], fixed: dict[str, NotebookNode]) -> dict[int, str]:
    """By position in the learner's notebook, the cell of the lesson that it is."""
    cells = list(cells)
    matched: dict[int, str] = {}
    left = dict.fromkeys(fixed)
    for position, cell in enumerate(cells):
        if (identity := _identity(cell)) in left:
            del left[identity]
            matched[position] = identity
    # Some programs know no ids, and a cell that was cut and pasted has a new one: then it is known by what it says.
    by_text: dict[str, list[str]] = {}
    for identity in left:
        if ordinary := _ORDINARY.fullmatch(identity):
            by_text.setdefault(ordinary[1], []).append(identity)
    for position, cell in enumerate(cells):
        waiting = by_text.get(content_id(cell.cell_type, cell.source))
        if waiting and position not in matched and "nbgrader" not in cell.metadata:
            matched[position] = waiting.pop(0)
    return matched


def _carried_over(cell: NotebookNode, wanted: NotebookNode) -> NotebookNode:
    """A cell of the lesson with what the learner has written and run in it, where that is theirs to keep."""
    metadata = {**cell.metadata, **wanted.metadata}
    if "nbgrader" not in wanted.metadata:
        return nbformat.from_dict({**cell, "id": wanted.id, "metadata": metadata})
    keeps = _kind(wanted) in _ANSWERS and not is_as_handed_out(cell)
    carried = {**wanted, "source": cell.source if keeps else wanted.source, "metadata": metadata}
    if carried["source"] == cell.source and cell.cell_type == wanted.cell_type:
        carried |= {name: cell[name] for name in ("outputs", "execution_count", "attachments") if name in cell}
    return nbformat.from_dict(carried)


def _freed(cell: NotebookNode, taken: Container[str]) -> NotebookNode:
    """A cell of the learner's own, which nothing will take for one of the lesson's."""
    metadata = {name: value for name, value in cell.metadata.items() if name not in _OF_THE_LESSON}
    identity = cell.get("id", "")
    return nbformat.from_dict({**cell, "id": "" if identity in taken else identity, "metadata": metadata})


def _with_own_ids(cells: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """Gives a learner's cell that has no id of its own one."""
    taken = set()
    for cell in deepcopy(list(cells)):
        identity = cell.get("id", "")
        if identity in taken or not identity:
            cell["id"] = identity = new_code_cell().id
        taken.add(identity)
        yield cell


def _says(notebook: NotebookNode) -> list[tuple[Any, ...]]:
    return [(notebook.metadata.get("mle"),), *(
        (cell.get("id"), cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells)]


def _kind(cell: NotebookNode) -> str:
    mle = cell.metadata.get("mle")
    kind = mle.get("kind") if isinstance(mle, dict) else None
    return kind if isinstance(kind, str) else "exercise" if _nbgrader(cell).get("solution") is True else ""


def _identity(cell: NotebookNode) -> str:
    grade_id = _nbgrader(cell).get("grade_id")
    return grade_id if isinstance(grade_id, str) else cell.get("id", "")


def _nbgrader(cell: NotebookNode) -> dict[str, Any]:
    meta = cell.metadata.get("nbgrader")
    return meta if isinstance(meta, dict) else {}


def _checksum(cell: NotebookNode) -> str:
    checksum = _nbgrader(cell).get("checksum")
    return checksum if isinstance(checksum, str) else ""
