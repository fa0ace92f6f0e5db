"""What a job's processes use of the machine, read from /proc."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.execution import folders


@dataclass
class Usage:
    """What is in use at one moment.

    Attributes:
        memory: bytes that would be free without the job: shared pages are counted once, files without a name too.
        tasks: processes and threads.
        disk: bytes of files, those included that have no name any more but are open.
        files: files and folders.
    """

    memory: int = 0
    tasks: int = 0
    disk: int = 0
    files: int = 0


def signs(pids: Iterable[int]) -> tuple[int, int]:
    """What tells in no time whether much can have changed: tasks, and resident bytes with shared ones counted often."""
    tasks = resident = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            tasks += os.stat(f"/proc/{pid}/task").st_nlink - 2
            with open(f"/proc/{pid}/statm") as file:
                resident += int(file.read().split()[1]) * _PAGE
    return tasks, resident


def measure(pids: Iterable[int], shared_bytes: int, work: str) -> Usage:
    """Reads what processes use, disk apart from nameless files.

    Args:
        shared_bytes: memory that they share with the warm process they came from: not theirs to answer for.
        work: the working directory, to tell files on its disk from files in memory.
    """
    usage = Usage()
    pss = private = mapped = 0
    nameless: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            usage.tasks += os.stat(f"/proc/{pid}/task").st_nlink - 2
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in _FIELDS:
                    size = int(rest.split()[0]) * 1024
                    pss += size if name == "Pss" else 0
                    mapped += size if name == "Pss_Shmem" else 0
                    private += size if name.startswith("Private") else 0
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    about = os.stat(f"/proc/{pid}/fd/{number}")
                    if stat.S_ISREG(about.st_mode) and about.st_nlink == 0:
                        nameless[about.st_dev, about.st_ino] = about.st_blocks * 512
    disk = os.stat(work).st_dev
    in_memory = sum(size for (device, _), size in nameless.items() if device != disk)
    usage.disk = sum(size for (device, _), size in nameless.items() if device == disk)
    usage.memory = pss - mapped - min(shared_bytes, max(0, pss - private)) + max(mapped, in_memory)
    return usage


def add_disk(usage: Usage, base: str, most_files: int) -> None:
    """Adds what lies in a folder."""
    size, usage.files = folders.size_of(base, most_files)
    usage.disk += size


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def is_dead(pid: int) -> bool:
    """Whether a process is gone, or only waits to be asked how it ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def parent_of(pid: int) -> int:
    """Who a process's parent is; 0 where there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def descendants(root: int) -> list[int]:
    """Every process that came from one."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            children.setdefault(parent_of(int(name)), []).append(int(name))
    found, todo = [], [root]
    while todo:
        following = children.get(todo.pop(), [])
        found += following
        todo += following
    return found


def children(pid: int) -> list[int]:
    """A process's children, the dead ones that were not asked for too."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
            found += [int(word) for word in file.read().split()]
    return found


def tasks_of_user(uid: int) -> int:
    """How many processes and threads a user has."""
    count = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == uid:
                count += os.stat(f"/proc/{name}/task").st_nlink - 2
    return count


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_FIELDS = frozenset({"Pss", "Pss_Shmem", "Private_Dirty", "Private_Clean"})
