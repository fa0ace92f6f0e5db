"""Reads what somebody handed in, and puts back what is not theirs to change."""

from __future__ import annotations

import itertools
import json
import re
import warnings
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.utils import compute_checksum

from autograder.errors import MleError
from autograder.grading.key import Key, KeyCell

_LARGEST_MB = 64
_MOST_PARTS = 8_000_000  # of JSON, each of which takes many times its length in memory
_MOST_CELLS = 5_000
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_AGAIN = "It has to be handed in again."
_MAKE = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


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
    """Reads a learner's own notebook of any format version, however it was saved.

    Raises:
        UnreadableNotebook: it is missing, empty, no notebook, or a notebook of another lesson; tells them what to do.
    """
    own_cure = f"Restore an earlier version, or set this one aside and get a fresh copy with `mle reset {key.lesson}`."
    try:
        notebook = parse_notebook(_bytes(path, str(path)), str(path), own_cure)
    except FileNotFoundError:
        raise UnreadableNotebook(
            f"There is no notebook at {path}. `mle start {key.lesson}` puts one there.") from None
    claimed = _lesson_claimed(notebook)
    if claimed not in (None, key.lesson):
        raise UnreadableNotebook(f"{path} is a notebook of lesson {claimed}, not of {key.lesson}. Check it as "
                                 f"{claimed}, or put the notebook of {key.lesson} in its place.")
    if not _has_cells_of(key, notebook):
        raise UnreadableNotebook(f"{path} has none of the cells of lesson {key.lesson}, so it is some other notebook. "
                                 f"Set it aside and get a fresh copy with `mle reset {key.lesson}`.")
    return notebook


def read_hand_in(folder: Path, name: str, key: Key) -> NotebookNode:
    """Reads what somebody else handed in as `name`.ipynb.

    Raises:
        UnreadableNotebook: it is missing, a link, empty, no notebook, or another one. Learners may read the message:
            it does not say where the course lies.
    """
    return parse_hand_in(hand_in_bytes(folder, name), name, key)


def hand_in_bytes(folder: Path, name: str) -> bytes:
    """What somebody else handed in as `name`.ipynb, as it is.

    Raises:
        UnreadableNotebook: it is missing, a link, or too large.
    """
    file, path = f"{name}.ipynb", folder / f"{name}.ipynb"
    for one in (folder, path):
        if one.is_symlink():
            raise UnreadableNotebook(f"{one.name} is a link to somewhere else, and not what was handed in. {_AGAIN}")
    try:
        return _bytes(path, file)
    except FileNotFoundError:
        others = sorted(other.name for other in folder.glob("*.ipynb"))
        cure = (f"If {_one_of(others)} is meant, rename it to {file} and grade again." if others else _AGAIN)
        raise UnreadableNotebook(f"{file} was not handed in. {cure}") from None


def parse_hand_in(data: bytes, name: str, key: Key) -> NotebookNode:
    """What somebody else handed in as `name`.ipynb, from its bytes.

    Raises:
        UnreadableNotebook: it is empty, no notebook, or another one.
    """
    file = f"{name}.ipynb"
    notebook = parse_notebook(data, file, _AGAIN)
    claimed = _lesson_claimed(notebook) if key.ours else None
    if claimed not in (None, key.lesson):
        raise UnreadableNotebook(f"{file} is a notebook of lesson {claimed}, not of {key.lesson}. {_AGAIN}")
    if not _has_cells_of(key, notebook):
        raise UnreadableNotebook(f"{file} has none of the cells of {key.lesson}: it is another notebook, or has lost "
                                 f"both its nbgrader metadata and its cell ids. {_AGAIN}")
    return notebook


def parse_notebook(data: bytes, name: str, cure: str) -> NotebookNode:
    """A notebook from its bytes.

    Raises:
        UnreadableNotebook: the bytes are no notebook; `name` and `cure` go into the message.
    """
    if not data.strip():
        raise UnreadableNotebook(f"{name} is empty. {cure}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableNotebook(f"{name} is not UTF-8 text (byte {error.start} is out of place). {cure}") from None
    if sum(map(data.count, (b"[", b"{", b","))) > _MOST_PARTS:
        raise UnreadableNotebook(f"{name} is made of more pieces than a notebook can have. {cure}")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(f"{name} is not valid JSON, so it was damaged or cut short: {error}. {cure}") from None
    if not isinstance(raw, dict) or "nbformat" not in raw:
        raise UnreadableNotebook(f"{name} is JSON, but not a Jupyter notebook. {cure}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Version 4 needs no converting for what is read here, and converting would invent other ids each time.
            read = raw if raw["nbformat"] == 4 else nbformat.convert(nbformat.from_dict(raw), 4)
        cells = [_sound_cell(cell, number, read is raw) for number, cell in enumerate(read["cells"])]
    except Exception as error:  # nbformat's converters raise whatever a broken structure makes them stumble over
        raise UnreadableNotebook(f"{name} is not a notebook that Jupyter can read ({error!r}). {cure}") from None
    if len(cells) > _MOST_CELLS:
        raise UnreadableNotebook(f"{name} has {len(cells)} cells, more than the {_MOST_CELLS} a notebook may have. "
                                 f"{cure}")
    claimed = _inside(read, "metadata", "mle", "lesson")
    return new_notebook(cells=[cell for cell in cells if cell is not None],
                        metadata={"mle": {"lesson": claimed}} if isinstance(claimed, str) else {})


def is_cell_id(text: str) -> bool:
    """Whether nbformat takes this for a cell's id."""
    return bool(_CELL_ID.fullmatch(text))


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
        identity = _identity(cell, key)
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
    own = 0
    for fixed in key.cells:
        found = answers.get(fixed.id)
        restored = _fixed_cell(fixed, found, repairs)
        if found is None and fixed.kind == "exercise":
            # Before the learner's code: somebody who deleted the cell may have answered in one of their own there.
            first = next((i for i in range(own, len(cells)) if cells[i].cell_type == "code"), len(cells))
            cells.insert(first, restored)
            own = first + 1
            continue
        cells.append(restored)
        own = len(cells)
        cells += following.get(fixed.id, [])
    expected = [cell.id for cell in key.cells if cell.id in answers]
    if order != expected:
        repairs.append("the lesson's cells were in another order and were put back in theirs")

    notebook = new_notebook(cells=_with_unique_ids(cells), metadata=deepcopy(key.notebook_metadata))
    return Restored(notebook, tuple(dict.fromkeys(repairs)))


def _fixed_cell(fixed: KeyCell, found: NotebookNode | None, repairs: list[str]) -> NotebookNode:
    make = new_code_cell if fixed.cell_type == "code" else new_markdown_cell
    source = fixed.source
    if fixed.kind in {"exercise", "essay"}:
        if found is None:
            repairs.append(f"the answer cell '{fixed.id}' was missing")
        else:
            source = found.source
    elif fixed.kind in {"given", "check", "task"}:
        if found is None:
            repairs.append(f"the cell '{fixed.id}' was missing and was put back")
        elif not _same_text(found.source, fixed):
            repairs.append(f"the cell '{fixed.id}' had been changed and was restored")
    if found is not None and found.cell_type != fixed.cell_type:
        repairs.append(f"the cell '{fixed.id}' had become {found.cell_type} and was made {fixed.cell_type} again")
    if fixed.kind == "rubric":
        # Formgrader shows it below the essay, where nothing else tells it from what the learner wrote.
        source = f"**Rubric for `{fixed.metadata['mle']['essay']}`**, for graders only\n\n{source}"
    cell = make(source, id=fixed.id, metadata=deepcopy(fixed.metadata))
    if fixed.kind == "essay" and fixed.cell_type == "markdown" and found is not None and "attachments" in found:
        cell.attachments = deepcopy(found.attachments)
    if "nbgrader" in cell.metadata:
        # Of an answer the untouched text's checksum: that is how nbgrader knows a blank answer.
        untouched = make(fixed.source, metadata=deepcopy(fixed.metadata))
        cell.metadata["nbgrader"] |= {"cell_type": fixed.cell_type, "checksum": compute_checksum(untouched)}
    return cell


def _same_text(submitted: str, fixed: KeyCell) -> bool:
    # A learner's copy has a check without its hidden part.
    return submitted.strip() in {fixed.source.strip(), fixed.visible.strip()}


def _identity(cell: NotebookNode, key: Key) -> str:
    """Which of the key's cells this is: by its grade id, or, where that metadata was lost, by its cell id."""
    meta = cell.metadata.get("nbgrader")
    grade_id = meta.get("grade_id") if isinstance(meta, dict) else None
    if isinstance(grade_id, str) and grade_id in key.by_grade_id:
        return key.by_grade_id[grade_id]
    return key.by_cell_id.get(cell.id, "")


def _freed(cell: NotebookNode) -> NotebookNode:
    """A cell of the learner's own, with no claim to be graded."""
    freed = _MAKE.get(cell.cell_type, new_markdown_cell)(cell.source, id=cell.id)
    if "attachments" in cell:
        freed.attachments = deepcopy(cell.attachments)
    return freed


def _with_unique_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    everybody = {cell.id for cell in cells}
    taken = {cell.id for cell in cells if cell.metadata}
    names = (f"own-{number}" for number in itertools.count())
    for cell in cells:
        if cell.metadata:  # a fixed cell: learners' own have none
            continue
        if cell.id in taken:
            cell.id = next(name for name in names if name not in everybody)
        taken.add(cell.id)
    return cells


def _sound_cell(cell: object, number: int, has_id: bool) -> NotebookNode | None:
    """A cell with the few fields we read, in the types we expect; None for what is no cell at all."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    kind = cell.get("cell_type")
    # JSON can hold half a character (a lone surrogate), which no file and no kernel takes.
    sound = _MAKE.get(kind if isinstance(kind, str) else "", new_markdown_cell)(
        source.encode("utf-8", "replace").decode("utf-8"))
    identity = cell.get("id") if has_id else None
    sound.id = identity if isinstance(identity, str) and is_cell_id(identity) else f"own-{number}"
    grade_id = _inside(cell, "metadata", "nbgrader", "grade_id")
    if isinstance(grade_id, str):
        sound.metadata["nbgrader"] = {"grade_id": grade_id}
    if kind != "code" and (attachments := _sound_attachments(cell.get("attachments"))):
        sound.attachments = attachments
    return sound


def _sound_attachments(attachments: object) -> dict[str, dict[str, str]]:
    """Pictures pasted into a text cell, by name and media type."""
    if not isinstance(attachments, dict):
        return {}
    return {name: {kind: data for kind, data in bundle.items() if isinstance(data, str)}
            for name, bundle in attachments.items() if isinstance(bundle, dict)}


def _inside(data: object, *keys: str) -> object:
    """`data[key][key]…`, or None where that leads nowhere."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _bytes(path: Path, name: str) -> bytes:
    try:
        if not path.is_file() and path.exists():
            raise OSError("it is not a file")
        size = path.stat().st_size
        if size > _LARGEST_MB * 2**20:
            raise UnreadableNotebook(f"{name} has {size / 2**20:.0f} MiB, more than the {_LARGEST_MB} MiB a notebook "
                                     "may have. In JupyterLab choose Edit > Clear Outputs of All Cells and save.")
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableNotebook(f"{name} cannot be read: {error.strerror or error}. Check the file's permissions, "
                                 "and that it is a file and not a folder.") from None


def _lesson_claimed(notebook: NotebookNode) -> object:
    mle = notebook.metadata.get("mle")
    return mle.get("lesson") if isinstance(mle, dict) else None


def _has_cells_of(key: Key, notebook: NotebookNode) -> bool:
    return not key.cells or any(_identity(cell, key) for cell in notebook.cells)


def _one_of(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
