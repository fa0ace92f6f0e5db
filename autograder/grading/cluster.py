"""Grades on a Dask cluster: sends notebooks to its workers, each with an engine of its own, and takes the results.

Nothing but this process writes files or scores. A worker that dies costs time and no result: what it had is done again
elsewhere. One that differs from this machine in what results depend on, or isolates less, is not used, and named.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.errors import MleError
from autograder.execution import EngineError
from autograder.execution.folders import Unfit
from autograder.grading.finished import Finished, finished
from autograder.grading.grade import ungraded
from autograder.grading.key import Key
from autograder.grading.reading import UnreadableNotebook, hand_in_bytes
from autograder.grading.remote import (
    Lesson,
    Needs,
    NotThere,
    Parcel,
    Refused,
    fitness,
    grade_parcel,
    isolates,
    pack,
    unfit,
)
from autograder.grading.stored import environment_versions

_CONNECT_SECONDS = 15
_NO_WORKER_SECONDS = 60.0  # to wait for one that may be used
_LOOK_SECONDS = 1.0
_IN_FLIGHT = 2  # notebooks at a time for each thread of a worker, so that none waits for the next


class ClusterAway(EngineError):
    """The cluster cannot be used at all, or not any more."""


@dataclass
class _Worker:
    threads: int
    level: str = "none"
    refused: str = ""


class Cluster:
    """A Dask cluster to grade on.

    Args:
        address: of its scheduler, or the file into which `dask scheduler --scheduler-file` has written it.
        trust_submissions: whether workers without isolation will do.

    Raises:
        ClusterAway: there is no scheduler, or no worker that may be used.
    """

    def __init__(self, address: str, *, trust_submissions: bool = False) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterAway("--scheduler needs Dask, which is not installed: run `./mle add cluster`.") from None
        for name in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is told in our words
        address = self._address = _address(address)
        self._trust = trust_submissions
        self._lock, self._workers, self._looked = threading.Lock(), {}, 0.0
        self._packed: dict[str, Lesson] = {}
        try:
            self._client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False, name="mle")
        except (OSError, ValueError, RuntimeError) as error:
            raise ClusterAway(f"There is no Dask scheduler to reach at {address}: {_line(error)}. Start one with `dask "
                              "scheduler`, or mend the address, which looks like tcp://HOST:8786.") from None
        try:
            self._usable("none" if trust_submissions else "landlock")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Gives back what is still running, and the connection."""
        with suppress(Exception):
            self._client.close(timeout=5)

    @property
    def jobs(self) -> int:
        """How many notebooks to have under way at a time."""
        with self._lock:
            return _IN_FLIGHT * sum(worker.threads for worker in self._workers.values() if not worker.refused)

    @property
    def refused(self) -> dict[str, str]:
        """Workers that are not used, and why."""
        with self._lock:
            return {address: worker.refused for address, worker in self._workers.items() if worker.refused}

    def grade(self, key: Key, folder: Path) -> Finished:
        """Grades what was handed in; what cannot be read, or is too much, has no points and a reason.

        Raises:
            ClusterAway: the cluster is gone, or no worker is left that may be used.
            MleError: workers have died of it, again and again.
        """
        try:
            notebook = hand_in_bytes(folder, key.lesson)
            beside = pack(folder)
        except UnreadableNotebook as error:
            return finished(ungraded(key, str(error)))
        except Unfit as error:
            return finished(ungraded(key, f"{str(error)[:1].upper()}{str(error)[1:]}."))
        lesson = self._lesson(key)
        needs = Needs(environment_versions(), "none" if self._trust else
                      "namespaces" if key.services else "landlock")
        parcel = Parcel(lesson.digest, None, notebook, beside)
        only: str | None = None
        while True:
            workers = [only] if only else self._usable(needs.level)
            answer, worker = self._answer(replace(parcel, lesson=lesson if only else None), needs, workers)
            only = None
            if isinstance(answer, Refused):
                self._refuse(worker, answer.why)
            elif isinstance(answer, NotThere):
                only = worker
            elif answer is not None:
                return answer

    def _lesson(self, key: Key) -> Lesson:
        with self._lock:
            if key.digest not in self._packed:
                notebook = key.files / f"{key.lesson}.ipynb"
                self._packed[key.digest] = Lesson(key.lesson, notebook.read_bytes(), pack(key.files))
            return self._packed[key.digest]

    def _answer(self, parcel: Parcel, needs: Needs, workers: list[str]) -> tuple[Any, str]:
        """What a worker says, and which; None if all that could have said something are gone."""
        from distributed import CancelledError, KilledWorker

        try:
            future = self._client.submit(_on_worker, parcel, needs, pure=False, workers=workers,
                                         allow_other_workers=False)
            while True:
                try:
                    return future.result(timeout=_LOOK_SECONDS)
                except TimeoutError:
                    # Of this wait, in which the answer may have come just now; or the worker's own, which would come
                    # again and again.
                    if future.status == "error" and isinstance(future.exception(), TimeoutError):
                        raise MleError("It could not be graded: a worker took too long for something.") from None
                    self._look()
                    with self._lock:
                        left = [worker for worker in workers if worker in self._workers]
                    if not left:
                        future.cancel()
                        return None, ""
        except KilledWorker as error:
            raise MleError(f"It could not be graded: workers died while they had it ({_line(error)}). Look at their "
                           "logs, then run the same command again.") from None
        except (CancelledError, OSError, RuntimeError) as error:
            self._look()  # says so if it is the scheduler
            raise MleError(f"It could not be graded: {_line(error)}. Run the same command again.") from None

    def _usable(self, level: str) -> list[str]:
        """The workers that may be used.

        Raises:
            ClusterAway: there is none, and none comes.
        """
        since = time.monotonic()
        while True:
            self._look()
            with self._lock:
                usable = [address for address, worker in self._workers.items() if not worker.refused
                          and isolates(worker.level, level)]
            if usable:
                return usable
            if time.monotonic() - since > _NO_WORKER_SECONDS or self._workers:
                raise ClusterAway(self._no_worker(level))
            time.sleep(_LOOK_SECONDS / 4)

    def _no_worker(self, level: str) -> str:
        with self._lock:
            listed = "".join(f"\n  {address}: {worker.refused or f'its isolation is {worker.level}'}"
                             for address, worker in self._workers.items())
        if not listed:
            return f"The cluster at {self._address} has no worker. Start one with `dask worker {self._address}`."
        return f"The cluster at {self._address} has no worker that may grade with isolation '{level}':{listed}"

    def _look(self) -> None:
        """Learns which workers there are, and whether new ones may be used.

        Raises:
            ClusterAway: the scheduler is gone.
        """
        with self._lock:
            if time.monotonic() - self._looked < _LOOK_SECONDS / 2:
                return
            self._looked = time.monotonic()
            try:
                if self._client.status != "running":
                    raise OSError(f"the connection is {self._client.status}")
                there = self._client.scheduler_info(n_workers=-1)["workers"]
                new = [address for address in there if address not in self._workers]
                found = self._client.run(fitness, workers=new, on_error="return") if new else {}
            except (OSError, RuntimeError, TimeoutError) as error:
                raise ClusterAway(f"The scheduler at {self._address} has gone away: {_line(error)}. What was graded is "
                                  "in the gradebook; run the same command again when it is back.") from None
            self._workers = {address: worker for address, worker in self._workers.items() if address in there}
            needs = Needs(environment_versions(), "none" if self._trust else "landlock")
            for address, said in found.items():
                why = (f"it cannot be asked what it has ({_line(said)}). Is mle-path installed there?"
                       if isinstance(said, Exception) else unfit(needs, *said))
                level = "none" if isinstance(said, Exception) else said[1]
                self._workers[address] = _Worker(there[address]["nthreads"], level, why)

    def _refuse(self, address: str, why: str) -> None:
        with self._lock:
            if address in self._workers:
                self._workers[address].refused = why


def _address(text: str) -> str:
    if "://" in text or not (path := Path(text)).exists():
        return text
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterAway(f"{path} is not what `dask scheduler --scheduler-file` writes ({_line(error)}).") from None


def _on_worker(parcel: Parcel, needs: Needs) -> tuple[Finished | Refused | NotThere, str]:
    from distributed import get_worker

    return grade_parcel(parcel, needs), get_worker().address


def _line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
