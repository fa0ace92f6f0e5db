"""The pictures of the cohort's page, as SVG that takes the page's colours and so suits light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from autograder.reports.cohort_progress import BINS, LessonProgress
from autograder.reports.item_analysis import ENOUGH, Item

# Colours that stand for one of the page's; matplotlib itself knows no others than fixed ones.
_TEXT, _GRID, _FULL, _PART, _WAITING, _UNGRADED, _BAD = (f"#00000{digit}" for digit in range(1, 8))
_OF_PAGE = {_TEXT: "currentColor", _GRID: "var(--line)", _FULL: "var(--full)", _PART: "var(--part)",
            _WAITING: "var(--waiting)", _UNGRADED: "var(--ungraded)", _BAD: "var(--bad)"}
_STYLE = {"svg.fonttype": "none", "font.size": 10, "text.color": _TEXT, "axes.labelcolor": _TEXT,
          "axes.edgecolor": _GRID, "xtick.color": _TEXT, "ytick.color": _TEXT, "grid.color": _GRID,
          "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
          "figure.facecolor": "none", "axes.facecolor": "none", "svg.hashsalt": "mle"}
_ROW = 0.3  # inches for each lesson


def progress_plot(rows: Sequence[LessonProgress], learners: int) -> str:
    """A bar for each lesson: of all learners, who has it fully, in part, waits for a person, or is not graded yet."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _rows(len(rows))
        left = [0] * len(rows)
        for name, colour, hatch, values in (
                ("every point", _FULL, "", [row.full for row in rows]),
                ("graded, points missing", _PART, "", [row.graded - row.full - row.waiting for row in rows]),
                ("waiting for a person", _WAITING, "//", [row.waiting for row in rows]),
                ("handed in, not graded", _UNGRADED, "..", [row.handed_in - row.graded for row in rows])):
            axes.barh(range(len(rows)), values, left=left, height=0.7, color=colour, hatch=hatch, label=name,
                      edgecolor=_GRID, linewidth=0.5)
            left = [before + value for before, value in zip(left, values, strict=True)]
        axes.set_xlim(0, max(learners, 1))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(f"learners, of {learners}")
        _label_rows(axes, [row.lesson for row in rows])
        figure.legend(loc="outside upper left", ncols=4, fontsize=9, columnspacing=1.2, handlelength=1.4)
        return _svg(figure, "progress")


def scores_plot(rows: Sequence[LessonProgress]) -> str:
    """For each lesson how the shares of its points are distributed, and their median."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _rows(len(rows))
        for place, row in enumerate(rows):
            if not row.graded:
                continue
            heights = [-0.8 * count / max(row.bins) for count in row.bins]  # upwards: the axis is turned round
            axes.bar([(bin + 0.5) * 100 / BINS for bin in range(BINS)], heights, 0.92 * 100 / BINS, place + 0.4,
                     color=_PART)
            axes.plot([100 * row.median] * 2, [place + 0.4, place - 0.42], color=_TEXT, linewidth=2)
        axes.set_xlim(0, 100)
        axes.set_xlabel("percent of the lesson's points")
        _label_rows(axes, [row.lesson for row in rows])
        return _svg(figure, "scores")


def items_plot(items: Sequence[Item]) -> str:
    """Every check: the share who pass it, against its discrimination; empty where no check has one."""
    judged = [item for item in items if item.discrimination is not None]
    if not judged:
        return ""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 3.8), layout="constrained")
        axes = figure.add_subplot()
        groups = (
            ("tried by fewer than " + str(ENOUGH), "none", _UNGRADED, "o",
             [item for item in judged if item.tried < ENOUGH]),
            ("positive", _PART, _PART, "o",
             [item for item in judged if item.tried >= ENOUGH and item.discrimination >= 0]),
            ("negative", _BAD, _BAD, "X",
             [item for item in judged if item.tried >= ENOUGH and item.discrimination < 0]))
        for name, face, edge, marker, some in groups:
            if some:
                axes.scatter([100 * item.difficulty for item in some], [item.discrimination for item in some], 26,
                             facecolors=face, edgecolors=edge, marker=marker, label=name, alpha=0.8)
        axes.axhline(0, color=_TEXT, linewidth=0.8)
        axes.grid(True, linewidth=0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel("percent who pass the check")
        axes.set_ylabel("discrimination")
        figure.legend(loc="outside upper left", ncols=3, fontsize=9)
        return _svg(figure, "items")


def _rows(count: int):
    figure = Figure(figsize=(7.2, 1.1 + _ROW * max(count, 1)), layout="constrained")
    return figure, figure.add_subplot()


def _label_rows(axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x", linewidth=0.5)
    axes.set_axisbelow(True)


def _svg(figure: Figure, name: str) -> str:
    """The figure as an element of a page: without a header, links or styles that would act on all of the page."""
    matplotlib.rcParams["svg.hashsalt"] = name  # its ids are to differ from those of other figures of the page
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text[text.index("<svg"):], flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">',
                  text, count=1)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", text)
    for colour, ours in _OF_PAGE.items():
        text = text.replace(colour, ours)
    return text.replace("xlink:href", "href")
