"""Generates `solutions/` and `notebooks/` from `course/`; runs no lesson."""

from autograder.authoring.build import build, check
from autograder.authoring.kit import MadeKit, make_kit
from autograder.authoring.notebook import content_id, solution_notebook
from autograder.authoring.release import STUB, RemoveGraderNotes, configure_release, generate, without_solutions

__all__ = [
    "STUB",
    "MadeKit",
    "RemoveGraderNotes",
    "build",
    "check",
    "configure_release",
    "content_id",
    "generate",
    "make_kit",
    "solution_notebook",
    "without_solutions",
]
