"""How far a cohort has come, who has stopped, and which submissions a person should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from autograder.reports.cohort_data import Cohort, Records, Standing

BINS = 10  # of the distribution of scores
STOPPED_LESSONS, STOPPED_DAYS = 2, 14


@dataclass(frozen=True)
class LessonProgress:
    """One lesson's row.

    Attributes:
        handed_in, graded: learners.
        full: of those graded, how many have every point and wait for nobody.
        waiting: of those graded, for how many a person still has to give points.
        late: of those graded, how many lost points for being late.
        median: of the share of points that those graded have so far; None where nobody is.
        bins: how many of those graded lie in each tenth of the points; full marks lie in the last.
        outdated: how many were graded with another text of the lesson than the one that lies in `solutions/` now.
    """

    lesson: str
    handed_in: int
    graded: int
    full: int
    waiting: int
    late: int
    median: float | None
    bins: tuple[int, ...]
    outdated: int


@dataclass(frozen=True)
class StoppedLearner:
    """Somebody who began and has not gone on; `behind` counts lessons."""

    learner: str
    last_lesson: str
    last_hand_in: datetime | None
    handed_in: int
    behind: int


@dataclass(frozen=True)
class Stopped:
    """Who has stopped, and what that was held against.

    Attributes:
        frontier: the furthest lesson that at least half of those who have begun have handed in; empty if there is none.
        newest: when the cohort last handed something in; None where no time is known.
        never_began: learners who have handed in nothing.
    """

    frontier: str
    newest: datetime | None
    learners: tuple[StoppedLearner, ...]
    never_began: tuple[str, ...]


@dataclass(frozen=True)
class Attention:
    """Submissions of one lesson that somebody should look at, all for the same reasons."""

    lesson: str
    reasons: tuple[str, ...]
    learners: tuple[str, ...]


def progress_of(lesson: str, handed_in: int, standings: Iterable[Standing], records: Records,
                digest: str) -> LessonProgress:
    """One lesson's row.

    Args:
        handed_in: how many learners handed in, graded or not.
        digest: of the lesson as it is now.
    """
    standings = list(standings)
    shares = [standing.share for standing in standings]
    bins = Counter(min(max(int(share * BINS + 1e-9), 0), BINS - 1) for share in shares)
    return LessonProgress(
        lesson, handed_in, len(standings),
        full=sum(not standing.waiting and 0 < standing.points <= standing.earned for standing in standings),
        waiting=sum(standing.waiting for standing in standings),
        late=sum(standing.penalty > 0 for standing in standings),
        median=median(shares) if shares else None, bins=tuple(bins[place] for place in range(BINS)),
        outdated=sum(record.lesson_digest != digest for record in records.read.values()) if digest else 0)


def stopped_in(cohort: Cohort) -> Stopped:
    """Who has handed in something, and then nothing of what most of the others have gone on to.

    Somebody has stopped whose furthest lesson lies STOPPED_LESSONS or more before the furthest one that half of those
    who have begun have handed in; or fewer before it, if the last hand-in is STOPPED_DAYS older than the cohort's last.
    """
    furthest: dict[str, int] = {}
    counts: Counter[str] = Counter()
    latest: dict[str, datetime] = {}
    for place, lesson in enumerate(cohort.lessons):
        for learner, time in cohort.handed_in[lesson].items():
            furthest[learner] = place
            counts[learner] += 1
            if time is not None:
                latest[learner] = max(time, latest.get(learner, time))
    reached = [place for place, lesson in enumerate(cohort.lessons)
               if furthest and 2 * len(cohort.handed_in[lesson]) >= len(furthest)]
    newest = max(latest.values(), default=None)
    found = []
    for learner, place in furthest.items():
        behind = reached[-1] - place if reached else 0
        silent = learner in latest and newest - latest[learner] > timedelta(days=STOPPED_DAYS)
        if behind >= STOPPED_LESSONS or (behind > 0 and silent):
            found.append(StoppedLearner(learner, cohort.lessons[place], latest.get(learner), counts[learner], behind))
    return Stopped(cohort.lessons[reached[-1]] if reached else "", newest,
                   tuple(sorted(found, key=lambda one: (-one.behind, one.learner))),
                   tuple(sorted(set(cohort.names) - set(furthest))))


def attention_in(lesson: str, handed_in: Iterable[str], standings: Mapping[str, Standing],
                 records: Records) -> list[Attention]:
    """The submissions of one lesson that a person should look at, with every reason."""
    found: dict[tuple[str, ...], list[str]] = {}
    for learner in sorted({*handed_in, *standings}):
        reasons = []
        if learner not in standings:
            reasons.append("handed in, and not graded yet")
        if learner in records.unreadable:
            reasons.append(records.unreadable[learner])
        if record := records.read.get(learner):
            if record.ended != "completed":
                reasons.append(f"the run did not get to its end: {record.ended}")
            reasons += record.repairs
            reasons += [f"audit, check '{check}': {evidence}" for check, evidence in record.flags]
            slow = [check.id for check in record.checks if check.status == "timeout"]
            if slow:
                reasons.append(f"ran out of time: {', '.join(slow)}")
        if reasons:
            found.setdefault(tuple(reasons), []).append(learner)
    return [Attention(lesson, reasons, tuple(learners)) for reasons, learners in found.items()]
