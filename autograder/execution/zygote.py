"""A warm process: imports what a lesson needs once, then forks for every job.

Started as a program of its own, so it holds nothing but its libraries: no solution, no check, no gradebook. It ends
when the one who started it closes the control socket, which a death of any kind does too.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import warnings

from autograder.course import Limits
from autograder.execution import jail as jails
from autograder.execution import shell, wire
from autograder.execution import syscalls as sc
from autograder.execution.runner import snapshot
from autograder.execution.warden import Warden, Warm


def main() -> None:
    """Serves jobs that arrive on the socket whose number is the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sc.die_with_parent()
    level = jails.Level(sys.argv[2])
    hello = wire.receive(control)
    if hello is None:
        return
    shell.prepare()
    _import_all(hello["imports"])
    session = shell.Session()
    session.warm_up()
    warm = Warm(session, snapshot(), _private_data())
    gc.collect()
    # Collected objects that the forks share stay where they are: moving them would copy their pages.
    gc.freeze()
    threads = len(os.listdir("/proc/self/task"))
    wire.send(control, {"say": "ready", "threads": threads, "private_mb": _private_bytes() / 2**20})
    _serve(control, level, warm)


def _serve(control: socket.socket, level: jails.Level, warm: Warm) -> None:
    folders: dict[int, str] = {}
    children: dict[int, int] = {}
    slots = list(range(1000, 0, -1))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake_write)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake_read, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            for pid in _reap():
                slots.append(children.pop(pid))
                shutil.rmtree(folders.pop(pid), ignore_errors=True)
        if control.fileno() in ready:
            message, job = _receive_with_socket(control)
            if message is None:
                break
            if "kill" in message:
                if message["kill"] in children:
                    os.kill(message["kill"], signal.SIGKILL)
                continue
            slot, base = slots.pop(), tempfile.mkdtemp(prefix="mle-job-")
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                _become_job(job, jails.Jail(level, base, slot), warm)
            children[pid], folders[pid] = slot, base
            job.close()
            wire.send(control, {"say": "started", "pid": pid})
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid, base in folders.items():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        shutil.rmtree(base, ignore_errors=True)


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
                jails.prepare_folder(jail, tuple(job["folders"]))
                _set_environment(jail)
                Warden(up, job, jail, warm).run()
            code = 0
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
            jails.build_root(jail, tuple(job["folders"]), Limits(**job["limits"]))
        except OSError as error:
            wire.send(up, {"say": "refused", "why": str(error)})
            return
        sc.allow_inspection(False)
        _set_environment(jail)
        Warden(up, job, jail, warm).run()
        code = 0
    finally:
        os._exit(code)


def _set_environment(jail: jails.Jail) -> None:
    home = jails.HOME if jail.level is jails.Level.NAMESPACES else jail.work
    os.environ |= {"HOME": home, "USER": "learner", "LOGNAME": "learner", "TMPDIR": jail.temporary, "PWD": jail.work,
                   "IPYTHONDIR": f"{jail.temporary}/.ipython", "XDG_CACHE_HOME": f"{jail.temporary}/.cache"}
    tempfile.tempdir = jail.temporary
    os.chdir(jail.work)
    # A notebook finds the modules beside it, as in JupyterLab, and nothing of ours.
    sys.path.insert(0, "")
    sys.argv = [sys.argv[0]]


def _import_all(names: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _reap() -> list[int]:
    gone = []
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            gone.append(pid)
    return gone


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


def _private_bytes() -> int:
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Rss:"))


if __name__ == "__main__":
    main()
