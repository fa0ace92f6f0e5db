"""How each check behaves in a cohort: how many pass it, and whether those who pass it do better in the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.reports.cohort_data import Record

ENOUGH = 30  # learners; with fewer, chance alone moves a correlation by 0.2 and more


@dataclass(frozen=True)
class Item:
    """One check.

    Attributes:
        tried: learners who attempted its exercise and whose check ran; the figures are theirs.
        difficulty: the share of them who passed it; None where nobody tried.
        discrimination: corrected point-biserial: the correlation of passing with the points earned in all other checks
            of the lesson. None where either is the same for everybody.
        seconds, most_seconds: median and maximum of its wall time at grading; None where nobody tried.
        flags: what to look at, in words.
    """

    lesson: str
    exercise: str
    check: str
    tried: int
    difficulty: float | None
    discrimination: float | None
    seconds: float | None
    most_seconds: float | None
    flags: tuple[str, ...]


def items_of(lesson: str, records: Iterable[Record]) -> list[Item]:
    """The checks of one lesson, in its order."""
    exercises: dict[str, str] = {}
    passed: dict[str, list[bool]] = {}
    rest: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for record in records:
        together = sum(check.earned for check in record.checks)
        for check in record.checks:
            exercises[check.id] = check.exercise
            if check.attempted and check.status != "not_run":
                passed.setdefault(check.id, []).append(check.status == "passed")
                rest.setdefault(check.id, []).append(together - check.earned)
                seconds.setdefault(check.id, []).append(check.seconds)
    return [_item(lesson, exercise, check, np.array(passed[check]), np.array(rest[check]), np.array(seconds[check]))
            if check in passed else Item(lesson, exercise, check, 0, None, None, None, None, ("nobody tried it",))
            for check, exercise in exercises.items()]


def point_biserial(passed: NDArray[np.bool_], rest: NDArray[np.float64]) -> float | None:
    """The correlation of passing with the rest score; None where either does not vary."""
    if passed.all() or not passed.any() or np.ptp(rest) == 0:
        return None
    return float(np.corrcoef(passed.astype(float), rest)[0, 1])


def _item(lesson: str, exercise: str, check: str, passed: NDArray[np.bool_], rest: NDArray[np.float64],
          seconds: NDArray[np.float64]) -> Item:
    discrimination = point_biserial(passed, rest)
    return Item(lesson, exercise, check, len(passed), float(passed.mean()), discrimination, float(np.median(seconds)),
                float(seconds.max()), _flags(passed, discrimination))


def _flags(passed: NDArray[np.bool_], discrimination: float | None) -> tuple[str, ...]:
    if len(passed) < ENOUGH:
        return ("too few to judge",)
    flags = []
    if discrimination is not None and discrimination < 0:
        flags.append("negative")
    if not passed.any():
        flags.append("nobody passes")
    return tuple(flags)
