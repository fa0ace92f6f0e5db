"""Reads what somebody handed in, and puts back what is not theirs to change."""

from __future__ import annotations

import json
import warnings
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum

from autograder.course import split_check
from autograder.errors import MleError
from autograder.grading.key import Key, KeyCell

_LARGEST_MB = 64


class UnreadableNotebook(MleError):
    """A file that is no notebook, or no notebook of this lesson."""


@dataclass(frozen=True)
class Restored:
    """A submission with the lesson's own cells in place again.

    Attributes:
        notebook: fixed cells as the lesson has them, the learner's in their own order around them.
        repairs: one sentence for each thing put right.
    """

    notebook: NotebookNode
    repairs: tuple[str, ...]


def read_submission(path: Path, key: Key) -> NotebookNode:
    """Reads a submitted notebook of any format version, however it was saved.

    Raises:
        UnreadableNotebook: it is missing, empty, no notebook, or a notebook of another lesson; says what to do.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST_MB * 2**20:
            raise UnreadableNotebook(f"{path} has {size / 2**20:.0f} MiB, more than the {_LARGEST_MB} MiB a notebook "
                                     "may have. In JupyterLab choose Edit > Clear Outputs of All Cells and save.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableNotebook(f"There is no notebook at {path}. `mle start {key.lesson}` puts one there.") from None
    except OSError as error:
        raise UnreadableNotebook(f"{path} cannot be read: {error.strerror or error}. Check the file's permissions, "
                                 "and that it is a file and not a folder.") from None
    notebook = parse_notebook(data, str(path), key.lesson)
    _refuse_other_lesson(notebook, path, key)
    return notebook


def parse_notebook(data: bytes, name: str, lesson: str) -> NotebookNode:
    """A notebook from its bytes.

    Raises:
        UnreadableNotebook: the bytes are no notebook; `name` and `lesson` go into the message.
    """
    cure = f"Restore an earlier version, or set this one aside and get a fresh copy with `mle reset {lesson}`."
    if not data.strip():
        raise UnreadableNotebook(f"{name} is empty. {cure}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableNotebook(f"{name} is not UTF-8 text (byte {error.start} is out of place). {cure}") from None
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(f"{name} is not valid JSON, so it was damaged or cut short: {error}. {cure}") from None
    if not isinstance(raw, dict) or "nbformat" not in raw:
        raise UnreadableNotebook(f"{name} is JSON, but not a Jupyter notebook. {cure}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id: given one below
            notebook = nbformat.convert(nbformat.from_dict(raw), 4)
        notebook.cells = [cell for cell in map(_sound_cell, notebook.cells) if cell is not None]
        notebook.metadata = notebook.get("metadata") if isinstance(notebook.get("metadata"), dict) else {}
    except Exception as error:  # nbformat's converters raise whatever a broken structure makes them stumble over
        raise UnreadableNotebook(f"{name} is not a notebook that Jupyter can read ({error!r}). {cure}") from None
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def restore(key: Key, submitted: NotebookNode) -> Restored:
    """Puts the lesson's fixed cells back: their text, their type, their order, one of each.

    A learner's own cells stay where they are relative to the fixed cell above them. Where an exercise cell was copied,
    each copy still runs, in order, as it would for the learner.
    """
    repairs: list[str] = []
    by_id = {cell.id: cell for cell in key.cells}
    answers: dict[str, NotebookNode] = {}
    following: dict[str, list[NotebookNode]] = {"": []}
    order: list[str] = []
    anchor = ""
    for cell in submitted.cells:
        identity = _identity(cell, by_id)
        fixed = by_id.get(identity)
        if fixed is None:
            following[anchor].append(_freed(cell))
        elif identity not in answers:
            answers[identity] = cell
            anchor = identity
            following[identity] = []
            order.append(identity)
        elif fixed.kind in {"exercise", "essay"}:
            repairs.append(f"the answer '{identity}' was there more than once; every copy was run, in order")
            following[anchor].append(_freed(cell))
        else:
            repairs.append(f"a second copy of the cell '{identity}' was left out")

    cells = following[""]
    for fixed in key.cells:
        found = answers.get(fixed.id)
        cells.append(_fixed_cell(fixed, found, repairs))
        cells += following.get(fixed.id, [])
    expected = [cell.id for cell in key.cells if cell.id in answers]
    if order != expected:
        repairs.append("the lesson's cells were in another order and were put back in theirs")

    notebook = deepcopy(submitted)
    notebook.cells = _with_unique_ids(cells)
    notebook.metadata = nbformat.from_dict(deepcopy(key.notebook_metadata))
    return Restored(notebook, tuple(dict.fromkeys(repairs)))


def _fixed_cell(fixed: KeyCell, found: NotebookNode | None, repairs: list[str]) -> NotebookNode:
    make = new_code_cell if fixed.cell_type == "code" else new_markdown_cell
    source = fixed.source
    if fixed.kind in {"exercise", "essay"}:
        if found is None:
            repairs.append(f"the answer cell '{fixed.id}' was missing")
        else:
            source = found.source
    elif fixed.kind in {"given", "check"}:
        if found is None:
            repairs.append(f"the cell '{fixed.id}' was missing and was put back")
        elif not _same_text(found.source, fixed.source):
            repairs.append(f"the cell '{fixed.id}' had been changed and was restored")
    if found is not None and found.cell_type != fixed.cell_type:
        repairs.append(f"the cell '{fixed.id}' had become {found.cell_type} and was made {fixed.cell_type} again")
    cell = make(source, id=fixed.id, metadata=deepcopy(fixed.metadata))
    if "nbgrader" in cell.metadata:
        # Of an answer the untouched text's checksum: that is how nbgrader knows a blank answer.
        untouched = make(fixed.source, metadata=deepcopy(fixed.metadata))
        cell.metadata["nbgrader"] |= {"cell_type": fixed.cell_type, "checksum": compute_checksum(untouched)}
    return cell


def _same_text(submitted: str, fixed: str) -> bool:
    # A learner's copy has a check without its hidden part.
    return submitted.strip() in {fixed.strip(), split_check(fixed)[0].strip()}


def _identity(cell: NotebookNode, known: dict[str, KeyCell]) -> str:
    """The grade id, or, where that metadata was lost, the cell id, which `build` makes the same."""
    meta = cell.metadata.get("nbgrader")
    grade_id = meta.get("grade_id") if isinstance(meta, dict) else None
    if isinstance(grade_id, str) and grade_id in known:
        return grade_id
    return cell.id if cell.id in known else ""


def _freed(cell: NotebookNode) -> NotebookNode:
    """A cell of the learner's own, with no claim to be graded."""
    make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    return make(cell.source, id=cell.id)


def _with_unique_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    fixed = {cell.id for cell in cells if "nbgrader" in cell.metadata}
    seen: set[str] = set()
    for number, cell in enumerate(cells):
        if cell.id in seen or ("nbgrader" not in cell.metadata and cell.id in fixed):
            cell.id = f"own-{number}"
        seen.add(cell.id)
    return cells


def _sound_cell(cell: object) -> NotebookNode | None:
    """A cell with the few fields we read, in the types we expect; None for what is no cell at all."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    kind = cell.get("cell_type")
    make = new_code_cell if kind == "code" else new_markdown_cell
    sound = make(source)
    sound.cell_type = kind if kind in {"code", "markdown", "raw"} else "markdown"
    if isinstance(cell.get("id"), str):
        sound.id = cell["id"]
    if isinstance(cell.get("metadata"), dict):
        sound.metadata = cell["metadata"]
    return sound


def _refuse_other_lesson(notebook: NotebookNode, path: Path, key: Key) -> None:
    mle = notebook.metadata.get("mle")
    claimed = mle.get("lesson") if isinstance(mle, dict) else None
    known = {cell.id: cell for cell in key.cells}
    if any(_identity(cell, known) for cell in notebook.cells) and claimed in (None, key.lesson):
        return
    if claimed and claimed != key.lesson:
        raise UnreadableNotebook(f"{path} is a notebook of lesson {claimed}, not of {key.lesson}. Check it as "
                                 f"{claimed}, or put the notebook of {key.lesson} in its place.")
    raise UnreadableNotebook(f"{path} has none of the cells of lesson {key.lesson}, so it is some other notebook. "
                             f"Set it aside and get a fresh copy with `mle reset {key.lesson}`.")
