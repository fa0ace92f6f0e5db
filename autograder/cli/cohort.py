"""Verbs for instructors."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from autograder.cli.console import chosen_lessons, console, need_extras, steps
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
