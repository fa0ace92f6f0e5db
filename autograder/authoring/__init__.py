"""Generates `solutions/` and `notebooks/` from `course/`; runs no lesson."""

from autograder.authoring.build import build, check
from autograder.authoring.notebook import solution_notebook
from autograder.authoring.release import STUB, configure_release, generate

__all__ = ["STUB", "build", "check", "configure_release", "generate", "solution_notebook"]
