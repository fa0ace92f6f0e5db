"""What is left of a graded submission when it has been graded: texts and numbers, to be put where they belong."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.grading.grade import Graded
from autograder.grading.result import Result


@dataclass(frozen=True)
class Essay:
    """What somebody wrote: whether that is nothing, and a digest of it."""

    blank: bool
    digest: str


@dataclass(frozen=True)
class Finished:
    """A graded submission.

    Attributes:
        notebook: with outputs and without hidden tests, as JSON.
        essays: what was written, by essay.
    """

    notebook: str
    result: Result
    essays: dict[str, Essay]


def finished(graded: Graded) -> Finished:
    """Writes out what came of grading."""
    essays = {cell.metadata["nbgrader"]["grade_id"]: _essay(cell) for cell in graded.notebook.cells
              if cell.metadata.get("mle", {}).get("kind") == "essay"}
    return Finished(nbformat.writes(graded.notebook) + "\n", graded.result, essays)


def _essay(cell: NotebookNode) -> Essay:
    written = json.dumps([cell.source, cell.get("attachments", {})], sort_keys=True)
    return Essay(cell.metadata["nbgrader"].get("checksum") == compute_checksum(cell),
                 hashlib.sha256(written.encode()).hexdigest())
