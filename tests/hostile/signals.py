"""Signals a bystander in every way there is, from inside a jail without a process namespace, and says what was refused.

python -m hostile.signals VERSION UID FOLDER: as if the kernel had that version of Landlock, as that user.
First with signal 0, which asks only whether one may. Then in earnest, in a namespace of its own that a failing jail
cannot kill more than, where this user may make one.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from autograder.course import Limits
from autograder.execution import jail as jails
from autograder.execution import syscalls as sc
from hostile.run import become, read_places

_NUMBERS = {"tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
            "pidfd_send_signal": (424, 424), "kill": (62, 129)}


def attempts(pid: int, number: int) -> dict[str, Callable[[], object]]:
    """Ways to signal a process, which leads a group of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    column = ("x86_64", "aarch64").index(os.uname().machine)
    # What siginfo says of its kind, as for signals that programs queue.
    about = (ctypes.c_int * 32)(number, 0, -1)

    def call(name: str, *arguments: object) -> None:
        longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        if libc.syscall(ctypes.c_long(_NUMBERS[name][column]), *longs) < 0:
            raise OSError(ctypes.get_errno(), name)

    def own_pipe(owner: int) -> None:
        """Gives a process the signals of a pipe, and lets there be one."""
        reading, writing = os.pipe()
        fcntl.fcntl(reading, fcntl.F_SETOWN, owner)
        fcntl.fcntl(reading, fcntl.F_SETSIG, number or signal.SIGURG)
        fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC)
        if number:
            os.write(writing, b"x")
        os.close(reading)
        os.close(writing)

    return {
        "process": lambda: os.kill(pid, number),
        "group": lambda: os.kill(-pid, number),
        "everybody": lambda: os.kill(-1, number),
        "everybody in 32 bits": lambda: call("kill", 0xFFFFFFFF, number),
        "everybody with a high half": lambda: call("kill", 0x1_FFFFFFFF, number),
        "thread": lambda: call("tkill", pid, number),
        "thread of a process": lambda: call("tgkill", pid, pid, number),
        "queued": lambda: call("rt_sigqueueinfo", pid, number, about),
        "queued to a thread": lambda: call("rt_tgsigqueueinfo", pid, pid, number, about),
        "by descriptor": lambda: call("pidfd_send_signal", os.pidfd_open(pid), number, None, 0),
        "by a pipe": lambda: own_pipe(pid),
        "by a pipe to a group": lambda: own_pipe(-pid),
    }


def refused_inside(folder: Path, pid: int, number: int) -> list[str]:
    """What a process in a jail without a process namespace was refused."""
    base = folder / f"job-{number}"
    base.mkdir()
    jail = jails.Jail(jails.Level.LANDLOCK, str(base), jails.own_user())
    jails.prepare_folder(jail, (), Limits())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        refused = []
        try:
            os.setsid()
            jails.restrict(jail, Limits(), 2**30)
            os.kill(os.getpid(), 0)
            os.kill(0, 0)
            for name, attempt in attempts(pid, number).items():
                try:
                    attempt()
                except PermissionError:
                    refused.append(name)
            os.write(writing, json.dumps(refused).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        refused = json.loads(said.read() or "null")
    os.waitpid(child, 0)
    return refused


def survives(folder: Path, number: int) -> dict[str, object]:
    """Whether a bystander lives on, and what was refused."""
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as bystander:
        try:
            refused = refused_inside(folder, bystander.pid, number)
            return {"refused": refused, "alive": bystander.poll() is None}
        finally:
            bystander.kill()


def main() -> None:
    version, uid, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    if uid != os.getuid():
        become(uid, read_places())
    if version < sc.landlock_version():
        sc.landlock_version = lambda: version
    said = {"asked": survives(folder, 0)}
    if jails._works(jails.enter_namespaces):
        jails.enter_namespaces()
        first = os.fork()
        if first == 0:
            try:
                # Not as process 1, which signals would not reach anyhow.
                sc.mount("none", "/", "", sc.MS_REC | sc.MS_PRIVATE)
                sc.mount("proc", "/proc", "proc", 0)
                child = os.fork()
                if child == 0:
                    (folder / "in earnest").write_text(json.dumps(survives(folder, signal.SIGKILL)))
                    os._exit(0)
                os.waitpid(child, 0)
            finally:
                os._exit(0)
        os.waitpid(first, 0)
        said["in earnest"] = json.loads((folder / "in earnest").read_text())
    print(json.dumps(said))


if __name__ == "__main__":
    main()
