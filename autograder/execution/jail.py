"""What a process that runs other people's code may reach: its own files, the libraries, and nothing else.

Two ways to build it, both without any tool beside Python and both for ordinary users too. In *namespaces* the process
sees a file system made for it, no other process, and a network that ends at its own loopback. Where the system refuses
namespaces, *Landlock* leaves the file system as it is but refuses what is not on the list, and a seccomp filter
refuses every socket but Unix ones.

The list names what is allowed. A list of what to hide would not do: Python's own home often lies inside the very
folders one would hide.
"""

from __future__ import annotations

import contextlib
import enum
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.course import Limits
from autograder.execution import syscalls as sc
from autograder.execution import usage
from autograder.execution.folders import lay_out
from autograder.execution.seccomp import filter_program
from autograder.execution.temporary import temporary_folder

FILES_PER_MB = 64  # of disk: so many files and folders may be made

HOME = "/home/learner"
WORK = f"{HOME}/work"

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt/conda")
# Of /etc only what programs need to run: no accounts, no keys, no names of other machines.
_ETC = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone", "/etc/fonts",
        "/etc/alternatives", "/etc/mime.types", "/etc/os-release", "/etc/java-17-openjdk", "/etc/ssl/openssl.cnf")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_CPU_FACTS = "/sys/devices/system/cpu"
_PROC_FACTS = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/version",
               "/proc/filesystems", "/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs")
_MOST_OPEN = 512  # files at a time: each may hold memory of the kernel's
# Far from any account's: one for every process number there can be, 64 times over, up to 2**31 - 1.
_FIRST_UID, _MOST_PIDS, _CONTAINERS = 1_879_048_192, 2**22, 64


class Level(enum.StrEnum):
    """How a submission is isolated."""

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True)
class Jail:
    """Where one job will run.

    Attributes:
        level: how it is isolated.
        base: an empty folder of ours: the new root is mounted on it, or holds the work.
        user: who the code runs as, see `own_user`.
    """

    level: Level
    base: str
    user: int

    @property
    def work(self) -> str:
        """The working directory, as the job will see it."""
        return WORK if self.level is Level.NAMESPACES else f"{self.base}/work"

    @property
    def temporary(self) -> str:
        return "/tmp" if self.level is Level.NAMESPACES else f"{self.base}/tmp"

    @property
    def other_places(self) -> tuple[str, ...]:
        """Further folders that a job may write to."""
        return (HOME, "/var/tmp", "/dev/shm") if self.level is Level.NAMESPACES else ()


def namespaces_needed() -> int:
    """Flags for `unshare`. Root needs no user namespace, and without one may change to a user of its own making."""
    flags = sc.CLONE_NEWNS | sc.CLONE_NEWPID | sc.CLONE_NEWNET | sc.CLONE_NEWIPC | sc.CLONE_NEWUTS
    return flags if os.geteuid() == 0 else flags | sc.CLONE_NEWUSER


def own_user() -> int:
    """Who a job of this process's is to run as: where the grader is root, a user that owns nothing.

    No other job on the machine has it at the same time, whoever grades there: processes of one user may signal each
    other, and share one limit on how many they are.
    """
    if os.geteuid() != 0:
        return os.geteuid()
    # Containers count their processes each from 1, and mostly share the system's users.
    container = os.stat("/proc/self/ns/pid").st_ino % _CONTAINERS
    return _FIRST_UID + container * _MOST_PIDS + os.getpid()


def enter_namespaces() -> None:
    """Leaves the system's namespaces; the next child is process 1 of the new ones.

    Raises:
        OSError: the system refuses.
    """
    uid, gid = os.geteuid(), os.getegid()
    flags = namespaces_needed()
    sc.unshare(flags)
    if flags & sc.CLONE_NEWUSER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def build_root(jail: Jail, folders: tuple[str, ...], limits: Limits) -> None:
    """As process 1 of new namespaces: makes the file system, the loopback and the host name, and goes there.

    Raises:
        OSError: the system refuses.
        Unfit: the folders hold more than a job may have.
    """
    sc.mount("none", "/", "", sc.MS_REC | sc.MS_PRIVATE)
    root = jail.base
    sc.mount("mle", root, "tmpfs", sc.MS_NOSUID | sc.MS_NODEV,
             f"size={limits.disk_mb}m,nr_inodes={limits.disk_mb * FILES_PER_MB},mode=755")
    for path in dict.fromkeys((*_SYSTEM, *_ETC, _CPU_FACTS, sys.prefix, sys.base_prefix)):
        _show(root, path)
    os.makedirs(f"{root}/dev")
    for name in _DEVICES:
        _bind(f"/dev/{name}", f"{root}/dev/{name}", devices=True)
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    for path in ("/tmp", "/var/tmp", "/dev/shm"):
        os.makedirs(f"{root}{path}", exist_ok=True)  # there already where Python lies below it
        os.chmod(f"{root}{path}", 0o1777)
    os.makedirs(f"{root}/proc")
    sc.mount("proc", f"{root}/proc", "proc", sc.MS_NOSUID | sc.MS_NODEV | 8)  # 8: MS_NOEXEC
    uid = jail.user
    with open(f"{root}/etc/passwd", "w") as file:
        file.write(f"root:x:0:0:root:/:/bin/sh\nlearner:x:{uid}:{uid}:learner:{HOME}:/bin/sh\n")
    with open(f"{root}/etc/group", "w") as file:
        file.write(f"root:x:0:\nlearner:x:{uid}:\n")
    with open(f"{root}/etc/hosts", "w") as file:
        file.write("127.0.0.1 localhost\n::1 localhost\n")
    lay_out(f"{root}{WORK}", folders, limits.disk_mb * 2**20, limits.disk_mb * FILES_PER_MB)
    if os.geteuid() == 0:
        _give_to(uid, f"{root}{HOME}")
    sc.change_root(root)
    sc.raise_loopback()
    sc.sethostname("lesson")


def prepare_folder(jail: Jail, folders: tuple[str, ...], limits: Limits) -> None:
    """For Landlock: makes the working directory; whoever calls it removes `jail.base` afterwards.

    Raises:
        Unfit: the folders hold more than a job may have.
    """
    lay_out(jail.work, folders, limits.disk_mb * 2**20, limits.disk_mb * FILES_PER_MB)
    os.makedirs(jail.temporary)
    uid = jail.user
    if uid != os.geteuid():
        os.chmod(jail.base, 0o755)
        for folder in (jail.work, jail.temporary):
            _give_to(uid, folder)


def restrict(jail: Jail, limits: Limits, baseline_bytes: int, spare_processes: int = 0) -> None:
    """In the process that will run the code, last of all: limits, user, privileges, and Landlock where that serves.

    Args:
        baseline_bytes: private memory that the libraries take up before any code of the job has run.
        spare_processes: how many more it may have than its own code may.

    Raises:
        OSError: the system refuses; the code must not be run then.
    """
    megabyte = 2**20
    memory = baseline_bytes + limits.memory_mb * megabyte
    # One byte of core: too little for a file, and to a program that collects them it means none.
    for what, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, limits.disk_mb * megabyte),
                       (resource.RLIMIT_CORE, 1), (resource.RLIMIT_NOFILE, _MOST_OPEN),
                       (resource.RLIMIT_MEMLOCK, 2**20), (resource.RLIMIT_MSGQUEUE, 0),
                       (resource.RLIMIT_SIGPENDING, 1024), (resource.RLIMIT_RTPRIO, 0), (resource.RLIMIT_NICE, 0),
                       (resource.RLIMIT_CPU, int(limits.notebook_seconds * 2) + 10)):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    uid, before = jail.user, os.geteuid()
    processes = limits.processes
    kept = None
    if jail.level is Level.LANDLOCK:
        if uid == before:
            # The limit counts everything this user has; the one on the job itself is kept by watching.
            processes += usage.tasks_of_user(uid) + limits.processes
        elif not all(map(_readable_by_all, (sys.prefix, sys.base_prefix))):
            # Python lies where only root may look. To look is all it may, and of that only what Landlock lets through.
            kept = sc.CAP_DAC_READ_SEARCH
    sc.forbid_new_privileges(but=kept)
    if uid != before:
        if kept is not None:
            sc.keep_capabilities_over_change_of_user()
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes + spare_processes))
    sc.give_up_privileges(but=kept)
    if jail.level is Level.LANDLOCK:
        _landlock(jail)
    own_root = jail.level is Level.NAMESPACES
    version = sc.landlock_version()
    # A user of its own may signal nobody else's processes, and Landlock lets no signal out of its reach.
    kept_inside = own_root or uid != before or version >= _SCOPES_FROM
    sc.install_filter(filter_program(sc.MACHINE, sockets=own_root, truncate=own_root or version >= 3,
                                     signals_only_to=0 if kept_inside else os.getpid()))
    # A change of user takes away a process's right to its own /proc entries; libraries read them.
    sc.allow_inspection(True)
    os.chdir(jail.work)


def close_all_but(*numbers: int) -> None:
    """Closes every file descriptor but the first three and those named."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in numbers:
            with contextlib.suppress(OSError):
                os.close(int(name))


def available() -> Level:
    """The best level this system grants to this user, found out by trying it."""
    if sys.platform != "linux" or sc.MACHINE not in {"x86_64", "aarch64"}:
        return Level.NONE
    for level, attempt in ((Level.NAMESPACES, _try_namespaces), (Level.LANDLOCK, _try_landlock)):
        with temporary_folder("mle-attempt-") as base:
            if _works(partial(attempt, base)):
                return level
    return Level.NONE


# --- the file system --------------------------------------------------------------------------------------------


def _show(root: str, path: str) -> None:
    """Makes a path of the system visible at the same place in the new root, for reading only."""
    if not os.path.lexists(path):
        return
    target = f"{root}{path}"
    if os.path.lexists(target):
        return  # it lies below something shown already
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
    else:
        _bind(path, target)


def _bind(path: str, target: str, devices: bool = False) -> None:
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        Path(target).touch()
    sc.mount(path, target, "", sc.MS_BIND | sc.MS_REC)
    sc.make_read_only(target, devices)


def _give_to(uid: int, folder: str) -> None:
    for path, names, files in os.walk(folder):
        for name in ("", *names, *files):
            os.chown(os.path.join(path, name), uid, uid, follow_symlinks=False)


def _readable_by_all(path: str) -> bool:
    folders = [Path(path), *Path(path).parents]
    return all(folder.stat().st_mode & 0o1 for folder in folders)


# --- Landlock ---------------------------------------------------------------------------------------------------

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ALL_BY_VERSION = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL, _SCOPES_FROM = 1, 2, 6


def _landlock(jail: Jail) -> None:
    version = sc.landlock_version()
    everything = _ALL_BY_VERSION[min(version, 5)]
    read = _EXECUTE | _READ_FILE | _READ_DIR
    only_file = _READ_FILE
    allowed = dict.fromkeys((*_SYSTEM, sys.prefix, sys.base_prefix), read)
    allowed |= {path: read if os.path.isdir(path) else only_file for path in (*_ETC, *_PROC_FACTS, _CPU_FACTS)}
    allowed |= {f"/dev/{name}": only_file | _WRITE_FILE for name in _DEVICES}
    # Its own entries only: /proc/self is another folder in a child process, which then does without.
    allowed |= {f"/proc/{os.getpid()}": only_file | _READ_DIR}
    allowed |= {jail.work: everything, jail.temporary: everything}
    sc.landlock(allowed, everything, _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if version >= _SCOPES_FROM else 0)


# --- finding out ------------------------------------------------------------------------------------------------


def _works(attempt: Callable[[], None]) -> bool:
    """Whether an attempt succeeds, made in a child process that ends with it."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            attempt()
            code = 0
        os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def _try_namespaces(base: str) -> None:
    enter_namespaces()
    jail = Jail(Level.NAMESPACES, base, own_user())

    def inside() -> None:
        build_root(jail, (), Limits())
        restrict(jail, Limits(), 2**30)
        os.listdir("/proc/self")

    if not _works(inside):
        raise OSError("no namespaces")


def _try_landlock(base: str) -> None:
    jail = Jail(Level.LANDLOCK, base, own_user())
    prepare_folder(jail, (), Limits())
    restrict(jail, Limits(), 2**30)
