"""Grades one notebook: restore, run, judge. Same notebook and lesson in, same result out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat import NotebookNode

from autograder.execution import Job, RunRecord, Step, run
from autograder.grading.key import Key
from autograder.grading.reading import restore
from autograder.grading.result import Result, check_parts, judge, write_outputs


@dataclass(frozen=True)
class Graded:
    """A result, and the notebook it came from with outputs and without hidden tests."""

    notebook: NotebookNode
    result: Result


def grade_notebook(key: Key, submitted: NotebookNode, folder: Path | None = None,
                   execute: Callable[[Job], RunRecord] = run, imports: tuple[str, ...] = ()) -> Graded:
    """Grades a notebook that has been read.

    Args:
        key: the lesson.
        submitted: the learner's notebook; not changed.
        folder: the learner's folder, whose files the notebook may open. The lesson's own files win over them.
        execute: what runs the job.
        imports: what a warm process may load beforehand.
    """
    restored = restore(key, submitted)
    record = execute(replace(job_of(key, restored.notebook, folder), imports=imports))
    result = judge(key, restored.notebook, record, restored.repairs)
    write_outputs(key, restored.notebook, record, result)
    return Graded(restored.notebook, result)


def job_of(key: Key, notebook: NotebookNode, folder: Path | None = None) -> Job:
    """What running a restored notebook takes."""
    checks = {cell.id: cell for cell in key.of_kind("check")}
    steps = tuple(
        Step(cell.id, check_parts(checks[cell.id]), check=True, group=checks[cell.id].exercise)
        if cell.id in checks else Step(cell.id, (cell.source,))
        for cell in notebook.cells if cell.cell_type == "code")
    return Job(steps, (folder, key.files) if folder else (key.files,), key.seed, key.limits)
