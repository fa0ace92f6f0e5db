"""Runs jobs in forks of warm processes, each in a jail of its own: the fast way, on Linux.

This side is the trusted one. It holds the checks, hands them over only when no code of the submission can run beside
them any more, and believes nothing that comes back but what it asked for.
"""

from __future__ import annotations

import array
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder.execution import wire
from autograder.execution.jail import Level, available
from autograder.execution.record import EngineError, Job, RunRecord, StepFact

_SECONDS_TO_WARM_UP = 120
_SECONDS_OVER = 15  # beyond its own limits, before a job is given up from outside
_THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
            "VECLIB_MAXIMUM_THREADS": "1"}


class Engine:
    """Warm processes, one for each list of imports, and the jobs that run in their forks.

    May be used from several threads at once. Closing it, or the end of this process by any means, ends them all.

    Attributes:
        level: how jobs are isolated.
    """

    def __init__(self, level: Level | None = None) -> None:
        self.level = available() if level is None else level
        if self.level is Level.NONE:
            raise EngineError("This system offers neither namespaces nor Landlock, so submissions cannot be isolated "
                              "here. Grade on Linux 5.13 or newer.")
        self._zygotes: dict[tuple[str, ...], _Zygote] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every warm process and every job in it, and waits until they are gone."""
        with self._lock:
            zygotes, self._zygotes = list(self._zygotes.values()), {}
        for zygote in zygotes:
            zygote.close()

    def run(self, job: Job) -> RunRecord:
        """Runs a job and returns what was seen of it.

        Raises:
            EngineError: it could not be run at all.
        """
        begun = time.monotonic()
        zygote = self._zygote(job.imports)
        record = RunRecord({step.id: StepFact(step.id) for step in job.steps})
        attempt = _Attempt(zygote, job, record)
        attempt.run()
        # A check that killed or hung its process costs the others of its group nothing: they run again without it.
        for group in attempt.broken:
            self._replay(zygote, job, record, group, attempt.broken[group])
        record.seconds = time.monotonic() - begun
        for fact in record.facts.values():
            if fact.status == "not_run" and not fact.reason:
                fact.reason = f"not run: {record.ended}"
        return record

    def imports_of(self, job: Job) -> tuple[str, ...]:
        """What a job has loaded when its cells have run, in the order it did: the imports to warm up with.

        Only for code that is trusted, as a lesson's own solution is.
        """
        job = replace(job, steps=tuple(step for step in job.steps if not step.check), imports=())
        attempt = _Attempt(self._zygote(()), job, RunRecord({step.id: StepFact(step.id) for step in job.steps}),
                           report_modules=True)
        attempt.run()
        return attempt.modules

    def _replay(self, zygote: _Zygote, job: Job, record: RunRecord, group: str, broken: _Broken) -> None:
        while broken.left:
            first = next(i for i, step in enumerate(job.steps) if step.group == group)
            left = {step.id for step in job.steps if step.id in broken.left}
            steps = tuple(step for i, step in enumerate(job.steps)
                          if (i < first and not step.check) or step.id in left)
            again = RunRecord({step.id: StepFact(step.id) for step in steps})
            attempt = _Attempt(zygote, replace(job, steps=steps), again, in_place=group if broken.stuck else "")
            attempt.run()
            for identity in left:
                record.facts[identity] = again.facts[identity]
            record.peak_memory_mb = max(record.peak_memory_mb, again.peak_memory_mb)
            following = attempt.broken.get(group)
            if following is None or (broken.stuck and following.stuck and following.left == broken.left):
                return
            broken = following

    def _zygote(self, imports: tuple[str, ...]) -> _Zygote:
        with self._lock:
            zygote = self._zygotes.get(imports)
            if zygote is None or not zygote.alive:
                zygote = self._zygotes[imports] = _Zygote(imports, self.level)
            return zygote


@dataclass
class _Broken:
    """A group whose process ended badly: the checks that did not get their turn, and whether it hung without work."""

    left: list[str]
    stuck: bool


class _Zygote:
    """The warm process, seen from outside."""

    def __init__(self, imports: tuple[str, ...], level: Level) -> None:
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
                if key in os.environ}
        environment = keep | _THREADS | {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "MPLBACKEND": "agg",
                                         "HOME": os.environ.get("HOME", "/")}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.execution.zygote", str(theirs.fileno()), level.value],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=environment,
            cwd="/", start_new_session=True)
        theirs.close()
        self._control, self._lock = ours, threading.Lock()
        self._control.settimeout(_SECONDS_TO_WARM_UP)
        wire.send(self._control, {"imports": list(imports)})
        try:
            hello = wire.receive(self._control)
        except TimeoutError:
            hello = None
        if hello is None:
            self._process.kill()
            self._process.wait()
            raise EngineError(f"The process that runs lessons did not start: {self._said()}")
        self.memory_mb = hello["private_mb"]
        self.threads = hello["threads"]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def submit(self) -> tuple[socket.socket, int]:
        """Starts a job; returns the socket to talk to it, and its process id."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                descriptor = array.array("i", [theirs.fileno()])
                self._control.sendmsg([b"j"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor)])
                wire.send(self._control, {"say": "job"})
                answer = wire.receive(self._control)
            except OSError:
                answer = None
        if answer is None:
            ours.close()
            raise EngineError(f"The process that runs lessons has ended: {self._said()}")
        return ours, answer["pid"]

    def kill(self, pid: int) -> None:
        with self._lock:
            try:
                self._control.sendall(b"k")
                wire.send(self._control, {"kill": pid})
            except OSError:
                pass

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _said(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class _Attempt:
    """One run of a job in one fork.

    Attributes:
        broken: groups whose process ended before all their checks had their turn.
        modules: what was loaded when the cells had run, if that was asked for.
    """

    modules: tuple[str, ...]

    def __init__(self, zygote: _Zygote, job: Job, record: RunRecord, in_place: str = "",
                 report_modules: bool = False) -> None:
        self._zygote, self._job, self._record, self._in_place = zygote, job, record, in_place
        self._report_modules, self.modules = report_modules, ()
        self._started: dict[str, float] = {}
        self.broken: dict[str, _Broken] = {}

    def run(self) -> None:
        up, pid = self._zygote.submit()
        groups = list(dict.fromkeys(step.group for step in self._job.steps if step.check))
        limits = self._job.limits
        deadline = time.monotonic() + limits.notebook_seconds + limits.cell_seconds * (1 + len(groups)) + _SECONDS_OVER
        try:
            with up:
                wire.send(up, self._message(groups))
                while True:
                    up.settimeout(max(0.1, deadline - time.monotonic()))
                    message = wire.receive(up)
                    if message is None or self._heard(up, message):
                        break
        except (TimeoutError, wire.Broken, OSError):
            self._record.ended = "it did not end by itself and was stopped from outside"
        finally:
            self._zygote.kill(pid)

    def _message(self, groups: list[str]) -> dict[str, Any]:
        steps: list[dict[str, Any]] = []
        seen = set()
        for step in self._job.steps:
            if not step.check:
                steps.append({"id": step.id, "source": step.parts[0]})
            elif step.group not in seen:
                seen.add(step.group)
                steps.append({"group": step.group, "in_place": step.group == self._in_place})
        return {"steps": steps, "groups": groups, "seed": self._job.seed, "limits": asdict(self._job.limits),
                "folders": [os.path.abspath(folder) for folder in self._job.folders],
                "most_output": self._job.limits.output_kb * 1024, "report_modules": self._report_modules}

    def _heard(self, up: socket.socket, message: dict[str, Any]) -> bool:
        """Takes in a message; whether it was the last."""
        say = message.get("say")
        if say == "refused":
            raise EngineError(f"A submission could not be isolated: {message.get('why')}")
        fact = self._record.facts.get(str(message.get("id")))
        if say == "start" and fact is not None:
            self._started[fact.id] = time.monotonic()
        elif say == "done" and fact is not None:
            self._done(fact, message)
        elif say == "updated" and fact is not None:
            fact.outputs = [_outputs(message.get("outputs"))]
        elif say == "cells":
            self._cells_ended(message)
            modules = message.get("modules")
            self.modules = tuple(map(str, modules)) if isinstance(modules, list) else ()
            wire.send(up, {"groups": self._checks(message.get("groups", []))})
        elif say == "group":
            self._group_ended(str(message.get("group")), str(message.get("ended", "")))
        if "peak" in message and isinstance(message["peak"], int):
            self._record.peak_memory_mb = self._zygote.memory_mb + message["peak"] / 2**20
        return say == "end"

    def _done(self, fact: StepFact, message: dict[str, Any]) -> None:
        step = next(step for step in self._job.steps if step.id == fact.id)
        fact.seconds = time.monotonic() - self._started.get(fact.id, time.monotonic())
        name, text = (str(item) for item in message["error"])
        fact.part = int(message.get("part", 0))
        fact.outputs = [_outputs(part) for part in message["outputs"]] if step.check else [_outputs(message["outputs"])]
        fact.error = (name, text)
        if message.get("late"):
            fact.status, fact.reason = "timeout", f"it ran longer than {self._job.limits.cell_seconds:g} s"
            fact.error = ("Timeout", fact.reason)
        else:
            fact.status = "passed" if not name else "failed" if name == "AssertionError" else "error"

    def _cells_ended(self, message: dict[str, Any]) -> None:
        ended = str(message.get("ended", ""))
        if not ended:
            return
        running = [i for i in self._started if self._record.facts[i].status == "not_run"]
        words = self._in_words(ended)
        if running:
            fact = self._record.facts[running[-1]]
            fact.status = "timeout" if ended in {"timeout", "stuck"} else "error"
            fact.reason, fact.error = words, ("Ended", words)
            self._record.ended = f"the Python process was gone after cell '{fact.id}': {words}"
        else:
            self._record.ended = f"the Python process was gone: {words}"

    def _checks(self, groups: list[str]) -> dict[str, list[dict[str, Any]]]:
        return {group: [{"id": step.id, "parts": list(step.parts)} for step in self._job.steps
                        if step.check and step.group == group] for group in groups}

    def _group_ended(self, group: str, ended: str) -> None:
        facts = [self._record.facts[step.id] for step in self._job.steps if step.check and step.group == group]
        unfinished = [fact for fact in facts if fact.status == "not_run"]
        if not unfinished:
            return
        stuck = ended == "stuck" and self._in_place != group
        left = unfinished
        if not stuck:
            # The one that was running has had its turn; it is judged by how it ended.
            words = self._in_words(ended or "exit 0")
            unfinished[0].status = "timeout" if ended in {"timeout", "stuck"} else "error"
            unfinished[0].reason, unfinished[0].error = words, ("Ended", words)
            left = unfinished[1:]
        if left:
            self.broken[group] = _Broken([fact.id for fact in left], stuck)

    def _in_words(self, ended: str) -> str:
        limits = self._job.limits
        kind, _, number = ended.partition(" ")
        return {
            "timeout": f"it ran longer than {limits.cell_seconds:g} s and could not be interrupted",
            "stuck": f"it did nothing for longer than {limits.cell_seconds:g} s",
            "memory": f"it used more than {limits.memory_mb} MiB of memory, so it was ended",
            "cpu": "it used up its CPU time, so it was ended",
            "signal": f"the Python process was killed (signal {number})",
            "exit": "the Python process ended while it ran (os._exit or a like call)",
        }.get(kind, ended)


def _outputs(outputs: Any) -> list[dict[str, Any]]:
    """Only what can be an output; the rest is dropped."""
    return [output for output in outputs if isinstance(output, dict) and output.get("output_type") in
            {"stream", "display_data", "execute_result", "error"}] if isinstance(outputs, list) else []
