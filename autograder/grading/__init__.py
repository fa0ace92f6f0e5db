"""Submissions in, scores out: on their own, or into an nbgrader gradebook."""

from autograder.grading.cohort import Outcome, Submission, find_submissions, grade_cohort
from autograder.grading.course import GradingCourse, Score
from autograder.grading.grade import Graded, grade_notebook, job_of
from autograder.grading.key import Key, KeyCell
from autograder.grading.plugin import RESULT_FILE, configure, configure_kit, write_atomically
from autograder.grading.reading import UnreadableNotebook, read_submission, restore
from autograder.grading.result import CheckResult, ExerciseResult, Result
from autograder.grading.warm import warm_imports

__all__ = [
    "RESULT_FILE",
    "CheckResult",
    "ExerciseResult",
    "Graded",
    "GradingCourse",
    "Key",
    "KeyCell",
    "Outcome",
    "Result",
    "Score",
    "Submission",
    "UnreadableNotebook",
    "configure",
    "configure_kit",
    "find_submissions",
    "grade_cohort",
    "grade_notebook",
    "job_of",
    "read_submission",
    "restore",
    "warm_imports",
    "write_atomically",
]
