"""A warm process: imports what a lesson needs once, then forks for every job.

Started as a program of its own, so it holds nothing but its libraries: no check, no gradebook, and no solution unless
its jobs are variants of that solution. It ends when the one who started it closes the control socket, which a death of
any kind does too.
"""

from __future__ import annotations

import array
import contextlib
import gc
import os
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Container

from autograder.course import Limits
from autograder.execution import accept, folders, pristine, record, runner, seeding, shell, usage, wire
from autograder.execution import jail as jails
from autograder.execution import syscalls as sc
from autograder.execution.pristine import Pristine
from autograder.execution.temporary import TemporaryFolder, clear_left
from autograder.execution.warden import Warden, Warm

_PREFIX = "mle-jail-"
# To make large pages of torch's memory takes 0.3 s and saves each job, with its three or four forks, some 0.02 s.
_FORKS_WORTH_LARGE_PAGES = 10
_MOST_BEFORE_MB, _MOST_BEFORE_FILES = 1024, 10_000


def main() -> None:
    """Serves jobs that arrive on the socket whose number is the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sc.die_with_parent()
    level = jails.Level(sys.argv[2])
    hello = wire.receive(control)
    if hello is None:
        return
    shell.prepare()
    session = shell.Session()
    session.load(hello["imports"])
    session.warm_up()
    kept = Pristine((accept, pristine, record, runner, shell, wire))
    begun = TemporaryFolder(_PREFIX) if hello["before"] else None
    work = f"{begun.path}/work" if begun else ""
    if begun and (failed := _begin(session, kept, hello, begun.path, work)):
        wire.send(control, {"failed": failed})
        begun.remove()
        return
    warm = _ready(control, session, kept, work)
    # From here on the end of the other side is seen on the socket, and then there is something to clear away.
    sc.outlive_parent()
    sc.adopt_orphans()
    parent = os.pidfd_open(hello["parent"])
    clear_left(_PREFIX)
    if os.getppid() == hello["parent"]:  # else it is gone, and its number may be somebody else's
        _serve(control, parent, level, warm)
    if begun:
        begun.remove()


def _begin(session: shell.Session, kept: Pristine, hello: dict, base: str, work: str) -> str:
    """Runs what jobs are to find run already, beside their files; returns why that failed."""
    folders.lay_out(work, tuple(hello["folders"]), _MOST_BEFORE_MB * 2**20, _MOST_BEFORE_FILES)
    os.environ |= {"IPYTHONDIR": f"{base}/ipython", "XDG_CACHE_HOME": f"{base}/cache"}
    os.chdir(work)
    sys.path.insert(0, "")
    seeding.seed_all(hello["seed"])
    return _run_before(session, kept, hello["before"])


def _run_before(session: shell.Session, kept: Pristine, cells: list[str]) -> str:
    error = session.begin(cells)
    kept.note_aliases(session.shell.user_ns)
    return error


def _ready(control: socket.socket, session: shell.Session, kept: Pristine, work: str) -> Warm:
    """Measures what forks begin with, and says that they may be asked for."""
    warm = Warm(session, kept, _private_data(), _resident(), work)
    gc.collect()
    # Collected objects that the forks share stay where they are: moving them would copy their pages.
    gc.freeze()
    threads = len(os.listdir("/proc/self/task"))
    wire.send(control, {"say": "ready", "threads": threads, "private_mb": warm.resident_bytes / 2**20})
    return warm


def _serve(control: socket.socket, parent: int, level: jails.Level, warm: Warm) -> None:
    jobs: dict[int, TemporaryFolder] = {}  # by their processes
    forks = 0
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake_write)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake_read, select.POLLIN)
    # Beside the socket, whose other end some process that the parent forked may hold too.
    poll.register(parent, select.POLLIN)
    while parent not in (ready := dict(poll.poll())):
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            for pid in _reap():
                if pid in jobs:
                    _kill_orphans(jobs)
                    jobs.pop(pid).remove()
        if control.fileno() in ready:
            message, job = _receive_with_socket(control)
            if message is None:
                break
            if "kill" in message:
                if message["kill"] in jobs:
                    os.kill(message["kill"], signal.SIGKILL)
                continue
            if "cells" in message:
                if failed := _run_before(warm.session, warm.pristine, message["cells"]):
                    wire.send(control, {"failed": failed})
                    break
                warm, forks = _ready(control, warm.session, warm.pristine, warm.work), 0
                continue
            forks += 1
            if forks == _FORKS_WORTH_LARGE_PAGES:
                sc.collapse_memory()
            base = TemporaryFolder(_PREFIX)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                jails.close_all_but(job.fileno())
                _become_job(job, jails.Jail(level, base.path, jails.own_user()), warm)
            jobs[pid] = base
            job.close()
            wire.send(control, {"say": "started", "pid": pid})
    for pid in jobs:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in jobs:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    _kill_orphans({})
    for base in jobs.values():
        base.remove()


def _become_job(up: socket.socket, jail: jails.Jail, warm: Warm) -> None:
    """In the fork: never returns."""
    code = 1
    try:
        os.setsid()
        sc.die_with_parent()
        job = wire.receive(up)
        if job is None:
            return
        try:
            if jail.level is jails.Level.NAMESPACES:
                _in_namespaces(up, job, jail, warm)
            else:
                sc.adopt_orphans()
                jails.prepare_folder(jail, _folders(job, warm), Limits(**job["limits"]))
                _set_environment(jail)
                Warden(up, job, jail, warm).run()
            code = 0
        except folders.Unfit as error:
            wire.send(up, {"say": "unfit", "why": str(error)})
        except OSError as error:
            with contextlib.suppress(OSError):
                wire.send(up, {"say": "refused", "why": str(error)})
    finally:
        os._exit(code)


def _in_namespaces(up: socket.socket, job: dict, jail: jails.Jail, warm: Warm) -> None:
    jails.enter_namespaces()
    first = os.fork()
    if first:
        up.close()
        os.waitpid(first, 0)
        return
    code = 1
    try:
        sc.die_with_parent()
        try:
            jails.build_root(jail, _folders(job, warm), Limits(**job["limits"]))
        except folders.Unfit as error:
            wire.send(up, {"say": "unfit", "why": str(error)})
            return
        except OSError as error:
            wire.send(up, {"say": "refused", "why": str(error)})
            return
        sc.allow_inspection(False)
        _set_environment(jail)
        Warden(up, job, jail, warm).run()
        code = 0
    finally:
        os._exit(code)


def _folders(job: dict, warm: Warm) -> tuple[str, ...]:
    return (warm.work,) if warm.work else tuple(job["folders"])


def _set_environment(jail: jails.Jail) -> None:
    home = jails.HOME if jail.level is jails.Level.NAMESPACES else jail.work
    os.environ |= {"HOME": home, "USER": "learner", "LOGNAME": "learner", "TMPDIR": jail.temporary, "PWD": jail.work,
                   "IPYTHONDIR": f"{jail.temporary}/.ipython", "XDG_CACHE_HOME": f"{jail.temporary}/.cache"}
    tempfile.tempdir = jail.temporary
    os.chdir(jail.work)
    # A notebook finds the modules beside it, as in JupyterLab, and nothing of ours.
    sys.path.insert(0, "")


def _reap() -> list[int]:
    gone = []
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            gone.append(pid)
    return gone


def _kill_orphans(jobs: Container[int]) -> None:
    """Kills what jobs have left behind that ended before their processes did; they are this process's children now."""
    for _ in range(1000):
        orphans = [pid for pid in usage.children(os.getpid()) if pid not in jobs]
        if not orphans:
            return
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _receive_with_socket(control: socket.socket) -> tuple[dict | None, socket.socket | None]:
    """A message, and the socket that came with it."""
    # The descriptor travels with the first byte.
    data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(4))
    if not data:
        return None, None
    job = None
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers = array.array("i")
            numbers.frombytes(content[:4])
            job = socket.socket(fileno=numbers[0])
    return wire.receive(control), job


def _private_data() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:"))


def _resident() -> int:
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Rss:"))


if __name__ == "__main__":
    main()
