"""Verbs for instructors."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from autograder.cli.console import chosen_lessons, cohort_progress, console, need_extras, steps
from autograder.course import Course


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False),
              help="An empty or new folder for the sample course; by default a temporary one.")
def demo(folder: Path | None) -> None:
    """Grade a sample cohort from hand-in to feedback, in a folder of its own."""
    from autograder.demo import run_demo
    from autograder.errors import MleError
    from autograder.reports import score_table

    course = Course.find()
    if folder and folder.exists() and any(folder.iterdir()):
        raise MleError(f"{folder} is not empty, and the demo overwrites nothing. Name a new folder.")
    need_extras(course, course.lesson_ids)
    root = folder or Path(tempfile.mkdtemp(prefix="mle-demo-"))
    root.mkdir(parents=True, exist_ok=True)
    with steps("demo") as show:
        shown = run_demo(course, root.resolve(), show)
    console.print(score_table(shown.scores))
    for student, lesson_id, reason in shown.failures:
        console.print(f"{lesson_id} of {student} could not be graded: {reason}", markup=False, soft_wrap=True)
    first = shown.scores[0]
    console.print(
        f"{len(shown.scores)} submissions were graded in {root}\n"
        f"  scores      gradebook.db\n"
        f"  records     autograded/STUDENT/LESSON/result.json\n"
        f"  feedback    feedback/STUDENT/LESSON/LESSON.html, for example\n"
        f"              {root / 'feedback' / first.student / first.lesson / first.lesson}.html\n"
        f"  Formgrader  cd \"{root}\", then jupyter lab, then the menu Nbgrader > Formgrader",
        markup=False, soft_wrap=True)
    if shown.failures:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--student", metavar="ID", help="Only what this student handed in.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
              help="Submissions to grade at a time.")
@click.option("--regrade", is_flag=True, help="Grade again what was graded; points given by hand stay.")
@click.option("--trust-submissions", is_flag=True,
              help="Where this system cannot isolate submissions: run them with your own rights.")
def grade(lessons: tuple[str, ...], student: str | None, jobs: int, regrade: bool, trust_submissions: bool) -> None:
    """Grade what lies in submitted/STUDENT/LESSON into gradebook.db.

    What was graded before and has not changed is skipped. A run that was stopped goes on where it stopped.
    """
    from autograder.grading import GradingCourse, grade_cohort
    from autograder.reports import score_table

    course = Course.find()
    chosen = chosen_lessons(course, lessons)
    grading = GradingCourse(course.root)
    need_extras(course, chosen)
    with cohort_progress() as show:
        outcome = grade_cohort(grading, chosen, student=student, jobs=jobs, regrade=regrade,
                               trust_submissions=trust_submissions, tell=show)
    console.print(score_table(score for score in grading.scores()
                              if score.lesson in chosen and student in (None, score.student)))
    console.print(f"{outcome.graded} graded, {outcome.skipped} unchanged since they were graded.")
    for what, rows in (("could not be graded", outcome.failures), ("should be looked at", outcome.attention)):
        for submission, why in rows:
            console.print(f"{submission.lesson} of {submission.student} {what}: {why}", markup=False, soft_wrap=True)
    if outcome.failures:
        raise click.exceptions.Exit(1)


@click.command("init-course")
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
def init_course(lessons: tuple[str, ...]) -> None:
    """Enter the lessons in gradebook.db, so that nbgrader's commands and Formgrader know them."""
    from autograder.grading import GradingCourse

    course = Course.find()
    chosen = chosen_lessons(course, lessons)
    grading = GradingCourse(course.root)
    with steps("init-course") as show:
        for number, lesson_id in enumerate(chosen):
            show(lesson_id, number, len(chosen))
            grading.register([lesson_id])
    console.print(f"{len(chosen)} lessons are registered in {course.root / 'gradebook.db'}", markup=False,
                  soft_wrap=True)
