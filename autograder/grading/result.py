"""Scores from facts: a check earns its points if it was seen to start and to finish without an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.course import has_code
from autograder.execution import RunRecord, Status, StepFact
from autograder.grading.credit import points_for
from autograder.grading.key import Key, KeyCell

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST_MESSAGE = 600
_SYNTAX = {"SyntaxError", "IndentationError", "TabError"}
_CELL_FILE = re.compile(r"\((?:<[^()]*>|\d+\.py), line (\d+)\)$")
_HIDDEN_FAILED = "A hidden test did not pass."
NO_MESSAGE = "An assertion of this check does not hold."
AT_GRADING = "It passed as far as it is here. The rest of it runs at grading."


@dataclass(frozen=True)
class CheckResult:
    """One check cell.

    Attributes:
        id: the check's id as in the lesson's source.
        message: why it did not earn all its points, in words for the learner; empty when it did.
        hidden: whether it was the hidden part that did not pass.
    """

    id: str
    points: float
    earned: float
    status: Status
    message: str = ""
    hidden: bool = False
    seconds: float = 0.0

    @property
    def pending(self) -> float:
        """Points that only grading can give: in a learner's kit, where a part of the check is missing."""
        return self.points if self.message == AT_GRADING else 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise with its checks.

    Attributes:
        attempted: whether the cell differs from the one handed out.
        problem: why the learner's own cell did not run through; empty when it did.
        ran: whether it began to run; not so where the notebook ended before it.
    """

    id: str
    attempted: bool
    problem: str
    checks: tuple[CheckResult, ...]
    ran: bool = True

    points: float = field(init=False)
    earned: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", sum(check.points for check in self.checks))
        object.__setattr__(self, "earned", sum(check.earned for check in self.checks))

    @property
    def pending(self) -> float:
        """Points that only grading can give, if nothing stands against them here."""
        return sum(check.pending for check in self.checks)

    @property
    def solved(self) -> bool:
        """Whether every check has passed, as far as it is here."""
        return all(check.earned + check.pending == check.points for check in self.checks)


@dataclass(frozen=True)
class Result:
    """A graded notebook.

    Attributes:
        essay_points: points that only a person can give, for essays and tasks; not in `points`.
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
    def pending(self) -> float:
        """Points that only grading can give, if nothing stands against them here."""
        return sum(exercise.pending for exercise in self.exercises)

    @property
    def checks(self) -> dict[str, CheckResult]:
        return {check.id: check for exercise in self.exercises for check in exercise.checks}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def judge(key: Key, notebook: NotebookNode, record: RunRecord, repairs: tuple[str, ...],
          values: Mapping[str, float] | None = None) -> Result:
    """Turns what was seen of a run into points and messages.

    Args:
        values: of checks that gave part of their points, how many, by cell id.
    """
    values = values or {}
    sources = {cell.id: cell.source for cell in notebook.cells}
    of_exercise: dict[str, list[KeyCell]] = {}
    for cell in key.cells:
        if cell.kind == "exercise":
            of_exercise.setdefault(cell.id, [])
        elif cell.kind == "check":
            of_exercise.setdefault(cell.exercise, []).append(cell)
    fixed = {cell.id: cell for cell in key.cells}
    exercises = []
    for identity, cells in of_exercise.items():
        attempted = identity not in fixed or sources[identity].split() != fixed[identity].source.split()
        fact = record.facts.get(identity)
        problem = _problem(fact) if attempted else ""
        # In other courses the cell above a check need not be all that it tests, so its being untouched says little.
        asked = attempted or not key.ours
        checks = tuple(_judge_check(cell, record.facts[cell.id], asked, values.get(cell.id), problem) for cell in cells)
        ran = fact is None or fact.status != "not_run"
        exercises.append(ExerciseResult(identity, attempted, problem, checks, ran))
    return Result(
        lesson=key.lesson, lesson_digest=key.digest, exercises=tuple(exercises),
        essay_points=sum(cell.points for cell in (*key.of_kind("essay"), *key.of_kind("task"))), repairs=repairs,
        ended=record.ended,
        seconds=round(record.seconds, 3), peak_memory_mb=round(record.peak_memory_mb, 1))


def judge_checks(key: Key, exercise: str, record: RunRecord) -> tuple[tuple[CheckResult, ...], str]:
    """Of a run of one exercise alone: its checks, and why its own cell did not run through."""
    cells = [cell for cell in key.of_kind("check") if cell.exercise == exercise]
    return (tuple(_judge_check(cell, record.facts[cell.id], True, None) for cell in cells),
            _problem(record.facts[exercise]))


def write_outputs(key: Key, notebook: NotebookNode, record: RunRecord, result: Result) -> None:
    """Puts outputs into the notebook, and takes every hidden test's source and output out of it."""
    fixed = {cell.id: cell for cell in key.cells}
    numbers = _numbers(key, notebook, record)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        fact = record.facts.get(cell.id)
        cell.outputs = []
        cell.execution_count = numbers.get(cell.id)
        if fact is None:
            continue
        if fixed.get(cell.id) is None or fixed[cell.id].kind != "check":
            cell.outputs = [NotebookNode(output) for part in fact.outputs for output in part]
            if fact.reason:
                cell.outputs.append(_error_output(fact.error[0] or "NotRun", fact.reason))
            continue
        check = result.checks[fixed[cell.id].check]
        visible, hidden_from = fixed[cell.id].visible, fixed[cell.id].hidden_from
        if hidden_from and fact.outputs and not check.hidden:
            cell.outputs = [NotebookNode(output) for output in fact.outputs[0]]
        if check.status != "passed" and (check.hidden or not any(o.output_type == "error" for o in cell.outputs)):
            cell.outputs.append(_error_output("CheckFailed", check.message))
        if hidden_from < len(fixed[cell.id].parts):
            cell.source = f"{visible}\n# A hidden test ran here." if visible else "# A hidden test ran here."


def _numbers(key: Key, notebook: NotebookNode, record: RunRecord) -> dict[str, int]:
    """The `In [ ]` of each cell that ran, as tracebacks name it. Checks, which run beside the notebook, have none."""
    uncounted = {cell.id for cell in key.of_kind("check")} | {c.id for c in notebook.cells if not c.source.strip()}
    ran = [identity for identity, fact in record.facts.items()
           if fact.status != "not_run" and identity not in uncounted]
    return {identity: number for number, identity in enumerate(ran, start=1)}


def _judge_check(cell: KeyCell, fact: StepFact, attempted: bool, value: float | None,
                 problem: str = "") -> CheckResult:
    in_hidden = fact.part >= cell.hidden_from and cell.hidden_from < len(cell.parts)
    passed = fact.status == "passed"
    earned, message = points_for(value, cell.points) if passed else (0.0, "")
    if passed and cell.at_grading:
        # Where nothing of it is here, that "nothing" passed says nothing of a cell that did not run through.
        stands = has_code(cell.visible) or not problem
        earned, message = 0.0, "not attempted yet" if not attempted else AT_GRADING if stands else "It runs at grading."
    return CheckResult(
        id=cell.check, points=cell.points, earned=earned, status=fact.status,
        message=message if passed else _message(cell, fact, attempted, in_hidden), hidden=in_hidden and not passed,
        seconds=round(fact.seconds, 3))


def _message(cell: KeyCell, fact: StepFact, attempted: bool, in_hidden: bool) -> str:
    if not attempted:
        return "not attempted yet"
    if in_hidden:
        # Nothing but constants: text of an exception could carry the hidden test's values.
        sentence = (f"A check that runs only at grading did not pass. It tries: {cell.hidden}." if cell.hidden
                    else _HIDDEN_FAILED)
        return f"{sentence} {_capital(fact.reason)}." if fact.status in {"timeout", "not_run"} else sentence
    if fact.reason:
        return _capital(fact.reason) + "."
    name, text = fact.error[0], _text_of(fact)
    if fact.status == "failed":
        return _shortened(text) or NO_MESSAGE
    return _shortened(f"{name}: {text}" if text else name)


def _problem(fact: StepFact | None) -> str:
    if fact is None or fact.status == "passed":
        return ""
    if fact.status == "not_run":
        return f"Your cell was {fact.reason}."
    if fact.reason:
        return f"Your cell did not finish: {fact.reason}."
    return _shortened(f"Your cell stopped with {fact.error[0]}: {_text_of(fact)}")


def _text_of(fact: StepFact) -> str:
    """An exception's text. Where a cell's syntax is wrong it names a file that no learner ever sees."""
    text = _ANSI.sub("", fact.error[1]).strip()
    return _CELL_FILE.sub(r"(line \1 of the cell)", text) if fact.error[0] in _SYNTAX else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE - 2] + " …"


def _error_output(name: str, text: str) -> NotebookNode:
    return NotebookNode(output_type="error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
