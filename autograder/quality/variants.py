"""Notebooks made from a lesson's solution by putting other answers into it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course import Answer
from autograder.errors import MleError


def read_notebook(folder: Path) -> NotebookNode:
    """The notebook of a built lesson, `solutions/LESSON` or `notebooks/LESSON`.

    Raises:
        MleError: it was not built.
    """
    path = folder / f"{folder.name}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise MleError(f"{path} is missing. Run `mle build {folder.name}`, then try again.") from None


def with_answers(solution: NotebookNode, sources: Mapping[str, str]) -> NotebookNode:
    """A copy of the solution notebook in which some exercises hold another source, by exercise id."""
    notebook = deepcopy(solution)
    for cell in notebook.cells:
        if cell.id in sources:
            cell.source = sources[cell.id]
    return notebook


def rounds(answers: tuple[Answer, ...]) -> list[dict[str, Answer]]:
    """Groups answers so that each round holds at most one for each exercise.

    Exercises do not depend on one another, so one run can try an answer to each of them.
    """
    by_exercise: dict[str, list[Answer]] = {}
    for answer in answers:
        by_exercise.setdefault(answer.exercise, []).append(answer)
    return [{answer.exercise: answer for answer in group if answer is not None}
            for group in zip_longest(*by_exercise.values())]
