"""A learner's own folder: filling it, checking it, keeping count.

What grades a notebook (`check`), writes one (`start_here`) or starts JupyterLab (`lab`) is imported from its own
module: importing those takes seconds, which `mle progress` need not wait for.
"""

from autograder.learner.outline import Outline, Task, outline, outlines
from autograder.learner.plan import Plan, PlanStep, find_plan
from autograder.learner.progress import ExerciseProgress, LessonProgress, Progress
from autograder.learner.skill_map import AreaEvidence, Evidence, NextStep, SkillEvidence, next_step, skill_map
from autograder.learner.workspace import Workspace
from autograder.learner.worktime import minutes_spent

__all__ = ["AreaEvidence", "Evidence", "ExerciseProgress", "LessonProgress", "NextStep", "Outline", "Plan", "PlanStep",
           "Progress", "SkillEvidence", "Task", "Workspace", "find_plan", "minutes_spent", "next_step", "outline",
           "outlines", "skill_map"]
