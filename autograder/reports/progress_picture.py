"""How ready a learner is for the role, as a picture: a bar for each of its parts, and where to go on."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.figure import Figure

from autograder.reports.page_svg import FULL, GRID, PART, STYLE, TEXT, UNGRADED, page_svg

if TYPE_CHECKING:
    from autograder.learner import AreaEvidence, NextStep

_WIDE = 3.9  # inches: as wide as a telephone, so that its letters stay as large as the page's
_ROW = 0.52
_LETTERS = 38


def readiness_picture(areas: Sequence[AreaEvidence], following: NextStep | None) -> str:
    """An SVG: of each part of the role the share of its exercises that are solved or begun, and the next step."""
    headline = ("Every exercise of this course is solved." if following is None
                else f"Next: {following.lesson.title}")
    lines = textwrap.wrap(headline, _LETTERS)
    height = _ROW * len(areas) + 0.3 * len(lines) + 0.1
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(_WIDE, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(-1, 101)
        axes.set_ylim(height / _ROW, 0)
        axes.axis("off")
        top = 0.0
        for line in lines:
            axes.text(0, top + 0.28, line, va="center", fontsize=11, fontweight="bold", parse_math=False)
            top += 0.3 / _ROW
        for row, area in enumerate(areas):
            is_next = following is not None and area.area in following.areas
            _bar(axes, top + row, area, is_next)
        return page_svg(figure, "readiness")


def area_name(area: str) -> str:
    """An area of the course as a title."""
    return "AutoML" if area == "automl" else area[:1].upper() + area[1:]


def readiness_in_words(areas: Sequence[AreaEvidence], following: NextStep | None) -> str:
    """What the picture shows, for who does not see it."""
    parts = [f"{area.area}: {area.earned} of {len(area.exercises)} exercises solved" if area.exercises
             else f"{area.area}: no exercise yet" for area in areas]
    then = ("Every exercise of this course is solved." if following is None else
            f"Next is the lesson {following.lesson.title}, for {' and '.join(following.areas) or 'all of it'}.")
    return f"{'; '.join(parts)}. {then}"


def _bar(axes, top: float, area: AreaEvidence, is_next: bool) -> None:
    """A row: name and count above, the bar below."""
    total = len(area.exercises)
    begun = sum(exercise.state == "begun" for exercise in area.exercises)
    name = f"▸ {area_name(area.area)} · next" if is_next else area_name(area.area)
    axes.text(0, top + 0.32, name, va="center", fontweight="bold" if is_next else "normal")
    counted = f"{area.earned} of {total}" + (f", {begun} begun" if begun else "") if total else "no exercise yet"
    axes.text(100, top + 0.32, counted, va="center", ha="right", fontsize=9)
    place = {"y": top + 0.7, "height": 0.26, "linewidth": 0.8}
    axes.barh(width=100, facecolor="none", edgecolor=GRID if total else UNGRADED, linestyle="-" if total else ":",
              **place)
    if total:
        solved = 100 * area.earned / total
        if solved:
            axes.barh(width=solved, color=FULL, **place)
        if begun:
            axes.barh(width=100 * begun / total, left=solved, facecolor="none", edgecolor=PART, hatch="////", **place)
    if is_next:
        axes.barh(width=100, facecolor="none", edgecolor=TEXT, **place | {"linewidth": 1.4})
