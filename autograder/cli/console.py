"""What the verbs share: the console, the course, a progress line, and extras that a lesson needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from autograder.course import Course

console = Console(highlight=False)


def find_course() -> Course:
    """The course to work on. Where the working folder lies in none, a line says which one that is."""
    course, here = Course.find(), Path.cwd().resolve()
    if course.root not in (here, *here.parents):
        click.echo(f"{here} is in no course; working on the one in {course.root}.", err=True)
    return course


def chosen_lessons(course: Course, names: Iterable[str]) -> tuple[str, ...]:
    """The lessons that were named, or all of the course.

    Raises:
        MleError: a name is unknown.
    """
    return tuple(dict.fromkeys(course.resolve(name) for name in names)) or course.lesson_ids


def need_extras(course: Course, lesson_ids: Iterable[str], *further: str) -> None:
    """Installs what the lessons import, and further extras, that this environment does not have yet.

    Raises:
        SetupError: it could not be installed.
    """
    from autograder.setup.extras import install_extras

    extras = {extra for lesson_id in lesson_ids for extra in _extras(course, lesson_id)} | set(further)
    if extras:
        install_extras(sorted(extras), console)


def _extras(course: Course, lesson_id: str) -> tuple[str, ...]:
    if course.kit:  # which has no sources
        from autograder.learner.outline import outline

        return outline(course, lesson_id).extras
    return course.lesson(lesson_id).extras


@contextmanager
def steps(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress line; call what it yields with what is being done, how many steps are done, and out of how many.

    Off a terminal, where a line cannot be redrawn, each step is a line of its own.
    """
    if not console.is_terminal:
        def say(text: str, done: int, of: int) -> None:
            console.print(f"{title}: {text} ({done}/{of})" if of else f"{title}: {text}", markup=False)

        yield say
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(text: str, done: int, of: int) -> None:
            bar.update(task, description=f"{title}: {text}", completed=done, total=of or None)

        yield show


@contextmanager
def cohort_progress(verb: str = "grade") -> Iterator[Callable[[str, int, int], None]]:
    """A bar for long runs: how many are done, how fast, and how long it will still take."""
    if not console.is_terminal:
        with steps(verb) as say:
            yield say
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, rate="")

        def show(text: str, done: int, of: int) -> None:
            elapsed = bar.tasks[task].elapsed or 0
            bar.update(task, description=text, completed=done, total=of,
                       rate=f"{done / elapsed:.1f}/s" if elapsed else "")

        yield show


@contextmanager
def ending_runs() -> Iterator[None]:
    """Ends the jobs in progress when a verb is stopped: threads that wait for one would keep this process alive."""
    from autograder import execution

    try:
        yield
    except BaseException:
        execution.stop_all()
        raise
