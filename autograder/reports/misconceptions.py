"""Which of a lesson's named wrong answers its learners give, told by what the failing checks say to both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.quality.wrong_answers import WrongAnswer
from autograder.reports.cohort_data import CheckSeen, Record

Match = Literal["all", "some", "none"]
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Met:
    """One way to fail an exercise, and who fails it in this way.

    Attributes:
        match: `all`: the named wrong answers fail the same checks with the same messages, word for word. `some`: they
            share a message, and not all. `none`: no wrong answer of the lesson is told this.
        names: of the wrong answers; more than one where messages cannot tell them apart.
        told: the messages that were compared, by check.
        learners: who was told so.
        tried: how many attempted the exercise.
    """

    lesson: str
    exercise: str
    match: Match
    names: tuple[str, ...]
    told: tuple[tuple[str, str], ...]
    learners: tuple[str, ...]
    tried: int


def misconceptions_of(lesson: str, records: Mapping[str, Record], wrong: Sequence[WrongAnswer]) -> list[Met]:
    """The ways in which learners fail the exercises of one lesson, by exercise, the most frequent first."""
    plain: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for answer in wrong:
        plain.setdefault(answer.exercise, []).append(
            (answer.name, {check: _without_addresses(message) for check, message in answer.told.items()}))
    tried: dict[str, int] = {}
    groups: dict[tuple[str, Match, tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = {}
    for learner, record in records.items():
        for exercise, checks in _by_exercise(record.checks).items():
            # What did not run has not been judged, and says nothing of what somebody thinks.
            if not checks[0].attempted or any(check.status == "not_run" for check in checks):
                continue
            tried[exercise] = tried.get(exercise, 0) + 1
            failed = [check for check in checks if check.status != "passed"]
            if failed:
                group = (exercise, *_matched(failed, plain.get(exercise, [])))
                groups.setdefault(group, []).append(learner)
    order = list(tried)
    met = [Met(lesson, exercise, match, names, told, tuple(sorted(learners)), tried[exercise])
           for (exercise, match, names, told), learners in groups.items()]
    return sorted(met, key=lambda one: (order.index(one.exercise), -len(one.learners), one.told))


def _matched(failed: list[CheckSeen], wrong: Iterable[tuple[str, dict[str, str]]]
             ) -> tuple[Match, tuple[str, ...], tuple[tuple[str, str], ...]]:
    told = {check.id: _without_addresses(check.message) for check in failed}
    if names := tuple(name for name, their in wrong if their == told):
        return "all", names, tuple(told.items())
    # The sentence about a hidden part is the same for everybody who fails it.
    telling = {check.id: told[check.id] for check in failed if not check.hidden}
    shared = {name: [check for check in telling if their.get(check) == telling[check]] for name, their in wrong}
    most = max(map(len, shared.values()), default=0)
    if most:
        nearest = {name: checks for name, checks in shared.items() if len(checks) == most}
        checks = next(iter(nearest.values()))
        names = tuple(name for name, theirs in nearest.items() if theirs == checks)
        return "some", names, tuple((check, told[check]) for check in checks)
    return "none", (), tuple((telling or told).items())[:1]


def _by_exercise(checks: Iterable[CheckSeen]) -> dict[str, list[CheckSeen]]:
    found: dict[str, list[CheckSeen]] = {}
    for check in checks:
        found.setdefault(check.exercise, []).append(check)
    return found


def _without_addresses(message: str) -> str:
    return _ADDRESS.sub("0x…", message)
