"""Scores from facts: a check earns its points if it was seen to start and to finish without an exception."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.course import split_check
from autograder.execution import RunRecord, Status, StepFact
from autograder.grading.key import Key, KeyCell

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST_MESSAGE = 600


@dataclass(frozen=True)
class CheckResult:
    """One check cell.

    Attributes:
        id: the check's id as in the lesson's source.
        message: why it did not pass, in words for the learner; empty when it passed.
        hidden: whether it was the hidden part that did not pass.
    """

    id: str
    points: float
    earned: float
    status: Status
    message: str = ""
    hidden: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise with its checks.

    Attributes:
        attempted: whether the cell differs from the one handed out.
        problem: why the learner's own cell did not run through; empty when it did.
    """

    id: str
    attempted: bool
    problem: str
    checks: tuple[CheckResult, ...]

    points: float = field(init=False)
    earned: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", sum(check.points for check in self.checks))
        object.__setattr__(self, "earned", sum(check.earned for check in self.checks))

@dataclass(frozen=True)
class Result:
    """A graded notebook.

    Attributes:
        essay_points: points that only a person can give, not in `points`.
        repairs: what had to be put back before it was run.
        ended: `completed`, or why the run did not get to its end: then somebody should look at it.
        seconds: wall time of the run.
        peak_memory_mb: in MiB.
    """

    lesson: str
    lesson_digest: str
    exercises: tuple[ExerciseResult, ...]
    essay_points: float = 0
    repairs: tuple[str, ...] = ()
    ended: str = "completed"
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    points: float = field(init=False)
    earned: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", sum(exercise.points for exercise in self.exercises))
        object.__setattr__(self, "earned", sum(exercise.earned for exercise in self.exercises))

    @property
    def checks(self) -> dict[str, CheckResult]:
        return {check.id: check for exercise in self.exercises for check in exercise.checks}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def judge(key: Key, notebook: NotebookNode, record: RunRecord, repairs: tuple[str, ...]) -> Result:
    """Turns what was seen of a run into points and messages."""
    sources = {cell.id: cell.source for cell in notebook.cells}
    exercises = []
    for exercise in key.of_kind("exercise"):
        attempted = sources[exercise.id].split() != exercise.source.split()
        own = record.facts.get(exercise.id)
        checks = tuple(_judge_check(cell, record.facts[cell.id], attempted)
                       for cell in key.of_kind("check") if cell.exercise == exercise.id)
        exercises.append(ExerciseResult(exercise.id, attempted, _problem(own) if attempted else "", checks))
    return Result(
        lesson=key.lesson, lesson_digest=key.digest, exercises=tuple(exercises),
        essay_points=sum(cell.points for cell in key.of_kind("essay")), repairs=repairs, ended=record.ended,
        seconds=round(record.seconds, 3), peak_memory_mb=round(record.peak_memory_mb, 1))


def write_outputs(key: Key, notebook: NotebookNode, record: RunRecord, result: Result) -> None:
    """Puts outputs into the notebook, and takes every hidden test's source and output out of it."""
    fixed = {cell.id: cell for cell in key.cells}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        fact = record.facts.get(cell.id)
        cell.outputs = []
        cell.execution_count = None
        if fact is None:
            continue
        if fixed.get(cell.id) is None or fixed[cell.id].kind != "check":
            cell.outputs = [NotebookNode(output) for part in fact.outputs for output in part]
            if fact.reason:
                cell.outputs.append(_error_output(fact.error[0] or "NotRun", fact.reason))
            continue
        check = result.checks[_check_id(fixed[cell.id])]
        visible, hidden = split_check(fixed[cell.id].source)
        if visible and fact.outputs and not check.hidden:
            cell.outputs = [NotebookNode(output) for output in fact.outputs[0]]
        if check.status != "passed" and (check.hidden or not any(o.output_type == "error" for o in cell.outputs)):
            cell.outputs.append(_error_output("CheckFailed", check.message))
        if hidden:
            cell.source = f"{visible}\n# A hidden test ran here." if visible else "# A hidden test ran here."


def check_parts(cell: KeyCell) -> tuple[str, ...]:
    """The parts of a check to run, in order: what everybody sees, then what is hidden."""
    return tuple(part for part in split_check(cell.source) if part)


def _judge_check(cell: KeyCell, fact: StepFact, attempted: bool) -> CheckResult:
    parts = check_parts(cell)
    in_hidden = bool(split_check(cell.source)[1]) and fact.part == len(parts) - 1
    passed = fact.status == "passed"
    return CheckResult(
        id=_check_id(cell), points=cell.points, earned=cell.points if passed else 0.0, status=fact.status,
        message="" if passed else _message(cell, fact, attempted, in_hidden), hidden=in_hidden and not passed,
        seconds=round(fact.seconds, 3))


def _message(cell: KeyCell, fact: StepFact, attempted: bool, in_hidden: bool) -> str:
    if not attempted:
        return "not attempted yet"
    if in_hidden:
        # Nothing but constants: text of an exception could carry the hidden test's values.
        sentence = f"A check that runs only at grading did not pass. It tries: {cell.hidden}."
        return f"{sentence} {_capital(fact.reason)}." if fact.status in {"timeout", "not_run"} else sentence
    if fact.reason:
        return _capital(fact.reason) + "."
    name, text = fact.error
    text = _ANSI.sub("", text).strip()
    if fact.status == "failed":
        return _shortened(text) or "An assertion of this check does not hold."
    return _shortened(f"{name}: {text}" if text else name)


def _problem(fact: StepFact | None) -> str:
    if fact is None or fact.status == "passed":
        return ""
    if fact.reason:
        return f"Your cell did not finish: {fact.reason}."
    name, text = fact.error
    return _shortened(f"Your cell stopped with {name}: {_ANSI.sub('', text).strip()}")


def _check_id(cell: KeyCell) -> str:
    return cell.id.removeprefix("check-")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE - 2] + " …"


def _error_output(name: str, text: str) -> NotebookNode:
    return NotebookNode(output_type="error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
