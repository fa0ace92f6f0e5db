"""A learner's progress as one page that needs no network: lessons, minutes, readiness for the role, and skills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.errors import MleError
from autograder.grading import write_atomically
from autograder.learner import (
    AreaEvidence,
    NextStep,
    Outline,
    Plan,
    Progress,
    Workspace,
    find_plan,
    minutes_spent,
    next_step,
    outlines,
    skill_map,
)
from autograder.learner.start_here import PROGRESS_PAGE
from autograder.learner.worktime import LONGEST_PAUSE
from autograder.reports.progress_picture import area_name, readiness_in_words, readiness_picture

_GENERATOR = "mle progress"
_STATES = {"earned": ("✓", "solved"), "begun": ("◐", "begun"), "open": ("○", "open")}


def write_progress_page(workspace: Workspace, progress: Progress, path: Path | None = None) -> Path:
    """Writes the page anew.

    Args:
        path: by default the one that the page *Start here* links to.

    Raises:
        MleError: another file is in its place, or a lesson was never built.
    """
    path = path or workspace.root / PROGRESS_PAGE
    if path.exists() and not _is_ours(path):
        raise MleError(f"{path} is not a page that `mle progress` has written, so it is left as it is. Name another "
                       f"file: mle progress --html FILE")
    lessons = outlines(workspace.course)
    try:
        plan = find_plan(workspace)
    except MleError:  # `mle progress` says what is wrong with it
        plan = None
    write_atomically(path, progress_page(
        lessons, progress, minutes_spent(workspace), skill_map(workspace.course, lessons, progress),
        next_step(workspace.course, lessons, progress), plan, datetime.now().astimezone(),
        is_kit=workspace.course.kit is not None))
    return path


def progress_page(lessons: Sequence[Outline], progress: Progress, spent: Mapping[str, float],
                  areas: Sequence[AreaEvidence], following: NextStep | None, plan: Plan | None,
                  written: datetime, is_kit: bool = False) -> str:
    """The page as HTML.

    Args:
        spent: minutes by lesson, where anything is known.
        is_kit: whether checks that run only at grading are missing here.
    """
    environment = Environment(loader=PackageLoader("autograder.reports"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"duration": _duration, "area": area_name}
    rows = [_row(lesson, progress, spent) for lesson in lessons]
    return environment.get_template("progress.html").render(
        generator=_GENERATOR, written=written, rows=rows, areas=areas, following=following, states=_STATES,
        plan=plan, known={lesson.id for lesson in lessons}, done=sum(row["state"] == "done" for row in rows),
        best=sum(row["best"] for row in rows), points=sum(lesson.points for lesson in lessons),
        is_kit=is_kit, minutes=sum(lesson.minutes for lesson in lessons), spent=sum(spent.values()) if spent else None,
        skills=sum(len(area.skills) for area in areas),
        shown=sum(skill.earned > 0 for area in areas for skill in area.skills),
        essays=any(lesson.essays for lesson in lessons), longest_pause=int(LONGEST_PAUSE.total_seconds() // 60),
        picture=Markup(readiness_picture(areas, following)), says=readiness_in_words(areas, following))


def _row(lesson: Outline, progress: Progress, spent: Mapping[str, float]) -> dict[str, object]:
    record = progress.lessons.get(lesson.id)
    best = record.best if record else 0
    return {"lesson": lesson, "best": best, "spent": spent.get(lesson.id),
            "state": "done" if best >= lesson.points else "begun" if record else "open",
            "checked": _time(record.checked) if record else None}


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):  # of a record that somebody has edited
        return None


def _duration(minutes: float) -> str:
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return f'content="{_GENERATOR}"'.encode() in file.read(2000)
