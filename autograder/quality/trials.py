"""Tries answers to one exercise, each in a fork taken where the solution has reached that exercise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from autograder.execution import Job
from autograder.grading import CheckResult, Key, Runs, job_of, judge_checks, restore

_LEAST_SECONDS = 1.0
_TIMES_THE_SOLUTION = 10


@dataclass(frozen=True)
class Trial:
    """What became of an answer.

    Attributes:
        checks: of its exercise, by id.
        problem: why its own cell did not run through; empty when it did.
    """

    checks: Mapping[str, CheckResult]
    problem: str

    @property
    def accepted(self) -> bool:
        return all(check.status == "passed" for check in self.checks.values())


class Trials:
    """An exercise of a lesson, and the solution up to it, run once.

    Args:
        solution: the lesson's solution notebook.
        imports: what a warm process may load beforehand.
        runner: what runs notebooks.
    """

    def __init__(self, key: Key, solution: NotebookNode, exercise: str, imports: tuple[str, ...],
                 runner: Runs) -> None:
        self._key, self._runner, self.exercise = key, runner, exercise
        whole = job_of(key, restore(key, solution).notebook)
        at = next(place for place, step in enumerate(whole.steps) if step.id == exercise)
        last = max(place for place, step in enumerate(whole.steps) if step.group == exercise)
        before = tuple(step.parts[0] for step in whole.steps[:at] if not step.check)
        steps = tuple(step for step in whole.steps[at:last + 1] if not step.check or step.group == exercise)
        self._job = replace(whole, steps=steps, before=before, imports=imports)

    def run(self, source: str) -> Trial:
        """Tries an answer with all the time that the lesson gives."""
        return self._run(source, self._job)

    def run_mutant(self, source: str, solution: Trial) -> Trial:
        """Tries one that may well hang: with little more time than the solution takes.

        Args:
            solution: the trial of the solution itself.
        """
        slowest = max(check.seconds for check in solution.checks.values())
        seconds = min(max(_LEAST_SECONDS, _TIMES_THE_SOLUTION * slowest), self._job.limits.cell_seconds)
        limits = replace(self._job.limits, cell_seconds=seconds)
        return self._run(source, replace(self._job, limits=limits))

    def _run(self, source: str, job: Job) -> Trial:
        answer, *others = job.steps
        record = self._runner.run(replace(job, steps=(replace(answer, parts=(source,)), *others)))
        checks, problem = judge_checks(self._key, self.exercise, record)
        return Trial({check.id: check for check in checks}, problem)
