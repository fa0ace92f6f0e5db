"""Messages between processes: JSON with its length in front. Nothing that arrives is ever executed or unpickled."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

_HEAD = struct.Struct("!I")
_LARGEST = 256 * 2**20


class Broken(Exception):
    """What arrived is no message of ours."""


def send(sock: socket.socket, message: dict[str, Any]) -> None:
    """Sends one message.

    Raises:
        OSError: nobody listens any more.
    """
    data = json.dumps(message, default=repr).encode()
    sock.sendall(_HEAD.pack(len(data)) + data)


def receive(sock: socket.socket, most_bytes: int = _LARGEST) -> dict[str, Any] | None:
    """Waits for one message; None when the other side has closed.

    Raises:
        Broken: it is not one, or longer than `most_bytes`.
    """
    head = _exactly(sock, _HEAD.size)
    if head is None:
        return None
    (size,) = _HEAD.unpack(head)
    if size > most_bytes:
        raise Broken
    data = _exactly(sock, size)
    return None if data is None else _parse(data)


class Reader:
    """Collects messages from a socket that is read whenever something has arrived.

    Args:
        most_bytes: a longer message is none: nobody on the other side can make this one hold more.
    """

    def __init__(self, sock: socket.socket, most_bytes: int = _LARGEST) -> None:
        self.sock, self._most = sock, most_bytes
        self._data = bytearray()
        self.closed = False

    def read(self) -> Iterator[dict[str, Any]]:
        """Reads what is there and yields the messages that are complete.

        Raises:
            Broken: something that is not a message.
        """
        try:
            part = self.sock.recv(1 << 18)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            part = b""
        if not part:
            self.closed = True
        self._data += part
        while len(self._data) >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self._data)
            if size > self._most:
                raise Broken
            if len(self._data) < _HEAD.size + size:
                return
            message = _parse(bytes(self._data[_HEAD.size:_HEAD.size + size]))
            del self._data[:_HEAD.size + size]
            yield message


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        try:
            part = sock.recv(min(size - len(data), 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return bytes(data)


def _parse(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        raise Broken from None
    if not isinstance(message, dict):
        raise Broken
    return message
