"""Progress in one line of text. Standard library only: the first set-up needs it before anything is installed."""

from __future__ import annotations

import shutil
import time
from typing import TextIO


class ProgressLine:
    """A line that rewrites itself on a terminal; elsewhere (a log, CI) a plain line every ten seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._width = 0
        self._next = 0.0

    def show(self, text: str) -> None:
        """What is being done now."""
        if self._rewrites:
            # One column short: a full line makes some terminals wrap, and the next rewrite would miss it.
            text = text[: shutil.get_terminal_size().columns - 1]
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + 10
            self._stream.write(text + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._rewrites:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0
        self._stream.write(text + "\n")
        self._stream.flush()
