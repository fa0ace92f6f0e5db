"""Verbs for authors of lessons."""

from __future__ import annotations

import os

import click

from autograder.cli.console import chosen_lessons, console, need_extras, steps
from autograder.course import Course


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if a file is not as generated.")
def build(lessons: tuple[str, ...], only_check: bool) -> None:
    """Generate solutions/ and notebooks/ from course/."""
    from autograder import authoring

    course = Course.find()
    chosen = chosen_lessons(course, lessons)
    with steps("check" if only_check else "build") as show:
        done = iter(range(len(chosen)))

        def tell(lesson: str) -> None:
            show(lesson, next(done), len(chosen))

        if only_check:
            problems = authoring.check(course, chosen, tell)
        else:
            changed = authoring.build(course, chosen, tell)
    if only_check:
        for problem in problems:
            console.print(problem, markup=False, soft_wrap=True)
        if problems:
            raise click.exceptions.Exit(1)
        console.print(f"{len(chosen)} lessons are as generated.")
    else:
        console.print(f"Built {', '.join(changed)}." if changed else "Nothing has changed.", markup=False)


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
              help="Notebooks to run at a time.")
def verify(lessons: tuple[str, ...], jobs: int) -> None:
    """Prove lessons: solution, untouched notebook, right and wrong answers."""
    from autograder.quality import verify as prove
    from autograder.reports import proof_table

    course = Course.find()
    chosen = chosen_lessons(course, lessons)
    need_extras(course, chosen)
    proofs = []
    with steps("verify") as show:
        for number, lesson_id in enumerate(chosen):
            def tell(text: str, lesson_id: str = lesson_id, number: int = number) -> None:
                show(f"{lesson_id}, {text}", number, len(chosen))

            proofs.append(prove(course, lesson_id, jobs, tell))
    console.print(proof_table(proofs))
    for proof in proofs:
        for problem in proof.problems:
            console.print(f"{proof.lesson}: {problem}", markup=False, soft_wrap=True)
    if any(proof.problems for proof in proofs):
        raise click.exceptions.Exit(1)
