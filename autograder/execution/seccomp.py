"""The system calls that no lesson needs and that would widen what a submission can reach."""

from __future__ import annotations

import errno
import struct

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers per architecture: (x86_64, aarch64).
_REFUSED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "mount_setattr": (442, 442),
    "unshare": (272, 97), "setns": (308, 268), "open_by_handle_at": (304, 265),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "pidfd_getfd": (438, 438),
    "kcmp": (312, 272), "syslog": (103, 116), "quotactl": (179, 60), "acct": (163, 89),
}
_SOCKET = (41, 198)
_AF_UNIX = 1

_LOAD, _JUMP_EQUAL, _JUMP_LESS, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENT = 0, 4, 16
_X32_BIT = 0x40000000


def filter_program(machine: str, sockets: bool) -> bytes:
    """A seccomp filter as packed instructions.

    Args:
        machine: `x86_64` or `aarch64`.
        sockets: whether sockets other than Unix ones may be made. Inside a network namespace of its own a process may
            have them: they lead nowhere.
    """
    column = ("x86_64", "aarch64").index(machine)
    refuse = _instruction(_RETURN, 0, 0, _ERRNO | errno.EPERM)
    program = [
        _instruction(_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        _instruction(_JUMP_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        _instruction(_RETURN, 0, 0, _KILL),
        _instruction(_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        # A second set of numbers for the same calls: nobody needs it.
        program += [_instruction(_JUMP_LESS, 0, 1, _X32_BIT), refuse]
    for numbers in _REFUSED.values():
        program += [_instruction(_JUMP_EQUAL, 0, 1, numbers[column]), refuse]
    if not sockets:
        program += [
            _instruction(_JUMP_EQUAL, 0, 3, _SOCKET[column]),
            _instruction(_LOAD, 0, 0, _OFFSET_ARGUMENT),
            _instruction(_JUMP_EQUAL, 1, 0, _AF_UNIX),
            refuse,
        ]
    program.append(_instruction(_RETURN, 0, 0, _ALLOW))
    return b"".join(program)


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
