"""What goes into a run and what comes out of it: plain data, JSON-able, the same for every way of running."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograder.course import Limits
from autograder.errors import MleError

_JSON_TYPE = re.compile(r"application/(.*\+)?json$")

Status = Literal["passed", "failed", "error", "timeout", "not_run"]


class EngineError(MleError):
    """A job could not be run at all; nothing is known of the submission."""


@dataclass(frozen=True)
class Step:
    """One code cell to run.

    Attributes:
        id: unique in the job.
        parts: pieces of source, run one after the other until one fails. A learner's cell is one part, a check with
            hidden tests two: so it is a fact, and not a guess from a traceback, which of them failed.
        check: whether this is test code, which the learner's hooks must not reach.
        group: checks of one group see the state at the first of them, and may see what the others of it did.
        hidden_from: of a check, the first part that learners never see: its source is compiled without a trace, its
            output is dropped, and nothing that they see runs after it.
        helpers: of a cell of the lesson's, functions, classes and modules that it makes; of a check, those that it
            needs, and finds as they were made.
    """

    id: str
    parts: tuple[str, ...]
    check: bool = False
    group: str = ""
    hidden_from: int = 1
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """A notebook to run.

    Attributes:
        steps: the code cells in order.
        folders: copied, in this order, into a fresh working directory: files the notebook may open.
        seed: for `random` and NumPy, set before the first cell.
        imports: modules that a warm process may load beforehand.
        before: cells that the steps find run already. Jobs with the same ones, folders and seed share one run of them
            in their warm process, outside any jail: for trusted code alone.
        in_place: the last group, if its checks are to run in the process of the cells itself. That saves a fork, where
            no cell runs after them.
        tracebacks: whether outputs show where an exception comes from, which takes some 0.02 s for each.
        hash_seed: what Python's hashes of text begin with, and so the order of sets; only a warm process heeds it.
        modules: those among the files in its folders that checks find as they were.
        services: whether it starts services on this machine's own address and calls them.
    """

    steps: tuple[Step, ...]
    folders: tuple[Path, ...] = ()
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    imports: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    in_place: str = ""
    tracebacks: bool = True
    hash_seed: int = 0
    services: bool = False
    modules: tuple[str, ...] = ()


@dataclass
class StepFact:
    """What was seen of one cell.

    Attributes:
        status: `passed` only if the cell was seen to start and to finish without an exception; `failed` for an
            AssertionError, `error` for any other exception.
        part: index of the part that did not pass, or of the last one.
        outputs: nbformat outputs of each part that ran.
        error: exception type and text, empty when passed.
        reason: why it timed out or did not run, in words for the learner.
        seconds: wall time.
    """

    id: str
    status: Status = "not_run"
    part: int = 0
    outputs: list[list[dict[str, Any]]] = field(default_factory=list)
    error: tuple[str, str] = ("", "")
    reason: str = ""
    seconds: float = 0.0


@dataclass
class RunRecord:
    """What was seen of a whole run.

    Attributes:
        facts: one per step, by id.
        seconds: wall time from start to end of the process.
        peak_memory_mb: highest resident memory of the process and its children that was seen, in MiB.
        ended: `completed`, or why it did not get to its end, in words.
    """

    facts: dict[str, StepFact]
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    ended: str = "completed"


def checked_output(output: Any) -> dict[str, Any] | None:
    """An output with what nbformat knows of it and nothing else; None for what is no output.

    Code of a notebook decides what arrives here, and one output that is not valid would spoil the whole file.
    """
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in {"stdout", "stderr"} and isinstance(output.get("text"), str):
        return {"output_type": kind, "name": output["name"], "text": output["text"]}
    if kind == "error" and isinstance(output.get("traceback"), list):
        return {"output_type": kind, "ename": str(output.get("ename")), "evalue": str(output.get("evalue")),
                "traceback": [str(line) for line in output["traceback"]]}
    if kind in {"display_data", "execute_result"} and isinstance(output.get("data"), dict):
        metadata, count = output.get("metadata"), output.get("execution_count")
        checked = {"output_type": kind, "data": checked_data(output["data"]),
                   "metadata": metadata if isinstance(metadata, dict) else {}}
        return checked if kind == "display_data" else checked | {
            "execution_count": count if isinstance(count, int) else None}
    return None


def checked_data(data: dict[str, Any]) -> dict[str, Any]:
    """Of what is displayed, by media type, that which nbformat allows: text, and JSON for types of JSON."""
    return {key: value for key, value in data.items() if isinstance(value, str) or _JSON_TYPE.match(key)
            or (isinstance(value, list) and all(isinstance(line, str) for line in value))}


def truncation_note(most_bytes: int) -> str:
    """What stands in place of outputs that were left out."""
    return f"\n[output longer than {most_bytes // 1024} KiB: the rest is left out]\n"
