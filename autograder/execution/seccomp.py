"""The system calls that no lesson needs and that would widen what a submission can reach."""

from __future__ import annotations

import errno
import struct

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NONE = -1  # the architecture has no such call

# Numbers per architecture: (x86_64, aarch64). Refused everywhere.
_REFUSED = {
    # other processes' memory, files and limits
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "move_pages": (279, 239), "migrate_pages": (256, 238),
    "setpriority": (141, 140), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274), "ioprio_set": (251, 30),
    # another view of the system
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "unshare": (272, 97), "setns": (308, 268), "open_by_handle_at": (304, 265),
    # large or young parts of the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_secret": (447, 447),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "vhangup": (153, 58),
    # what outlives a process
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semctl": (66, 191),
    "msgget": (68, 186), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    # the machine
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "syslog": (103, 116), "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, _NONE), "ioperm": (173, _NONE),
}
# Landlock says nothing about these. A path in them may be one outside, which the user running this may change.
# They do as if: programs that copy a file with its times and permissions go on, with those of a new file.
_PRETENDED = {
    "chmod": (90, _NONE), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, _NONE), "lchown": (94, _NONE),
    "fchownat": (260, 54), "utime": (132, _NONE), "utimes": (235, _NONE), "futimesat": (261, _NONE),
    "utimensat": (280, 88),
}
_REFUSED_WITHOUT_ROOT_OF_ITS_OWN = {
    "setxattr": (188, 5), "lsetxattr": (189, 6), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469),
    "inotify_init": (253, _NONE), "inotify_init1": (294, 26),
    # A Unix socket that lies in a folder outside belongs to a service of the user's: an agent with keys, a desktop.
    "connect": (42, 203),
}
_TRUNCATE = (76, 45)
_SOCKET, _SOCKETPAIR = (41, 198), (53, 199)
_ON_ANY_PROCESS = {"prlimit64": (302, 261), "sched_setaffinity": (203, 122)}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_KILL_PROCESS = (62, 129)
# Further ways to signal a process, which it names in the first argument.
_SIGNAL = {"tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)}
_PIDFD_SEND_SIGNAL = (424, 424)
_FCNTL, _IOCTL = (72, 25), (16, 29)
_SET_OWNER = (8, 15)  # F_SETOWN and F_SETOWN_EX: who gets a signal, of any number, when there is something to read
_SET_OWNER_BY_IOCTL = (0x8901, 0x8902)  # FIOSETOWN and SIOCSPGRP: the same
_EVERYBODY = 0xFFFFFFFF  # -1; of a process id the kernel reads the lower 32 bits only, which is what a filter compares
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_SEQPACKET = 1, 5
_CLONE_NEW = 0x7E020000  # every flag that makes a namespace

_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000


def filter_program(machine: str, sockets: bool, truncate: bool = True, signals_only_to: int = 0) -> bytes:
    """A seccomp filter as packed instructions.

    Args:
        machine: `x86_64` or `aarch64`.
        sockets: whether IP sockets may be made, and paths changed by name: inside namespaces of its own a process may,
            as neither leads anywhere. Otherwise only Unix sockets that begin and end inside the process's family.
        truncate: whether a file may be cut short by name. Landlock looks at that from its third version on.
        signals_only_to: where nothing else keeps signals from processes outside, the one process that may get any,
            beside those of the sender's own group; 0 where something does.
    """
    column = ("x86_64", "aarch64").index(machine)
    refuse = _instruction(_RETURN, 0, 0, _ERRNO | errno.EPERM)
    allow = _instruction(_RETURN, 0, 0, _ALLOW)
    program = [
        _instruction(_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        _instruction(_JUMP_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        _instruction(_RETURN, 0, 0, _KILL),
        _instruction(_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        # A second set of numbers for the same calls: nobody needs it.
        program += [_instruction(_JUMP_FROM, 0, 1, _X32_BIT), refuse]

    refused = _REFUSED if sockets else _REFUSED | _REFUSED_WITHOUT_ROOT_OF_ITS_OWN
    if not truncate:
        refused = refused | {"truncate": _TRUNCATE}
    for numbers in refused.values():
        program += _where(numbers[column], [refuse])
    # Its flags lie in memory, where a filter cannot look; libraries fall back to `clone`.
    program += _where(_CLONE3[column], [_instruction(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)])
    program += _where(_CLONE[column], [_argument(0), _instruction(_JUMP_ANY_BIT, 0, 1, _CLONE_NEW), refuse, allow])
    # Its own limits only, which it cannot raise: the grader's processes may be of the same user.
    for numbers in _ON_ANY_PROCESS.values():
        program += _where(numbers[column], [_argument(0), _instruction(_JUMP_EQUAL, 1, 0, 0), refuse, allow])
    if sockets:
        # Only families that a network namespace holds: a virtual machine's line to its host, say, it does not.
        families = (_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK)
        program += _where(_SOCKET[column], [_argument(0), *_one_of(families, allow), refuse])
    else:
        for numbers in _PRETENDED.values():
            program += _where(numbers[column], [_instruction(_RETURN, 0, 0, _ERRNO)])
        # No datagrams: those can be sent to a path without connecting to it.
        kinds = [_argument(1), _instruction(_AND, 0, 0, 0xF), *_one_of((_SOCK_STREAM, _SOCK_SEQPACKET), allow), refuse]
        for numbers in (_SOCKET, _SOCKETPAIR):
            program += _where(numbers[column], [_argument(0), _instruction(_JUMP_EQUAL, 1, 0, _AF_UNIX), refuse,
                                                *kinds])
        program += _signals(column, signals_only_to, refuse, allow)
    return b"".join([*program, allow])


def _signals(column: int, only_to: int, refuse: bytes, allow: bytes) -> list[bytes]:
    """Where processes outside are in sight: nobody signals all of them at once, and where need be none of them."""
    if not only_to:
        return _where(_KILL_PROCESS[column], [_argument(0), *_one_of((_EVERYBODY,), refuse), allow])
    program = _where(_KILL_PROCESS[column], [_argument(0), *_one_of((0, only_to), allow), refuse])
    for numbers in _SIGNAL.values():
        program += _where(numbers[column], [_argument(0), *_one_of((only_to,), allow), refuse])
    program += _where(_PIDFD_SEND_SIGNAL[column], [refuse])
    for numbers, commands in ((_FCNTL, _SET_OWNER), (_IOCTL, _SET_OWNER_BY_IOCTL)):
        program += _where(numbers[column], [_argument(1), *_one_of(commands, refuse), allow])
    return program


def _where(number: int, then: list[bytes]) -> list[bytes]:
    """Instructions that are run for one system call only; they end in a return."""
    return [] if number == _NONE else [_instruction(_JUMP_EQUAL, 0, len(then), number), *then]


def _one_of(values: tuple[int, ...], then: bytes) -> list[bytes]:
    return [part for value in values for part in (_instruction(_JUMP_EQUAL, 0, 1, value), then)]


def _argument(index: int) -> bytes:
    return _instruction(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * index)


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
