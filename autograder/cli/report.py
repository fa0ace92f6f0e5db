"""The verb that writes the cohort's page."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.console import chosen_lessons, console, ending_runs, find_course, need_extras, steps
from autograder.errors import MleError

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.quality.wrong_answers import WrongAnswer
    from autograder.reports.cohort_data import Cohort

_NOT_ASKED = "run mle report without --quick to try them."


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False),
              help="The page to write; by default report.html in the course's folder.")
@click.option("--quick", is_flag=True, help="Do not run the lessons' wrong answers to give misconceptions their names.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
              help="Wrong answers to run at a time.")
def report(lessons: tuple[str, ...], path: Path | None, quick: bool, jobs: int) -> None:
    """Write a page about the cohort: progress, checks, misconceptions, similar answers.

    The first time, it runs every wrong answer of each lesson; what comes of it is kept.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.grading import GradingCourse
    from autograder.reports.cohort_data import read_cohort
    from autograder.reports.cohort_findings import study
    from autograder.reports.cohort_page import cohort_page, write_page

    path = path or course.root / "report.html"
    grading = GradingCourse(course.root)
    grading.recompute_penalties()  # points may have been given by hand since `mle grade`
    cohort = read_cohort(grading, chosen)
    if not cohort.names:
        raise MleError(f"There is no cohort in {course.root}: neither a gradebook with learners nor a folder of "
                       "theirs in submitted. Collect what they handed in, run `mle grade`, and try again.")
    wrong, untried = _wrong_answers(course, cohort, quick, jobs)
    with steps("report") as show:
        findings = study(course, cohort, wrong, show)
        show("the page", len(chosen), len(chosen))
        write_page(path.absolute(), cohort_page(findings, course.root.name, datetime.now().astimezone(), untried))
    looked_at = sum(len(one.learners) for one in findings.attention)
    console.print(f"{len(cohort.names)} learners, {sum(map(len, cohort.standings.values()))} submissions graded, "
                  f"{looked_at} to be looked at, {len(findings.stopped.learners)} learners have stopped.\n"
                  f"Written to {path.absolute()}", markup=False, soft_wrap=True)


def _wrong_answers(course: Course, cohort: Cohort, quick: bool,
                   jobs: int) -> tuple[dict[str, tuple[WrongAnswer, ...]], dict[str, str]]:
    """What wrong answers are told, by lesson; and why it is not known of some."""
    from autograder.quality.wrong_answers import known_wrong_answers, wrong_answers

    found: dict[str, tuple[WrongAnswer, ...]] = {}
    untried: dict[str, str] = {}
    todo = []
    for lesson in cohort.lessons:
        if not cohort.standings[lesson]:
            continue
        try:
            known = known_wrong_answers(course, lesson)
        except MleError as error:
            untried[lesson] = str(error)
            continue
        if known is not None:
            found[lesson] = known
        elif quick:
            untried[lesson] = _NOT_ASKED
        else:
            todo.append(lesson)
    if not todo:
        return found, untried
    need_extras(course, todo)
    with ending_runs(), steps("wrong answers") as show:
        for number, lesson in enumerate(todo):
            def tell(text: str, lesson: str = lesson, number: int = number) -> None:
                show(f"{lesson}, {text}", number, len(todo))

            try:
                found[lesson] = wrong_answers(course, lesson, jobs, tell=tell)
            except MleError as error:  # such as a lesson that needs namespaces, where there are none
                untried[lesson] = str(error)
    return found, untried
