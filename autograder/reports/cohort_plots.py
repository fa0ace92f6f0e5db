"""The pictures of the cohort's page, as SVG that takes the page's colours and so suits light and dark."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from autograder.reports.cohort_progress import BINS, LessonProgress
from autograder.reports.item_analysis import ENOUGH, Item
from autograder.reports.page_svg import BAD, FULL, GRID, PART, STYLE, TEXT, UNGRADED, WAITING, page_svg

_ROW = 0.3  # inches for each lesson


def progress_plot(rows: Sequence[LessonProgress], learners: int) -> str:
    """A bar for each lesson: of all learners, who has it fully, in part, waits for a person, or is not graded yet."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _rows(len(rows))
        left = [0] * len(rows)
        for name, colour, hatch, values in (
                ("every point", FULL, "", [row.full for row in rows]),
                ("graded, points missing", PART, "", [row.graded - row.full - row.waiting for row in rows]),
                ("waiting for a person", WAITING, "//", [row.waiting for row in rows]),
                ("handed in, not graded", UNGRADED, "..", [row.handed_in - row.graded for row in rows])):
            axes.barh(range(len(rows)), values, left=left, height=0.7, color=colour, hatch=hatch, label=name,
                      edgecolor=GRID, linewidth=0.5)
            left = [before + value for before, value in zip(left, values, strict=True)]
        axes.set_xlim(0, max(learners, 1))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(f"learners, of {learners}")
        _label_rows(axes, [row.lesson for row in rows])
        figure.legend(loc="outside upper left", ncols=4, fontsize=9, columnspacing=1.2, handlelength=1.4)
        return page_svg(figure, "progress")


def scores_plot(rows: Sequence[LessonProgress]) -> str:
    """For each lesson how the shares of its points are distributed, and their median."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _rows(len(rows))
        graded = [(place, row) for place, row in enumerate(rows) if row.graded]
        bars = [((bin + 0.5) * 100 / BINS, place + 0.4, -0.8 * count / max(row.bins))  # the axis is turned round
                for place, row in graded for bin, count in enumerate(row.bins) if count]
        axes.bar([x for x, _, _ in bars], [height for _, _, height in bars], 0.92 * 100 / BINS, [y for _, y, _ in bars],
                 color=PART)
        axes.vlines([100 * row.median for _, row in graded], [place - 0.42 for place, _ in graded],
                    [place + 0.4 for place, _ in graded], color=TEXT, linewidth=2)
        axes.set_xlim(0, 100)
        axes.set_xlabel("percent of the lesson's points")
        _label_rows(axes, [row.lesson for row in rows])
        return page_svg(figure, "scores")


def items_plot(items: Sequence[Item]) -> str:
    """Every check: the share who pass it, against its discrimination; empty where no check has one."""
    judged = [item for item in items if item.discrimination is not None]
    if not judged:
        return ""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.8), layout="constrained")
        axes = figure.add_subplot()
        groups = (
            ("tried by fewer than " + str(ENOUGH), "none", UNGRADED, "o",
             [item for item in judged if item.tried < ENOUGH]),
            ("positive", PART, PART, "o",
             [item for item in judged if item.tried >= ENOUGH and item.discrimination >= 0]),
            ("negative", BAD, BAD, "X",
             [item for item in judged if item.tried >= ENOUGH and item.discrimination < 0]))
        for name, face, edge, marker, some in groups:
            if some:
                axes.scatter([100 * item.difficulty for item in some], [item.discrimination for item in some], 26,
                             facecolors=face, edgecolors=edge, marker=marker, label=name, alpha=0.8)
        axes.axhline(0, color=TEXT, linewidth=0.8)
        axes.grid(True, linewidth=0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel("percent who pass the check")
        axes.set_ylabel("discrimination")
        figure.legend(loc="outside upper left", ncols=3, fontsize=9)
        return page_svg(figure, "items")


def _rows(count: int):
    figure = Figure(figsize=(7.2, 1.1 + _ROW * max(count, 1)), layout="constrained")
    return figure, figure.add_subplot()


def _label_rows(axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x", linewidth=0.5)
    axes.set_axisbelow(True)
