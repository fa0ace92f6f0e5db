"""Grading on a real Dask cluster: workers in networks of their own, one that dies, and some that may not be used."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradebooks
import psutil
import pytest
from postgresql import Server

from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import Cluster, GradingCourse, cluster, grade_cohort
from autograder.grading.remote import Needs, unfit
from autograder.quality import read_notebook, rounds, with_answers

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the engine needs Linux")]

LESSON, OTHER = "1-1-means", "1-2-loops"
# Wraps a worker so that its versions are not those of this machine.
OTHER_NUMPY = ("import importlib.metadata as m; old = m.version; "
               "m.version = lambda name: '1.26.4' if name == 'numpy' else old(name); ")
# Wraps a worker so that its system offers no isolation.
NO_ISOLATION = ("from autograder.execution import jail; jail.available = lambda: jail.Level.NONE; ")


class Dask:
    """A scheduler and workers, as processes; where root may, each worker in a network namespace of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.workers, self._names = folder, [], []
        self._net = f"mle{os.getpid() % 100_000}"
        # Not in a container, whose root may not.
        self._own_networks = os.getuid() == 0 and shutil.which("ip") is not None and subprocess.run(
            ["ip", "link", "add", self._net, "type", "bridge"]).returncode == 0
        if self._own_networks:
            self._ip("addr", "add", "10.213.77.1/24", "dev", self._net)
            self._ip("link", "set", self._net, "up")
        self.scheduler = self._start("distributed.cli.dask_scheduler", "--host", self.host, "--port", "0",
                                     "--no-dashboard", "--scheduler-file", str(folder / "scheduler.json"))
        self.address = self._address()

    @property
    def host(self) -> str:
        return "10.213.77.1" if self._own_networks else "127.0.0.1"

    def worker(self, before: str = "", nanny: bool = True) -> subprocess.Popen:
        number = len(self.workers) + 2
        prefix: list[str] = []
        if self._own_networks:
            name = f"{self._net}-{number}"
            self._names.append(name)
            self._ip("netns", "add", name)
            self._ip("link", "add", f"v{number}{self._net}"[:15], "type", "veth", "peer", "name", "eth0", "netns", name)
            self._ip("link", "set", f"v{number}{self._net}"[:15], "master", self._net, "up")
            for command in (["addr", "add", f"10.213.77.{number}/24", "dev", "eth0"], ["link", "set", "eth0", "up"],
                            ["link", "set", "lo", "up"]):
                self._ip("-n", name, *command)
            prefix = ["ip", "netns", "exec", name]
        process = self._start("distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-dashboard",
                              *([] if nanny else ["--no-nanny"]), "--local-directory", str(self.folder),
                              before=before, prefix=prefix)
        self.workers.append(process)
        return process

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(psutil.NoSuchProcess):
                tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                for one in tree:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        one.kill()
            process.wait()
        for name in self._names:
            self._ip("netns", "del", name)
        if self._own_networks:
            self._ip("link", "del", self._net)

    def _start(self, module: str, *arguments: str, before: str = "", prefix: list[str] | None = None):
        with open(self.folder / f"log-{time.monotonic_ns()}", "w") as log:
            return subprocess.Popen(
                [*(prefix or []), sys.executable, "-c",
                 f"import sys; {before}from {module} import main; sys.argv = ['dask', *sys.argv[1:]]; main()",
                 *arguments], stdout=log, stderr=log, cwd=self.folder)

    def _address(self) -> str:
        import json

        for _ in range(600):
            with contextlib.suppress(OSError, ValueError):
                return json.loads((self.folder / "scheduler.json").read_text())["address"]
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True)


@pytest.fixture
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.close()


@pytest.fixture
def make(mini: Course, tmp_path: Path) -> Callable[[str], GradingCourse]:
    """Makes copies of one course with hand-ins: right, wrong, untouched, unreadable, with files, and slow."""
    untouched = read_notebook(mini.notebooks / LESSON)
    answers = mini.answers(mini.lesson(LESSON))
    right = {a.exercise: a.source for a in rounds(tuple(a for a in answers if a.right))[0].values()}
    wrong = {a.exercise: a.source for a in rounds(tuple(a for a in answers if not a.right))[0].values()}
    for number in range(8):
        sources = right if number % 3 else right | {"geometric": wrong["geometric"]}
        _hand_in(mini, f"s{number}", with_answers(untouched, sources | {"mean": f"{sources['mean']}\n# {number}"}))
    _hand_in(mini, "untouched", untouched)
    _hand_in(mini, "files", with_answers(untouched, right))
    (mini.root / "submitted/files" / LESSON / "own.txt").write_text("mine")
    (mini.root / "submitted/files" / LESSON / "link").symlink_to("/etc/passwd")
    (mini.root / "submitted/broken" / LESSON).mkdir(parents=True)
    (mini.root / "submitted/broken" / LESSON / f"{LESSON}.ipynb").write_text('{"cells": [')
    for student in ("s0", "s1"):
        shutil.copytree(mini.solutions / OTHER, mini.root / "submitted" / student / OTHER)

    def make(name: str) -> GradingCourse:
        shutil.copytree(mini.root, tmp_path / name, symlinks=True)
        return GradingCourse(tmp_path / name)

    return make


def _hand_in(course: Course, student: str, notebook) -> None:
    import nbformat

    folder = course.root / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")
    (folder / "timestamp.txt").write_text("2026-03-01 10:00:00 UTC\n")


def on(dask: Dask, course: GradingCourse, **options):
    engine = Cluster(dask.address)
    try:
        return grade_cohort(course, [LESSON, OTHER], engine=engine, **options), engine.refused
    finally:
        engine.close()


def seen(course: GradingCourse) -> tuple:
    return gradebooks.rows(course.gradebook), gradebooks.files(course.root)


def test_a_file_a_server_and_a_cluster_with_a_killed_worker_give_the_same_gradebook(make, dask, monkeypatch):
    here = make("here")
    assert grade_cohort(here, [LESSON, OTHER], jobs=2).graded == 13

    server = Server()
    try:
        there = make("there")
        (there.root / "grading.toml").write_text(f'gradebook = "{server.database("cohort")}"\n')
        there = GradingCourse(there.root)
        assert grade_cohort(there, [LESSON, OTHER], jobs=2).graded == 13
        (there.root / "grading.toml").unlink()
        expected = seen(here)
        assert (gradebooks.rows(there.gradebook), gradebooks.files(there.root)) == expected
    finally:
        server.remove()

    doomed = dask.worker(nanny=False)
    dask.worker()
    spread, killed = make("spread"), []

    def kill_one(text: str, done: int, of: int) -> None:
        if done >= 2 and not killed:
            killed.append(psutil.Process(doomed.pid).children(recursive=True))
            doomed.send_signal(signal.SIGKILL)

    outcome, refused = on(dask, spread, tell=kill_one)
    assert killed and doomed.wait() == -signal.SIGKILL
    assert (outcome.graded, outcome.failures, refused) == (13, [], {})
    assert seen(spread) == expected
    _, alive = psutil.wait_procs(killed[0], timeout=30)
    assert alive == []  # what it had under way has ended with it
    again, _ = on(dask, spread)
    assert (again.graded, again.skipped) == (0, 13)


def test_what_a_worker_lacks_is_said():
    here = Needs({"Python": "3.11.7 (main)", "numpy": "2.4.6", "torch": "2.13.0", "optuna": "-"}, "landlock")
    same = dict(here.versions)
    assert unfit(here, same, "landlock") == unfit(here, same, "namespaces") == ""
    said = unfit(here, same | {"torch": "-", "numpy": "1.26.4", "optuna": "5.0"}, "namespaces")
    assert "no torch, which is 2.13.0 here" in said and "with the same extras" in said
    assert "numpy 1.26.4 instead of 2.4.6" in said and "optuna 5.0, which is not here" in said
    assert "its isolation is 'landlock', and 'namespaces' is needed" in unfit(replace(here, level="namespaces"), same,
                                                                              "landlock")


class JustNow:
    """What a client has of a task that ends in the very moment in which somebody gives up waiting for it."""

    def __init__(self, answer: object) -> None:
        self._answer, self.status = answer, "pending"

    def result(self, timeout: float) -> object:
        if self.status == "pending":
            self.status = "error" if isinstance(self._answer, Exception) else "finished"
            raise TimeoutError
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def exception(self) -> object:
        return self._answer

    def done(self) -> bool:
        return self.status != "pending"


@pytest.mark.parametrize("answer", [("graded", "tcp://one"), RuntimeError("worker's"), TimeoutError("worker's")])
def test_an_answer_that_comes_while_the_wait_for_it_ends_is_taken(answer, monkeypatch):
    one = object.__new__(Cluster)
    one._client = SimpleNamespace(submit=lambda *args, **options: JustNow(answer))
    one._lock, one._workers = threading.Lock(), {"tcp://one": None}
    monkeypatch.setattr(Cluster, "_look", lambda self: None)
    if isinstance(answer, tuple):
        assert one._answer(None, None, ["tcp://one"]) == answer
        return
    says = "took too long" if isinstance(answer, TimeoutError) else "worker's. Run the same"
    with pytest.raises(MleError, match=says):
        one._answer(None, None, ["tcp://one"])


def test_workers_that_differ_or_isolate_less_are_named_and_not_used(make, dask):
    course = make("mixed")
    dask.worker(OTHER_NUMPY, nanny=False)
    dask.worker(NO_ISOLATION, nanny=False)
    with pytest.raises(MleError) as error:
        _wait_for(dask, 2)
        on(dask, course)
    said = str(error.value)
    assert "has no worker that may grade" in said
    assert "numpy 1.26.4 instead of" in said and "its isolation is 'none', and 'landlock' is needed" in said
    dask.worker()
    _wait_for(dask, 3)
    outcome, refused = on(dask, course)
    assert outcome.graded == 13 and not outcome.failures and len(refused) == 2


def test_a_worker_that_loses_its_isolation_under_way_is_refused_and_the_other_goes_on(make, dask):
    course = make("losing")
    dask.worker(nanny=False)
    dask.worker(nanny=False)
    _wait_for(dask, 2)
    engine = Cluster(dask.address)
    try:
        first, _ = sorted(engine._client.scheduler_info(n_workers=-1)["workers"])
        engine._client.run(_forbidding_namespaces(), workers=[first])
        outcome = grade_cohort(course, [LESSON, OTHER], engine=engine)
        assert (outcome.graded, outcome.failures) == (13, [])
        assert list(engine.refused) == [first] and "cannot run notebooks" in engine.refused[first]
    finally:
        engine.close()
    alone = make("alone")
    grade_cohort(alone, [LESSON, OTHER], jobs=2)
    assert seen(course) == seen(alone)


def _forbidding_namespaces() -> Callable[[], None]:
    """What makes a worker's process one whose system grants no new namespaces, from then on."""
    def forbid() -> None:
        import ctypes
        import platform
        import struct

        number = {"x86_64": 272, "aarch64": 97}[platform.machine()]  # of unshare
        program = b"".join(struct.pack("HBBI", *one) for one in (
            (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x0005_0001), (0x06, 0, 0, 0x7FFF_0000)))
        held = ctypes.create_string_buffer(program)
        about = struct.pack("HxxxxxxQ", 4, ctypes.addressof(held))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges
        seccomp = {"x86_64": 317, "aarch64": 277}[platform.machine()]
        assert libc.syscall(seccomp, 1, 1, about) == 0, ctypes.get_errno()  # a filter, for all threads

    return forbid  # a function inside of a function: workers, which do not have this file, get the code itself


def _wait_for(dask: Dask, workers: int) -> None:
    from distributed import Client

    with Client(dask.address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def test_no_scheduler_and_no_worker_are_said(make, dask, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 2)
    with pytest.raises(MleError, match=r"no Dask scheduler to reach at tcp://127.0.0.1:9: .*`dask scheduler`"):
        Cluster("tcp://127.0.0.1:9")
    with pytest.raises(MleError, match="no Dask scheduler to reach at nonsense"):
        Cluster("nonsense://")
    monkeypatch.setattr(cluster, "_NO_WORKER_SECONDS", 1.0)
    with pytest.raises(MleError, match=r"has no worker. Start one with `dask worker tcp://"):
        Cluster(dask.address)


def test_without_dask_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MleError, match=r"run `./mle add cluster`"):
        Cluster("tcp://127.0.0.1:8786")


def test_a_scheduler_that_goes_away_stops_the_run_and_the_next_one_finishes_it(make, dask, tmp_path_factory):
    course = make("stopped")
    dask.worker()
    _wait_for(dask, 1)

    def stop(text: str, done: int, of: int) -> None:
        dask.scheduler.kill()

    with pytest.raises(MleError, match=r"has gone away.*run the same command again"):
        on(dask, course, tell=stop, jobs=1)
    assert not list(course.root.glob(".mle-*"))
    outcome = grade_cohort(course, [LESSON, OTHER], jobs=2)
    assert outcome.graded + outcome.skipped == 13 and outcome.skipped >= 1
    alone = make("alone")
    grade_cohort(alone, [LESSON, OTHER], jobs=2)
    assert seen(course) == seen(alone)
