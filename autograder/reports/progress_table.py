"""A learner's progress for a terminal: lessons, skills, and the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from autograder.reports.tables import Fitting

if TYPE_CHECKING:
    from autograder.learner import AreaEvidence, Outline, Plan, Progress
    from autograder.learner.update import Updated


def progress_table(lessons: Sequence[Outline], progress: Progress, spent: Mapping[str, float]) -> Fitting:
    """One row per lesson with points and minutes, planned and spent, and a sum below.

    Args:
        spent: minutes by lesson, where anything is known.
    """
    table, narrow = Table(show_footer=True), Table(show_footer=True)
    earned = points = 0.0
    rows = []
    for lesson in lessons:
        best = progress.lessons[lesson.id].best if lesson.id in progress.lessons else 0
        state = "done" if best >= lesson.points else "started" if lesson.id in progress.lessons else ""
        rows.append((lesson.id, Text(lesson.title), f"{best:g}/{lesson.points:g}", str(lesson.minutes),
                     f"{spent[lesson.id]:.0f}" if lesson.id in spent else "", state))
        earned, points = earned + best, points + lesson.points
    table.add_column("Lesson", "", no_wrap=True)
    table.add_column("Title", "all lessons", min_width=12)
    narrow.add_column("Lesson", "all lessons", overflow="fold")
    for either in (table, narrow):
        either.add_column("Points", f"{earned:g}/{points:g}", justify="right", no_wrap=True)
    table.add_column("Minutes", f"{sum(lesson.minutes for lesson in lessons):g}", justify="right", no_wrap=True)
    table.add_column("Spent", f"{sum(spent.values()):.0f}" if spent else "", justify="right", no_wrap=True)
    table.add_column("", "", no_wrap=True)
    for row in rows:
        style = "green" if row[-1] == "done" else ""
        table.add_row(*row, style=style)
        narrow.add_row(row[0], row[2], style=style)
    return Fitting(table, narrow)


def skill_summary(areas: Sequence[AreaEvidence]) -> Text:
    """A few lines: of how many exercises of each area all points were earned."""
    taught = [f"{area.area} {area.earned} of {len(area.exercises)}" for area in areas if area.exercises]
    untaught = [area.area for area in areas if not area.exercises]
    says = f"Evidence for the role, in exercises solved: {' · '.join(taught) or 'none in this course'}."
    return Text(f"{says} No exercise yet: {', '.join(untaught)}." if untaught else says)


def plan_table(lessons: Sequence[Outline], progress: Progress, plan: Plan) -> Fitting:
    """One row per skill, the most urgent first: level, demand, and the lessons that teach it with how far they are."""
    table, narrow = Table(show_lines=False), Table(expand=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("Your plan", min_width=12)
    table.add_column("Level", no_wrap=True)
    table.add_column("Asked for", justify="right", no_wrap=True)
    table.add_column("Lessons", overflow="fold", min_width=20)
    narrow.add_column("Your plan", overflow="fold")
    points = {lesson.id: lesson.points for lesson in lessons}
    for number, step in enumerate(plan.steps, start=1):
        taught = ", ".join(_how_far(points, progress, lesson) for lesson in step.lessons) or "not in this course"
        level = f"{step.level:g} of {step.target:g}"
        table.add_row(str(number), Text(step.skill), level, f"{step.demand:.0%}", Text(taught))
        narrow.add_row(Text(f"{number}. {step.skill}, level {level}: {taught}"))
    return Fitting(table, narrow)


def _how_far(points: Mapping[str, float], progress: Progress, lesson_id: str) -> str:
    if lesson_id not in points:
        return f"{lesson_id} (to come)"
    best = progress.lessons[lesson_id].best if lesson_id in progress.lessons else 0
    return f"{lesson_id} ({best:g}/{points[lesson_id]:g})" if best else lesson_id


def update_report(done: Updated) -> Text:
    """What an update did to a lesson, a line for each thing that the learner may want to know."""
    if done.backup is None:
        return Text(f"{done.lesson}: up to date.")
    lines = [f"{done.lesson}: brought up to date."]
    if merged := done.merged:
        kept = ", ".join(merged.answers)
        lines.append(f"Your answers are in it: {kept}." if kept else "There was no answer of yours in it yet.")
        if merged.added or merged.removed:
            lines.append(f"Cells of the lesson: {merged.added} new, {merged.removed} gone.")
        if merged.begun_anew:
            lines.append(f"The lesson now begins these with other lines, so look at your answer again: "
                         f"{', '.join(merged.begun_anew)}.")
        if merged.orphans:
            lines.append(f"No longer in the lesson: {', '.join(merged.orphans)}. Your answer is at the notebook's end.")
        if merged.restored:
            lines.append(f"Put back as the lesson has them: {', '.join(merged.restored)}.")
    for what, names in (("New files", done.files.new), ("Newer files", done.files.replaced),
                        ("Files that the lesson no longer has", done.files.gone)):
        if names:
            lines.append(f"{what}: {', '.join(names)}.")
    lines += [f"You have changed {name}, so yours stays. The newer one is beside it: {beside}."
              for name, beside in done.files.beside.items()]
    lines += [f"As it was before: {done.backup}",
              "If the notebook is open in JupyterLab, choose File > Reload Notebook from Disk."]
    return Text("\n  ".join(lines))
