"""nbgrader's generate step, set up so that its release notebook holds nothing a learner must not see."""

from __future__ import annotations

import logging
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    NbGraderPreprocessor,
    SaveCells,
)
from traitlets.config import Config

from autograder.errors import MleError

STUB = "# Your answer here.\nraise NotImplementedError(\"not attempted yet\")"
TEXT_STUB = "*Your answer here.*"


class RemoveGraderNotes(NbGraderPreprocessor):
    """Takes out of the release notebook what only the grader may see: rubrics, and what hidden checks try."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        nb.cells = [cell for cell in nb.cells if cell.metadata.get("mle", {}).get("kind") != "rubric"]
        for cell in nb.cells:
            cell.metadata.get("mle", {}).pop("hidden", None)
        return nb, resources


def configure_release(c: Config) -> None:
    """Sets nbgrader's directories and generate step; the same for `mle build` and for stock nbgrader commands."""
    c.CourseDirectory.source_directory = "solutions"
    c.CourseDirectory.release_directory = "notebooks"
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    c.GenerateAssignment.preprocessors = [
        LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums, SaveCells, ClearHiddenTests,
        ClearMarkScheme, RemoveGraderNotes, ComputeChecksums, CheckCellMetadata,
    ]


def generate(root: Path, lesson_id: str, db_url: str | None = None, release: Path | None = None) -> None:
    """Runs nbgrader's generate step on `root/solutions/LESSON`.

    Args:
        root: a folder laid out like a course.
        lesson_id: the assignment.
        db_url: a gradebook to register the assignment in; None leaves every gradebook alone.
        release: where the release notebooks go, `root/notebooks` if None.

    Raises:
        MleError: nbgrader refused; its own words are in the message.
    """
    config = Config()
    configure_release(config)
    config.CourseDirectory.root = str(root)
    if release:
        config.CourseDirectory.release_directory = str(release)
    if db_url:
        config.CourseDirectory.db_url = db_url
    else:
        config.GenerateAssignment.no_database = True
        config.GenerateAssignment.preprocessors = [
            p for p in config.GenerateAssignment.preprocessors if p is not SaveCells]
    directory = CourseDirectory(config=config)
    directory.assignment_id = lesson_id
    converter = GenerateAssignment(coursedir=directory, config=config)
    converter.force = True
    said = _Collect()
    converter.log = logging.Logger("nbgrader", level=logging.WARNING)
    converter.log.addHandler(said)
    try:
        converter.start()
    except Exception as error:  # nbgrader wraps everything in its own type and logs the reason
        lines = [line for line in said.lines if line.strip()]
        reason = lines[-2] if len(lines) > 1 else (lines or [str(error)])[-1]
        raise MleError(f"nbgrader could not generate {lesson_id}: {reason.strip()}") from error


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """A copy of a source notebook in which every solution is replaced by the stub, as in the release notebook."""
    config = Config()
    configure_release(config)
    copy, _ = ClearSolutions(config=config).preprocess(deepcopy(notebook), {})
    return copy


class _Collect(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.extend(record.getMessage().splitlines())
