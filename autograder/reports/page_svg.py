"""Figures of matplotlib as elements of a page, which take the page's colours and so suit light and dark."""

from __future__ import annotations

import io
import re

import matplotlib
from matplotlib.figure import Figure

# Colours that stand for one of the page's; matplotlib itself knows no others than fixed ones.
TEXT, GRID, FULL, PART, WAITING, UNGRADED, BAD = (f"#00000{digit}" for digit in range(1, 8))
_OF_PAGE = {TEXT: "currentColor", GRID: "var(--line)", FULL: "var(--full)", PART: "var(--part)",
            WAITING: "var(--waiting)", UNGRADED: "var(--ungraded)", BAD: "var(--bad)"}
STYLE = {"svg.fonttype": "none", "font.size": 10, "text.color": TEXT, "axes.labelcolor": TEXT,
         "axes.edgecolor": GRID, "xtick.color": TEXT, "ytick.color": TEXT, "grid.color": GRID,
         "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
         "figure.facecolor": "none", "axes.facecolor": "none", "svg.hashsalt": "mle"}


def page_svg(figure: Figure, name: str) -> str:
    """A figure that was drawn in STYLE, without a header, links or styles that would act on all of the page.

    Args:
        name: one for each figure of a page.
    """
    matplotlib.rcParams["svg.hashsalt"] = name  # its ids are to differ from those of other figures of the page
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text[text.index("<svg"):], flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">',
                  text, count=1)
    text = re.sub(r"font: ((?:bold )?[\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", text)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # nothing refers to them, and every figure has the same ones
    for colour, ours in _OF_PAGE.items():
        text = text.replace(colour, ours)
    return text.replace("xlink:href", "href")
