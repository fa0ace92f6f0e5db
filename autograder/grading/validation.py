"""`nbgrader validate`, and the Validate button, with our engine and rules.

nbgrader 0.9 does not let its validator's preprocessors be configured. So a method of it is replaced, one that has been
the same in all of 0.9; of any other version it is left alone, and the log says so.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import nbgrader
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from nbgrader.validator import Validator
from traitlets.log import get_logger

from autograder.course import Limits
from autograder.grading.foreign import Rules, is_python, key_of
from autograder.grading.grade import grade_notebook
from autograder.grading.reading import parse_notebook
from autograder.grading.result import CheckResult

_stock_preprocess = Validator._preprocess


def validate_with_our_engine() -> bool:
    """Has nbgrader's validator run notebooks as grading does, in this process; whether it could be done."""
    if not nbgrader.__version__.startswith("0.9."):
        get_logger().warning("nbgrader is %s, and `nbgrader validate` runs in our engine only with 0.9: it stays "
                             "nbgrader's own. Grading is not affected.", nbgrader.__version__)
        return False
    Validator._preprocess = _preprocess
    return True


class RunForValidation(NbGraderPreprocessor):
    """Runs a learner's own notebook as grading would run it, and leaves outputs that nbgrader reads as we score."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        stock = Execute(parent=self.parent)
        if not is_python(nb):
            return stock.preprocess(nb, resources)
        seconds = stock.timeout if stock.timeout and stock.timeout > 0 else 3600
        limits = replace(Limits(), cell_seconds=seconds, notebook_seconds=1800, memory_mb=4096)
        key = key_of("validate", nb, Rules(limits, purpose="validate"))
        submitted = parse_notebook(nbformat.writes(nb).encode(), "the notebook",
                                   "Save it again in JupyterLab.")
        graded = grade_notebook(key, submitted, Path.cwd())
        checks = {cell.id: graded.result.checks[cell.check] for cell in key.of_kind("check")}
        # Held against itself, a notebook has the cells that it had.
        for cell, run in zip(nb.cells, graded.notebook.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = _as_scored(run.outputs, checks[run.id]) if run.id in checks else run.outputs
        return nb, resources


def _preprocess(self: Validator, nb: NotebookNode) -> NotebookNode:
    self.preprocessors = [RunForValidation if one is Execute else one for one in self.preprocessors]
    return _stock_preprocess(self, nb)


def _as_scored(outputs: list[NotebookNode], check: CheckResult) -> list[NotebookNode]:
    """Outputs of a check in nbgrader's code: an error or text on stderr is no points, a number is so many."""
    if check.status != "passed":
        return outputs
    scored = [NotebookNode(output, name="stdout") if output.output_type == "stream" else output
              for output in outputs if output.output_type != "execute_result"]
    if check.earned < check.points:
        scored.append(NotebookNode(output_type="execute_result", data={"text/plain": f"{check.earned}"}, metadata={},
                                   execution_count=None))
    return scored
