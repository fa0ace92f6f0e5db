"""Inside the jail: process 1, which runs no code of the job's but watches the processes that do.

It starts the runner, keeps time and memory, ends what oversteps, and passes on what it was told. When the runner has
ended it kills whatever that left behind, and only then hands the checks to the forks that wait for them.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass
from typing import Any

from autograder.course import Limits
from autograder.execution import jail as jails
from autograder.execution import syscalls as sc
from autograder.execution import wire
from autograder.execution.runner import Runner
from autograder.execution.shell import Session

_GRACE = 3.0  # seconds from an interrupt to a kill
_IDLE = 0.2  # CPU seconds: less than any loop uses before it is killed, more than waiting does
_BETWEEN_READINGS = 0.05


@dataclass(frozen=True)
class Warm:
    """What the warm process holds ready for its forks.

    Attributes:
        pristine: what the modules that checks rely on held before any code of a job had run.
        private_bytes: memory that the libraries take up.
    """

    session: Session
    pristine: dict[str, dict[str, Any]]
    private_bytes: int


@dataclass
class _Watched:
    """A process that runs code of the job's: the runner, or a fork with a group of checks."""

    pid: int
    reader: wire.Reader
    group: str = ""
    running: str = ""
    deadline: float = 0.0
    interrupted: bool = False
    ended: str = ""
    finished: bool = False
    cpu_before: float = 0.0


class Warden:
    """Runs one job to its end.

    Args:
        up: the socket to the grader outside.
        job: as `engine` sends it.
        jail: where it runs.
        warm: what the warm process holds ready.
    """

    def __init__(self, up: socket.socket, job: dict[str, Any], jail: jails.Jail, warm: Warm) -> None:
        self._up, self._job, self._jail, self._warm = up, job, jail, warm
        self._limits = Limits(**job["limits"])
        self._deadline = time.monotonic() + self._limits.notebook_seconds
        self._waiting: dict[str, _Watched] = {}
        self._peak = 0
        self._modules: Any = None

    def run(self) -> None:
        """Runs the cells, then the checks, and says `end`."""
        pairs = {group: socket.socketpair() for group in self._job["groups"]}
        runner = self._start_runner(pairs)
        self._watch(runner, {group: ours for group, (ours, _) in pairs.items()})
        wire.send(self._up, {"say": "cells", "ended": runner.ended, "peak": self._peak,
                             "groups": sorted(self._waiting),
                             "modules": self._modules if self._job["report_modules"] else []})
        checks = wire.receive(self._up)
        if checks is None:
            return
        for group, watched in self._waiting.items():
            wanted = checks["groups"].get(group)
            if not wanted:
                self._kill(watched)
                continue
            # Whatever an earlier group's checks left behind must not meet this one's.
            self._kill_strangers()
            with contextlib.suppress(OSError):
                wire.send(watched.reader.sock, {"checks": wanted})
            self._watch(watched, {})
            self._kill(watched)
            wire.send(self._up, {"say": "group", "group": group, "ended": watched.ended})
        wire.send(self._up, {"say": "end", "peak": self._peak})

    def _start_runner(self, pairs: dict[str, tuple[socket.socket, socket.socket]]) -> _Watched:
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                sc.die_with_parent()
                for other in (self._up, ours, *(mine for mine, _ in pairs.values())):
                    other.close()
                os.setsid()
                jails.restrict(self._jail, self._limits, self._warm.private_bytes)
                Runner(self._job, theirs, {group: end for group, (_, end) in pairs.items()}, self._warm.session,
                       self._warm.pristine).run()
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        for _, end in pairs.values():
            end.close()
        return _Watched(child, wire.Reader(ours))

    def _watch(self, watched: _Watched, sockets: dict[str, socket.socket]) -> None:
        """Listens to a process until it has ended, and keeps it to its limits."""
        with selectors.DefaultSelector() as selector:
            selector.register(watched.reader.sock, selectors.EVENT_READ)
            next_reading = 0.0
            while not watched.finished and not watched.reader.closed:
                now = time.monotonic()
                if now >= next_reading:
                    self._read_memory(watched)
                    next_reading = now + _BETWEEN_READINGS
                self._keep_time(watched, now)
                if selector.select(_BETWEEN_READINGS):
                    try:
                        for message in watched.reader.read():
                            self._heard(watched, message, sockets)
                    except wire.Broken:
                        watched.ended = watched.ended or "it wrote into the grader's own channel"
                        self._kill(watched)
                        break
        if not watched.group:
            self._kill_strangers()
        if not watched.finished and not watched.ended:
            watched.ended = self._why_ended(watched)

    def _heard(self, watched: _Watched, message: dict[str, Any], sockets: dict[str, socket.socket]) -> None:
        say = message.get("say")
        if say == "start":
            watched.running = str(message.get("id"))
            now = time.monotonic()
            watched.deadline = min(now + self._limits.cell_seconds, max(self._deadline, now))
            watched.interrupted, watched.cpu_before = False, _cpu_seconds(watched.pid)
        elif say == "done":
            watched.running = ""
            if watched.interrupted:
                message["late"] = True
        elif say == "fork" and not watched.group:
            group = str(message.get("group"))
            if group in sockets and isinstance(message.get("pid"), int):
                self._waiting[group] = _Watched(message["pid"], wire.Reader(sockets[group]), group)
            return
        elif say == "end":
            watched.finished = True
            self._modules = message.get("modules")
            return
        if watched.group:
            message["group"] = watched.group
        wire.send(self._up, message)

    def _keep_time(self, watched: _Watched, now: float) -> None:
        if not watched.running or now < watched.deadline:
            return
        if watched.interrupted:
            # A fork may wait for ever on a lock that some thread held which the fork does not have.
            watched.ended = "stuck" if _cpu_seconds(watched.pid) - watched.cpu_before < _IDLE else "timeout"
            self._kill(watched)
            return
        watched.interrupted = True
        watched.deadline = now + _GRACE
        with contextlib.suppress(ProcessLookupError):
            os.kill(watched.pid, signal.SIGINT)

    def _read_memory(self, watched: _Watched) -> None:
        used = 0
        for pid in self._others():
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/smaps_rollup") as file:
                for line in file:
                    if line.startswith(("Private_Dirty:", "Private_Clean:")):
                        used += int(line.split()[1]) * 1024
        self._peak = max(self._peak, used)
        if used > self._limits.memory_mb * 2**20:
            watched.ended = "memory"
            self._kill_strangers()
            self._kill(watched)

    def _others(self) -> list[int]:
        """Every process of the job."""
        if self._jail.level is jails.Level.NAMESPACES:
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        return _descendants(os.getpid())

    def _kill_strangers(self) -> None:
        """Kills every process but those that wait with checks; again until none is left, as some may be forking."""
        for _ in range(1000):
            known = {watched.pid for watched in self._waiting.values()}
            strangers = [pid for pid in self._others() if pid not in known and not _is_dead(pid)]
            if not strangers:
                break
            for pid in strangers:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
        self._reap()

    def _kill(self, watched: _Watched) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(watched.pid, signal.SIGKILL)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                _statuses[pid] = status

    def _why_ended(self, watched: _Watched) -> str:
        for _ in range(100):
            self._reap()
            if watched.pid in _statuses:
                break
            time.sleep(0.01)
        code = os.waitstatus_to_exitcode(_statuses.get(watched.pid, 0))
        if code == -signal.SIGXCPU:
            return "cpu"
        return f"signal {-code}" if code < 0 else f"exit {code}"


_statuses: dict[int, int] = {}


def _is_dead(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _cpu_seconds(pid: int) -> float:
    """CPU time that a process has used."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _descendants(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat") as file:
                parents.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(name))
    found, todo = [], [root]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found
