"""The table in docs/threat-model.md, from the rows themselves. `python tests/hostile/table.py` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "threat-model.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
TOPICS = {"resources": "Using too much", "escape": "Reaching what is outside", "cheating": "Points not earned",
          "broken": "Damaged, edited and strange hand-ins"}


def table() -> str:
    """The rows by topic, in Markdown."""
    from hostile import ROWS

    lines = []
    for topic, title in TOPICS.items():
        lines += ["", f"### {title}", "", "| tried | comes of it | how |", "|---|---|---|"]
        for row in ROWS:
            if row.topic == topic:
                claims = dict.fromkeys(row.claim.values())
                claim = ", ".join(claims if len(claims) == 1 else (f"{v} ({k})" for k, v in row.claim.items()))
                lines.append(f"| {row.name} | {claim} | {row.why} |")
    counts = {claim: sum(claim in row.claim.values() for row in ROWS) for claim in
              ("prevented", "detected", "found by audit", "not covered")}
    summary = ", ".join(f"{count} {claim}" for claim, count in counts.items())
    return "\n".join([f"{len(ROWS)} rows: {summary}.", *lines, ""])


def page_with_table(page: str) -> str:
    """A page with the table as it should be."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
