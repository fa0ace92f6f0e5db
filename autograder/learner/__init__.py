"""A learner's own folder: filling it, checking it, keeping count."""

from autograder.learner.check import Checked, Hint, changed_lessons, check_lesson
from autograder.learner.lab import Lab
from autograder.learner.progress import LessonProgress, Progress
from autograder.learner.start_here import write_start_here
from autograder.learner.workspace import Workspace

__all__ = [
    "Checked", "Hint", "Lab", "LessonProgress", "Progress", "Workspace", "changed_lessons", "check_lesson",
    "write_start_here",
]
