"""How the cost of grading grows: with submissions, with workers, and where one writer becomes the limit.

    .venv/bin/python benchmarks/growth.py                     # all of it; an hour on two cores
    .venv/bin/python benchmarks/growth.py --sizes 20 --workers 1 --written 100 --simulated 1000

Four parts. *Submissions*: `mle grade` on all cores of this machine. *Workers*: the same on a Dask cluster of processes
of this machine. *Writer*: everything that the one grading process does for a submission but running it, with results
that are there already, into a file and into PostgreSQL if its server programs are installed; `at a time` is how many it
has under way. *Simulation*: what these costs come to on clusters that are not here. Cores take notebooks, each as long
as one of those measured; a single writer takes whatever waits, in one transaction; a core with two results that wait
waits, too. Its writer is fitted to the part before: a fixed cost for each transaction, and one for each submission.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import nbformat
import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.demo import sample_submissions
from autograder.execution import default_engine
from autograder.execution.engine import Engine
from autograder.grading import Cluster, GradingCourse, Key, grade_cohort
from autograder.grading.finished import Finished, finished
from autograder.grading.grade import grade_hand_in
from autograder.grading.reading import hand_in_bytes
from autograder.grading.remote import pack

ROOT = Path(__file__).resolve().parents[1]
LESSON = "1-1-job-market"
AT_A_TIME = (1, 8, 64)
CORES = (8, 64, 512)
console = Console(width=110)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", default=LESSON)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200, 1000], help="submissions on this machine")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--on-workers", type=int, default=200, help="submissions for each number of workers")
    parser.add_argument("--written", type=int, default=1000, help="results for the writer")
    parser.add_argument("--simulated", type=int, default=100_000, help="submissions in the simulation")
    chosen = parser.parse_args()
    lesson = Course(ROOT).resolve(chosen.lesson)
    seconds = _sizes(lesson, chosen.sizes)
    _workers(lesson, chosen.workers, chosen.on_workers)
    costs = _writers(lesson, chosen.written)
    _simulations(seconds, costs, chosen.simulated)


# --- on this machine


def _sizes(lesson: str, sizes: list[int]) -> list[float]:
    """Grades cohorts of several sizes; returns the seconds that each notebook of the largest took."""
    table = _table("Submissions, on all cores of this machine", "submissions", "s", "s each", "peak MiB",
                   "gradebook KiB")
    seconds: list[float] = []
    for size in sizes:
        with _course(lesson, size) as course, _peak() as peak:
            begun = time.monotonic()
            subprocess.run([sys.executable, "-m", "autograder", "grade", lesson], cwd=course.root, check=True,
                           stdout=subprocess.DEVNULL)
            took = time.monotonic() - begun
            seconds = [json.loads(path.read_text())["seconds"]
                       for path in (course.root / "autograded").rglob("result.json")]
            if len(seconds) != size:
                raise SystemExit(f"{size} were handed in, and {len(seconds)} graded.")
            table.add_row(str(size), f"{took:.1f}", f"{took / size:.2f}", f"{peak():.0f}",
                          f"{(course.root / 'gradebook.db').stat().st_size / 1024:.0f}")
    console.print(table)
    return seconds


def _workers(lesson: str, workers: list[int], size: int) -> None:
    table = _table(f"Workers, {size} submissions", "workers", "s", "s each", "peak MiB")
    for number in workers:
        with _course(lesson, size) as course, _dask(number) as address, _peak() as peak:
            begun = time.monotonic()
            subprocess.run([sys.executable, "-m", "autograder", "grade", lesson, "--scheduler", address],
                           cwd=course.root, check=True, stdout=subprocess.DEVNULL)
            took = time.monotonic() - begun
            table.add_row(str(number), f"{took:.1f}", f"{took / size:.2f}", f"{peak():.0f}")
    console.print(table)


@contextlib.contextmanager
def _course(lesson: str, size: int) -> Iterator[GradingCourse]:
    """A course in which so many have handed in: answers of the lesson's own in turn, each with its learner's number."""
    with tempfile.TemporaryDirectory(prefix="mle-growth-") as folder:
        root = Path(folder)
        for name in ("course", "solutions", "notebooks"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        samples = list(sample_submissions(Course(root), lesson).values())
        for number in range(size):
            notebook = nbformat.from_dict(samples[number % len(samples)])
            notebook.metadata["learner"] = number
            target = root / "submitted" / f"s{number:05}" / lesson
            target.mkdir(parents=True)
            nbformat.write(notebook, target / f"{lesson}.ipynb")
        yield GradingCourse(root)


@contextlib.contextmanager
def _dask(workers: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="mle-growth-") as folder:
        file = Path(folder) / "scheduler.json"
        bin = Path(sys.executable).parent
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        started = [subprocess.Popen([bin / "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                                     "--scheduler-file", file], **quiet)]
        try:
            while not file.exists() or not file.stat().st_size:
                time.sleep(0.1)
            started.append(subprocess.Popen(
                [bin / "dask", "worker", "--scheduler-file", file, "--nworkers", str(workers), "--nthreads", "1",
                 "--no-dashboard", "--local-directory", folder], **quiet))
            address = json.loads(file.read_text())["address"]
            from distributed import Client

            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=120)
            yield address
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


@contextlib.contextmanager
def _peak() -> Iterator[Callable[[], float]]:
    """The most memory, in MiB, that this process's descendants have had together; shared memory counts once."""
    most, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(1.0):
            total = 0
            for one in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += one.memory_full_info().pss
            most = max(most, total / 2**20)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: most
    finally:
        done.set()
        thread.join()


# --- the writer alone


class _Ready(Cluster):
    """A cluster whose every result is there as soon as the notebook has been packed for it."""

    def __init__(self, result: Finished, at_a_time: int) -> None:
        self._result, self._at_a_time = result, at_a_time

    @property
    def jobs(self) -> int:
        return self._at_a_time

    def grade(self, key: Key, folder: Path) -> Finished:
        hand_in_bytes(folder, key.lesson)
        pack(folder)
        return Finished(str(self._result.notebook), self._result.result, dict(self._result.essays))


@dataclass(frozen=True)
class Writer:
    """What writing costs: seconds for each transaction, and for each submission in it."""

    fixed: float
    each: float

    def seconds(self, number: int) -> float:
        return self.fixed + number * self.each


def _writers(lesson: str, size: int) -> dict[str, Writer]:
    table = _table(f"Writer, {size} results", "gradebook", "at a time", "ms each", "submissions a second")
    found = {}
    engine = default_engine()
    assert isinstance(engine, Engine), "measured on Linux"
    for kind, server in _gradebooks():
        points = []
        for at_a_time in AT_A_TIME:
            with _course(lesson, size) as course:
                if server:
                    url = server(f"at{at_a_time}")
                    (course.root / "grading.toml").write_text(f'gradebook = "{url}"\n')
                    course = GradingCourse(course.root)
                key = Key.load(course.root / "solutions" / lesson)
                result = finished(grade_hand_in(key, key.files, lesson, None, engine.run))
                course.register([lesson])
                begun = time.monotonic()
                outcome = grade_cohort(course, [lesson], engine=_Ready(result, at_a_time))
                took = (time.monotonic() - begun) / size
                assert outcome.graded == size and not outcome.failures
            points.append((at_a_time, took))
            table.add_row(kind, str(at_a_time), f"{1000 * took:.1f}", f"{1 / took:.0f}")
        # Seconds for a transaction of n are fixed + n * each, so those for one submission are fixed / n + each.
        design = np.array([[1 / number, 1.0] for number, _ in points])
        fixed, each = np.linalg.lstsq(design, np.array([took for _, took in points]), rcond=None)[0]
        found[kind] = Writer(max(float(fixed), 0.0), float(each))
    console.print(table)
    for kind, writer in found.items():
        console.print(f"{kind}: {1000 * writer.fixed:.1f} ms for each transaction, {1000 * writer.each:.1f} ms for "
                      "each submission")
    return found


def _gradebooks() -> Iterator[tuple[str, Callable[[str], str] | None]]:
    yield "SQLite", None
    sys.path.insert(0, str(ROOT / "tests"))
    from postgresql import Server

    try:
        server = Server()
    except AssertionError as error:
        console.print(f"Without PostgreSQL: {error}")
        return
    try:
        yield "PostgreSQL", server.database
    finally:
        server.remove()


# --- on machines that are not here


@dataclass(frozen=True)
class Simulated:
    """A run: seconds in all, and which share of them cores and writer were busy."""

    seconds: float
    cores_busy: float
    writer_busy: float


def simulate(durations: list[float], cores: int, submissions: int, writer: Writer, most: int,
             seed: int = 1) -> Simulated:
    """Cores take notebooks one after the other; one writer enters what has come, at most `most` in a transaction.

    Args:
        durations: seconds that notebooks take; drawn from at random.
        most: results in one transaction; 1 for a writer that enters each by itself.
    """
    chance = random.Random(seed)
    left, written, now, worked, wrote = submissions, 0, 0.0, 0.0, 0.0
    running: list[tuple[float, int]] = []  # when a core is done with a notebook, and which core
    unwritten = [0] * cores
    waiting: deque[int] = deque()  # results, by their cores
    idle = deque(range(cores))
    batch: list[int] = []
    writer_done = float("inf")
    while written < submissions:
        while idle and left:
            took = chance.choice(durations)
            heapq.heappush(running, (now + took, idle.popleft()))
            worked += took
            left -= 1
        if not batch and waiting:
            batch = [waiting.popleft() for _ in range(min(most, len(waiting)))]
            cost = writer.seconds(len(batch))
            writer_done, wrote = now + cost, wrote + cost
        if running and running[0][0] <= writer_done:
            now, core = heapq.heappop(running)
            waiting.append(core)
            unwritten[core] += 1
            if unwritten[core] < 2:
                idle.append(core)
        else:
            now, writer_done = writer_done, float("inf")
            written += len(batch)
            for core in batch:
                unwritten[core] -= 1
                if unwritten[core] == 1:
                    idle.append(core)
            batch = []
    return Simulated(now, worked / (now * cores), wrote / now)


def _simulations(durations: list[float], costs: dict[str, Writer], submissions: int) -> None:
    table = _table(f"Simulation: {submissions:,} submissions of {mean(durations):.2f} s", "cores", "gradebook",
                   "writer", "hours", "submissions a second", "cores busy", "writer busy")
    for cores in CORES:
        for kind, writer in costs.items():
            for name, most in (("one at a time", 1), ("batches", 100)):
                run = simulate(durations, cores, submissions, writer, most)
                table.add_row(str(cores), kind, name, f"{run.seconds / 3600:.2f}", f"{submissions / run.seconds:.1f}",
                              f"{100 * run.cores_busy:.0f} %", f"{100 * run.writer_busy:.0f} %")
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    return table


if __name__ == "__main__":
    main()
