"""A sample cohort, graded end to end in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course import Answer, Course
from autograder.errors import MleError
from autograder.grading import GradingCourse, Score, grade_cohort
from autograder.quality import read_notebook, rounds, with_answers
from autograder.reports.feedback_page import write_feedback

_NBGRADER_CONFIG = """# Written by `mle demo`, so that nbgrader's own commands work in this folder too.
from autograder.grading import configure_kit

configure_kit(get_config(), root=__file__.rpartition("nbgrader_config.py")[0] or ".")
"""


@dataclass(frozen=True)
class Demo:
    """A graded sample cohort.

    Attributes:
        root: the course folder it lies in.
        scores: what the gradebook says.
        failures: submissions that could not be graded, as (student, lesson, reason).
    """

    root: Path
    scores: list[Score]
    failures: list[tuple[str, str, str]]


def sample_submissions(course: Course, lesson_id: str) -> dict[str, NotebookNode]:
    """Six submissions of a lesson, by student: from its right, wrong and untouched answers.

    Raises:
        MleError: the lesson has no answers to make submissions from.
    """
    lesson = course.lesson(lesson_id)
    answers = course.answers(lesson)
    right = rounds(tuple(answer for answer in answers if answer.right))
    wrong = rounds(tuple(answer for answer in answers if not answer.right))
    if not right or not wrong:
        raise MleError(f"{lesson.path.with_name('answers.py')} has no right and wrong answers to make a demo from.")
    # Answers go into the release notebook: it is what a learner has to hand in, without hidden tests.
    untouched = read_notebook(course.notebooks / lesson_id)
    solved = {cell.id: cell.source for cell in read_notebook(course.solutions / lesson_id).cells}
    exercises = [cell.id for cell in lesson.exercises]
    solution = {exercise: solved[exercise] for exercise in exercises}
    first_half = {exercise: solved[exercise] for exercise in exercises[:len(exercises) // 2]}

    def sources(group: dict[str, Answer]) -> dict[str, str]:
        return {answer.exercise: answer.source for answer in group.values()}

    return {
        "ada": with_answers(untouched, solution | sources(right[0])),
        "ben": with_answers(untouched, solution | sources(right[-1])),
        "chi": with_answers(untouched, solution | dict(list(sources(wrong[0]).items())[:2])),
        "dua": with_answers(untouched, first_half),
        "eli": with_answers(untouched, sources(wrong[0])),
        "fay": untouched,
    }


def run_demo(course: Course, root: Path, lessons: Sequence[str],
             tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> Demo:
    """Makes a cohort for lessons, collects it as an instructor would, grades it and writes feedback.

    Args:
        course: where the lessons are; nothing in its folder is changed.
        root: an empty folder, which becomes a course folder with all lessons.
        lessons: those that the cohort hands in.
        tell: called with what is being done, how many steps are done, and how many there are.
    """
    for lesson_id in course.lesson_ids:
        for folder in ("solutions", "notebooks"):
            if not (course.root / folder / lesson_id).is_dir():
                raise MleError(f"{course.root / folder / lesson_id} is missing. Run `mle build`, then try again.")
            shutil.copytree(course.root / folder / lesson_id, root / folder / lesson_id)
    # With its sources the folder is a course of its own: `mle grade` in there grades what lies in there.
    shutil.copytree(course.sources, root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "nbgrader_config.py").write_text(_NBGRADER_CONFIG, encoding="utf-8")
    submissions = []
    for lesson_id in lessons:
        for student, notebook in sample_submissions(course, lesson_id).items():
            folder = root / "submitted" / student / lesson_id
            folder.mkdir(parents=True)
            nbformat.write(notebook, folder / f"{lesson_id}.ipynb")
            (folder / "timestamp.txt").write_text(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
            submissions.append((student, lesson_id))

    steps = 2 * len(submissions)
    grading = GradingCourse(root)
    tell("warming up", 0, steps)
    outcome = grade_cohort(grading, lessons, trust_submissions=True,  # they are our own answers
                           tell=lambda text, done, of: tell(f"grading {text}", done, steps))
    write_feedback(grading, lessons,
                   tell=lambda text, done, of: tell(f"writing feedback for {text}", len(submissions) + done, steps))
    failures = [(submission.student, submission.lesson, why) for submission, why in outcome.failures]
    return Demo(root, grading.scores(), failures)
