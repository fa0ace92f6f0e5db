"""Work of many small pieces on all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import TypeVar

Item, Result = TypeVar("Item"), TypeVar("Result")

_WORTH_IT = 100  # items; fewer are done before other processes have started
_AT_A_TIME = 16


class Workers:
    """Processes that are started when there is enough to do for them, and end with the `with` block."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """What a function of a module gives for each item, in their order."""
        cores = os.cpu_count() or 1
        if len(items) < _WORTH_IT or cores == 1:
            return list(map(work, items))
        # Started anew and not forked, as on every system: libraries of this process may have threads.
        self._pool = self._pool or ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), _begin)
        return list(self._pool.map(work, items, chunksize=_AT_A_TIME))


def _begin() -> None:
    """Leaves Ctrl-C to the process that started this one, and ends when that has ended in whatever way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
