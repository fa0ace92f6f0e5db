"""How sure and how dear an audit is: twins proven, false flags on right answers and on mutants, time beside grading.

    .venv/bin/python benchmarks/audit.py                          # every lesson, every mutant; some hours on two cores
    .venv/bin/python benchmarks/audit.py 1-1-job-market --mutants 40

Every right answer, and every mutant of a solution, is put into the solution's notebook, one to each exercise at a time,
and graded; then each check that it passes is audited. None of them is dishonest, so every flag is a false one.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.execution import default_engine
from autograder.grading import Key, grade_notebook, restore, warm_imports
from autograder.quality import audit_notebook, prove_twins, read_notebook, rounds, with_answers
from autograder.quality.mutants import mutants_of

ROOT = Path(__file__).resolve().parents[1]
JOBS = 2
_HASTE = 5.0  # seconds for a cell: many mutants hang
console = Console(width=120)


@dataclass
class Audited:
    """Notebooks that were audited, and what came of it.

    Attributes:
        answers: how many answers were tried.
        checks: how many checks that they passed were looked at.
        left_out: passed checks of which nothing could be said.
        flags: in words.
        grading, auditing: seconds, added up over the notebooks.
    """

    answers: int = 0
    checks: int = 0
    left_out: int = 0
    flags: tuple[str, ...] = ()
    grading: float = 0.0
    auditing: float = 0.0


def main() -> None:
    """Measures and prints; ends with status 1 if there is a false flag."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="LESSON")
    parser.add_argument("--mutants", type=int, help="of each exercise, at most so many; a sample that stays the same")
    chosen = parser.parse_args()
    course = Course(ROOT)
    table = Table(title="Audits of honest answers", title_justify="left")
    for name in ("lesson", "twins tried", "proven", "checks with twins", "right answers", "false flags", "mutants",
                 "false flags", "checks audited", "left out", "audit / grading time"):
        table.add_column(name, justify="left" if name == "lesson" else "right")
    flags: list[str] = []
    for lesson in [course.resolve(name) for name in chosen.lessons] or course.lesson_ids:
        row, found = _lesson(course, lesson, chosen.mutants)
        table.add_row(*row)
        flags += found
        print(f"{' '.join(row)}", file=sys.stderr, flush=True)
    console.print(table)
    for flag in flags:
        console.print(flag, markup=False)
    sys.exit(bool(flags))


def _lesson(course: Course, lesson_id: str, most: int | None) -> tuple[list[str], list[str]]:
    lesson = course.lesson(lesson_id)
    key, solution = Key.load(course.solutions / lesson_id), read_notebook(course.solutions / lesson_id)
    engine = default_engine()
    answers = course.answers(lesson)
    proven = prove_twins(key, course.solutions / lesson_id, answers, warm_imports(key, engine), engine, JOBS)
    right = [{}, *({answer.exercise: answer.source for answer in group.values()}
                   for group in rounds(tuple(answer for answer in answers if answer.right)))]
    sources = {cell.id: cell.source for cell in solution.cells if cell.id in {one.id for one in lesson.exercises}}
    of_right = _audit(key, solution, right, proven, engine)
    of_mutants = _audit(replace(key, limits=replace(key.limits, cell_seconds=_HASTE)), solution,
                        _mutants(sources, most), proven, engine)
    with_twins = sum(bool(sites) for sites in proven.sites.values())
    grading, auditing = of_right.grading + of_mutants.grading, of_right.auditing + of_mutants.auditing
    row = [lesson_id, str(proven.tried), str(proven.usable), f"{with_twins}/{len(proven.twins)}",
           str(of_right.answers), str(len(of_right.flags)), str(of_mutants.answers), str(len(of_mutants.flags)),
           str(of_right.checks + of_mutants.checks), str(of_right.left_out + of_mutants.left_out),
           f"{auditing / grading:.1f}"]
    return row, [f"{lesson_id}: {flag}" for flag in (*of_right.flags, *of_mutants.flags)]


def _mutants(sources: dict[str, str], most: int | None) -> list[dict[str, str]]:
    """Mutants, one of each exercise at a time."""
    by_exercise = []
    for exercise, source in sources.items():
        try:
            mutants = [mutant.source for mutant in mutants_of(exercise, source)]
        except SyntaxError:  # a cell that is no plain Python
            continue
        if most is not None and len(mutants) > most:
            mutants = random.Random(exercise).sample(mutants, most)
        by_exercise.append([(exercise, mutant) for mutant in mutants])
    return [dict(one for one in group if one) for group in zip_longest(*by_exercise)]


def _audit(key: Key, solution, groups: list[dict[str, str]], proven, engine) -> Audited:
    def one(group: dict[str, str]) -> Audited:
        notebook = with_answers(solution, group)
        begun = time.monotonic()
        result = grade_notebook(key, notebook, execute=engine.run, imports=warm_imports(key, engine)).result
        graded = time.monotonic()
        passed = [check.id for check in result.checks.values() if check.earned]
        found = audit_notebook(key, restore(key, notebook).notebook, passed, proven, engine)
        return Audited(len(group) or 1, found.checks, len(found.left_out),
                       tuple(f"{flag.check}: {flag.kind}: {flag.evidence}" for flag in found.flags),
                       graded - begun, time.monotonic() - graded)

    with ThreadPoolExecutor(JOBS) as pool:
        found = list(pool.map(one, groups))
    return Audited(sum(one.answers for one in found), sum(one.checks for one in found),
                   sum(one.left_out for one in found), tuple(flag for one in found for flag in one.flags),
                   sum(one.grading for one in found), sum(one.auditing for one in found))


if __name__ == "__main__":
    main()
