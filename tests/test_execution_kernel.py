"""What is particular to running in an ordinary kernel: how it is stopped, watched, and kept from showing our hand."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from autograder.course import Limits
from autograder.execution import Job, RunRecord, Step
from autograder.execution.kernel import run, stop_all

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes and signals")
pytestmark = pytest.mark.slow

ROOMY = Limits(cell_seconds=30, notebook_seconds=120)


def steps(cells: dict[str, str | tuple[str, ...]]) -> tuple[Step, ...]:
    """A key that begins with `check` makes a check; a tuple makes its parts."""
    return tuple(Step(name, (source,) if isinstance(source, str) else source, check=name.startswith("check"))
                 for name, source in cells.items())


def run_cells(cells: dict[str, str | tuple[str, ...]], limits: Limits = ROOMY) -> RunRecord:
    return run(Job(steps(cells), limits=limits))


def everything(record: RunRecord) -> str:
    return json.dumps([fact.__dict__ for fact in record.facts.values()], default=str)


def family() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_too_much_memory_ends_the_process_with_that_reason():
    record = run_cells({"greedy": "import time\nx = bytearray(b'x') * (400 * 2**20)\ntime.sleep(20)",
                        "check": "assert x"},
                       limits=Limits(cell_seconds=30, notebook_seconds=60, memory_mb=300))
    assert (record.facts["greedy"].status, record.facts["greedy"].error[0]) == ("error", "MemoryLimit")
    assert "300 MiB" in record.facts["check"].reason
    assert record.peak_memory_mb > 300


def temporary_folders() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("mle-run-*")}


@pytest.fixture
def own_temp(tmp_path, monkeypatch):
    """A temporary folder for this test alone, so that what other processes do there does not count."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _gone(pid: int) -> bool:
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("when", ["running", "starting", "at once"])
def test_stopping_ends_runs_and_leaves_no_process_and_no_folder(own_temp, when):
    before = family()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            run(Job(steps({"sleep": "open('begun', 'w').close()\nimport time\ntime.sleep(100)"}), (), 0, ROOMY))
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=work) for _ in range(2 if when == "running" else 1)]
    for thread in threads:
        thread.start()
    seen = {"running": lambda: len(list(own_temp.glob("mle-run-*/work/begun"))) == 2,
            "starting": lambda: family() - before, "at once": lambda: True}[when]
    for _ in range(600):
        if seen():
            break
        time.sleep(0.05)
    else:
        pytest.fail("the run never began")
    stop_all()
    for thread in threads:
        thread.join(30)
    assert [type(error) for error in raised] == [KeyboardInterrupt] * len(threads)
    assert family() <= before
    assert temporary_folders() == set()


@posix
def test_ctrl_c_ends_a_command_that_runs_a_notebook(own_temp):
    import signal
    import subprocess
    script = ("from autograder.execution import Job, Step\nfrom autograder.execution.kernel import run\n"
              "run(Job((Step('a', (\"open('begun', 'w').close()\\nimport time; time.sleep(100)\",)),)))")
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True,
                               env=os.environ | {"TMPDIR": str(own_temp)})
    for _ in range(600):
        if list(own_temp.glob("mle-run-*/work/begun")):
            break
        time.sleep(0.05)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert kernels
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert all(_gone(kernel.pid) for kernel in kernels)
    assert temporary_folders() == set()


def test_a_run_can_follow_one_that_was_stopped():
    stop_all()
    assert run_cells({"value": "1"}).facts["value"].status == "passed"

def test_the_line_put_under_a_check_never_shows():
    record = run_cells({
        "spy": "import inspect, linecache\ndef f(): raise ValueError('from f')",
        "check_fail": "assert 1 == 2",
        "check_last_line": "f()",
        "check_show": "print(sorted(n for n in globals() if n.startswith('_mle')))",
        "check_hidden": ("assert True", "f()"),
        "after": "print(In, [n for n in globals() if 'mle' in n])",
    })
    assert "_mle_" not in everything(record)
    assert [fact.status for fact in record.facts.values()] == ["passed", "failed", "error", "passed", "error", "passed"]
    assert "from f" in everything(record)
