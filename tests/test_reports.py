"""Tables for a terminal: what they say, and that they can be read on a narrow one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from autograder.grading import CheckResult, ExerciseResult, Result, Score
from autograder.learner import LessonProgress, Plan, PlanStep, Progress, outlines, skill_map
from autograder.learner.check import Checked, Hint
from autograder.quality import LessonProof
from autograder.reports import check_table, plan_table, progress_table, proof_table, score_table, skill_summary

LESSON = "1-2-python-toolkit"
SAYS = "rmse([0, 0], [3, 4]) returned 12.5, expected 3.5355"


def printed(table: object, columns: int) -> str:
    console = Console(file=io.StringIO(), width=columns)
    console.print(table)
    return console.file.getvalue()


def words(text: str) -> str:
    """What is said, without the lines of the table and whatever the wrapping did."""
    return " ".join("".join(" " if character in "│┃" else character for character in text).split())


def checked() -> Checked:
    failed = CheckResult("rmse-values", 2, 0, "failed", SAYS)
    solved = CheckResult("weighted-mean", 3, 3, "passed")
    unreached = CheckResult("split", 1, 0, "not_run", "Not run: the notebook ended.")
    exercises = (ExerciseResult("rmse", True, "", (failed,)),
                 ExerciseResult("weighted-mean", True, "Your cell stopped with NameError: x", (solved,)),
                 ExerciseResult("split", True, "Your cell was not run: the notebook ended.", (unreached,), ran=False),
                 ExerciseResult("untouched", False, "", (CheckResult("untouched", 1, 0, "error"),)))
    result = Result(LESSON, "digest", exercises)
    return Checked(Path("a.ipynb"), result, {"rmse": Hint(2, ("one", "two", "three"))}, True)


@pytest.mark.parametrize("columns", [40, 100])
def test_a_check_says_per_exercise_what_to_do(columns):
    said = words(printed(check_table(checked()), columns))
    for text in (f"{LESSON}: 3 of 7 points", "0/2", f"rmse-values: {SAYS}", "Next: open hint 2 of 3", "3/3",
                 "all checks passed Your cell stopped with NameError: x", "not attempted yet"):
        assert text in said


@pytest.mark.parametrize("columns", [40, 100])
def test_an_exercise_that_the_notebook_did_not_get_to_says_so_once(columns):
    said = words(printed(check_table(checked()), columns))
    assert said.lower().count("not run") == 1
    assert "not run: the notebook ended before it" in said


@pytest.mark.parametrize("columns", [40, 100])
def test_a_lesson_and_its_points_are_never_cut_off(columns, mini, tmp_path):
    progress = Progress(tmp_path)
    progress.lessons["1-1-means"] = LessonProgress(earned=4, best=4, points=6)
    said = printed(progress_table(outlines(mini), progress, {"1-1-means": 12.4}), columns)
    for text in ("1-1-means", "4/6", "1-2-loops", "0/2", "all lessons", "4/8"):
        assert text in said
    assert ("Means" in said) == ("30" in said) == (said.count("12") == 2) == (columns == 100)
    assert "…" not in said


def test_the_summary_of_skills_counts_exercises_and_says_what_no_lesson_teaches(mini, tmp_path):
    said = words(printed(skill_summary(skill_map(mini, outlines(mini), Progress(tmp_path))), 40))
    assert "in exercises solved: mathematics 0 of 3." in said
    assert "No exercise yet: programming, frameworks, pre-trained models, automl, deployment, monitoring," in said


@pytest.mark.parametrize("columns", [40, 100])
def test_a_plan_says_where_each_skill_is_taught_and_how_far_that_is(columns, mini, tmp_path):
    progress = Progress(tmp_path)
    progress.lessons["1-1-means"] = LessonProgress(earned=4, best=4, points=6)
    plan = Plan("2026-03-01", (PlanStep("[python]", 0.625, 1, 2, ("1-1-means", "1-2-loops", "9-9-later")),
                               PlanStep("spark", 0.25, 0, 2, ())))
    said = words(printed(plan_table(outlines(mini), progress, plan), columns))
    for text in ("[python]", "1 of 2", "1-1-means (4/6)", "1-2-loops", "9-9-later (to come)", "spark",
                 "not in this course"):
        assert text in said
    assert said.index("[python]") < said.index("spark")
    assert ("62%" in said) == (columns == 100)


@pytest.mark.parametrize("columns", [40, 100])
def test_scores_that_do_not_fit_beside_each_other_stand_below_each_other(columns):
    lessons = [LESSON, "3-4-training-loop"]
    said = words(printed(score_table([Score(student, lesson, 5, 10, lesson == LESSON) for lesson in lessons
                                      for student in ("ada", "ben")]), columns))
    for text in ("ada", "ben", *lessons, "5/10*", "5/10", "10/20"):
        assert text in said
    assert "…" not in said


@pytest.mark.parametrize("columns", [40, 100])
def test_a_proof_can_be_read_at_any_width(columns):
    proof = LessonProof(LESSON, points=43)
    proof.solution, proof.untouched, proof.right_accepted, proof.right_total = 43, 0, 17, 18
    said = words(printed(proof_table([proof]), columns))
    for text in (LESSON, "43/43", "17/18", "proven"):
        assert text in said
    assert "…" not in said
