"""Picks how to run a job on this system: in a jailed fork where Linux grants one, else in an ordinary kernel."""

from __future__ import annotations

import atexit
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from autograder.execution import kernel
from autograder.execution.record import EngineError, Job, RunRecord, Step

if TYPE_CHECKING:
    from autograder.execution.engine import Engine

_lock = threading.Lock()
_engine: Engine | None = None
_looked = False


def run(job: Job) -> RunRecord:
    """Runs a job as safely as this system can.

    Raises:
        EngineError: it could not be run at all.
    """
    engine = default_engine()
    return _in_a_kernel(job) if engine is None else engine.run(job)


def _in_a_kernel(job: Job) -> RunRecord:
    names = tuple(f"before~{number}" for number in range(len(job.before)))
    steps = tuple(Step(name, (source,)) for name, source in zip(names, job.before, strict=True))
    record = kernel.run(replace(job, steps=(*steps, *job.steps), before=()))
    for fact in [record.facts.pop(name) for name in names]:
        if fact.status != "passed":
            raise EngineError(f"A cell that is to run before stops with {': '.join(fact.error) or fact.reason}")
    return record


def imports_of(job: Job) -> tuple[str, ...]:
    """What a trusted job has loaded when it is done, to warm up with; nothing where jobs are not run in forks."""
    engine = default_engine()
    return () if engine is None else engine.imports_of(job)


def isolation() -> tuple[bool, str, str]:
    """How other people's code is isolated here: whether it is, what with, and what to do where it is not."""
    level = "none"
    if sys.platform == "linux":
        from autograder.execution.jail import available

        level = available().value
    cure = "Grade only what you trust, or grade on Linux; a virtual machine will do."
    return {
        "namespaces": (True, "Submissions run in namespaces: no files, processes or network but theirs.", ""),
        "landlock": (True, "Submissions run under Landlock and seccomp: no files but theirs, no network.",
                     "Lessons that start a service need namespaces, which this system refuses; a container may need "
                     "its own permission for them."),
    }.get(level, (False, "This system cannot isolate submissions: they would run with your rights.", cure))


def default_engine() -> Engine | None:
    """This process's engine, made when first asked for; None where the system grants no isolation."""
    global _engine, _looked
    with _lock:
        if not _looked:
            _looked = True
            _engine = _make()
        return _engine


def stop_all() -> None:
    """Ends every run in progress, in whichever thread."""
    global _engine, _looked
    kernel.stop_all()
    with _lock:
        engine, _engine, _looked = _engine, None, False
    if engine is not None:
        engine.close()


def _make() -> Engine | None:
    if sys.platform != "linux":
        return None
    from autograder.execution.engine import Engine
    from autograder.execution.jail import Level, available

    level = available()
    if level is Level.NONE:
        return None
    engine = Engine(level)
    atexit.register(engine.close)
    return engine
