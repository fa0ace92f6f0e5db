"""Tries answers to one exercise, each in a fork taken where the solution has reached that exercise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from autograder.execution import Job, RunRecord, Step
from autograder.grading import CheckResult, Key, Runs, job_of, judge_checks, restore
from autograder.quality.asserts import Assertion
from autograder.quality.equivalence import comparison

_LEAST_SECONDS = 1.0
_TIMES_THE_SOLUTION = 10
_COMPARISON_SECONDS = 300.0


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
        return not self.failed

    @property
    def failed(self) -> Mapping[str, str]:
        """What the checks that do not pass say, by their ids."""
        return {check.id: check.message for check in self.checks.values() if check.status != "passed"}


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
        whole = replace(job_of(key, restore(key, solution).notebook), imports=imports,
                        tracebacks=False)
        at = next(place for place, step in enumerate(whole.steps) if step.id == exercise)
        last = max(place for place, step in enumerate(whole.steps) if step.group == exercise)
        before = tuple(step.parts[0] for step in whole.steps[:at] if not step.check)
        steps = tuple(step for step in whole.steps[at:last + 1] if not step.check or step.group == exercise)
        self._job = replace(whole, steps=steps, before=before, in_place=exercise)
        self._rest = replace(whole, steps=whole.steps[at:], before=before)

    def run(self, source: str) -> Trial:
        """Tries an answer with all the time that the lesson gives."""
        return self._run(source, self._job)

    def run_mutant(self, source: str, solution: Trial) -> Trial:
        """Tries one that may well hang: with little more time than the solution takes.

        Args:
            solution: the trial of the solution itself.
        """
        return self._run(source, self._in_haste(solution))

    def failed_by_others(self, source: str) -> list[tuple[str, CheckResult]]:
        """Tries an answer with all of the notebook that follows.

        Returns:
            Later exercises with their checks that then do not pass; none for what could not run to its end.
        """
        record = self._run_steps(source, self._rest)
        later = dict.fromkeys(step.group for step in self._rest.steps if step.check and step.group != self.exercise)
        return [(exercise, check) for exercise in later for check in judge_checks(self._key, exercise, record)[0]
                if check.status != "passed" and (record.ended == "completed" or check.status != "not_run")]

    def passing_without(self, source: str, assertions: Sequence[Assertion], solution: Trial) -> set[Assertion]:
        """The assertions without which an answer passes their check."""
        if not assertions:
            return set()
        job, hidden_from = self._in_haste(solution), {cell.check: cell.hidden_from for cell in self._key.cells}
        steps = {f"~{number}": assertion for number, assertion in enumerate(assertions)}
        record = self._runner.run(replace(job, in_place="", steps=(replace(job.steps[0], parts=(source,)), *(
            Step(identity, assertion.parts, check=True, group=identity, hidden_from=hidden_from[assertion.check])
            for identity, assertion in steps.items()))))
        return {steps[identity] for identity in steps if record.facts[identity].status == "passed"}

    def difference(self, solution: str, mutant: str, inputs: str) -> str:
        """What a mutant does otherwise with generated inputs; empty if it cannot be told from the solution.

        Args:
            solution, mutant: sources of the exercise's cell.
            inputs: source of a function `outcome(rng)`.
        """
        limits = replace(self._job.limits, cell_seconds=_COMPARISON_SECONDS, notebook_seconds=_COMPARISON_SECONDS)
        answer = replace(self._job.steps[0], parts=(solution,))
        compare = Step("~compare", (comparison(mutant, inputs),), check=True, group="~compare")
        record = self._runner.run(replace(self._job, in_place="", steps=(answer, compare), limits=limits))
        fact = record.facts[compare.id]
        return "" if fact.status == "passed" else fact.error[1] or fact.reason or record.ended

    def _in_haste(self, solution: Trial) -> Job:
        slowest = max(check.seconds for check in solution.checks.values())
        seconds = min(max(_LEAST_SECONDS, _TIMES_THE_SOLUTION * slowest), self._job.limits.cell_seconds)
        return replace(self._job, limits=replace(self._job.limits, cell_seconds=seconds))

    def _run_steps(self, source: str, job: Job) -> RunRecord:
        answer, *others = job.steps
        return self._runner.run(replace(job, steps=(replace(answer, parts=(source,)), *others)))

    def _run(self, source: str, job: Job) -> Trial:
        record = self._run_steps(source, job)
        checks, problem = judge_checks(self._key, self.exercise, record)
        return Trial({check.id: check for check in checks}, problem)
