"""Runs jobs in forks of warm processes, each in a jail of its own: the fast way, on Linux.

This side is the trusted one. It holds the checks, hands them over only when no code of the submission can run beside
them any more, and believes nothing that comes back but what it asked for.
"""

from __future__ import annotations

import array
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from autograder.course import Limits
from autograder.execution import accept, wire
from autograder.execution.jail import Level, available
from autograder.execution.record import EngineError, Job, RunRecord, Step, StepFact

_SECONDS_TO_WARM_UP = 120
_SECONDS_TO_DIE = 0.1  # from the first sign of a warm process's end to its end
_SECONDS_OVER = 15  # beyond its own limits, before a job is given up from outside
_CUT_OFF = "it did not end by itself and was stopped from outside"
_WARM_ENDED = "The process that runs lessons was ended while this one ran."
_THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
            "VECLIB_MAXIMUM_THREADS": "1",
            # `n_jobs=2` then runs in one process: with the same result, and a fork of a pool's owner would hang.
            "JOBLIB_MULTIPROCESSING": "0"}


class Engine:
    """Warm processes, one for each list of imports, and the jobs that run in their forks.

    May be used from several threads at once. Closing it, or the end of this process by any means, ends them all; one
    that has had nothing to do for a while ends by itself.

    Attributes:
        level: how jobs are isolated.
    """

    def __init__(self, level: Level | None = None, idle_seconds: float = 120) -> None:
        self.level = available() if level is None else level
        if self.level is Level.NONE:
            raise EngineError("This system offers neither namespaces nor Landlock, so submissions cannot be isolated "
                              "here. Grade on Linux 5.13 or newer.")
        self._idle_seconds = idle_seconds
        self._places: dict[_Start, _Place] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every warm process and every job in it, and waits until they are gone.

        Each `run` in progress then raises KeyboardInterrupt, and later ones EngineError.
        """
        with self._lock:
            self._closed = True
            places, self._places = list(self._places.values()), {}
            if self._timer is not None:
                self._timer.cancel()
        for place in places:
            place.close()

    def run(self, job: Job) -> RunRecord:
        """Runs a job and returns what was seen of it.

        Raises:
            EngineError: it could not be run at all.
            KeyboardInterrupt: the engine was closed meanwhile.
        """
        if job.services and self.level is Level.LANDLOCK:
            raise EngineError("This lesson starts services and calls them, which takes a network of its own. Without "
                              "namespaces, which this system refuses, a submission gets none, so it cannot be graded "
                              "here. Allow user namespaces (a container may need its own permission for them), or "
                              "grade it on another Linux.")
        for last_try in (False, True):
            with self._warm(_Start.of(job)) as zygote:
                try:
                    record = self._run(zygote, job)
                except EngineError:
                    if self._closed:
                        raise KeyboardInterrupt from None
                    if zygote.alive or last_try:
                        raise
                    continue
                if record.ended == "completed" or not zygote.has_ended(_SECONDS_TO_DIE):
                    return record
        raise EngineError(_WARM_ENDED)

    def _run(self, zygote: _Zygote, job: Job) -> RunRecord:
        begun = time.monotonic()
        record = RunRecord({step.id: StepFact(step.id) for step in job.steps})
        attempt = _Attempt(zygote, job, record, job.in_place)
        attempt.run()
        # A check that killed or hung its process costs the others of its group nothing: they run again without it.
        for group in attempt.broken:
            self._replay(zygote, job, record, group, attempt.broken[group], begun + 2 * _longest(job.limits))
        for group in attempt.forged:
            _disbelieve(job, record, group)
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
        with self._warm(_Start()) as zygote:
            attempt = _Attempt(zygote, job, RunRecord({step.id: StepFact(step.id) for step in job.steps}),
                               report_modules=True)
            attempt.run()
        return attempt.modules

    def _replay(self, zygote: _Zygote, job: Job, record: RunRecord, group: str, broken: _Broken,
                deadline: float) -> None:
        while broken.left:
            if time.monotonic() > deadline:
                for identity in broken.left:
                    record.facts[identity].reason = "not run: the checks before it took all the time there is"
                return
            first = next(i for i, step in enumerate(job.steps) if step.group == group)
            left = {step.id for step in job.steps if step.id in broken.left}
            steps = tuple(step for i, step in enumerate(job.steps)
                          if (i < first and not step.check) or step.id in left)
            again = RunRecord({step.id: StepFact(step.id) for step in steps})
            in_place = group if broken.stuck else job.in_place
            attempt = _Attempt(zygote, replace(job, steps=steps), again, in_place)
            attempt.run()
            if again.ended == _CUT_OFF and zygote.has_ended(_SECONDS_TO_DIE):
                raise EngineError(_WARM_ENDED)  # of which this run knows nothing; it is made again
            for identity in left:
                fact = record.facts[identity] = again.facts[identity]
                if fact.status == "not_run" and again.ended != "completed":
                    fact.reason = fact.reason or f"not run: {again.ended}"
            record.peak_memory_mb = max(record.peak_memory_mb, again.peak_memory_mb)
            if group in attempt.forged:
                _disbelieve(job, record, group)
                return
            following = attempt.broken.get(group)
            if following is None or (following.left == broken.left and following.stuck == broken.stuck):
                return
            broken = following

    @contextlib.contextmanager
    def _warm(self, start: _Start) -> Iterator[_Zygote]:
        """The warm process with this start, which does not end for idleness meanwhile."""
        with self._lock:
            if self._closed:
                raise EngineError("The engine is closed.")
            place = self._places.get(start) or self._place_on_the_way(start) or _Place()
            self._places[start] = place
            place.users += 1
        try:
            yield place.zygote(start, self.level)
        finally:
            with self._lock:
                place.users -= 1
                place.idle_since = time.monotonic()
                closed = self._closed
                self._set_timer()
        if closed:
            raise KeyboardInterrupt

    def _place_on_the_way(self, start: _Start) -> _Place | None:
        """The idle process that has run the most of the cells before, taken from its place. To be called locked."""
        fit = [other for other, place in self._places.items() if not place.users and start.continues(other)]
        return self._places.pop(max(fit, key=lambda other: len(other.before))) if fit else None

    def _set_timer(self) -> None:
        """Has idle processes looked for when the first may have been idle for long enough. To be called locked."""
        idle = [place.idle_since for place in self._places.values() if not place.users]
        if self._timer is None and idle and not self._closed:
            self._timer = threading.Timer(max(0, min(idle) + self._idle_seconds - time.monotonic()), self._end_idle)
            self._timer.daemon = True
            self._timer.start()

    def _end_idle(self) -> None:
        long_ago = time.monotonic() - self._idle_seconds
        with self._lock:
            self._timer = None
            ended = {start: place for start, place in self._places.items()
                     if not place.users and place.idle_since <= long_ago}
            for start in ended:
                del self._places[start]
            self._set_timer()
        for place in ended.values():
            place.close()


@dataclass(frozen=True)
class _Start:
    """What a warm process does before it serves jobs, by the fields of a job."""

    imports: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    seed: int = 0
    hash_seed: int = 0

    @classmethod
    def of(cls, job: Job) -> _Start:
        if not job.before:
            return cls(job.imports, hash_seed=job.hash_seed)
        folders = tuple(os.path.abspath(folder) for folder in job.folders)
        return cls(job.imports, job.before, folders, job.seed, job.hash_seed)

    def continues(self, other: _Start) -> bool:
        """Whether a process with that start becomes one with this by running more cells."""
        before = other.before
        return len(before) > 0 and self.before[:len(before)] == before and replace(self, before=before) == other


class _Place:
    """Where the warm process for one start is kept.

    Attributes:
        users: how many are running jobs in it, or wait for it to start.
        idle_since: when the last of them left.
    """

    def __init__(self) -> None:
        self.users, self.idle_since = 0, 0.0
        self._lock = threading.Lock()
        self._zygote: _Zygote | None = None
        self._closed = False

    def zygote(self, start: _Start, level: Level) -> _Zygote:
        """The process, started if it is not there; who wants another one need not wait for it."""
        with self._lock:
            if self._closed:
                raise KeyboardInterrupt
            if self._zygote is None or not self._zygote.alive:
                if self._zygote is not None:
                    self._zygote.close()
                self._zygote = _Zygote(start, level)
            elif self._zygote.start != start:
                self._zygote.go_on(start)
            return self._zygote

    def close(self) -> None:
        """Ends the process; one that is just starting, as soon as it has."""
        with self._lock:
            self._closed = True
            if self._zygote is not None:
                self._zygote.close()


def _disbelieve(job: Job, record: RunRecord, group: str) -> None:
    """Takes back what was believed of a group, and has a person look."""
    reason = ("a test that must fail was reported as passed here, so none of these checks is believed: "
              "code of the notebook has changed how tests work")
    for step in job.steps:
        if step.check and step.group == group:
            fact = record.facts[step.id]
            fact.status, fact.reason, fact.error, fact.part = "error", reason, ("Forged", reason), 0
    record.ended = f"checks of '{group}': {reason}"


@dataclass
class _Broken:
    """A group whose process ended badly: the checks that did not get their turn, and whether it hung without work."""

    left: list[str]
    stuck: bool


class _Zygote:
    """The warm process, seen from outside.

    Attributes:
        start: what it has done.
    """

    def __init__(self, start: _Start, level: Level) -> None:
        self.start = start
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
                if key in os.environ}
        environment = keep | _THREADS | {"SHELL": "/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh",
                                         "PYTHONHASHSEED": str(start.hash_seed), "PYTHONUTF8": "1", "MPLBACKEND": "agg",
                                         "HOME": os.environ.get("HOME", "/"), "TMPDIR": _temporary()}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.execution.zygote", str(theirs.fileno()), level.value],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=environment,
            cwd="/", start_new_session=True)
        theirs.close()
        self._control, self._lock = ours, threading.Lock()
        self._control.settimeout(_SECONDS_TO_WARM_UP)
        self._tell({"parent": os.getpid(), **asdict(start)})

    def go_on(self, start: _Start) -> None:
        """Has it run more cells, up to another start that continues its own.

        Raises:
            EngineError: one of them failed; the process has ended.
        """
        cells = start.before[len(self.start.before):]
        with self._lock:
            self._tell({"cells": cells}, b"c")
        self.start = start

    def _tell(self, message: dict[str, Any], first: bytes = b"") -> None:
        """Sends what is to be done before it serves jobs, and hears how it is then."""
        try:
            self._control.sendall(first)
            wire.send(self._control, message)
            hello = wire.receive(self._control)
        except OSError:
            hello = None
        except BaseException:  # Ctrl-C, most likely
            self._process.kill()
            self.close()
            raise
        if hello is None:
            self._process.kill()
            said = self._said()
            self.close()
            raise EngineError(f"The process that runs lessons did not start: {said}")
        if "failed" in hello:
            self.close()
            raise EngineError(f"A cell that is to run before stops with {hello['failed']}")
        self.memory_mb = hello["private_mb"]
        self.threads = hello["threads"]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def has_ended(self, within_seconds: float) -> bool:
        """Whether it has ended, or does so very soon."""
        try:
            self._process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

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
            except BaseException:
                # Half a conversation: the next one would take this one's answer for its own.
                self._process.kill()
                ours.close()
                raise
        if answer is None:
            self._process.kill()  # whatever became of it, it is of no use any more
            self._process.wait()
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
        # Not only closed: some process that this one forked may hold the socket too.
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _said(self) -> str:
        if self._log.closed:
            return "it was told to"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _temporary() -> str:
    """Where the working directories go: root's jobs run as somebody else, who must be able to get there."""
    folder = Path(tempfile.gettempdir()).resolve()
    open_to_all = all(part.stat().st_mode & 0o1 for part in (folder, *folder.parents))
    return str(folder) if open_to_all or os.geteuid() else "/tmp"


class _Attempt:
    """One run of a job in one fork.

    Attributes:
        broken: groups whose process ended before all their checks had their turn.
        forged: groups in whose process a test passed that cannot pass.
        modules: what was loaded when the cells had run, if that was asked for.
    """

    modules: tuple[str, ...]

    def __init__(self, zygote: _Zygote, job: Job, record: RunRecord, in_place: str = "",
                 report_modules: bool = False) -> None:
        self._zygote, self._job, self._record, self._in_place = zygote, job, record, in_place
        self._report_modules, self.modules = report_modules, ()
        self._steps = {step.id: step for step in job.steps}
        self._groups = list(dict.fromkeys(step.group for step in job.steps if step.check))
        self._accepted = accept.Outputs(job.limits.output_kb * 1024)
        self._running: StepFact | None = None
        self._since = 0.0
        self._units: dict[str, _Unit] = {}
        self._last_shown: dict[str, str] = {}
        self._waiting: list[str] = []
        self._handed_out = 0
        self._proven: set[str] = set()
        self.broken: dict[str, _Broken] = {}
        self.forged: set[str] = set()

    def run(self) -> None:
        """Runs the job; what was seen is in the record.

        Raises:
            EngineError: it could not be isolated.
        """
        up, pid = self._zygote.submit()
        deadline = time.monotonic() + _longest(self._job.limits) + _SECONDS_OVER
        most_bytes = 2 * accept.most_message_bytes(self._job.limits.output_kb * 1024)
        ended = False
        try:
            with up:
                up.settimeout(_SECONDS_OVER)
                wire.send(up, self._message())
                while not ended:
                    up.settimeout(max(0.1, deadline - time.monotonic()))
                    message = wire.receive(up, most_bytes)
                    if message is None:
                        break
                    ended = self._heard(up, message)
        except (TimeoutError, wire.Broken, OSError):
            pass
        finally:
            self._zygote.kill(pid)
        if not ended and self._record.ended == "completed":
            self._record.ended = _CUT_OFF

    def _message(self) -> dict[str, Any]:
        steps: list[dict[str, Any]] = []
        seen = set()
        for step in self._job.steps:
            if not step.check:
                steps.append({"id": step.id, "source": step.parts[0], "helpers": step.helpers})
            elif step.group not in seen:
                seen.add(step.group)
                steps.append({"group": step.group, "in_place": step.group == self._in_place})
        return {"steps": steps, "groups": self._groups, "seed": self._job.seed, "limits": asdict(self._job.limits),
                "folders": [os.path.abspath(folder) for folder in self._job.folders],
                "most_output": self._job.limits.output_kb * 1024, "report_modules": self._report_modules,
                "tracebacks": self._job.tracebacks, "modules": self._job.modules}

    def _heard(self, up: socket.socket, message: dict[str, Any]) -> bool:
        """Takes in a message; whether it was the last."""
        say, identity = message.get("say"), str(message.get("id"))
        if say == "refused":
            raise EngineError(f"A submission could not be isolated: {message.get('why')}")
        if say == "unfit":
            self._record.ended = str(message.get("why"))
            return True
        unit = self._units.get(identity)
        fact = self._record.facts.get(unit.fact if unit else identity)
        if say == "start":
            self._running, self._since = fact, time.monotonic()
        elif say == "done":
            self._running = None
            if unit is not None and not unit.fact:
                self._canary_ended(unit.group, message)
            elif unit is not None:
                self._part_ended(fact, unit.part, message)
            elif fact is not None:
                self._cell_ended(fact, message)
        elif say == "updated" and fact is not None:
            fact.outputs = [self._accepted.take(message.get("outputs"))]
        elif say == "cells":
            self._cells_ended(message)
            modules = message.get("modules")
            self.modules = tuple(map(str, modules)) if isinstance(modules, list) else ()
            self._waiting = [group for group in message.get("groups", []) if group in self._groups]
            wire.send(up, {"groups": self._shown_parts()})
        elif say == "group":
            self._group_ended(str(message.get("group")), str(message.get("ended", "")))
        elif say == "handed out":
            self._handed_out += 1
            wire.send(up, {"groups": self._hidden_parts()} if self._handed_out == 1 else {})
        if type(message.get("peak")) is int:
            self._record.peak_memory_mb = self._zygote.memory_mb + message["peak"] / 2**20
        return say == "end"

    def _cell_ended(self, fact: StepFact, message: dict[str, Any]) -> None:
        fact.outputs = [self._accepted.take(message.get("outputs"))]
        self._judge(fact, message)
        if message.get("exited"):
            self._record.ended = f"the Python process was gone after cell '{fact.id}': {fact.reason}"

    def _part_ended(self, fact: StepFact, part: int, message: dict[str, Any]) -> None:
        step = self._steps[fact.id]
        hidden = part >= step.hidden_from
        fact.part = part
        fact.outputs.append([] if hidden else self._accepted.take(message.get("outputs")))
        self._judge(fact, message)
        if fact.status == "passed" and part + 1 < len(step.parts):
            fact.status = "not_run"  # so far

    def _judge(self, fact: StepFact, message: dict[str, Any]) -> None:
        limits = self._job.limits
        fact.seconds += time.monotonic() - self._since
        error = message.get("error")
        name, text = map(accept.sound_text, error) if isinstance(error, list) and len(error) == 2 else ("", "")
        fact.error = (name, text)
        if message.get("late"):
            fact.status, fact.reason = "timeout", f"it ran longer than {limits.cell_seconds:g} s"
            fact.error = ("Timeout", fact.reason)
        elif message.get("exited"):
            fact.status, fact.reason = "error", "it called exit() or quit(), which ends the Python process"
            fact.error = ("ProcessEnded", fact.reason)
        elif message.get("ok") is True:
            fact.status, fact.error = "passed", ("", "")
        else:
            fact.error = (name or "Error", text)
            fact.status = "failed" if name == "AssertionError" else "error"
            fact.reason = self._limit_behind(name, text)

    def _limit_behind(self, name: str, text: str) -> str:
        """Which limit an exception comes from that a program gets when it meets one; empty where none is behind it."""
        limits = self._job.limits
        if name == "MemoryError" and not text:
            return f"there was no more memory: it may use {limits.memory_mb} MiB"
        if (name == "BlockingIOError" and text.startswith("[Errno 11]")) or text == "can't start new thread":
            return f"it started more processes or threads than the {limits.processes} that it may have"
        if name == "OSError" and text.startswith(("[Errno 27]", "[Errno 28]")):
            return f"it wrote more than the {limits.disk_mb} MiB of files that it may have ({text})"
        if name == "OSError" and text.startswith("[Errno 24]"):
            return f"it opened more files at a time than it may have open ({text})"
        return ""

    def _cells_ended(self, message: dict[str, Any]) -> None:
        ended = str(message.get("ended", ""))
        if not ended:
            return
        words = self._in_words(ended)
        if ended == "notebook":
            self._record.ended = words
        elif self._running is not None:
            self._judge_by_end(self._running, ended)
            self._record.ended = f"the Python process was gone after cell '{self._running.id}': {words}"
        else:
            self._record.ended = f"the Python process was gone: {words}"
        self._running = None

    def _checks_of(self, group: str) -> list[Step]:
        return [step for step in self._job.steps if step.check and step.group == group]

    def _shown_parts(self) -> dict[str, list[dict[str, Any]]]:
        handed: dict[str, list[dict[str, Any]]] = {}
        for group in self._waiting:
            handed[group] = []
            for step in self._checks_of(group):
                for part in range(min(step.hidden_from, len(step.parts))):
                    token = self._unit(_Unit(group, step.id, part))
                    self._last_shown[step.id] = token
                    handed[group].append({"id": token, "source": step.parts[part], "shown": True,
                                          "helpers": step.helpers})
        return handed

    def _hidden_parts(self) -> dict[str, list[dict[str, Any]]]:
        handed: dict[str, list[dict[str, Any]]] = {}
        for group in self._waiting:
            if group in self.broken:
                continue
            after = ""
            # First of all tests that must fail: a process in which they pass is not believed.
            handed[group] = [{"id": self._unit(_Unit(group)), "source": source, "shown": False, "after": "",
                              "helpers": ()}
                             for source in canaries("numpy" in self._job.imports)]
            for step in self._checks_of(group):
                after = self._last_shown.get(step.id, after)
                if self._record.facts[step.id].status == "not_run":
                    handed[group] += [
                        {"id": self._unit(_Unit(group, step.id, part)), "source": step.parts[part], "shown": False,
                         "after": after, "helpers": step.helpers} for part in range(step.hidden_from, len(step.parts))]
        return handed

    def _unit(self, unit: _Unit) -> str:
        """A name for a part that nobody can know before it is handed out."""
        token = secrets.token_hex(8)
        self._units[token] = unit
        return token

    def _canary_ended(self, group: str, message: dict[str, Any]) -> None:
        if message.get("ok") is True:
            self.forged.add(group)
        else:
            self._proven.add(group)

    def _group_ended(self, group: str, ended: str) -> None:
        if not ended:
            return
        facts = [self._record.facts[step.id] for step in self._checks_of(group)]
        if self._running is not None:
            self._running.part = max(self._running.part, len(self._running.outputs))
        if ended == "notebook":
            for fact in facts:
                if fact.status == "not_run":
                    fact.reason = f"not run: the checks {self._in_words(ended).removeprefix('the notebook ')}"
            self.broken[group] = _Broken([], False)
            return
        stuck = ended == "stuck" and self._in_place != group
        if not stuck and self._running in facts:
            # The one that was running has had its turn; it is judged by how it ended.
            self._judge_by_end(self._running, ended)
        self._running = None
        if group not in self._proven:
            for fact in facts:
                if fact.status == "passed":  # as far as this process said
                    fact.status = "not_run"
        self.broken[group] = _Broken([fact.id for fact in facts if fact.status == "not_run"], stuck)

    def _judge_by_end(self, fact: StepFact, ended: str) -> None:
        fact.reason = self._in_words(ended)
        late = ended in {"timeout", "stuck"}
        fact.status = "timeout" if late else "error"
        fact.error = ("Timeout" if late else "MemoryLimit" if ended == "memory" else "ProcessEnded", fact.reason)

    def _in_words(self, ended: str) -> str:
        limits = self._job.limits
        kind, _, number = ended.partition(" ")
        return {
            "timeout": f"it ran longer than {limits.cell_seconds:g} s and could not be interrupted",
            "stuck": f"it did nothing for longer than {limits.cell_seconds:g} s",
            "notebook": f"the notebook took longer than its {limits.notebook_seconds:g} s",
            "memory": f"it used more than {limits.memory_mb} MiB of memory, so it was ended",
            "disk": f"it wrote more than {limits.disk_mb} MiB of files, so it was ended",
            "files": "it made more files than it may have, or folders too deep, so it was ended",
            "processes": f"it started more than {limits.processes} processes or threads, so it was ended",
            "cpu": "it used up its CPU time, so it was ended",
            "signal": f"the Python process was killed (signal {number})",
            "exit": "the Python process ended while it ran (os._exit or a like call)",
        }.get(kind, ended)


@dataclass(frozen=True)
class _Unit:
    """What a name given out stands for: a part of a check, or, without one, a test that must fail."""

    group: str
    fact: str = ""
    part: int = 0


def canaries(with_numpy: bool) -> list[str]:
    """Tests that fail wherever tests work at all, different each time."""
    number = secrets.randbelow(900) + 100
    tests = [f"got = {number}\nassert got == {number + 1 + secrets.randbelow(50)}, f'got {{got!r}}'"]
    if with_numpy:
        tests.append("import numpy as np\n"
                     f"np.testing.assert_allclose(np.array([{number}.0, 2.0]), [{number}.0, 2.5], rtol=1e-6)")
    secrets.SystemRandom().shuffle(tests)
    return tests


def _longest(limits: Limits) -> float:
    """Seconds that one run may take: its cells, its checks, those that hang, and what follows an interrupt."""
    return 3 * limits.notebook_seconds + 2 * limits.cell_seconds
