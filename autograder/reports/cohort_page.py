"""What was found out about a cohort as one HTML page that needs no other file and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.errors import MleError
from autograder.grading import write_atomically
from autograder.reports.cohort_findings import Findings
from autograder.reports.cohort_plots import items_plot, progress_plot, scores_plot
from autograder.reports.cohort_progress import STOPPED_DAYS, STOPPED_LESSONS, LessonProgress
from autograder.reports.item_analysis import ENOUGH, Item
from autograder.reports.misconceptions import Met
from autograder.reports.similarity import LEAST_ALIKE, LEAST_PIECES

GENERATOR = "mle report"
_LEAST_MET = 2  # learners who fail alike, for a way without a name to be listed
_MOST_MET = 300
_SECTIONS = (("progress", "Progress"), ("scores", "Scores"), ("attention", "To be looked at"),
             ("stopped", "Learners who have stopped"), ("checks", "Checks"), ("misconceptions", "Misconceptions"),
             ("similar", "Similar answers"))


def cohort_page(findings: Findings, title: str, written: datetime, untried: Mapping[str, str] | None = None) -> str:
    """The page's HTML.

    Args:
        title: what the course is called.
        written: when.
        untried: lessons whose wrong answers have not been tried, with the reason.
    """
    names = findings.cohort.names

    def person(learner: str) -> str:
        name = names.get(learner, learner)
        return name if name == learner else f"{name} ({learner})"

    environment = Environment(loader=PackageLoader("autograder.reports"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters["person"] = person
    script, _, _ = environment.loader.get_source(environment, "sort.js")
    progress, items = findings.progress, findings.items
    met = sorted((one for one in findings.met if one.names or len(one.learners) >= _LEAST_MET), key=_most_first)
    return environment.get_template("cohort.html").render(
        generator=GENERATOR, title=title, written=written, sections=_SECTIONS, script=Markup(script),
        learners=len(names), lessons=len(findings.cohort.lessons), progress=progress,
        progress_plot=Markup(progress_plot(progress, len(names))), progress_says=_progress_says(progress, len(names)),
        scores_plot=Markup(scores_plot(progress)), scores_says=_scores_says(progress),
        attention=findings.attention, stopped=findings.stopped, never_began=findings.stopped.never_began,
        stopped_lessons=STOPPED_LESSONS, stopped_days=STOPPED_DAYS,
        items=items, items_plot=Markup(items_plot(items)), items_says=_items_says(items), enough=ENOUGH,
        untried=list((untried or {}).items()), met=met[:_MOST_MET],
        all_met=len(findings.met), least_met=_LEAST_MET,
        pairs=findings.pairs, all_pairs=findings.all_pairs,
        least_alike=f"{100 * LEAST_ALIKE:.0f}", least_pieces=LEAST_PIECES)


def write_page(path: Path, html: str) -> None:
    """Writes the page in one step; one that was written before is replaced.

    Raises:
        MleError: there is no such folder, or another file has that name.
    """
    if not path.parent.is_dir():
        raise MleError(f"There is no folder {path.parent} to write {path.name} into. Make it, or name another file.")
    if path.exists():
        try:
            with path.open("rb") as file:
                start = file.read(2000)
        except OSError as error:
            raise MleError(f"{path} cannot be replaced: {error.strerror}. Name another file with --to.") from None
        if start.strip() and f'content="{GENERATOR}"'.encode() not in start:
            raise MleError(f"{path} is not a page of `mle report`, so it is not replaced. Name another file with --to.")
    write_atomically(path, html)


def _most_first(one: Met) -> tuple[int, str, str]:
    return -len(one.learners), one.lesson, one.exercise


def _progress_says(rows: Sequence[LessonProgress], learners: int) -> str:
    return f"Bars, of {learners} learners: " + "; ".join(
        f"{row.lesson}: {row.handed_in} handed in, {row.full} with every point, {row.waiting} waiting for a person"
        for row in rows) + "."


def _scores_says(rows: Sequence[LessonProgress]) -> str:
    graded = [f"{row.lesson}: median {row.median:.0%} of the points, {row.graded} graded" for row in rows
              if row.median is not None]
    return f"Distributions of scores. {'; '.join(graded) or 'Nothing is graded yet'}."


def _items_says(items: Sequence[Item]) -> str:
    judged = [item for item in items if item.tried >= ENOUGH and item.discrimination is not None]
    negative = [f"{item.check} of {item.lesson}" for item in judged if item.discrimination < 0]
    return (f"Scatter of {len(items)} checks by share of learners who pass and by discrimination. {len(judged)} were "
            f"tried by {ENOUGH} learners or more; of these, with negative discrimination: "
            f"{', '.join(negative) or 'none'}.")
