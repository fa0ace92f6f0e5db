"""Verbs for learners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autograder.cli.console import console, need_extras
from autograder.course import Course

if TYPE_CHECKING:
    from autograder.learner import Progress, Workspace


@click.command()
@click.argument("lesson", required=False)
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
def start(lesson: str | None, no_browser: bool) -> None:
    """Open JupyterLab on your own copies of the lessons, in the folder work/.

    Your files are never overwritten: only what is missing there is added.
    """
    from autograder.learner import Lab, Workspace, write_start_here

    course = Course.find()
    workspace = Workspace(course)
    chosen = course.resolve(lesson) if lesson else None
    if chosen:
        need_extras(course, [chosen])
    for lesson_id in course.lesson_ids:
        workspace.add(lesson_id)
    page = write_start_here(workspace, _progress(workspace)).name
    if chosen:
        page = f"{chosen}/{chosen}.ipynb"
    console.print("Starting JupyterLab …")
    lab = Lab(workspace.root, page, browser=not no_browser)
    try:
        console.print(f"JupyterLab is running at\n\n    {lab.url}\n\nYour notebooks are in {workspace.root}\n"
                      "Press Ctrl-C here to stop it; save your notebooks first.", markup=False, soft_wrap=True)
        lab.wait()
    except KeyboardInterrupt:
        console.print("\nStopping JupyterLab. Saved notebooks are safe.")
    finally:
        lab.stop()


@click.command()
@click.argument("lesson", required=False)
def check(lesson: str | None) -> None:
    """Grade your own copy of LESSON with every check there is.

    Save the notebook first. Without LESSON, every lesson you have begun is checked.
    """
    from autograder.errors import MleError
    from autograder.learner import Workspace, changed_lessons, check_lesson
    from autograder.reports import check_table

    course = Course.find()
    workspace = Workspace(course)
    lessons = (course.resolve(lesson),) if lesson else changed_lessons(workspace)
    if not lessons:
        raise MleError(f"No lesson in {workspace.root} has been begun yet. `mle start` opens them; work on one, save "
                       "it, and check again.")
    need_extras(course, lessons)
    progress = _progress(workspace)
    for lesson_id in lessons:
        with console.status(f"Running {lesson_id} …"):
            checked = check_lesson(workspace, progress, lesson_id)
        for repair in checked.result.repairs:
            console.print(f"Note: {repair}.", markup=False)
        console.print(check_table(checked.result, checked.hints))
        if checked.result.essay_points:
            console.print(f"{checked.result.essay_points:g} further points are given by a person who reads your text.")
        if checked.result.ended != "completed":
            console.print(f"The notebook did not run to its end: {checked.result.ended}.", markup=False)
        console.print(f"Graded as saved in {checked.notebook}", markup=False, style="dim", soft_wrap=True)


@click.command()
def progress() -> None:
    """Show your lessons, points, minutes, and what comes next."""
    from autograder.learner import Workspace
    from autograder.reports import progress_table

    course = Course.find()
    record = _progress(Workspace(course))
    console.print(progress_table(course, record))
    following = record.next_lesson(course.lesson_ids)
    if following is None:
        console.print("Every lesson is done.")
    else:
        console.print(f"Next: {course.lesson(following).title} — `mle start {following}`", markup=False)


@click.command()
@click.argument("lesson")
def reset(lesson: str) -> None:
    """Put a fresh copy of LESSON in work/; yours is kept in work/backups/."""
    from autograder.learner import Workspace

    course = Course.find()
    lesson_id = course.resolve(lesson)
    workspace = Workspace(course)
    backup = workspace.reset(lesson_id)
    if backup:
        console.print(f"Your copy is kept in {backup}", markup=False, soft_wrap=True)
    console.print(f"A fresh one is at {workspace.notebook(lesson_id)}", markup=False, soft_wrap=True)


def _progress(workspace: Workspace) -> Progress:
    from autograder.learner import Progress

    record = Progress(workspace.records)
    if record.set_aside:
        console.print(f"The record of your progress was damaged. It is kept in {record.set_aside}; counting starts "
                      "anew. `mle check` puts a lesson's points back.", markup=False, style="yellow")
    return record
