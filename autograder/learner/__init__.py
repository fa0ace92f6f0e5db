"""A learner's own folder: filling it, checking it, keeping count.

What grades a notebook (`check`), writes one (`start_here`) or starts JupyterLab (`lab`) is imported from its own
module: importing those takes seconds, which `mle progress` need not wait for.
"""

from autograder.learner.plan import Plan, PlanStep, find_plan
from autograder.learner.progress import ExerciseProgress, LessonProgress, Progress
from autograder.learner.workspace import Workspace

__all__ = ["ExerciseProgress", "LessonProgress", "Plan", "PlanStep", "Progress", "Workspace", "find_plan"]
