"""Everything that the cohort's page tells, worked out lesson by lesson: the records of one are in memory at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from autograder.course import Course
from autograder.quality.wrong_answers import WrongAnswer
from autograder.reports.cohort_answers import answer_pieces, answers_in, given_pieces
from autograder.reports.cohort_data import Cohort, Records, read_records
from autograder.reports.cohort_progress import (
    Attention,
    LessonProgress,
    Stopped,
    attention_in,
    progress_of,
    stopped_in,
)
from autograder.reports.item_analysis import Item, items_of
from autograder.reports.misconceptions import Met, misconceptions_of
from autograder.reports.similarity import Alike, alike
from autograder.reports.workers import Workers

MOST_PAIRS = 100


@dataclass(frozen=True)
class Pair:
    """Two answers that are alike, with their text."""

    lesson: str
    alike: Alike
    first: str
    second: str


@dataclass
class Findings:
    """What was found out about a cohort.

    Attributes:
        pairs: the answers most alike, the heaviest first; `all_pairs` is how many there are.
    """

    cohort: Cohort
    stopped: Stopped
    progress: list[LessonProgress] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    met: list[Met] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    all_pairs: int = 0


def study(course: Course, cohort: Cohort, wrong: Mapping[str, tuple[WrongAnswer, ...]],
          tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> Findings:
    """Works out everything about a cohort.

    Args:
        wrong: what the wrong answers of each lesson are told; a lesson may be missing.
        tell: called with what is being done, how many steps are done, and how many there are.
    """
    findings = Findings(cohort, stopped_in(cohort))
    pairs: list[tuple[str, Alike]] = []
    with Workers() as workers:
        for number, lesson in enumerate(cohort.lessons):
            tell(lesson, number, len(cohort.lessons))
            records = read_records(course.root, lesson, cohort.standings[lesson])
            _add_lesson(findings, course, lesson, records, wrong.get(lesson, ()))
            if records.read:
                pairs += _alike(findings, course, lesson, records, workers)
    for lesson, one in nlargest(MOST_PAIRS, pairs, key=lambda pair: pair[1].weight):
        first, second = (answers_in(course.root, lesson, learner, [one.exercise]).get(one.exercise, "")
                         for learner in (one.first, one.second))
        findings.pairs.append(Pair(lesson, one, first, second))
    return findings


def _add_lesson(findings: Findings, course: Course, lesson: str, records: Records,
                wrong: Sequence[WrongAnswer]) -> None:
    handed_in, standings = findings.cohort.handed_in[lesson], findings.cohort.standings[lesson]
    findings.progress.append(
        progress_of(lesson, len(handed_in), standings.values(), records, _digest(course, lesson)))
    findings.attention += attention_in(lesson, handed_in, standings, records)
    findings.items += items_of(lesson, records.read.values())
    findings.met += misconceptions_of(lesson, records.read, wrong)


def _alike(findings: Findings, course: Course, lesson: str, records: Records,
           workers: Workers) -> list[tuple[str, Alike]]:
    found: list[tuple[str, Alike]] = []
    given = given_pieces(course.notebooks, lesson)
    for exercise, answers in answer_pieces(course.root, lesson, records.read, workers).items():
        pairs, count = alike(exercise, answers, given, MOST_PAIRS)
        found += [(lesson, pair) for pair in pairs]
        findings.all_pairs += count
    return found


def _digest(course: Course, lesson: str) -> str:
    """Of a lesson as it is now, as grading takes it; empty where it was never built."""
    try:
        return hashlib.sha256((course.solutions / lesson / f"{lesson}.ipynb").read_bytes()).hexdigest()
    except OSError:
        return ""
