"""What verification found of a lesson: plain data, for tables, pages and JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.quality.mutants import Mutant


@dataclass(frozen=True)
class NamedMutant:
    """A mutant that passes every check.

    Attributes:
        line: of lesson.py.
        reason: why it is no mistake at all, for one listed in judged.toml; otherwise empty.
    """

    exercise: str
    operator: str
    line: int
    before: str
    after: str
    reason: str = ""


def named(mutant: Mutant, first_line: int, reason: str = "") -> NamedMutant:
    """A mutant with its line of lesson.py.

    Args:
        first_line: of its cell's marker.
    """
    return NamedMutant(mutant.exercise, mutant.operator, first_line + mutant.line, mutant.before, mutant.after, reason)


@dataclass(frozen=True)
class NamedAssert:
    """An assert that can be taken out without verification noticing.

    Attributes:
        line: of lesson.py.
        reason: why it is kept, for one listed in judged.toml; otherwise empty.
    """

    check: str
    line: int
    text: str
    reason: str = ""


@dataclass
class LessonProof:
    """What verification found of one lesson.

    Attributes:
        solution, untouched: points through nbgrader; None when it could not grade the notebook.
        right_accepted, wrong_rejected: how many of the answers in answers.py were judged as their author says.
        mutants_killed: how many solutions with a small mistake in them some check rejects.
        mutants_total: how many were tried.
        survivors: those that no check rejects, but for the equivalents.
        equivalents: those judged by hand to be no mistake, which a thousand generated inputs did not gainsay.
        asserts_noticed: without how many of the asserts some wrong answer or mutant would pass that does not with them.
        asserts_total: how many asserts were taken out in turn; 0 if that was not asked for.
        unnoticed: the others.
        flaky: checks that did not come out the same with every seed.
        messages: what a learner is told for each wrong answer, by its name and the check.
        seconds: wall time of the solution's run.
        peak_memory_mb: of the solution's run, in MiB.
        trials: how many right answers, wrong ones and mutants were run.
        trial_seconds: wall time of those runs.
        problems: one sentence for everything that falls short; empty when the lesson is proven.
    """

    lesson: str
    points: float = 0
    solution: float | None = None
    untouched: float | None = None
    right_accepted: int = 0
    right_total: int = 0
    wrong_rejected: int = 0
    wrong_total: int = 0
    mutants_killed: int = 0
    mutants_total: int = 0
    survivors: list[NamedMutant] = field(default_factory=list)
    equivalents: list[NamedMutant] = field(default_factory=list)
    asserts_noticed: int = 0
    asserts_total: int = 0
    unnoticed: list[NamedAssert] = field(default_factory=list)
    flaky: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: float = 0
    peak_memory_mb: float = 0
    trials: int = 0
    trial_seconds: float = 0
    problems: list[str] = field(default_factory=list)

    @property
    def mutation_score(self) -> float:
        """Mutants killed, of those that are mistakes."""
        mistakes = self.mutants_total - len(self.equivalents)
        return self.mutants_killed / mistakes if mistakes else 1.0

    @property
    def trials_per_second(self) -> float:
        return self.trials / self.trial_seconds if self.trial_seconds else 0.0
