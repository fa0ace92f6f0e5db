"""When something was handed in, as `timestamp.txt` says it: `2026-03-01 10:00:00 UTC`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# The exchange writes fractions of a second; some programs that unpack zips write no colons into names of folders.
_TIME = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)[ T](?P<hour>\d\d)(?P<sep>[:_.-])(?P<minute>\d\d)"
                   r"(?:(?P=sep)(?P<second>\d\d)(?P<fraction>\.\d{1,6})?)? ?(?P<zone>UTC|Z|[+-]\d\d:?\d\d|)",
                   re.ASCII | re.IGNORECASE)


def moment_of(text: str) -> datetime | None:
    """The moment that a text means, in UTC.

    Args:
        text: a date and a time, then `UTC`, an offset such as `+01:00`, or nothing for UTC. The names of other zones
            are not taken: one name has more than one meaning, and a wrong guess would make somebody late.

    Returns:
        None if it is no such text.
    """
    found = _TIME.fullmatch(text.strip().lstrip("\ufeff"))
    if not found:
        return None
    zone = found["zone"] if found["zone"][:1] in {"+", "-"} else "+00:00"
    second = (found["second"] or "00") + (found["fraction"] or ".").ljust(7, "0")
    try:
        return datetime.fromisoformat(
            f"{found['date']}T{found['hour']}:{found['minute']}:{second}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
