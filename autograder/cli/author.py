"""Verbs for authors of lessons."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from autograder.cli.console import chosen_lessons, console, find_course, need_extras, steps
from autograder.errors import MleError


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if a file is not as generated.")
def build(lessons: tuple[str, ...], only_check: bool) -> None:
    """Generate solutions/ and notebooks/ from course/."""
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder import authoring

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


_QUICK_MUTANTS, _QUICK_SEEDS, _SEEDS = 40, 3, 20


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
              help="Notebooks to run at a time.")
@click.option("--quick", is_flag=True,
              help=f"{_QUICK_MUTANTS} mutants of each lesson instead of all, {_QUICK_SEEDS} seeds instead of {_SEEDS}.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False),
              help="Write everything that was found to this file, with what a learner is told for each wrong answer.")
def verify(lessons: tuple[str, ...], jobs: int, quick: bool, json_file: Path | None) -> None:
    """Prove lessons: solution, untouched notebook, right and wrong answers, mutants of the solution, seeds.

    Without --quick the figures are written into docs/: check-quality.md, and a page for each lesson.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.quality import verify as prove
    from autograder.reports import proof_table, publish

    if json_file and not json_file.absolute().parent.is_dir():
        raise MleError(f"There is no folder {json_file.absolute().parent} to write {json_file.name} into.")
    need_extras(course, chosen, "verify")
    proofs = []
    with steps("verify") as show:
        for number, lesson_id in enumerate(chosen):
            def tell(text: str, lesson_id: str = lesson_id, number: int = number) -> None:
                show(f"{lesson_id}, {text}", number, len(chosen))

            proofs.append(prove(course, lesson_id, jobs, _QUICK_MUTANTS if quick else None,
                                _QUICK_SEEDS if quick else _SEEDS, tell))
    if json_file:
        json_file.write_text(json.dumps([asdict(proof) for proof in proofs], indent=1) + "\n", encoding="utf-8")
    console.print(proof_table(proofs))
    if not quick:
        published = publish(course, proofs, _SEEDS)
        console.print(f"Written to {published[1]}.", markup=False, soft_wrap=True)
    for proof in proofs:
        for problem in proof.problems:
            console.print(f"{proof.lesson}: {problem}", markup=False, soft_wrap=True)
        for mutant in proof.survivors:
            console.print(f"course/{proof.lesson}/lesson.py:{mutant.line}: no check notices {mutant.operator}:\n"
                          f"  - {mutant.before}\n  + {mutant.after}", markup=False, soft_wrap=True)
        console.print(f"{proof.lesson}: {proof.trials} trials in {proof.trial_seconds:.0f} s, "
                      f"{proof.trials_per_second:.1f} a second", markup=False)
    if any(proof.problems for proof in proofs):
        raise click.exceptions.Exit(1)
