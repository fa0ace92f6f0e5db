"""The few Linux system calls that Python has no name for, with errors raised as OSError."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

_MADV_COLLAPSE = 25

MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
MNT_DETACH = 2

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_CAPBSET_DROP = 1, 4, 8, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 36, 38, 22
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 2, 4

CAP_DAC_READ_SEARCH = 2

# The same numbers on every architecture since these calls are newer than the unified table.
_SYS_MOUNT_SETATTR = 442
_SYS_LANDLOCK = (444, 445, 446)
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}

_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4

MACHINE = os.uname().machine if sys.platform == "linux" else ""
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _call(function: object, *arguments: object, what: str = "") -> int:
    result = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(number: int, *arguments: object, what: str) -> int:
    # Explicitly long: a plain int would be passed as 32 bits, with whatever stands in the upper half.
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _call(_libc.syscall, ctypes.c_long(number), *longs, what=what)


def unshare(flags: int) -> None:
    """Leaves namespaces that are shared with the rest of the system."""
    _call(_libc.unshare, flags, what="unshare")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """Mounts a file system, or with MS_BIND a path, on another path."""
    _call(_libc.mount, source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode(),
          what=f"mount {source} on {target}")


def make_read_only(target: str, devices: bool = False) -> None:
    """Makes a mount and all below it read-only, without set-user-id programs."""
    attributes = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | (0 if devices else _MOUNT_ATTR_NODEV)
    packed = ctypes.create_string_buffer(struct.pack("QQQQ", attributes, 0, 0, 0))
    _syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, ctypes.c_char_p(target.encode()), _AT_RECURSIVE, packed, 32,
             what=f"mount_setattr {target}")


def change_root(new_root: str) -> None:
    """Makes a mounted folder the root, and the old root unreachable."""
    os.chdir(new_root)
    # Old root over new, then away with it: needs no folder to put the old one in.
    _syscall(_SYS_PIVOT_ROOT[MACHINE], ctypes.c_char_p(b"."), ctypes.c_char_p(b"."), what="pivot_root")
    _call(_libc.umount2, b".", MNT_DETACH, what="umount")
    os.chdir("/")


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent ends, however it ends."""
    import signal

    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent has ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def outlive_parent() -> None:
    """Takes `die_with_parent` back."""
    _prctl(_PR_SET_PDEATHSIG, 0)


def keep_capabilities_over_change_of_user() -> None:
    """Lets the next change of user leave capabilities as they are."""
    _prctl(_PR_SET_KEEPCAPS, 1)


def allow_inspection(allowed: bool) -> None:
    """Whether processes of the same user may read this one's memory; its own /proc entries are its own only then."""
    _prctl(_PR_SET_DUMPABLE, int(allowed))


def forbid_new_privileges(but: int | None = None) -> None:
    """No program started from here on gains a privilege. To be called while there are privileges to give up.

    Args:
        but: a capability that is not given up yet.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        if capability == but:
            continue
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            break  # above the kernel's last one, or not ours to drop: then there is none to begin with


def give_up_privileges(but: int | None = None) -> None:
    """Drops every capability, or every one but one, which programs started from here keep too."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = ctypes.create_string_buffer(struct.pack("II", 0x20080522, 0))
    bits = 0 if but is None else 1 << but
    data = ctypes.create_string_buffer(struct.pack("6I", bits, bits, bits, 0, 0, 0))
    _syscall(_SYS_CAPSET[MACHINE], header, data, what="capset")
    if but is not None:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, but)


def raise_loopback() -> None:
    """Brings up the loopback interface of this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING


def sethostname(name: str) -> None:
    """Names this UTS namespace."""
    _call(_libc.sethostname, name.encode(), len(name), what="sethostname")


def install_filter(program: bytes) -> None:
    """Installs a seccomp filter, given as packed `struct sock_filter`s."""
    instructions = ctypes.create_string_buffer(program)
    fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions)))
    _call(_libc.prctl, _PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(fprog), 0, 0, what="seccomp")


def landlock_version() -> int:
    """The kernel's Landlock version, 0 where it has none."""
    try:
        return _syscall(_SYS_LANDLOCK[0], None, 0, 1, what="landlock")
    except OSError:
        return 0


def landlock(allowed: dict[str, int], handled: int, scoped: int) -> None:
    """Restricts this process and its children to some rights below some paths.

    Args:
        allowed: per path the rights below it.
        handled: the rights that are refused where nothing allows them.
        scoped: what may not be done to processes outside (Landlock version 6).
    """
    attributes = struct.pack("QQQ", handled, 0, scoped) if scoped else struct.pack("Q", handled)
    packed = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = _syscall(_SYS_LANDLOCK[0], packed, len(attributes), 0, what="landlock_create_ruleset")
    try:
        for path, rights in allowed.items():
            try:
                descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
                _syscall(_SYS_LANDLOCK[1], ruleset, 1, rule, 0, what=f"landlock_add_rule {path}")
            finally:
                os.close(descriptor)
        _syscall(_SYS_LANDLOCK[2], ruleset, 0, what="landlock_restrict_self")
    finally:
        os.close(ruleset)


def _prctl(option: int, *arguments: int) -> None:
    longs = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)][:4]
    _call(_libc.prctl, option, *longs, what=f"prctl {option}")


def collapse_memory() -> None:
    """Puts this process's own memory into large pages where the kernel can: a fork then copies far fewer entries.

    Source: madvise(2), MADV_COLLAPSE, since Linux 6.1. An older kernel, or one without memory to spare, leaves it as it
    is; so nothing is raised.
    """
    try:
        with open("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size") as file:
            size = int(file.read())
    except OSError:  # a kernel without large pages
        return
    with open("/proc/self/maps") as file:
        for line in file.read().splitlines():
            place, rights, _, _, inode, *name = line.split(maxsplit=5)
            if inode != "0" or "w" not in rights or (name and name[0].startswith(("[v", "[stack"))):
                continue
            begin, end = (int(number, 16) for number in place.split("-"))
            for start in range(-(-begin // size) * size, end // size * size, size):
                _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), _MADV_COLLAPSE)
