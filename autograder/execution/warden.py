"""Inside the jail: process 1, which runs no code of the job's but watches the processes that do.

It starts the runner, keeps time and memory, ends what oversteps, and passes on what it was told, if it was told in
order. When the runner has ended it kills whatever that left behind, and only then hands the checks to the forks that
wait for them: first everything a learner may see, of every group, and then what is hidden. So nothing that a learner
gets to see was ever said by a process beside, or after, a hidden test.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from autograder.course import Limits
from autograder.execution import accept, folders, usage, wire
from autograder.execution import jail as jails
from autograder.execution import syscalls as sc
from autograder.execution.order import Order
from autograder.execution.pristine import Pristine
from autograder.execution.runner import Runner
from autograder.execution.shell import Session

_GRACE = 3.0  # seconds from an interrupt to a kill
# CPU seconds, at least, and as a share of the time: less than a loop uses before it is killed, more than waiting does.
# Who waits for a pool of processes looks again and again.
_IDLE, _IDLE_SHARE = 0.2, 0.05
_BETWEEN_READINGS = 0.05
_READINGS_SHARE = 0.2  # of the time, at most, goes into readings
_MOST_BETWEEN_READINGS = 0.5
# To read what is shared takes 10 ms for each process that has loaded torch; so it is not done where nothing has grown.
_MOST_BETWEEN_FULL_READINGS = 1.0
_GROWN_BYTES = 16 * 2**20
_FORGED = "it wrote into the grader's own channel, so it was ended"


@dataclass(frozen=True)
class Warm:
    """What the warm process holds ready for its forks.

    Attributes:
        pristine: what checks rely on, as it was before any code of a job had run.
        private_bytes: memory that the libraries take up, as the kernel's limit on data counts it.
        resident_bytes: memory that is shared with the warm process at most.
        work: the folder in which cells have run already, with what they left there; empty if none have.
    """

    session: Session
    pristine: Pristine
    private_bytes: int
    resident_bytes: int
    work: str = ""


@dataclass
class _Watched:
    """A process that runs code of the job's: the runner, or a fork with a group of checks.

    Attributes:
        deadline: when it has to say something.
    """

    pid: int
    reader: wire.Reader
    order: Order = field(default_factory=lambda: Order([]))
    group: str = ""
    running: str = ""
    started: float = 0.0
    deadline: float = 0.0
    interrupted: bool = False
    ended: str = ""
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
        self._credit = self._limits.notebook_seconds
        self._in_place = {step["group"] for step in job["steps"] if step.get("in_place")}
        self._most_message = accept.most_message_bytes(job["most_output"])
        self._waiting: dict[str, _Watched] = {}
        self._statuses: dict[int, int] = {}
        self._peak = 0
        self._next_reading = self._next_full_reading = 0.0
        self._seen_tasks = self._seen_resident = 0
        self._modules: Any = None

    def run(self) -> None:
        """Runs the cells, then the checks, and says `end`."""
        pairs = {group: socket.socketpair() for group in self._job["groups"]}
        places = (self._jail.work, self._jail.temporary, *self._jail.other_places)
        laid_out = folders.listing(places)
        runner = self._start_runner(pairs)
        self._watch(runner, {group: ours for group, (ours, _) in pairs.items()})
        if self._over_on_disk(self._measured_on_disk()):
            # Seen too late to be stopped. Checks are not to be ended for what cells have written: they find room.
            folders.remove_new(places, laid_out)
        wire.send(self._up, {"say": "cells", "ended": runner.ended, "peak": self._peak,
                             "groups": sorted(self._waiting),
                             "modules": self._modules if self._job["report_modules"] else []})
        # Checks of early cells must not pay for slow late ones: all together they have as long as the cells had.
        self._deadline = time.monotonic() + self._limits.notebook_seconds
        there = folders.listing(places)
        while (wanted := wire.receive(self._up)) and "groups" in wanted:
            for group, checks in wanted["groups"].items():
                watched = self._waiting.get(group)
                if watched is None:
                    continue
                self._check(watched, checks)
                # Whatever these checks left behind must not meet the next.
                self._kill_strangers()
                folders.remove_new(places, there)
                wire.send(self._up, {"say": "group", "group": group, "ended": watched.ended})
            wire.send(self._up, {"say": "handed out", "peak": self._peak})
        self._waiting.clear()
        self._kill_strangers()
        wire.send(self._up, {"say": "end", "peak": self._peak})

    def _check(self, watched: _Watched, checks: list[dict[str, Any]]) -> None:
        watched.order.more([check["id"] for check in checks])
        with contextlib.suppress(OSError):
            wire.send(watched.reader.sock, {"checks": checks})
        self._watch(watched, {})
        if watched.ended:
            self._kill(watched)
            del self._waiting[watched.group]

    def _start_runner(self, pairs: dict[str, tuple[socket.socket, socket.socket]]) -> _Watched:
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                jails.close_all_but(theirs.fileno(), *(end.fileno() for _, end in pairs.values()))
                os.setsid()
                jails.restrict(self._jail, self._limits, self._warm.private_bytes, len(pairs))
                # After the change of user, which resets it.
                sc.die_with_parent()
                Runner(self._job, theirs, {group: end for group, (_, end) in pairs.items()}, self._warm.session,
                       self._warm.pristine).run()
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        for _, end in pairs.values():
            end.close()
        steps = [step["id"] if "id" in step else f"fork:{step['group']}" for step in self._job["steps"]]
        return _Watched(child, wire.Reader(ours, self._most_message), Order(steps))

    def _watch(self, watched: _Watched, sockets: dict[str, socket.socket]) -> None:
        """Listens to a process until it has done all it was given to do, and keeps it to its limits."""
        self._wait_for_word(watched)
        with selectors.DefaultSelector() as selector:
            selector.register(watched.reader.sock, selectors.EVENT_READ)
            while not watched.order.ended and not watched.reader.closed:
                now = time.monotonic()
                if now >= self._next_reading:
                    over = self._overstepped(watched)
                    pause = min((time.monotonic() - now) / _READINGS_SHARE, _MOST_BETWEEN_READINGS)
                    self._next_reading = time.monotonic() + max(_BETWEEN_READINGS, pause)
                    if over:
                        watched.ended = watched.ended or over
                        self._kill(watched)
                        # It may have said much since it was last heard: a fork that it has told of is no stranger.
                        while not watched.reader.closed and selector.select(0) and self._listen(watched, sockets):
                            pass
                        self._kill_strangers()
                self._keep_time(watched, now)
                if selector.select(_BETWEEN_READINGS):
                    if not self._listen(watched, sockets):
                        break
                elif watched.pid in self._statuses:
                    break  # nothing has come since it ended; some other process may hold its channel open
                else:
                    self._reap()
        if not watched.group:
            self._kill_strangers()
        if not watched.order.ended and not watched.ended:
            watched.ended = self._why_ended(watched)

    def _listen(self, watched: _Watched, sockets: dict[str, socket.socket]) -> bool:
        """Takes in what has arrived; whether it can be believed."""
        try:
            for message in watched.reader.read():
                watched.order.check(message)
                self._heard(watched, message, sockets)
        except wire.Broken:
            watched.ended = watched.ended or _FORGED
            return False
        return True

    def _wait_for_word(self, watched: _Watched) -> None:
        watched.deadline = time.monotonic() + self._limits.cell_seconds
        watched.interrupted, watched.cpu_before = False, usage.cpu_seconds(watched.pid)

    def _heard(self, watched: _Watched, message: dict[str, Any], sockets: dict[str, socket.socket]) -> None:
        say = message["say"]
        now = time.monotonic()
        if say == "start":
            self._wait_for_word(watched)
            watched.running, watched.started = message["id"], now
            watched.deadline = min(watched.deadline, max(self._deadline, now))
            if now >= self._deadline:
                watched.ended = watched.ended or "notebook"
                self._kill(watched)
        elif say == "done":
            if watched.interrupted:
                message["late"] = True
                self._give_back(watched)
            watched.running = ""
            self._wait_for_word(watched)
        elif say == "fork":
            self._forked(watched, message, sockets)
            return
        elif say == "end":
            self._modules = message.get("modules")
            return
        if watched.group:
            message["group"] = watched.group
        wire.send(self._up, message)

    def _forked(self, watched: _Watched, message: dict[str, Any], sockets: dict[str, socket.socket]) -> None:
        group, pid = message["group"], message.get("pid")
        # A child of its own, which is this process's where the runner has ended meanwhile.
        if type(pid) is not int or not (usage.parent_of(pid) in (watched.pid, os.getpid())
                                        or (group in self._in_place and pid == watched.pid)):
            raise wire.Broken
        self._waiting[group] = _Watched(pid, wire.Reader(sockets[group], self._most_message), group=group)
        self._wait_for_word(watched)

    def _keep_time(self, watched: _Watched, now: float) -> None:
        if now < watched.deadline:
            return
        used = usage.cpu_seconds(watched.pid) - watched.cpu_before
        idle = used < max(_IDLE, _IDLE_SHARE * self._limits.cell_seconds)
        # A fork may wait for ever for a thread that it does not have. That could be interrupted, but is no fault of
        # the check's: it gets its turn in a replay.
        waits = idle and watched.group and watched.group not in self._in_place
        if watched.interrupted or waits:
            watched.ended = watched.ended or ("stuck" if idle else "timeout")
            self._give_back(watched)
            self._kill(watched)
            return
        watched.interrupted = True
        watched.deadline = now + _GRACE
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(watched.pid, signal.SIGINT)

    def _give_back(self, watched: _Watched) -> None:
        """A check that hangs costs itself, and not those after it: within bounds, its time is not counted."""
        if watched.group:
            spent = min(time.monotonic() - watched.started, self._credit)
            self._credit -= spent
            self._deadline += spent

    def _overstepped(self, watched: _Watched) -> str:
        """Which limit the job's processes have overstepped, if any."""
        pids = self._others()
        waiting = {other.pid for other in self._waiting.values()} - {watched.pid}
        tasks, resident = usage.signs(pid for pid in pids if pid not in waiting)
        if (self._jail.level is jails.Level.NAMESPACES  # elsewhere there is the disk to watch, too
                and time.monotonic() < self._next_full_reading and tasks <= self._seen_tasks
                and resident < self._seen_resident + _GROWN_BYTES):
            return ""
        self._seen_tasks, self._seen_resident = tasks, resident
        self._next_full_reading = time.monotonic() + _MOST_BETWEEN_FULL_READINGS
        used = self._measured_on_disk(usage.measure(pids, self._warm.resident_bytes, self._jail.work))
        self._peak = max(self._peak, used.memory)
        return ("memory" if used.memory > self._limits.memory_mb * 2**20 else self._over_on_disk(used)
                or ("processes" if used.tasks > self._limits.processes + 1 + len(self._job["groups"]) else ""))

    def _measured_on_disk(self, used: usage.Usage | None = None) -> usage.Usage:
        """What lies in the job's folders; nothing where the file system has a limit of its own."""
        used = used or usage.Usage()
        if self._jail.level is jails.Level.LANDLOCK:
            usage.add_disk(used, self._jail.base, self._limits.disk_mb * jails.FILES_PER_MB)
        return used

    def _over_on_disk(self, used: usage.Usage) -> str:
        """Which limit has been overstepped, if any."""
        return ("disk" if used.disk > self._limits.disk_mb * 2**20
                else "files" if used.files > self._limits.disk_mb * jails.FILES_PER_MB else "")

    def _others(self) -> list[int]:
        """Every process of the job."""
        if self._jail.level is jails.Level.NAMESPACES:
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        return usage.descendants(os.getpid())

    def _kill_strangers(self) -> None:
        """Kills every process but those that wait with checks; again until none is left, as some may be forking."""
        for _ in range(1000):
            known = {watched.pid for watched in self._waiting.values()}
            strangers = [pid for pid in self._others() if pid not in known and not usage.is_dead(pid)]
            if not strangers:
                break
            # All of them are stopped first, so that fewer are born while they are killed.
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in strangers:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
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
                self._statuses[pid] = status

    def _why_ended(self, watched: _Watched) -> str:
        for _ in range(100):
            self._reap()
            if watched.pid in self._statuses:
                break
            time.sleep(0.01)
        code = os.waitstatus_to_exitcode(self._statuses.get(watched.pid, 0))
        if code == -signal.SIGXCPU:
            return "cpu"
        return f"signal {-code}" if code < 0 else f"exit {code}"
