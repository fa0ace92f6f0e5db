"""Verbs for instructors."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from autograder.cli.console import (
    chosen_lessons,
    cohort_progress,
    console,
    ending_runs,
    find_course,
    need_extras,
    steps,
)
from autograder.errors import MleError, Stopped


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False),
              help="An empty or new folder for the sample course; by default a temporary one.")
def demo(lessons: tuple[str, ...], folder: Path | None) -> None:
    """Grade a sample cohort from hand-in to feedback, in a folder of its own.

    Without LESSON it hands in every lesson, and installs what they import.
    """
    from autograder.demo import run_demo
    from autograder.reports import score_table

    course = find_course()
    chosen = chosen_lessons(course, lessons)
    if folder and folder.exists() and any(folder.iterdir()):
        raise MleError(f"{folder} is not empty, and the demo overwrites nothing. Name a new folder.")
    need_extras(course, chosen)
    with _demo_folder(folder) as root, ending_runs(), steps("demo") as show:
        shown = run_demo(course, root.resolve(), chosen, show)
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
@click.option("--jobs", "-j", type=click.IntRange(1),
              help="Submissions to grade at a time; by default one for each core, or as many as the cluster takes.")
@click.option("--scheduler", metavar="ADDRESS",
              help="Run the notebooks on a Dask cluster, for example tcp://10.0.0.5:8786, or the file that its "
                   "scheduler wrote; see docs/scaling.md.")
@click.option("--regrade", is_flag=True, help="Grade again what was graded; points given by hand stay.")
@click.option("--trust-submissions", is_flag=True,
              help="Where this system cannot isolate submissions: run them with your own rights.")
def grade(lessons: tuple[str, ...], student: str | None, jobs: int | None, scheduler: str | None, regrade: bool,
          trust_submissions: bool) -> None:
    """Grade what lies in submitted/STUDENT/LESSON into the gradebook.

    What was graded before and has not changed is skipped. A run that was stopped goes on where it stopped.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.grading import Cluster, GradingCourse, grade_cohort
    from autograder.reports import score_table

    grading = GradingCourse(course.root)
    need_extras(course, chosen)
    with ExitStack() as stack:
        cluster = None
        if scheduler:
            cluster = Cluster(scheduler, trust_submissions=trust_submissions)
            stack.callback(cluster.close)
        stack.enter_context(ending_runs())
        show = stack.enter_context(cohort_progress())
        outcome = grade_cohort(grading, chosen, student=student, jobs=jobs or 0, regrade=regrade,
                               trust_submissions=trust_submissions, engine=cluster, tell=show)
    scores = [score for score in grading.scores() if score.lesson in chosen and student in (None, score.student)]
    console.print(score_table(scores))
    console.print(f"{outcome.graded} graded, {outcome.skipped} unchanged since they were graded.")
    for worker, why in (cluster.refused if cluster else {}).items():
        console.print(f"The worker {worker} was not used: {why}", markup=False, soft_wrap=True)
    if late := sum(bool(score.penalty) for score in scores):
        console.print(f"Of {late} of them points are taken off for lateness; `mle due` works that out again when a "
                      "date changes.", soft_wrap=True)
    for change in outcome.penalties:
        console.print(f"{change.lesson} of {change.student}: late penalty {change.before:g} → {change.after:g} points "
                      f"({change.why})", markup=False, soft_wrap=True)
    for what, rows in (("could not be graded", outcome.failures), ("should be looked at", outcome.attention)):
        for submission, why in rows:
            console.print(f"{submission.lesson} of {submission.student} {what}: {why}", markup=False, soft_wrap=True)
    if outcome.failures:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--student", metavar="ID", help="Only what this student handed in.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
              help="Submissions to look at at a time.")
@click.option("--again", is_flag=True, help="Also look at what was audited before and has not changed.")
def audit(lessons: tuple[str, ...], student: str | None, jobs: int, again: bool) -> None:
    """Look for graded answers that pass a check and its twin, which expects something else.

    It changes no score. What it finds stands in result.json and in the report, for a person to look at.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.quality import audit_cohort

    handed_in = [lesson for lesson in chosen if any((course.root / "submitted").glob(f"*/{lesson}"))]
    need_extras(course, handed_in)
    with ending_runs(), cohort_progress("audit") as show:
        outcome = audit_cohort(course, chosen, student=student, jobs=jobs, again=again, tell=show)
    for lesson, proven in outcome.proven.items():
        without = [check for check in proven.twins if not proven.sites.get(check)]
        console.print(f"{lesson}: {proven.usable} of {proven.tried} twins of {len(proven.twins)} checks are proven, "
                      f"against {proven.answers} right answers"
                      + (f"; watched for forged results and changed names alone: {', '.join(without)}" if without
                         else ""), markup=False, soft_wrap=True)
    left_out: dict[tuple[str, str], list[str]] = {}
    for submission, why in outcome.left_out:
        left_out.setdefault((submission.lesson, why), []).append(submission.student)
    for (lesson, why), students in sorted(left_out.items()):
        console.print(f"{lesson} of {', '.join(sorted(students))}: {why}", markup=False, soft_wrap=True)
    for submission, flag in outcome.flagged:
        console.print(f"{submission.lesson} of {submission.student} should be looked at: check '{flag.check}': "
                      f"{flag.evidence}", markup=False, soft_wrap=True)
    flagged = len({(submission.student, submission.lesson) for submission, _ in outcome.flagged})
    console.print(f"{outcome.audited} audited, {outcome.skipped} unchanged since they were audited; {flagged} should "
                  "be looked at. No score was changed.", soft_wrap=True)


@click.command("init-course")
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
def init_course(lessons: tuple[str, ...]) -> None:
    """Enter the lessons in the gradebook, so that nbgrader's commands and Formgrader know them."""
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.grading import GradingCourse

    grading = GradingCourse(course.root)
    with steps("init-course") as show:
        for number, lesson_id in enumerate(chosen):
            show(lesson_id, number, len(chosen))
            grading.register([lesson_id])
    console.print(f"{len(chosen)} lessons are registered in {grading.gradebook}", markup=False,
                  soft_wrap=True)


@contextmanager
def _demo_folder(chosen: Path | None) -> Iterator[Path]:
    """The folder for a demo. A temporary one is removed again when the demo does not get to its end."""
    root = chosen or Path(tempfile.mkdtemp(prefix="mle-demo-"))
    root.mkdir(parents=True, exist_ok=True)
    try:
        yield root
    except BaseException as error:
        if chosen is None:
            shutil.rmtree(root, ignore_errors=True)
        if not isinstance(error, KeyboardInterrupt):
            raise
        left = "Its folder is removed" if chosen is None else f"What there is of it lies in {root}"
        raise Stopped(f"Stopped before the demo was finished. {left}; the next `mle demo` begins anew, in a new or "
                      "empty folder.") from None
