"""Results as tables for a terminal, each with a second form for one that is too narrow for the first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # importing these takes seconds, and no table needs more of them than their names
    from autograder.grading import ExerciseResult, Result, Score
    from autograder.learner.check import Checked
    from autograder.quality import LessonProof

_MOST_COLUMNS = 10_000


class Fitting:
    """A table, or where the terminal is too narrow to read it, another."""

    def __init__(self, table: Table, narrow: Table) -> None:
        self._table = table
        self._narrow = narrow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What Rich calls to print it."""
        # Measured as if there were room: otherwise a table claims to fit anywhere.
        needed = Measurement.get(console, options.update(max_width=_MOST_COLUMNS), self._table).minimum
        yield self._table if needed <= options.max_width else self._narrow


def check_table(checked: Checked) -> Fitting:
    """One row per exercise: points, and what did not pass, and which hint to open next."""
    result = checked.result
    title = {"title": f"{result.lesson}: {points_of(result)}", "title_justify": "left",
             "show_lines": True}
    table, narrow = Table(**title), Table(**title, show_header=False, expand=True)
    table.add_column("Exercise", no_wrap=True)
    table.add_column("Points", justify="right", no_wrap=True)
    table.add_column("What to do", overflow="fold", min_width=30)
    narrow.add_column(overflow="fold")
    for exercise in result.exercises:
        says = _what_to_do(exercise, checked)
        style = "green" if exercise.solved else "yellow" if exercise.earned else ""
        points = Text(f"{exercise.earned:g}/{exercise.points:g}", style=style)
        table.add_row(exercise.id, points, says)
        narrow.add_row(Text.assemble(f"{exercise.id}  ", points, "\n", says))
    return Fitting(table, narrow)


def score_table(scores: Iterable[Score]) -> Fitting:
    """Students down, lessons across, late penalties taken off; `*` marks points that a person has still to give."""
    scores = list(scores)
    lessons = list(dict.fromkeys(score.lesson for score in scores))
    by_student: dict[str, dict[str, Score]] = {}
    for score in scores:
        by_student.setdefault(score.student, {})[score.lesson] = score
    table, narrow = Table(), Table(box=SIMPLE_HEAD, show_edge=False)
    table.add_column("Student", no_wrap=True)
    for lesson in lessons:
        table.add_column(lesson, justify="right")
    table.add_column("Together", justify="right")
    narrow.add_column("Student", overflow="fold")
    narrow.add_column("Lesson", overflow="fold")
    narrow.add_column("Points", justify="right", no_wrap=True)
    for student, row in sorted(by_student.items()):
        cells = {lesson: f"{row[lesson].total:g}/{row[lesson].points:g}{'*' if row[lesson].waiting else ''}"
                 for lesson in lessons if lesson in row}
        total, most = sum(s.total for s in row.values()), sum(s.points for s in row.values())
        table.add_row(student, *(cells.get(lesson, "–") for lesson in lessons), f"{total:g}/{most:g}")
        for lesson, points in cells.items():
            narrow.add_row(student, lesson, points)
        if len(cells) > 1:
            narrow.add_row(student, "together", f"{total:g}/{most:g}")
    return Fitting(table, narrow)


def proof_table(proofs: Iterable[LessonProof]) -> Fitting:
    """One row per lesson verified: points of the solution and of the untouched notebook, answers judged as they should
    be, mutants noticed, of them without those judged equivalent, asserts that something needs, checks that depend on
    chance, and the solution's seconds and peak memory."""
    names = ("Solved", "Blank", "Right", "Wrong", "Mutants", "Score", "Asserts", "Flaky", "s", "MiB")
    table, narrow = Table(box=SIMPLE_HEAD, show_edge=False), Table(show_header=False, show_lines=True)
    table.add_column("Lesson", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    narrow.add_column(overflow="fold")
    for proof in proofs:
        values = (
            f"{_points(proof.solution)}/{proof.points:g}", _points(proof.untouched),
            f"{proof.right_accepted}/{proof.right_total}", f"{proof.wrong_rejected}/{proof.wrong_total}",
            f"{proof.mutants_killed}/{proof.mutants_total}", f"{proof.mutation_score:.1%}",
            f"{proof.asserts_noticed}/{proof.asserts_total}" if proof.asserts_total else "–",
            str(len(set(proof.flaky))),
            f"{proof.seconds:.1f}", f"{proof.peak_memory_mb:.0f}")
        verdict = Text("falls short", style="red") if proof.problems else Text("proven", style="green")
        table.add_row(proof.lesson, *values, verdict)
        listed = "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
        narrow.add_row(Text.assemble(f"{proof.lesson}  ", verdict, "\n", listed))
    return Fitting(table, narrow)


def _what_to_do(exercise: ExerciseResult, checked: Checked) -> Text:
    if not exercise.attempted:
        return Text("not attempted yet", style="dim")
    if exercise.solved:
        says = Text(passed_of(exercise, checked), style="green")
        return says.append(f"\n{exercise.problem}", style="yellow") if exercise.problem else says
    if not exercise.ran:
        return Text("not run: the notebook ended before it", style="dim")
    lines = [exercise.problem] if exercise.problem else []
    lines += [f"{check.id}: {check.message}" for check in exercise.checks if check.status != "passed"]
    # When the cell itself did not run, every check fails for that one reason.
    says = Text("\n".join(lines[:1] if exercise.problem and exercise.earned == 0 else lines))
    if hint := checked.hints.get(exercise.id):
        says.append(f"\nNext: open hint {hint.number} of {hint.total} below the exercise.", style="yellow")
    return says


def points_of(result: Result) -> str:
    """What a check of a lesson gave, in words; in a learner's kit also what only grading can give."""
    earned = f"{result.earned:g} of {result.points:g} points"
    return f"{earned}, {result.pending:g} more if the checks at grading pass" if result.pending else earned


def passed_of(exercise: ExerciseResult, checked: Checked) -> str:
    """That every check of an exercise has passed; in a learner's kit, how many more there are."""
    here, more = checked.further.get(exercise.id, (0, 0))
    return f"{_checks(here)} passed here, {more} more at grading" if more else "all checks passed"


def further_of(checked: Checked) -> str:
    """How many checks of a lesson run here and how many at grading; empty where all run here."""
    here, more = (sum(each[place] for each in checked.further.values()) for place in (0, 1))
    return f"{_checks(here)} run{'s' if here == 1 else ''} here, {more} more at grading." if more else ""


def _checks(number: int) -> str:
    return f"{number} check{'' if number == 1 else 's'}"


def _points(points: float | None) -> str:
    return "–" if points is None else f"{points:g}"
