"""Everything that is tried against the checks of one exercise, in forks taken where the solution has reached it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from nbformat import NotebookNode

from autograder.course import Answer, Equivalent, Lesson
from autograder.execution import EngineError
from autograder.grading import NO_MESSAGE, Key, Runs
from autograder.quality.asserts import Assertion, assertions_of
from autograder.quality.mutants import Mutant
from autograder.quality.trials import Trial, Trials

_LEAST_QUOTED = 12  # characters of a hidden line; shorter ones stand in any message


@dataclass
class ExerciseProof:
    """What was found of one exercise; the fields are those of a `LessonProof`."""

    exercise: str
    right_accepted: int = 0
    wrong_rejected: int = 0
    killed: list[Mutant] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)
    equivalents: list[tuple[Mutant, str]] = field(default_factory=list)
    noticed: list[Assertion] = field(default_factory=list)
    unnoticed: list[Assertion] = field(default_factory=list)
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    trials: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tried:
    """What is tried of one exercise.

    Attributes:
        answers: right and wrong ones.
        equivalents: entries of judged.toml.
        inputs: source that generates inputs; empty if there is none.
        without_asserts: whether every assert is taken out in turn.
    """

    exercise: str
    answers: Sequence[Answer]
    mutants: Sequence[Mutant]
    equivalents: Sequence[Equivalent]
    inputs: str
    without_asserts: bool


def try_exercise(key: Key, lesson: Lesson, solution: NotebookNode, tried: Tried, imports: tuple[str, ...],
                 runner: Runs, jobs: int) -> ExerciseProof:
    """Runs all of it, this many trials at a time."""
    proof = ExerciseProof(tried.exercise)
    trials = Trials(key, solution, tried.exercise, imports, runner)
    source = next(cell.source for cell in solution.cells if cell.id == tried.exercise)
    try:
        own = trials.run(source)
    except EngineError as error:
        proof.problems.append(f"exercise '{tried.exercise}' cannot be reached with the solution: {error}")
        return proof
    if not own.accepted:
        proof.problems.append(f"the solution of '{tried.exercise}' fails {_listed(own)} in a fork of its own")
        return proof
    asserts = _Asserts(key, lesson, trials, own) if tried.without_asserts else None

    def try_answer(answer: Answer) -> Trial:
        trial = trials.run(answer.source)
        if asserts and not answer.right:
            asserts.try_without(answer.source, [check for check in answer.fails if check in trial.failed])
        return trial

    def try_mutant(mutant: Mutant) -> Trial:
        trial = trials.run_mutant(mutant.source, own)
        # One that two checks reject is still rejected when either lacks an assert.
        if asserts and len(trial.failed) == 1:
            asserts.try_without(mutant.source, list(trial.failed))
        return trial

    def try_others(answer: Answer) -> list[str]:
        return [f"with the wrong answer '{answer.name}' to '{answer.exercise}' the solution of '{exercise}' loses "
                f"points: {check.id}: {check.message}" for exercise, check in trials.failed_by_others(answer.source)]

    first_wrong = [answer for answer in tried.answers if not answer.right][:1]
    found = in_parallel(jobs, [*(partial(try_others, answer) for answer in first_wrong),
                              *(partial(try_answer, answer) for answer in tried.answers),
                              *(partial(try_mutant, mutant) for mutant in tried.mutants)])
    for _ in first_wrong:
        proof.problems += found.pop(0)
    for answer in tried.answers:
        trial = found.pop(0)
        proof.trials += 1
        proof.problems += _hold_against(answer, trial, proof)
        if not answer.right:
            proof.messages[f"{tried.exercise}: {answer.name}"] = dict(trial.failed)
            proof.problems += _unfair(key, answer, trial.failed)
    for mutant, trial in zip(tried.mutants, found, strict=True):
        proof.trials += 1
        (proof.survivors if trial.accepted else proof.killed).append(mutant)
    _hold_equivalents(trials, source, tried, proof)
    if asserts:
        proof.noticed, proof.unnoticed = asserts.noticed, asserts.unnoticed
    return proof


class _Asserts:
    """The asserts of an exercise's checks, and which of them something needs."""

    def __init__(self, key: Key, lesson: Lesson, trials: Trials, solution: Trial) -> None:
        sources = {cell.id: cell for cell in lesson.checks(trials.exercise)}
        self.unnoticed = [assertion for cell in key.of_kind("check") if cell.exercise == trials.exercise
                          for assertion in assertions_of(cell, sources[cell.check])]
        self.noticed: list[Assertion] = []
        self._trials, self._solution, self._lock = trials, solution, Lock()

    def try_without(self, source: str, checks: Sequence[str]) -> None:
        """Takes out each assert of these checks, all of which reject an answer as they are."""
        chosen = [assertion for assertion in self.unnoticed if assertion.check in checks]
        passing = self._trials.passing_without(source, chosen, self._solution)
        with self._lock:
            for assertion in passing & set(self.unnoticed):
                self.unnoticed.remove(assertion)
                self.noticed.append(assertion)


def _hold_against(answer: Answer, trial: Trial, proof: ExerciseProof) -> list[str]:
    """What is not as the author of an answer says."""
    if answer.right:
        proof.right_accepted += trial.accepted
        return [f"the right answer '{answer.name}' (answers.py:{answer.line}) of '{answer.exercise}' fails check "
                f"'{check.id}': {check.message} {trial.problem}".rstrip()
                for check in trial.checks.values() if check.status != "passed"]
    missed = [check for check in answer.fails if trial.checks[check].status == "passed"]
    proof.wrong_rejected += not missed
    return [f"the wrong answer '{answer.name}' of '{answer.exercise}' (answers.py:{answer.line}) passes check '{check}'"
            for check in missed]


def _unfair(key: Key, answer: Answer, told: Mapping[str, str]) -> list[str]:
    """Messages that tell a learner nothing, or too much."""
    short = []
    for cell in key.of_kind("check"):
        message = told.get(cell.check, "-")
        hidden = [line.strip() for part in cell.parts[cell.hidden_from:] for line in part.splitlines()]
        where = f"check '{cell.check}' tells those who answer '{answer.name}' (answers.py:{answer.line})"
        if message in {NO_MESSAGE, "AssertionError", ""}:
            short.append(f"{where} nothing: its assert needs a message")
        if any(len(line) >= _LEAST_QUOTED and line in message for line in hidden):
            short.append(f"{where} its hidden source: {message}")
    return short


def _hold_equivalents(trials: Trials, source: str, tried: Tried, proof: ExerciseProof) -> None:
    """Moves those survivors that the author lists, and that inputs do not tell from the solution."""
    for entry in tried.equivalents:
        def is_meant(mutant: Mutant, entry: Equivalent = entry) -> bool:
            return (mutant.before, mutant.after) == (entry.before, entry.after)

        which = f"'{entry.before}' -> '{entry.after}' of '{entry.exercise}' in judged.toml"
        meant = [mutant for mutant in proof.survivors if is_meant(mutant)]
        if not meant:
            # Of a sample it may just not be part.
            if not any(map(is_meant, tried.mutants)):
                proof.problems.append(f"{which} is none of its mutants (any more): take the entry out")
            else:
                proof.problems.append(f"{which} is noticed by a check: take the entry out")
        elif not tried.inputs:
            proof.problems.append(f"{which} cannot be held against generated inputs: answers.py needs a cell "
                                  f"inputs=\"{entry.exercise}\"")
        for mutant in meant if tried.inputs else []:
            if difference := trials.difference(source, mutant.source, tried.inputs):
                proof.problems.append(f"{which} is not equivalent: {difference}")
            else:
                proof.survivors.remove(mutant)
                proof.equivalents.append((mutant, entry.reason))


def _listed(trial: Trial) -> str:
    return "; ".join(f"{check}: {message}" for check, message in trial.failed.items())


def in_parallel(jobs: int, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What calls return, in their order; when one raises, those that have not begun never do."""
    pool = ThreadPoolExecutor(jobs)
    try:
        found = [future.result() for future in [pool.submit(call) for call in calls]]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return found
