"""A lesson as plain data, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["prose", "code", "given", "exercise", "check", "hint", "essay", "rubric"]


@dataclass(frozen=True)
class Limits:
    """What one run of a lesson's notebook may use.

    Attributes:
        cell_seconds: wall time of one cell.
        notebook_seconds: wall time of the whole notebook.
        memory_mb: resident memory of the kernel and its children, in MiB.
        output_kb: stored output of one cell, in KiB.
        disk_mb: files that the notebook writes, in MiB.
        processes: processes and threads at a time.
    """

    cell_seconds: float = 20
    notebook_seconds: float = 60
    memory_mb: int = 2048
    output_kb: int = 256
    disk_mb: int = 256
    processes: int = 64


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson's source.

    Attributes:
        kind: what the cell's marker says it is.
        id: the id after the key, empty for prose and ordinary code.
        line: the marker's line in the source file, counted from 1.
        points: of a check or an essay, otherwise 0.
        hidden: of a check with a hidden part, the only sentence a learner is told about it.
        owner: of a check or hint the exercise's id, of a rubric the essay's.
    """

    kind: Kind
    cell_type: Literal["code", "markdown"]
    source: str
    line: int
    id: str = ""
    points: float = 0
    hidden: str = ""
    owner: str = ""
    difficulty: int = 0
    minutes: int = 0
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """One lesson: its header and its cells in order.

    Attributes:
        path: of its `lesson.py`.
        shared: files and folders that several lessons use, as paths below `course/`; each lies beside the learner's
            notebook under its own name.
        services: whether its notebook starts services and calls them, which takes a network.
    """

    id: str
    path: Path
    title: str
    builds: str
    module: int
    minutes: int
    prerequisites: tuple[str, ...]
    skills: tuple[str, ...]
    cells: tuple[Cell, ...]
    extras: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    services: bool = False
    seed: int = 0
    limits: Limits = field(default_factory=Limits)

    @property
    def exercises(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == "exercise")

    def checks(self, exercise: str | None = None) -> tuple[Cell, ...]:
        """The check cells of one exercise, or of all."""
        return tuple(c for c in self.cells if c.kind == "check" and exercise in (None, c.owner))

    def hints(self, exercise: str) -> tuple[Cell, ...]:
        return tuple(c for c in self.cells if c.kind == "hint" and c.owner == exercise)

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)


@dataclass(frozen=True)
class Answer:
    """One answer of `answers.py`: right, or wrong in a way that has a name.

    Attributes:
        fails: of a wrong answer, the ids of the checks that must catch it.
    """

    exercise: str
    name: str
    right: bool
    source: str
    line: int
    fails: tuple[str, ...] = ()
