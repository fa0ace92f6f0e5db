"""Results as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from autograder.course import Course
from autograder.grading import Result, Score
from autograder.learner import Hint, Progress
from autograder.quality import LessonProof


def check_table(result: Result, hints: dict[str, Hint]) -> Table:
    """One row per exercise: points, and what did not pass, and which hint to open next."""
    table = Table(title=f"{result.lesson}: {result.earned:g} of {result.points:g} points", title_justify="left",
                  show_lines=True)
    table.add_column("Exercise", no_wrap=True)
    table.add_column("Points", justify="right", no_wrap=True)
    table.add_column("What to do", overflow="fold")
    for exercise in result.exercises:
        says = Text()
        if not exercise.attempted:
            says.append("not attempted yet", style="dim")
        elif exercise.earned == exercise.points:
            says.append("all checks passed", style="green")
        else:
            lines = [exercise.problem] if exercise.problem else []
            lines += [f"{check.id}: {check.message}" for check in exercise.checks if check.status != "passed"]
            # When the cell itself did not run, every check fails for that one reason.
            says.append("\n".join(lines[:1] if exercise.problem and exercise.earned == 0 else lines))
            if hint := hints.get(exercise.id):
                says.append(f"\nNext: open hint {hint.number} of {hint.total} below the exercise.", style="yellow")
        style = "green" if exercise.earned == exercise.points else "yellow" if exercise.earned else ""
        table.add_row(exercise.id, Text(f"{exercise.earned:g}/{exercise.points:g}", style=style), says)
    return table


def progress_table(course: Course, progress: Progress) -> Table:
    """One row per lesson with points and minutes, and a sum below."""
    table = Table(show_footer=True)
    earned = points = minutes = 0.0
    rows = []
    for module in course.modules:
        for lesson_id in module.lessons:
            lesson = course.lesson(lesson_id)
            best = progress.lessons[lesson_id].best if lesson_id in progress.lessons else 0
            gradable = sum(check.points for check in lesson.checks())
            state = "done" if best >= gradable else "started" if lesson_id in progress.lessons else ""
            rows.append((lesson_id, Text(lesson.title), f"{best:g}/{gradable:g}", str(lesson.minutes), state))
            earned, points, minutes = earned + best, points + gradable, minutes + lesson.minutes
    table.add_column("Lesson", "", no_wrap=True)
    table.add_column("Title", "all lessons")
    table.add_column("Points", f"{earned:g}/{points:g}", justify="right", no_wrap=True)
    table.add_column("Minutes", f"{minutes:g}", justify="right", no_wrap=True)
    table.add_column("", "", no_wrap=True)
    for row in rows:
        table.add_row(*row, style="green" if row[-1] == "done" else "")
    return table


def score_table(scores: Iterable[Score]) -> Table:
    """Students down, lessons across; `*` marks points that a person has still to give."""
    scores = list(scores)
    lessons = list(dict.fromkeys(score.lesson for score in scores))
    by_student: dict[str, dict[str, Score]] = {}
    for score in scores:
        by_student.setdefault(score.student, {})[score.lesson] = score
    table = Table()
    table.add_column("Student", no_wrap=True)
    for lesson in lessons:
        table.add_column(lesson, justify="right")
    table.add_column("Together", justify="right")
    for student, row in sorted(by_student.items()):
        cells = [f"{row[lesson].earned:g}/{row[lesson].points:g}{'*' if row[lesson].waiting else ''}"
                 if lesson in row else "–" for lesson in lessons]
        total, most = sum(s.earned for s in row.values()), sum(s.points for s in row.values())
        table.add_row(student, *cells, f"{total:g}/{most:g}")
    return table


def proof_table(proofs: Iterable[LessonProof]) -> Table:
    """One row per lesson verified: points of the solution and of the untouched notebook, answers judged as they should
    be, and the solution's seconds and peak memory."""
    table = Table()
    table.add_column("Lesson", no_wrap=True)
    for name in ("Solved", "Blank", "Right", "Wrong", "s", "MiB"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for proof in proofs:
        table.add_row(
            proof.lesson, f"{_points(proof.solution)}/{proof.points:g}", _points(proof.untouched),
            f"{proof.right_accepted}/{proof.right_total}", f"{proof.wrong_rejected}/{proof.wrong_total}",
            f"{proof.seconds:.1f}", f"{proof.peak_memory_mb:.0f}",
            Text("falls short", style="red") if proof.problems else Text("proven", style="green"))
    return table


def _points(points: float | None) -> str:
    return "–" if points is None else f"{points:g}"
