"""Verbs for learners."""

from __future__ import annotations

import webbrowser
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.console import console, find_course, need_extras
from autograder.errors import MleError

if TYPE_CHECKING:
    from autograder.learner import Progress, Workspace


@click.command()
@click.argument("lesson", required=False)
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
def start(lesson: str | None, no_browser: bool) -> None:
    """Open JupyterLab on your own copies of the lessons, in the folder work/.

    Your files are never overwritten: only what is missing there is added.
    """
    from autograder.learner import Workspace

    course = find_course()
    workspace = Workspace(course)
    chosen = course.resolve(lesson) if lesson else None

    from autograder.learner.lab import Lab
    from autograder.learner.start_here import write_start_here
    from autograder.learner.worktime import SaveWatch

    if chosen:
        need_extras(course, [chosen])
    for lesson_id in course.lesson_ids:
        workspace.add(lesson_id)
    progress = _progress(workspace)
    page = write_start_here(workspace, progress).name
    _refresh_page(workspace, progress)
    if chosen:
        page = f"{chosen}/{chosen}.ipynb"
    if outdated := workspace.outdated():
        console.print(f"There is a newer version of {', '.join(outdated)}. `mle update` brings it in, with your "
                      "answers in it.", markup=False, soft_wrap=True)
    console.print("Starting JupyterLab …")
    lab = Lab(workspace.root, page, browser=not no_browser)
    try:
        console.print(f"JupyterLab is running at\n\n    {lab.url}\n\nYour notebooks are in {workspace.root}\n"
                      "Press Ctrl-C here to stop it; save your notebooks first.", markup=False, soft_wrap=True)
        lab.wait(SaveWatch(workspace).look)
    except KeyboardInterrupt:
        console.print("\nStopping JupyterLab. Saved notebooks are safe.")
    finally:
        lab.stop()


@click.command()
@click.argument("lesson", required=False)
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write the result of one lesson "
              "as a page, too.")
def check(lesson: str | None, page: Path | None) -> None:
    """Grade your own copy of LESSON with every check there is.

    Save the notebook first. Without LESSON, every lesson you have begun is checked. LESSON may also be the path of a
    notebook; one outside work/ is graded and does not count as progress.
    """
    from autograder.learner import Workspace
    from autograder.reports import check_table
    from autograder.reports.tables import further_of

    course = find_course()
    workspace = Workspace(course)
    notebooks = _notebooks(workspace, lesson)
    if page and len(notebooks) > 1:
        raise MleError("--html writes the result of one lesson. Name the lesson, too.")
    if page:
        from autograder.reports.check_page import refuse_to_replace, write_check_page

        refuse_to_replace(page)  # before anything is run
    need_extras(course, [lesson_id for lesson_id, _ in notebooks])

    from autograder.learner.check import check_lesson

    progress, counted = _progress(workspace), False
    for lesson_id, path in notebooks:
        with console.status(f"Running {lesson_id} …"):
            checked = check_lesson(workspace, progress, lesson_id, path)
        counted |= checked.counted
        for repair in checked.result.repairs:
            console.print(f"Note: {repair}.", markup=False)
        console.print(check_table(checked))
        if further := further_of(checked):
            console.print(further)
        if checked.result.essay_points:
            console.print(f"{checked.result.essay_points:g} further points are given by a person who reads your text.")
        if checked.result.ended != "completed":
            console.print(f"The notebook did not run to its end: {checked.result.ended}.", markup=False)
        console.print(f"Graded as saved in {checked.notebook}", markup=False, style="dim", soft_wrap=True)
        if page:
            write_check_page(page, checked)
        if not checked.counted:
            console.print(f"That is not your copy in {workspace.root}, so it does not count as progress.",
                          markup=False, soft_wrap=True)
    if counted:
        _refresh_page(workspace, progress)
    if progress.unsaved:
        console.print(f"Your progress could not be saved in {workspace.records}: "
                      f"{progress.unsaved.strerror or progress.unsaved}. Mend that, then check again.", markup=False,
                      style="yellow", soft_wrap=True)


@click.command()
@click.option("--html", "page", is_flag=False, flag_value="", metavar="[FILE]",
              help="Write it all as a page and open that in a browser; without FILE, work/Progress.html.")
@click.option("--no-browser", is_flag=True, help="With --html: do not open a browser.")
def progress(page: str | None, no_browser: bool) -> None:
    """Show your lessons, points, minutes, skills, your plan, and what comes next."""
    from autograder.learner import Workspace, find_plan, minutes_spent, next_step, outlines, skill_map
    from autograder.reports import plan_table, progress_table, skill_summary

    course = find_course()
    workspace = Workspace(course)
    record = _progress(workspace)
    if page is not None:
        from autograder.reports.progress_page import write_progress_page

        written = write_progress_page(workspace, record, Path(page).absolute() if page else None)
        console.print(f"Your progress is in {written}", markup=False, soft_wrap=True)
        if not no_browser:
            webbrowser.open(written.as_uri())
        return
    lessons = outlines(course)
    console.print(progress_table(lessons, record, minutes_spent(workspace)))
    if course.kit and record.lessons:
        console.print("Checks that run only at grading are counted here as passed until then.")
    console.print(skill_summary(skill_map(course, lessons, record)))
    try:
        plan = find_plan(workspace)
    except MleError as error:  # no reason to keep the rest back
        console.print(str(error), markup=False, soft_wrap=True)
        plan = None
    if plan is not None:
        console.print(plan_table(lessons, record, plan))
        console.print(f"Plan made on {plan.made}. The notebook that made it makes a new one from your levels of today.",
                      markup=False)
    following = next_step(course, lessons, record)
    if following is None:
        console.print("Every lesson is done.")
    else:
        console.print(f"Next: {following.lesson.title} — `mle start {following.lesson.id}`", markup=False)


@click.command()
@click.argument("lesson")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False),
              help="Where to put the zip, instead of work/submissions/.")
def submit(lesson: str, folder: Path | None) -> None:
    """Pack your copy of LESSON into a zip to hand in.

    Save the notebook first. The zip holds the notebook, your own files, and a receipt with the time and a digest.
    Nothing is sent anywhere, and an earlier zip is never overwritten.
    """
    from autograder.learner import Workspace
    from autograder.learner.submit import submit as hand_in

    course = find_course()
    workspace = Workspace(course)
    lesson_id = course.resolve(lesson)
    done = hand_in(workspace, _progress(workspace), lesson_id, folder.absolute() if folder else None)

    if not done.answered:
        console.print("Note: nothing in it is answered yet.", style="yellow")
    elif done.untouched:
        console.print(f"Note: not answered yet: {', '.join(done.untouched)}.", markup=False, style="yellow")
    if done.checked is None:
        console.print(f"Note: you have not checked it. `mle check {lesson_id}` says what it earns.", markup=False,
                      style="yellow")
    elif done.changed:
        console.print(f"Note: it has changed since your last check, which gave {done.checked.earned:g} of "
                      f"{done.checked.points:g} points. `mle check {lesson_id}` says what it earns now.", markup=False,
                      style="yellow")
    for name, why in done.packed.left_out.items():
        console.print(f"Note: {name} was left out: {why}.", markup=False, style="yellow")
    receipt = done.packed.receipt
    saved = datetime.fromtimestamp(workspace.notebook(lesson_id).stat().st_mtime)
    others = len(receipt.files) - 1
    beside = {0: "", 1: " and one further file"}.get(others, f" and {others} further files")
    console.print(f"Packed your notebook as it was saved on {saved:%Y-%m-%d at %H:%M}{beside}:\n\n"
                  f"    {done.packed.path}\n\n"
                  f"Digest (SHA-256): {receipt.digest}\nHand in this file as it is, where your course asks for it. "
                  "Its receipt says when it was packed and what is in it. Nothing has been sent.", markup=False,
                  soft_wrap=True)


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
def update(lessons: tuple[str, ...]) -> None:
    """Bring newer versions of lessons into work/, with your answers in them.

    For when you have a newer copy of the kit. Save and close your notebooks first. Without LESSON, every lesson in
    work/ is brought up to date. Answers, cells and files of yours stay, and what was there before is kept in
    work/backups/.
    """
    from autograder.learner import Workspace

    course = find_course()
    workspace = Workspace(course)
    chosen = [course.resolve(lesson) for lesson in lessons] or workspace.lessons()
    if not chosen:
        raise MleError(f"There is no lesson in {workspace.root} yet. `mle start` puts the newest there.")

    from autograder.learner.update import update as bring
    from autograder.reports import update_report

    for lesson_id in chosen:
        console.print(update_report(bring(workspace, lesson_id)), soft_wrap=True)


@click.command()
@click.argument("lesson")
def reset(lesson: str) -> None:
    """Put a fresh copy of LESSON in work/; yours is kept in work/backups/."""
    from autograder.learner import Workspace

    course = find_course()
    lesson_id = course.resolve(lesson)
    workspace = Workspace(course)
    backup = workspace.reset(lesson_id)
    if backup:
        console.print(f"Your copy is kept in {backup}", markup=False, soft_wrap=True)
    console.print(f"A fresh one is at {workspace.notebook(lesson_id)}", markup=False, soft_wrap=True)


def _notebooks(workspace: Workspace, name: str | None) -> list[tuple[str, Path]]:
    """Lessons with the notebook to check: the one that was named, else all that were begun."""
    if name is not None:
        return [workspace.find(name)]

    from autograder.learner.check import changed_lessons

    if lessons := changed_lessons(workspace):
        return [(lesson_id, workspace.notebook(lesson_id)) for lesson_id in lessons]
    raise MleError(f"No lesson in {workspace.root} has been begun yet. `mle start` opens them; work on one, save it, "
                   "and check again.")


def _progress(workspace: Workspace) -> Progress:
    from autograder.learner import Progress

    record = Progress(workspace.records)
    if record.set_aside:
        console.print(f"The record of your progress was damaged. It is kept in {record.set_aside}; counting starts "
                      "anew. `mle check` puts a lesson's points back.", markup=False, style="yellow")
    return record


def _refresh_page(workspace: Workspace, record: Progress) -> None:
    """Writes the page that *Start here* links to. That it cannot be written is no reason to stop anything."""
    from autograder.reports.progress_page import write_progress_page

    try:
        write_progress_page(workspace, record)
    except (MleError, OSError) as error:
        console.print(f"The page of your progress was not written: {error}", markup=False, style="yellow",
                      soft_wrap=True)
