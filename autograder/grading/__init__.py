"""Submissions in, scores out: on their own, or into an nbgrader gradebook."""

from autograder.grading.cluster import Cluster, ClusterAway
from autograder.grading.cohort import Outcome, Submission, find_submissions, grade_cohort
from autograder.grading.course import GradingCourse
from autograder.grading.grade import Graded, grade_notebook, job_of
from autograder.grading.gradebook import Store, gradebook_of, store_at
from autograder.grading.key import Key, KeyCell
from autograder.grading.late import Change, DateChange, Dues
from autograder.grading.marks import Mark, Marks
from autograder.grading.migrate import CellChange, Migrated, Migration, ScoreChange
from autograder.grading.names import names_of
from autograder.grading.plugin import configure, configure_kit
from autograder.grading.policy import POLICY_FILE, GradingPolicy, LatePolicy
from autograder.grading.reading import UnreadableNotebook, read_hand_in, read_submission, restore
from autograder.grading.result import NO_MESSAGE, CheckResult, ExerciseResult, Result, judge_checks
from autograder.grading.scores import Score
from autograder.grading.stored import (
    RESULT_FILE,
    RESULT_SCHEMA,
    Flag,
    digest_of,
    environment_digest,
    with_audit,
    write_atomically,
)
from autograder.grading.transfer import Carried, carry_gradebook
from autograder.grading.warm import Runs, warm_imports

__all__ = [
    "NO_MESSAGE",
    "POLICY_FILE",
    "RESULT_FILE",
    "RESULT_SCHEMA",
    "Carried",
    "CellChange",
    "Change",
    "CheckResult",
    "Cluster",
    "ClusterAway",
    "DateChange",
    "Dues",
    "ExerciseResult",
    "Flag",
    "Graded",
    "GradingCourse",
    "GradingPolicy",
    "Key",
    "KeyCell",
    "LatePolicy",
    "Mark",
    "Marks",
    "Migrated",
    "Migration",
    "Outcome",
    "Result",
    "Runs",
    "Score",
    "ScoreChange",
    "Store",
    "Submission",
    "UnreadableNotebook",
    "carry_gradebook",
    "configure",
    "configure_kit",
    "digest_of",
    "environment_digest",
    "find_submissions",
    "grade_cohort",
    "grade_notebook",
    "gradebook_of",
    "job_of",
    "judge_checks",
    "names_of",
    "read_hand_in",
    "read_submission",
    "restore",
    "store_at",
    "warm_imports",
    "with_audit",
    "write_atomically",
]
