"""Keys of lessons that `mle build` did not write: from any nbgrader notebook, and from a course's gradebook.

The gradebook holds each graded cell as nbgrader's generate step left it: solutions cleared as the course wants it,
header and footer and generated tests in place, hidden tests still there. That is what nbgrader itself grades against.
"""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.api import Notebook
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course import Limits, has_code
from autograder.grading.key import Key, KeyCell
from autograder.grading.names import compiled
from autograder.grading.reading import UnreadableNotebook, is_cell_id, parse_notebook

_MAKE = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


@dataclass(frozen=True)
class Rules:
    """What a course may set for its notebooks.

    Attributes:
        check_isolation: `fork`: a check sees what the cells above it did, but not what other checks did. `in_place`:
            check cells also run as cells of the notebook, for what comes after. `auto`: those do whose names are used
            later.
        hidden: what begins and what ends a region of hidden tests.
        purpose: what the variable NBGRADER_EXECUTION is to say.
    """

    limits: Limits = field(default_factory=Limits)
    check_isolation: Literal["auto", "fork", "in_place"] = "auto"
    hidden: tuple[str, str] = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
    purpose: Literal["autograde", "validate"] = "autograde"


def key_of(lesson: str, notebook: NotebookNode, rules: Rules) -> Key:
    """The key of a notebook with nbgrader's metadata, of whatever version of its schema."""
    cells: list[KeyCell] = []
    answer = ""
    for cell in notebook.cells:
        upgraded = MetadataValidator().upgrade_cell_metadata(deepcopy(cell))
        if not upgraded.metadata.get("nbgrader", {}).get("grade_id"):
            continue
        fixed = _key_cell(upgraded, rules, answer)
        if fixed.kind in {"exercise", "essay"}:
            answer = fixed.id
        cells.append(fixed)
    digest = hashlib.sha256(repr((lesson, cells, rules)).encode()).hexdigest()
    setup = f"__import__('os').environ['NBGRADER_EXECUTION'] = {rules.purpose!r}"
    asks = any("NBGRADER_EXECUTION" in cell.source for cell in notebook.cells)
    return Key(lesson, lesson, tuple(cells), dict(notebook.metadata), {}, 0, rules.limits, (), None, digest,
               check_isolation=rules.check_isolation, partial_credit=True, setup=setup if asks else "", ours=False)


def gradebook_notebook(entry: Notebook, handed_out: tuple[Path, ...] = ()) -> NotebookNode:
    """The graded cells of a notebook as the gradebook has them, solutions cleared and hidden tests in place.

    Args:
        handed_out: notebooks that may hold these cells too; from the first that can be read come their order, which
            the gradebook does not promise to keep, and their cell ids.
    """
    ids = _cell_ids(handed_out)
    order = {grade_id: place for place, grade_id in enumerate(ids)}
    sources = sorted(entry.source_cells, key=lambda cell: order.get(cell.name, len(order)))
    points = {cell.name: cell.max_score for cell in (*entry.grade_cells, *entry.task_cells)}
    graded = {cell.name for cell in entry.grade_cells}
    answers = {cell.name for cell in entry.solution_cells}
    tasks = {cell.name for cell in entry.task_cells}
    cells = []
    for source in sources:
        name = source.name
        meta = {"schema_version": 3, "grade_id": name, "grade": name in graded, "solution": name in answers,
                "task": name in tasks, "locked": bool(source.locked)}
        if name in points:
            meta["points"] = float(points[name])
        cell = _MAKE[source.cell_type or "markdown"](source.source or "", metadata={"nbgrader": meta})
        cell.pop("id")
        if ids.get(name):
            cell.id = ids[name]
        cells.append(cell)
    kernelspec = json.loads(entry.kernelspec or "null") or {}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec} if kernelspec else {})


def is_python(notebook: NotebookNode) -> bool:
    """Whether a notebook is for a Python kernel; one that does not say is taken to be."""
    spec = notebook.metadata.get("kernelspec", {})
    language = spec.get("language") or notebook.metadata.get("language_info", {}).get("name") or ""
    name = str(spec.get("name") or "python")
    return language.lower() == "python" if language else "python" in name.lower()


def _key_cell(cell: NotebookNode, rules: Rules, answer: str) -> KeyCell:
    meta = cell.metadata["nbgrader"]
    grade_id, kind = meta["grade_id"], _kind(cell)
    identity = grade_id if is_cell_id(grade_id) else f"cell-{hashlib.sha256(grade_id.encode()).hexdigest()[:12]}"
    fixed = {"id": identity, "kind": kind, "cell_type": cell.cell_type, "source": cell.source,
             "metadata": {"nbgrader": meta}, "points": float(meta.get("points", 0)),
             "handed_out_as": cell.get("id", "")}
    if kind == "check":
        parts, hidden_from, visible = _parts(cell.source, rules.hidden)
        return KeyCell(**fixed, visible=visible, exercise=answer, check=grade_id, parts=parts, hidden_from=hidden_from)
    # A mark scheme is for whoever grades the task, and no part of what learners got.
    visible = _outside(cell.source, ("BEGIN MARK SCHEME", "END MARK SCHEME")) if meta.get("task") else cell.source
    return KeyCell(**fixed, visible=visible)


def _kind(cell: NotebookNode) -> str:
    meta = cell.metadata["nbgrader"]
    if meta.get("task"):
        return "task" if meta["locked"] else "essay"
    if meta["solution"]:
        return "essay" if meta["grade"] else "exercise"
    if meta["grade"] and cell.cell_type == "code":
        return "check"
    return "given" if meta["locked"] or meta["grade"] else "exercise"


def _parts(source: str, marks: tuple[str, str]) -> tuple[tuple[str, ...], int, str]:
    """A check's pieces to run, the first of them that is hidden, and what learners see of it.

    Nothing is moved: from the first hidden region on all is hidden, and all of it where that region lies inside
    something, such as a loop, which cannot be taken apart.
    """
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if marks[0] in line), None)
    if first is None:
        return (source,), 1, source
    visible = _outside(source, marks)
    before = "\n".join(lines[:first])
    rest = "\n".join(line for line in lines[first:] if not any(mark in line for mark in marks))
    if not has_code(rest):
        return (before,), 1, visible
    if has_code(before) and _is_whole(before) and _is_whole(rest):
        return (before, rest), 1, visible
    return (f"{before}\n{rest}",), 0, visible


def _outside(source: str, marks: tuple[str, str]) -> str:
    kept, inside = [], False
    for line in source.split("\n"):
        if marks[0] in line:
            inside = True
        elif marks[1] in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _is_whole(source: str) -> bool:
    try:
        compiled(source)
    except (SyntaxError, ValueError):
        return False
    return not source.lstrip().startswith("%%")


def _cell_ids(paths: tuple[Path, ...]) -> dict[str, str]:
    """Grade ids in their order, each with the id of its cell, empty where it has none."""
    for path in paths:
        try:
            notebook = parse_notebook(path.read_bytes(), path.name, "")
        except (OSError, UnreadableNotebook):
            continue
        found = {}
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id:
                # An invented id would be found again in any notebook.
                found[grade_id] = "" if cell.id.startswith("own-") else cell.id
        return found
    return {}
