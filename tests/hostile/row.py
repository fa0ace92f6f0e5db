"""A row of the table: something that a submission may try, and what comes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

Claim = Literal["prevented", "detected", "found by audit", "not covered"]
LESSON = "1-1-means"
GOT_IN = "GOT" + " IN"  # what a cell prints when it has reached something that it should not
RIGHT = {
    "mean": "def mean(values):\n    return sum(values) / len(values)",
    "geometric": "def geometric(values):\n    return math.prod(values) ** (1 / len(values))",
    "spread": "def spread(values):\n    values = np.asarray(values, dtype=float)\n    return values - values.mean()",
}
POINTS = {"mean": 3.0, "geometric": 3.0, "spread": 3.0}


@dataclass(frozen=True)
class Places:
    """What there is on the machine that a submission should not reach."""

    root: str
    home: str
    port: int
    abstract: str
    socket: str


@dataclass(frozen=True)
class Row:
    """One thing that a submission tries.

    Attributes:
        name: the function's, with spaces.
        make: writes the submission.
        claim: per isolation level.
        earned: points that it is to have, honest work included.
        says: what its report must say, somewhere.
        why: a sentence for the table.
        student: whose submission it is.
        flagged: whether the run must name it for a person to look at.
    """

    name: str
    make: Callable[[Submission], None]
    claim: dict[str, Claim]
    earned: float
    says: str
    why: str
    topic: str
    student: str
    flagged: bool


@dataclass
class Submission:
    """A submission in the making: the notebook as handed out, and its folder."""

    folder: Path
    notebook: NotebookNode
    places: Places
    raw: bytes | None = None
    written: bool = field(default=True)

    @property
    def path(self) -> Path:
        return self.folder / f"{LESSON}.ipynb"

    def index(self, identity: str) -> int:
        return next(i for i, cell in enumerate(self.notebook.cells) if cell.id == identity)

    def cell(self, identity: str) -> NotebookNode:
        return self.notebook.cells[self.index(identity)]

    def answer(self, **sources: str) -> None:
        for identity, source in sources.items():
            self.cell(identity).source = source

    def do_right(self, *exercises: str) -> None:
        self.answer(**{exercise: RIGHT[exercise] for exercise in exercises})

    def own_cell(self, source: str, before: str = "geometric") -> None:
        """A cell of the learner's own; by default after the first exercise and its checks."""
        self.notebook.cells.insert(self.index(before), new_code_cell(source))

    def file(self, name: str, data: bytes | str = b"") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def write(self) -> None:
        if self.written:
            self.path.write_bytes(nbformat.writes(self.notebook).encode() if self.raw is None else self.raw)


ROWS: list[Row] = []


def row(claim: Claim, why: str, *, earned: float = 0, says: str = "", landlock: Claim | None = None,
        student: str = "", flagged: bool = False) -> Callable[[Callable[[Submission], None]], Callable]:
    """Registers a function as a row."""
    def register(make: Callable[[Submission], None]) -> Callable:
        name = make.__name__.replace("_", " ").strip()
        ROWS.append(Row(name, make, {"namespaces": claim, "landlock": landlock or claim}, earned, says, why,
                        make.__module__.rpartition(".")[2], student or make.__name__.strip("_"),
                        flagged or claim == "detected"))
        return make

    return register


def write_all(root: Path, places: Places, handed_out: Path, rows: Sequence[Row] = ROWS) -> None:
    """Writes each row's submission into `root/submitted`."""
    notebook = nbformat.read(handed_out, as_version=4)
    for one in rows:
        folder = Path(os.fsdecode(os.fsencode(root / "submitted" / one.student / LESSON)))
        folder.mkdir(parents=True)
        submission = Submission(folder, deepcopy(notebook), places)
        one.make(submission)
        submission.write()


def reaching(attempts: str, imports: str = "") -> str:
    """Source that tries each line of `attempts` by itself and says so where one does not fail."""
    return (f"import ctypes, os, socket, sys, subprocess\n{imports}\nfor attempt in "
            f"{json.dumps(attempts.splitlines())}:"
            "\n    try:\n        result = eval(attempt)\n    except BaseException as error:"
            "\n        print('refused', type(error).__name__, attempt[:60])\n    else:"
            f"\n        print({GOT_IN[:3]!r} + {GOT_IN[3:]!r}, attempt[:60], repr(result)[:200])\n")
