"""How long a learner has worked on each lesson, from the moments at which they saved or checked it.

While `mle start` runs, every save of a lesson's notebook is a line of `work/.mle/saves.jsonl`; every check is a line of
`checks.jsonl`. Nothing else is watched, and nothing leaves the machine.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.learner.workspace import Workspace

LONGEST_PAUSE = timedelta(minutes=30)
_SAVES, _CHECKS = "saves.jsonl", "checks.jsonl"


class SaveWatch:
    """Notes each save of a lesson's notebook from the moment it is made."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known = self._saved()

    def look(self) -> None:
        """Notes what was saved since the last look. A record that cannot be written stops no learner."""
        saved = self._saved()
        lines = [json.dumps({"lesson": lesson, "saved": _text(moment)}) for lesson, moment in saved.items()
                 if moment != self._known.get(lesson)]
        self._known = saved
        with contextlib.suppress(OSError):
            if lines:
                self._workspace.records.mkdir(parents=True, exist_ok=True)
                with (self._workspace.records / _SAVES).open("a", encoding="utf-8", newline="\n") as log:
                    log.write("".join(f"{line}\n" for line in lines))

    def _saved(self) -> dict[str, float]:
        found = {}
        for lesson_id in self._workspace.course.lesson_ids:
            with contextlib.suppress(OSError):
                found[lesson_id] = self._workspace.notebook(lesson_id).stat().st_mtime
        return found


def minutes_spent(workspace: Workspace) -> dict[str, float]:
    """Minutes by lesson, for those of which anything is known; time before the first save is not."""
    known = workspace.course.lesson_ids
    moments = {moment for moment in _moments(workspace.records) if moment[1] in known}
    first: dict[str, datetime] = {}
    for moment, lesson in sorted(moments):
        first.setdefault(lesson, moment)
    for lesson, began in first.items():
        # Of saves that nobody watched, the last one has left its mark.
        with contextlib.suppress(OSError, OverflowError, ValueError):
            saved = datetime.fromtimestamp(workspace.notebook(lesson).stat().st_mtime, UTC)
            if saved > began:
                moments.add((saved, lesson))
    return {lesson: time.total_seconds() / 60 for lesson, time in time_between(moments).items()}


def time_between(moments: Iterable[tuple[datetime, str]]) -> dict[str, timedelta]:
    """Time by lesson, from moments at which one was saved or checked.

    The time between two moments counts for the lesson of the second, unless it is longer than LONGEST_PAUSE: then
    somebody was away.
    """
    spent: dict[str, timedelta] = {}
    before = None
    for moment, lesson in sorted(moments):
        if before is not None and moment - before <= LONGEST_PAUSE:
            spent[lesson] = spent.get(lesson, timedelta()) + (moment - before)
        before = moment
    return spent


def _moments(records: Path) -> Iterator[tuple[datetime, str]]:
    for name, key in ((_SAVES, "saved"), (_CHECKS, "checked")):
        path = records / name
        if not path.is_file():  # a device in its place may never end
            continue
        with contextlib.suppress(OSError), path.open("rb") as log:
            for line in log:
                # A full disk may have cut a line short, and anybody may have edited the file.
                with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                    entry = json.loads(line)
                    moment = datetime.fromisoformat(entry[key])
                    if moment.tzinfo is not None and isinstance(entry["lesson"], str):
                        yield moment, entry["lesson"]


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
