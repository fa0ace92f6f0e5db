"""What only jailed forks do: states that checks see, and warm processes that come and go."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from autograder.course import Limits
from autograder.execution import Job, RunRecord, Step
from autograder.execution.engine import Engine
from autograder.execution.jail import Level
from autograder.execution.record import EngineError

pytestmark = pytest.mark.slow

ROOMY = Limits(cell_seconds=20, notebook_seconds=60)
HASTY = Limits(cell_seconds=1, notebook_seconds=60)


def job(cells: dict[str, str], limits: Limits = ROOMY, imports: tuple[str, ...] = ("numpy",)) -> Job:
    """A key `group: name` makes a check of that group."""
    steps = tuple(Step(name, (source,), check=":" in name, group=name.partition(":")[0] if ":" in name else "")
                  for name, source in cells.items())
    return Job(steps, (), 5, limits, imports)


@pytest.fixture(scope="module")
def run(level: str, engines: Callable[[str], Engine]) -> Callable[..., RunRecord]:
    return lambda *arguments: engines(level).run(job(*arguments))


def passed(record: RunRecord) -> dict[str, bool]:
    return {name: fact.status == "passed" for name, fact in record.facts.items()}


# --- limits -------------------------------------------------------------------------------------------------------


def test_an_exercise_before_the_cell_that_oversteps_is_graded_however_late_that_is_seen(level, monkeypatch, tmp_path):
    slow = tmp_path / "python"  # looks at memory so seldom that the whole notebook passes meanwhile
    slow.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -c "
                    "'import runpy, sys, time; from autograder.execution import usage; signs = usage.signs; "
                    "usage.signs = lambda pids: (time.sleep(1.5), signs(pids))[1]; "
                    "sys.argv = sys.argv[3:]; runpy.run_module(sys.argv[0], run_name=\"__main__\", alter_sys=True)' "
                    "\"$@\"\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    cells = {"right": "x = 1", "a: right": "assert x == 1",
             "too much": "import mmap, time\nheld = mmap.mmap(-1, 400 << 20)\n"
                         "for at in range(0, len(held), 4096):\n    held[at] = 1\ntime.sleep(10)",
             "b: after it": "assert x == 1"}
    with Engine(Level(level)) as engine:
        record = engine.run(job(cells, dataclasses.replace(ROOMY, memory_mb=300), ()))
    assert passed(record) == {"right": True, "a: right": True, "too much": False, "b: after it": False}, record
    assert "300 MiB of memory" in record.facts["too much"].reason


def test_one_graders_job_may_have_its_processes_whatever_another_graders_job_has(level):
    crowd = ("import threading, time\n"
             "crowd = [threading.Thread(target=time.sleep, args=(3,)) for _ in range(45)]\n"
             "for one in crowd:\n    one.start()\n"
             "for one in crowd:\n    one.join()")
    with Engine(Level(level)) as one, Engine(Level(level)) as other, ThreadPoolExecutor() as at_once:
        for engine in (one, other):
            engine.run(job({"warm": "1"}, ROOMY, ()))
        records = list(at_once.map(lambda engine: engine.run(job({"crowd": crowd, "a: x": "crowd"}, ROOMY, ())),
                                   (one, other)))
    for record in records:
        assert all(passed(record).values()), record


def test_checks_wait_for_room_where_there_are_as_many_processes_as_there_may_be(run):
    record = run({
        "full": "import resource, threading, time\n"
                "resource.setrlimit(resource.RLIMIT_NPROC, (40, 40))\n"
                "try:\n"
                "    for count in range(300):\n"
                "        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
                "except RuntimeError:\n"
                "    full = count",
        "a: waits": "assert full < 40",
        "next": "x = 1",
        "b: next": "assert x == 1",
    })
    assert all(passed(record).values()), record


# --- states -------------------------------------------------------------------------------------------------------


def test_a_check_sees_the_notebook_as_it_was_at_its_exercise(run):
    record = run({
        "one": "x, table, f = 1, [1], lambda: 'first'",
        "a: state": "assert (x, table, f()) == (1, [1], 'first') and 'later' not in globals()",
        "two": "x = 2; table.append(2); later = True\ndef f(): return 'second'",
        "b: state": "assert (x, table, f(), later) == (2, [1, 2], 'second', True)",
        "three": "del x, table\nimport builtins\nbuiltins.sum = None",
        "c: state": "assert 'x' not in globals()",
    })
    assert all(passed(record).values()), record


def test_what_a_check_changes_reaches_neither_later_cells_nor_checks_of_other_exercises(run):
    unchanged = ("assert table == [1] and 'mine' not in globals() and 'A' not in os.environ\n"
                 "assert random.getstate() == before and os.getcwd() == here\n"
                 "assert not os.path.exists('from_a') and not os.path.exists(elsewhere)")
    record = run({
        "one": "import os, random, tempfile\ntable, before, here = [1], random.getstate(), os.getcwd()\n"
               "elsewhere = os.path.join(tempfile.gettempdir(), 'from_a')",
        "a: changes": "table.append('a'); mine = 1; os.environ['A'] = '1'; random.random()\n"
                      "open('from_a', 'w').close(); open(elsewhere, 'w').close(); os.chdir('..')",
        "a: sees it": "assert table == [1, 'a'] and mine and os.path.exists(elsewhere) and os.getcwd() != here",
        "two": unchanged,
        "b: sees nothing": unchanged,
        "three": unchanged,
    })
    assert all(passed(record).values()), record


SEARCH = """
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
x = np.arange(40.0).reshape(-1, 2)
def search():
    return GridSearchCV(Ridge(), {"alpha": [1e-6, 1e6]}, cv=3, n_jobs=2).fit(x, x[:, 0]).best_params_["alpha"]
"""


def test_a_search_on_several_cores_runs_on_one_in_cells_and_in_checks(level, engines):
    record = engines(level).run(job({"define": SEARCH, "use": "best = search()", "a: used": "assert best == 1e-6",
                                     "a: again": "assert search() == 1e-6",
                                     "a: one": "import joblib\nassert joblib.effective_n_jobs(2) == 1"},
                                    ROOMY, ("numpy", "sklearn.linear_model")))
    assert all(passed(record).values()), record


def test_a_cell_may_work_in_several_processes_where_there_are_namespaces(level, engines):
    record = engines(level).run(job({
        "use": "from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor(2) as pool:\n"
               "    sizes = list(pool.map(abs, [-1, 2]))", "a: used": "assert sizes == [1, 2]"}, ROOMY))
    if level == "namespaces":
        assert all(passed(record).values()), record
    else:  # there is no /dev/shm, which pools of processes need, and the reason is said
        assert record.facts["use"].status != "passed" and record.facts["use"].error[1], record


def test_cells_that_ran_before_are_found_run_by_every_job(level, engines):
    before = ("import numpy as np, random\nfrom pathlib import Path\nrandom.seed(4)\nnumbers = [random.random()]\n"
              "Path('made').write_text('before')\nnumbers.append(random.random())",)
    cell = ("numbers.append(random.random())\nassert Path('made').read_text() == 'before'\n"
            "Path('made').write_text('changed')")
    check = "import random as r\nr.seed(4)\nassert numbers == [r.random() for _ in range(3)] and np.mean([1, 3]) == 2"
    for _ in range(2):  # and none of them sees what another has done
        record = engines(level).run(dataclasses.replace(job({"cell": cell, "a: all": check}), before=before))
        assert all(passed(record).values()), record


def test_a_cell_that_is_to_run_before_and_fails_is_named(level, engines):
    with pytest.raises(EngineError, match="run before stops with ZeroDivisionError: division by zero"):
        engines(level).run(dataclasses.replace(job({"cell": "1"}), before=("1 / 0",)))


def test_an_ordinary_kernel_runs_cells_before_too(monkeypatch):
    from autograder.execution import choose

    monkeypatch.setattr(choose, "default_engine", lambda: None)
    one = job({"cell": "x += 1", "a: sum": "assert x == 3"})
    record = choose.run(dataclasses.replace(one, before=("x = 1", "x += 1")))
    assert passed(record) == {"cell": True, "a: sum": True}
    with pytest.raises(EngineError, match="ZeroDivisionError"):
        choose.run(dataclasses.replace(one, before=("1 / 0",)))


def test_a_warm_process_goes_on_to_cells_that_come_later(level, engines):
    first = "import random as r\nr.seed(4)\nnumbers = [r.random()]\nopen('made', 'w').write('1')"
    second = "numbers.append(r.random())\nopen('made', 'a').write('2')"
    check = ("again = r.Random(4)\nassert numbers == [again.random() for _ in numbers]\n"
             "assert open('made').read() == '12'[:len(numbers)]\nassert r.random() == again.random()")
    engine, new = engines(level), []
    for before in ((first,), (first, second), (first, second)):
        others = warm_ones()
        record = engine.run(dataclasses.replace(job({"cell": "1", "a: all": check}), before=before))
        assert all(passed(record).values()), record
        new.append(len(warm_ones() - others))
    assert new == [1, 0, 0]
    with pytest.raises(EngineError, match="run before stops with NameError: name 'missing' is not defined"):
        engine.run(dataclasses.replace(job({"cell": "1"}), before=(first, second, "missing")))
    # That one has ended. Another is as good.
    record = engine.run(dataclasses.replace(job({"a: all": check}), before=(first, second)))
    assert all(passed(record).values()), record


def test_a_check_in_the_process_of_the_cells_costs_only_itself_too(level, engines):
    cells = {"given": "import os, signal, time\nx = 1", "a: first": "assert x == 1", "a: exits": "os._exit(0)",
             "a: killed": "os.kill(os.getpid(), signal.SIGKILL)", "a: hangs": "while True: pass",
             "a: sleeps": "time.sleep(60)", "a: fails": "assert x == 2", "a: last": "assert x == 1"}
    record = engines(level).run(dataclasses.replace(job(cells, HASTY), in_place="a"))
    assert {name: fact.status for name, fact in record.facts.items()} == {
        "given": "passed", "a: first": "passed", "a: exits": "error", "a: killed": "error", "a: hangs": "timeout",
        "a: sleeps": "timeout", "a: fails": "failed", "a: last": "passed"}
    assert record.ended == "completed"


def test_tracebacks_may_be_left_out(level, engines):
    cells = {"cell": "def inner(): 1 / 0\ninner()", "a: fails": "def deep(): assert 1 == 2, 'not the same'\ndeep()"}
    shown, short = (engines(level).run(dataclasses.replace(job(cells), tracebacks=tracebacks))
                    for tracebacks in (True, False))
    for name, words in {"cell": "division by zero", "a: fails": "not the same"}.items():
        tracebacks = ["\n".join(record.facts[name].outputs[0][0]["traceback"]) for record in (shown, short)]
        assert shown.facts[name].error == short.facts[name].error
        assert words in tracebacks[0] and words in tracebacks[1]
        assert len(tracebacks[0].splitlines()) > 3 >= len(tracebacks[1].splitlines())


def test_a_check_that_kills_or_hangs_its_process_costs_only_itself(run):
    record = run({
        "given": "import os, signal, time\nx = 1",
        "a: first": "assert x == 1",
        "a: exits": "os._exit(0)",
        "a: after exit": "assert x == 1",
        "a: killed": "os.kill(0, signal.SIGKILL)",
        "a: hangs": "while True: pass",
        "a: deaf": "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "a: quits": "quit()",
        "a: fails": "assert x == 2",
        "a: last": "assert x == 1",
        "b: other": "assert x == 1",
        "end": "x += 1",
    }, HASTY)
    assert {name for name, good in passed(record).items() if not good} == {
        "a: exits", "a: killed", "a: hangs", "a: deaf", "a: quits", "a: fails"}
    facts = record.facts
    assert [facts[f"a: {name}"].status for name in ("exits", "killed", "hangs", "deaf", "quits", "fails")] == [
        "error", "error", "timeout", "timeout", "error", "failed"]
    assert "signal 9" in facts["a: killed"].reason
    assert "quit()" in facts["a: quits"].reason
    assert record.ended == "completed"


def test_checks_that_cannot_run_in_a_fork_run_in_a_replay_of_the_notebook(run):
    record = run({
        # The fork has no such thread, but the pool believes that it has.
        "threads": "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
                   "runs = [pool.submit(abs, -1).result()]",
        "a: uses them": "assert pool.submit(abs, -2).result() == 2\nruns.append(2)",
        "a: again": "assert pool.submit(abs, -3).result() == 3 and runs == [1, 2]",
        "a: fails": "assert pool.submit(abs, -3).result() == 4",
        "later": "runs.append(3)",
        "b: uses them too": "assert pool.submit(abs, -2).result() == 2 and runs == [1, 3]",
        "c: does not": "assert runs == [1, 3]",
    }, HASTY)
    assert [name for name, good in passed(record).items() if not good] == ["a: fails"]
    assert record.facts["a: fails"].status == "failed"


def test_a_check_that_hangs_in_the_replay_too_is_a_timeout_and_the_rest_of_its_exercise_is_run(run):
    record = run({
        "given": "import threading\nlock = threading.Lock()\nlock.acquire()",
        "a: waits for ever": "lock.acquire()",
        "a: does not": "assert lock.locked()",
    }, HASTY)
    assert [fact.status for fact in record.facts.values()] == ["passed", "timeout", "passed"]


def test_an_interrupted_check_leaves_the_next_one_of_its_exercise_its_state(run):
    record = run({
        "given": "import asyncio, time\nx = []",
        "a: too long": "x.append(1)\ntime.sleep(30)",
        "a: awaits too long": "x.append(2)\nawait asyncio.sleep(30)",
        "a: after": "assert x == [1, 2]",
    }, HASTY)
    assert [fact.status for fact in record.facts.values()] == ["passed", "timeout", "timeout", "passed"]


def test_an_awaiting_cell_that_takes_too_long_does_not_go_on_behind_later_cells(run):
    record = run({
        "slow": "import asyncio\nwent_on = []\nawait asyncio.sleep(1.2)\nwent_on.append(1)",
        "later": "await asyncio.sleep(0.5)\nassert went_on == []",
        "a: tasks": "assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]",
    }, HASTY)
    assert [fact.status for fact in record.facts.values()] == ["timeout", "passed", "passed"]


def test_tasks_that_a_cell_began_can_be_awaited_by_checks_and_by_later_cells(run):
    record = run({
        "begin": "import asyncio\nasync def work():\n    await asyncio.sleep(0.05)\n    return 'done'\n"
                 "task = asyncio.create_task(work())\nqueue = asyncio.Queue()",
        "a: awaits": "assert await task == 'done'\nawait queue.put(1)",
        "a: and again": "assert task.done() and await queue.get() == 1",
        "later": "assert await task == 'done' and queue.empty()",
    })
    assert all(passed(record).values()), record


def test_a_check_is_not_ended_for_what_cells_have_written(run):
    record = run({
        "given": "x = 1",
        "a: lasts": "import time\ntime.sleep(0.6)\nassert x == 1",
        "full": "import contextlib\nfor name in 'abc':\n    with contextlib.suppress(OSError):\n"
                "        open(name, 'wb').write(bytes(4 * 2**20))",
    }, dataclasses.replace(ROOMY, disk_mb=4))
    assert record.facts["a: lasts"].status == "passed", record


def test_the_same_notebook_gives_the_same_record_again(run):
    cells = {
        "random": "import random, warnings, numpy as np\nprint(random.random(), np.random.rand())\n"
                  "print(np.random.default_rng().random(), hash('x'), list({'b', 'a', 'c'}))",
        "warning": "warnings.warn('where')",
        "failing": "def f():\n    return np.random.permutation(5)[7]\nf()",
        "a: random": "print(random.random(), np.random.default_rng().random())\nassert False, np.random.rand()",
    }
    seen = []
    for _ in range(2):
        facts = [dataclasses.replace(fact, seconds=0) for fact in run(cells).facts.values()]
        seen.append(json.dumps([dataclasses.asdict(fact) for fact in facts]))
    assert seen[0] == seen[1]


def test_libraries_imported_by_a_cell_are_seeded_as_warm_ones_are(level, engines):
    cells = {"random": "import numpy as np\nprint(np.random.rand(), np.random.default_rng().random())"}
    warm, cold = (engines(level).run(job(cells, ROOMY, imports)).facts["random"] for imports in (("numpy",), ()))
    assert warm.outputs == cold.outputs and warm.outputs[0]


# --- warm processes -----------------------------------------------------------------------------------------------


@pytest.fixture
def engine(level: str, open_temp: Path) -> Iterator[Engine]:
    """An engine of this test's own, with a temporary folder of its own."""
    with Engine(Level(level)) as made:
        yield made


def living(recursive: bool) -> list[psutil.Process]:
    """This process's children that have not ended."""
    found = []
    for child in psutil.Process().children(recursive):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


def family() -> set[int]:
    return {child.pid for child in living(recursive=True)}


def warm_ones() -> set[int]:
    """The warm processes of this one, those of the other tests among them."""
    return {child.pid for child in living(recursive=False) if "autograder.execution.zygote" in _arguments(child)}


def settles(what: Callable[[], object]) -> bool:
    """Whether it becomes true, if not at once."""
    for _ in range(400):
        if what():
            return True
        time.sleep(0.05)
    return False


def marked() -> str:
    """Seconds to sleep that nobody else sleeps."""
    return f"300.{secrets.randbelow(10**9):09}"


def sleeping(seconds: str) -> dict[str, str]:
    """A notebook with processes that are found by their arguments."""
    return {"sleep": "import subprocess, os\nopen('note', 'w').close()\n"
                     f"if os.fork() == 0:\n    os.setsid()\n    os.execvp('sleep', ['sleep', '{seconds}'])\n"
                     f"subprocess.run(['sleep', '{seconds}'])",
            "a: never": "assert True"}


def begun(seconds: str) -> bool:
    found = 0
    for process in psutil.process_iter():
        try:
            found += seconds in process.cmdline()
        except psutil.Error:
            continue
    return found >= 2


def test_a_warm_process_that_has_nothing_to_do_ends_by_itself_and_starts_again_when_needed(level, open_temp):
    before = family()
    with Engine(Level(level), idle_seconds=0.3) as engine:
        cells = {"value": "import time\ntime.sleep(0.9)\n1", "a: value": "assert True"}
        assert all(passed(engine.run(job(cells, imports=()))).values())  # longer than it may be idle
        assert settles(lambda: family() <= before)
        assert all(passed(engine.run(job({"value": "1"}, imports=()))).values())
        assert settles(lambda: family() <= before)
    assert list(open_temp.iterdir()) == []


def test_a_warm_process_outlives_the_thread_that_started_it(engine):
    before = warm_ones()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(engine.run, job({"value": "1"}, imports=())).result()
    first = warm_ones() - before
    assert len(first) == 1
    assert all(passed(engine.run(job({"value": "1"}, imports=()))).values())
    assert warm_ones() - before == first


def test_many_threads_may_run_jobs_of_several_lessons_at_once(engine):
    before = warm_ones()

    def work(number: int) -> bool:
        cells = {"write": f"x = {number}\nopen('file', 'w').write('{number}'); import time; time.sleep(0.05)",
                 "read": f"assert open('file').read() == '{number}'", "a: x": f"assert x == {number}"}
        return all(passed(engine.run(job(cells, imports=((), ("json",))[number % 2]))).values())

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(18))) == [True] * 18
    assert len(warm_ones() - before) == 2  # one for each list of imports


def test_closing_ends_what_runs_and_leaves_nothing(engine, open_temp, processes_with):
    before, seconds, raised = family(), marked(), []

    def work() -> None:
        try:
            engine.run(job(sleeping(seconds), Limits(60, 60), ()))
        except BaseException as error:
            raised.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert settles(lambda: begun(seconds) and len(list(open_temp.glob("mle-jail-*"))) == 3)
    engine.close()
    for thread in threads:
        thread.join(30)
    assert raised == [KeyboardInterrupt] * 3
    assert processes_with(seconds) == []
    assert settles(lambda: family() <= before)
    assert list(open_temp.iterdir()) == []
    with pytest.raises(EngineError, match="closed"):
        engine.run(job({"value": "1"}, imports=()))


def test_a_warm_process_that_is_killed_costs_no_run_its_result_and_leaves_nothing(engine, open_temp, processes_with):
    before = warm_ones()
    engine.run(job({"value": "1"}, imports=()))
    [warm] = warm_ones() - before
    os.kill(warm, signal.SIGKILL)
    assert all(passed(engine.run(job({"value": "1"}, imports=()))).values())
    seconds = marked()
    with ThreadPoolExecutor(1) as pool:
        cells = {"sleep": f"import subprocess\nsubprocess.run(['sh', '-c', 'sleep 1.5; : {seconds}'])",
                 "a: ran": "assert True"}
        running = pool.submit(engine.run, job(cells, imports=()))
        assert settles(lambda: any(seconds in " ".join(_arguments(process)) for process in psutil.process_iter()))
        [warm] = warm_ones() - before
        os.kill(warm, signal.SIGKILL)
        assert all(passed(running.result()).values())
    assert processes_with(seconds) == []
    # The next warm process clears what that one could not.
    assert settles(lambda: not list(open_temp.glob("mle-jail-*")))


def test_a_warm_process_that_is_killed_while_checks_are_run_again_costs_none_of_them(engine):
    before, seconds = warm_ones(), marked()

    def asleep() -> bool:
        return any(seconds in " ".join(_arguments(process)) for process in psutil.process_iter())

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.run, job({
            "sleep": f"import os, subprocess\nsubprocess.run(['sh', '-c', 'sleep 1.5; : {seconds}'])",
            "a: exits": "os._exit(0)",
            "a: after": "assert True"}, imports=()))
        assert settles(asleep) and settles(lambda: not asleep()) and settles(asleep)
        [warm] = warm_ones() - before
        os.kill(warm, signal.SIGKILL)
        assert passed(running.result()) == {"sleep": True, "a: exits": False, "a: after": True}


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


SCRIPT = """
import os, sys, time
from autograder.execution import Job, Step
from autograder.execution.engine import Engine
from autograder.execution.jail import Level
engine = Engine(Level(sys.argv[1]))
if sys.argv[2] == "with a fork that lives on":
    engine.run(Job((Step("a", ("1",)),)))
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(10)
        os._exit(0)
engine.run(Job((Step("sleep", (os.environ["CELL"],)),), imports=("json",)))
"""


@pytest.mark.parametrize(("when", "number"), [
    ("running", signal.SIGINT), ("running", signal.SIGKILL), ("warming up", signal.SIGINT),
    ("warming up", signal.SIGKILL), ("with a fork that lives on", signal.SIGKILL)])
def test_when_the_process_that_grades_ends_in_whatever_way_nothing_is_left(level, open_temp, processes_with, when,
                                                                           number):
    seconds = marked()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, level, when], stderr=subprocess.PIPE, text=True,
                               start_new_session=True, env=os.environ | {"CELL": sleeping(seconds)["sleep"]})
    grader, warm = psutil.Process(process.pid), []
    assert settles(lambda: when == "warming up" or begun(seconds))
    assert settles(lambda: warm.extend(child for child in grader.children()
                                       if "autograder.execution.zygote" in child.cmdline()) or warm)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    if number == signal.SIGINT:
        assert said.rstrip().endswith("KeyboardInterrupt")
    assert settles(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in warm))
    assert processes_with(seconds) == []
    assert settles(lambda: not list(open_temp.iterdir()))


def test_a_run_leaves_no_process_no_mount_no_socket_and_no_file(engine, open_temp, processes_with):
    seconds = marked()
    mounts, sockets = _mounts(), _sockets()
    engine.run(job({"value": "1"}, imports=()))
    before = family()
    engine.run(job(sleeping(seconds) | {
        "socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('here')\ns.listen()",
        "file": "open('/tmp/left' if os.access('/tmp', os.W_OK) else 'left', 'w').close()",
    }, HASTY, ()))
    assert processes_with(seconds) == []
    assert settles(lambda: family() <= before)
    assert settles(lambda: not list(open_temp.iterdir()))
    assert _mounts() == mounts
    engine.close()
    assert _sockets() <= sockets
    assert not os.path.exists("/tmp/left")


def _mounts() -> list[str]:
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "mle" in line]


def _sockets() -> set[str]:
    """Sockets and pipes that this process holds open."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            continue
    return {target for target in found if target.startswith(("socket:", "pipe:"))}
