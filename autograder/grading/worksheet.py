"""Moodle's grading worksheet of an assignment, which says when each person handed in: newer Moodles' zips do not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from dateutil import parser

from autograder.errors import MleError
from autograder.grading.spreadsheet import read_table

_NUMBER, _WHEN = "Identifier", "Last modified (submission)"
_ENGLISH = "In Moodle, set your language to English and download the grading worksheet of the assignment again."


def hand_in_times(path: Path, zone: tzinfo | None) -> dict[str, datetime]:
    """When hand-ins came, by the number that Moodle gives a person in an assignment and in the names of its zip.

    Args:
        zone: in which its times are meant; None for this machine's.

    Raises:
        MleError: it cannot be read, is no such worksheet, or its times are in a language that is not understood.
    """
    rows = read_table(path).rows
    head = rows[0] if rows else []
    if not {_NUMBER, _WHEN} <= set(head):
        raise MleError(f"{path} has no columns '{_NUMBER}' and '{_WHEN}', so it does not say when anything was handed "
                       f"in. {_ENGLISH}")
    times = {}
    for row in rows[1:]:
        cells = dict(zip(head, row, strict=False))
        number, text = re.search(r"\d+$", cells[_NUMBER]), cells.get(_WHEN, "").strip()
        if not number or text in {"", "-"}:
            continue
        try:
            when = parser.parse(text)
            times[number[0]] = (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            raise MleError(f"{path}: the time {text!r} is not understood. {_ENGLISH}") from None
    return times
