"""What is reported of a run: statuses, outputs, limits, and what is left of it afterwards.

Every test holds for each way of running: an ordinary kernel, and jailed forks at both levels of isolation.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.course import Limits
from autograder.execution import Job, RunRecord, Step, StepFact, kernel
from autograder.execution.engine import Engine
from autograder.execution.jail import Level

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes and signals")
pytestmark = pytest.mark.slow

ROOMY = Limits(cell_seconds=30, notebook_seconds=120)
WARM = ("numpy", "pandas", "matplotlib.pyplot")


def steps(cells: dict[str, str | tuple[str, ...]]) -> tuple[Step, ...]:
    """A key that begins with `check` makes a check, a group of its own; a tuple makes its parts."""
    return tuple(Step(name, (source,) if isinstance(source, str) else source, check=name.startswith("check"),
                      group=name if name.startswith("check") else "")
                 for name, source in cells.items())


Runs = Callable[..., RunRecord]


@pytest.fixture(scope="module")
def run_cells(way: str, run_job: Callable[[Job], RunRecord]) -> Runs:
    """Runs cells: run_cells({"name": "source"}, folder, seed=1)."""
    def run(cells: dict[str, str | tuple[str, ...]], *folders: Path, seed: int = 0,
            limits: Limits = ROOMY) -> RunRecord:
        return run_job(Job(steps(cells), tuple(folders), seed, limits, WARM))

    return run


def text(fact: StepFact, part: int = 0) -> str:
    """Everything printed or shown as text."""
    return "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "")
                   for output in fact.outputs[part])


def everything(record: RunRecord) -> str:
    return json.dumps([fact.__dict__ for fact in record.facts.values()], default=str)


@pytest.fixture(scope="module")
def ordinary(run_cells) -> dict[str, StepFact]:
    """One run of many cells: none of them may disturb the next."""
    record = run_cells({
        "value": "1 + 1",
        "blank": "",
        "comment": "# nothing to do",
        "assertion": "assert 1 == 2, 'one is not two'",
        "exception": "{}['missing']",
        "syntax": "def broken(:",
        "system_exit": "import sys\nsys.exit(3)",
        "interrupt": "raise KeyboardInterrupt",
        "base_exception": "class Strange(BaseException): pass\nraise Strange('odd')",
        "own_timeout": "class CellTimeout(Exception): pass\nraise CellTimeout('only a name')",
        "repr_fails": "class Rude(Exception):\n    def __str__(self): raise RuntimeError('no text')\nraise Rude",
        "stdout": "for i in range(200): print(i, flush=True)",
        "stderr": "import sys\nprint('to stderr', file=sys.stderr)",
        "warning": "import warnings\nwarnings.warn('careful')",
        "html": "from IPython.display import HTML\nHTML('<b>bold</b>')",
        "updated": "handle = display('old', display_id=True)\nhandle.update('new')",
        "cleared": ("from IPython.display import clear_output\nfor i in range(300):\n"
                    "    clear_output(wait=True)\n    print(f'{i}:' + 'x' * 3000)"),
        "figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "awaited": "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
        "timeit": "%timeit -n 1 -r 1 1 + 1",
        "shell": "!echo from the shell",
        "input": "input('name? ')",
        "password": "import getpass\ngetpass.getpass()",
        "half_character": "'\\ud800'",
        "last": "'still here'",
        "check_same_process": "assert handle and plt",
    })
    assert record.ended == "completed"
    return record.facts


@pytest.mark.parametrize("cell", [
    "value", "blank", "comment", "stdout", "stderr", "warning", "html", "updated", "cleared", "figure", "awaited",
    "timeit", "shell", "half_character", "last", "check_same_process"])
def test_a_cell_that_raises_nothing_passes(ordinary, cell):
    assert (ordinary[cell].status, ordinary[cell].error, ordinary[cell].reason) == ("passed", ("", ""), "")


@pytest.mark.parametrize(("cell", "status", "name", "message"), [
    ("assertion", "failed", "AssertionError", "one is not two"),
    ("exception", "error", "KeyError", "'missing'"),
    ("syntax", "error", "SyntaxError", "invalid syntax"),
    ("system_exit", "error", "SystemExit", "3"),
    ("interrupt", "error", "KeyboardInterrupt", ""),
    ("base_exception", "error", "Strange", "odd"),
    ("own_timeout", "error", "CellTimeout", "only a name"),
    ("input", "error", "StdinNotImplementedError", "input"),
    ("password", "error", "StdinNotImplementedError", "input"),
])
def test_a_cell_that_raises_is_reported_with_type_and_text(ordinary, cell, status, name, message):
    fact = ordinary[cell]
    assert (fact.status, fact.error[0]) == (status, name)
    assert message in fact.error[1]


def test_an_exception_that_cannot_be_printed_is_an_error(ordinary):
    assert ordinary["repr_fails"].status == "error"
    assert ordinary["repr_fails"].error[0]


def test_prints_arrive_complete_in_order_and_as_one_output(ordinary):
    assert text(ordinary["stdout"]) == "".join(f"{i}\n" for i in range(200))
    assert len(ordinary["stdout"].outputs[0]) == 1


def test_stderr_and_warnings_are_outputs_and_no_failure(ordinary):
    assert [output["name"] for output in ordinary["stderr"].outputs[0]] == ["stderr"]
    assert "careful" in text(ordinary["warning"])


def test_rich_outputs_are_kept(ordinary):
    assert ordinary["html"].outputs[0][0]["data"]["text/html"] == "<b>bold</b>"
    assert ordinary["figure"].outputs[0][0]["data"]["image/png"].startswith("iVBOR")


def test_a_display_that_is_updated_shows_its_last_state(ordinary):
    assert [output["data"]["text/plain"] for output in ordinary["updated"].outputs[0]] == ["'new'"]


def test_output_that_is_cleared_again_and_again_does_not_count_towards_the_limit(ordinary):
    assert text(ordinary["cleared"]) == "299:" + "x" * 3000 + "\n"


def test_top_level_await_magics_and_shell_commands_work(ordinary):
    assert text(ordinary["awaited"]) == "awaited\n"
    assert "loop" in text(ordinary["timeit"])
    assert "from the shell" in text(ordinary["shell"])


@posix
def test_cell_magics_run_other_interpreters(run_cells):
    facts = run_cells({"bash": "%%bash\necho $((6 * 7))", "failing": "%%bash\nexit 3", "capture":
                       "%%capture caught\nprint('hidden away')", "caught": "caught.stdout"}).facts
    assert text(facts["bash"]) == "42\n"
    assert facts["failing"].error[0] == "CalledProcessError"
    assert (text(facts["capture"]), text(facts["caught"])) == ("", "'hidden away\\n'")


# --- limits -------------------------------------------------------------------------------------------------------


def test_a_cell_over_its_time_is_interrupted_and_the_next_one_runs(run_cells):
    record = run_cells({
        "before": "x = 1",
        "slow": "print('begun', flush=True)\nx = 2\nimport time\ntime.sleep(60)",
        "after": "x",
        "check": "assert x == 2",
        "check_slow": ("assert x", "while True: pass"),
        "end": "'end'",
    }, limits=Limits(cell_seconds=1, notebook_seconds=60))
    slow = record.facts["slow"]
    assert (slow.status, slow.reason) == ("timeout", "it ran longer than 1 s")
    assert "begun" in text(slow)
    assert text(record.facts["after"]) == "2"
    assert record.facts["check"].status == "passed"
    assert (record.facts["check_slow"].status, record.facts["check_slow"].part) == ("timeout", 1)
    assert (record.facts["end"].status, record.ended) == ("passed", "completed")


def test_a_cell_that_ignores_interrupts_is_killed_and_the_rest_is_not_run(run_cells):
    record = run_cells({
        "fine": "1",
        "stubborn": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "check": "assert True",
    }, limits=Limits(cell_seconds=1, notebook_seconds=60))
    assert record.facts["fine"].status == "passed"
    assert record.facts["stubborn"].status == "timeout"
    assert "could not be interrupted" in record.facts["stubborn"].reason
    assert record.facts["check"].status == "not_run"
    assert "stubborn" in record.facts["check"].reason
    assert record.ended != "completed"


@pytest.mark.parametrize("death", [
    "import os\nos._exit(0)",
    pytest.param("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", marks=posix),
    "exit()",
    "quit()",
])
def test_a_cell_that_ends_the_process_is_named_and_the_rest_is_not_run(run_cells, death):
    record = run_cells({"fine": "1", "death": death, "learner": "2", "check": "assert True"})
    assert [fact.status for fact in record.facts.values()] == ["passed", "error", "not_run", "not_run"]
    assert record.facts["death"].error[0] == "ProcessEnded"
    assert record.facts["death"].reason in record.facts["check"].reason
    assert "death" in record.ended


def test_a_check_whose_code_ends_the_process_does_not_pass(run_cells, way):
    record = run_cells({"given": "def answer(): quit()", "check": ("answer()", "assert True"),
                        "check_2": "assert True"})
    # In a fork of its own the second check has nothing to suffer from the first one's end.
    second = "not_run" if way == "kernel" else "passed"
    assert [fact.status for fact in record.facts.values()] == ["passed", "error", second]
    assert (record.facts["check"].part, record.facts["check"].error[0]) == (0, "ProcessEnded")


def test_too_much_memory_costs_the_cell_and_is_told(run_cells):
    record = run_cells({"greedy": "import time\nx = bytearray(b'x') * (400 * 2**20)\ntime.sleep(20)",
                        "check": "assert x"},
                       limits=Limits(cell_seconds=30, notebook_seconds=60, memory_mb=300))
    assert record.facts["greedy"].status == "error"
    assert "300 MiB" in record.facts["greedy"].reason
    assert record.facts["check"].status != "passed"


def test_the_whole_notebook_has_a_time_limit_too(run_cells):
    record = run_cells({f"cell{i}": "import time\ntime.sleep(1)" for i in range(12)},
                       limits=Limits(cell_seconds=30, notebook_seconds=4))
    statuses = [fact.status for fact in record.facts.values()]
    assert statuses[-1] == "not_run" and statuses.count("timeout") <= 1
    assert "4 s" in record.ended
    assert "4 s" in record.facts["cell11"].reason


def test_output_is_cut_with_a_note_and_errors_are_still_told(run_cells):
    record = run_cells({
        "huge": "print('x' * 20_000_000)",
        "many": "for i in range(3000): print('y' * 200)",
        "then_error": "print('z' * 1_000_000)\n1 / 0",
        "huge_error": "raise ValueError('e' * 3_000_000)",
        "huge_display": "from IPython.display import HTML\nHTML('h' * 1_000_000)",
        "huge_update": "handle = display('small', display_id=True)\nhandle.update('u' * 1_000_000)",
        "next": "'next'",
    }, limits=Limits(cell_seconds=60, notebook_seconds=120, output_kb=16))
    for name, fact in record.facts.items():
        size = len(json.dumps(fact.outputs))
        assert size < 64 * 1024, f"{name} stores {size} bytes"
    for name in ("huge", "many", "then_error", "huge_display"):
        assert "[output longer than 16 KiB: the rest is left out]" in text(record.facts[name]), name
    assert text(record.facts["huge"]).startswith("x" * 1000)
    assert record.facts["then_error"].outputs[0][-1]["ename"] == "ZeroDivisionError"
    assert record.facts["huge_error"].error[0] == "ValueError"
    assert len(record.facts["huge_error"].error[1]) < 20_000
    assert text(record.facts["next"]) == "'next'"


# --- files and environment ----------------------------------------------------------------------------------------


def test_files_lie_beside_the_notebook_and_what_a_cell_writes_stays_for_later_cells(run_cells, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text("a,b\n1,2\n")
    (tmp_path / "helper.py").write_text("ANSWER = 42\n")
    (tmp_path / "old.ipynb").write_text("{}")
    facts = run_cells({
        "read": "print(open('data/rows.csv').read())",
        "import": "import helper\nhelper.ANSWER",
        "write": "open('data/rows.csv', 'w').write('changed'); open('new.txt', 'w').write('kept'); None",
        "again": "open('new.txt').read()",
        "list": "import os; sorted(os.listdir())",
    }, tmp_path).facts
    assert "1,2" in text(facts["read"])
    assert text(facts["import"]) == "42"
    assert text(facts["again"]) == "'kept'"
    assert "ipynb" not in text(facts["list"])
    assert (tmp_path / "data" / "rows.csv").read_text() == "a,b\n1,2\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "helper.py", "old.ipynb"]


def test_files_of_a_later_folder_win(run_cells, tmp_path):
    mine, lesson = tmp_path / "mine", tmp_path / "lesson"
    for folder in (mine, lesson):
        (folder / "both").mkdir(parents=True)
        (folder / "table.py").write_text(f"WHO = {folder.name!r}\n")
        (folder / "both" / f"{folder.name}.txt").write_text(folder.name)
    facts = run_cells({"who": "from table import WHO\nWHO", "files": "import os; sorted(os.listdir('both'))"},
                      mine, lesson).facts
    assert text(facts["who"]) == "'lesson'"
    assert text(facts["files"]) == "['lesson.txt', 'mine.txt']"


@posix
def test_links_pipes_and_folders_in_the_learners_folder_neither_stop_a_run_nor_lead_out_of_it(run_cells, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file.txt").write_text("precious")
    mine, lesson = tmp_path / "mine", tmp_path / "lesson"
    mine.mkdir()
    (mine / "table.txt").symlink_to(precious / "file.txt")
    (mine / "data").symlink_to(precious)
    (mine / "dangling").symlink_to(tmp_path / "nowhere")
    (mine / "was_file").mkdir()
    (mine / "was_folder").write_text("a file")
    os.mkfifo(mine / "pipe")
    (lesson / "data").mkdir(parents=True)
    (lesson / "was_folder").mkdir()
    for name in ("table.txt", "data/file.txt", "was_file", "was_folder/inside.txt"):
        (lesson / name).write_text("lesson")
    facts = run_cells({"read": "[open(name).read() for name in "
                               "('table.txt', 'data/file.txt', 'was_file', 'was_folder/inside.txt')]"},
                      mine, lesson).facts
    assert text(facts["read"]) == "['lesson', 'lesson', 'lesson', 'lesson']"
    assert [path.name for path in precious.iterdir()] == ["file.txt"]
    assert (precious / "file.txt").read_text() == "precious"


def test_nothing_of_the_users_environment_changes_a_run(way, tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-mine.py").write_text("from_startup = 1\n")
    (tmp_path / "startup.py").write_text("from_pythonstartup = 1\n")
    (tmp_path / "from_path.py").write_text("")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    cells = steps({
        "startup": "'from_startup' in globals(), 'from_pythonstartup' in globals()",
        "path": "import from_path",
        "warning": "import warnings\nwarnings.warn('only a warning')",
        "figure": "import matplotlib.pyplot as plt\nplt.plot([1]);",
        "check": "assert False",
    })
    if way == "kernel":
        facts = kernel.run(Job(cells, limits=ROOMY)).facts
    else:
        with Engine(Level(way)) as engine:
            facts = engine.run(Job(cells, limits=ROOMY)).facts
    assert text(facts["startup"]) == "(False, False)"
    assert facts["path"].error[0] == "ModuleNotFoundError"
    assert facts["warning"].status == "passed"
    assert "image/png" in facts["figure"].outputs[0][0]["data"]
    assert facts["check"].status == "failed"


def test_the_seed_decides_the_random_numbers(run_cells):
    cells = {"numbers": "import random, numpy\nprint(random.random(), numpy.random.rand(), hash('text'))"}
    first, again, other = (text(run_cells(cells, seed=seed).facts["numbers"]) for seed in (7, 7, 8))
    assert first == again != other


def test_seeding_leaves_no_names_behind(run_cells):
    facts = run_cells({"names": "sorted(n for n in globals() if not n.startswith('_'))"}).facts
    assert text(facts["names"]) == "['In', 'Out', 'exit', 'get_ipython', 'open', 'quit']"


# --- what is left afterwards --------------------------------------------------------------------------------------


@posix
def test_background_processes_are_gone_after_the_run(run_cells, way, processes_with):
    # Seen by its arguments: a process id means something else inside a jail.
    seconds = f"300.{secrets.randbelow(10**9):09}"
    facts = run_cells({
        "child": f"import os, subprocess\np = subprocess.Popen(['sleep', '{seconds}'])",
        "orphan": f"""
if os.fork() == 0:
    if os.fork() == 0:
        {"os.setsid()" if way != "kernel" else ""}  # nothing holds a process that leaves a kernel's session
        os.execvp('sleep', ['sleep', '{seconds}'])
    os._exit(0)
os.wait()[1]""",
        "ignoring": f"""
if os.fork() == 0:
    os.execvp('sh', ['sh', '-c', 'trap "" INT TERM HUP; sleep {seconds}; sleep {seconds}'])""",
        "alive": "import time\ntime.sleep(0.2)\np.poll()",
    }).facts
    assert [fact.status for fact in facts.values()] == ["passed"] * 4
    assert (text(facts["orphan"]), facts["alive"].outputs) == ("0", [[]])
    assert processes_with(seconds) == []


def test_runs_in_several_threads_do_not_mix(run_cells):
    def work(number: int) -> str:
        return text(run_cells({"write": f"open('file', 'w').write('{number}'); import time; time.sleep(0.3)",
                               "read": "open('file').read()"}).facts["read"])

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(3))) == ["'0'", "'1'", "'2'"]


# --- checks -------------------------------------------------------------------------------------------------------


def test_a_failing_hidden_part_is_told_apart_from_the_visible_one(run_cells):
    facts = run_cells({
        "answer": "x = 1",
        "check_visible": ("assert x == 2, 'visible'", "assert x == 1"),
        "check_hidden": ("print('seen'); assert x == 1", "assert x == 2, 'hidden'"),
        "check_error": ("y = x", "y.missing"),
        "check_both": ("y = x", "assert y == 1  # the first part's names are there"),
        "check_comment": ("# runs at grading", "assert x == 1"),
    }).facts
    seen = {name: (fact.status, fact.part, fact.error[1][:8])
            for name, fact in facts.items() if fact.status != "passed"}
    assert seen == {"check_visible": ("failed", 0, "visible"), "check_hidden": ("failed", 1, "hidden"),
                    "check_error": ("error", 1, "'int' ob")}
    assert len(facts["check_visible"].outputs) == 1
    assert "seen" in text(facts["check_hidden"]) and "hidden" not in text(facts["check_hidden"])
    assert facts["check_both"].part == facts["check_comment"].part == 1


@pytest.mark.parametrize("ending", [
    "assert f() == 1", "f()", "f();", "for i in range(2):\n    f()", "if True:\n    pass  # indented comment",
    "await g()", "'''a\nstring'''", "%timeit -n 1 -r 1 f()", "f()\n\n\n", "f()  # é"])
def test_a_check_may_end_in_any_way(ending, checks_that_end):
    fact = checks_that_end[ending]
    assert (fact.status, fact.error) == ("passed", ("", ""))


@pytest.fixture(scope="module")
def checks_that_end(run_cells) -> dict[str, StepFact]:
    parameters = next(mark.args[1] for mark in test_a_check_may_end_in_any_way.pytestmark
                      if mark.name == "parametrize")
    record = run_cells({"answer": "def f(): return 1\nasync def g(): return 1"}
                       | {f"check{number}": source for number, source in enumerate(parameters)})
    return dict(zip(parameters, list(record.facts.values())[1:], strict=True))


HOOKS = {
    "ast transformer": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Strip())""",
    "post transformer": """
get_ipython().input_transformers_post.append(lambda lines: [l.replace('assert', '0 and') for l in lines])""",
    "cleanup transformer": """
get_ipython().input_transformers_cleanup.append(lambda lines: [l.replace('assert', '0 and') for l in lines])""",
    "line transformer": """
get_ipython().input_transformer_manager.line_transforms.append(
    lambda lines: [l.replace('assert', '0 and') for l in lines])""",
    "exception handler": """
get_ipython().set_custom_exc((AssertionError,), lambda *a, **k: print('swallowed'))""",
    "callback that puts a hook back": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
get_ipython().events.register('pre_execute', lambda: get_ipython().ast_transformers.append(Strip()))""",
    "shadowed builtins": """
list = str = map = globals = exec = eval = set = vars = max = lambda *a, **k: 0""",
    "own AssertionError": """
AssertionError = KeyError""",
}


@pytest.fixture(scope="module")
def hooked(run_cells) -> dict[str, StepFact]:
    # Both parts: the visible one may call something that puts a hook back before the hidden one.
    # One run each would be cleaner and eight times as slow; a check drops all hooks, so they do not add up.
    cells: dict[str, str | tuple[str, ...]] = {}
    for name, code in HOOKS.items():
        cells |= {name: code, f"check {name}, false": ("x = 1", "assert 1 == 2"),
                  f"check {name}, true": "assert 1 == 1"}
    return run_cells(cells).facts


@pytest.mark.parametrize("name", HOOKS)
def test_a_learners_hook_neither_saves_nor_spoils_a_check(hooked, name):
    assert hooked[name].status == "passed"
    assert hooked[f"check {name}, false"].status == "failed"
    assert hooked[f"check {name}, true"].status == "passed"


def test_figures_are_still_shown_after_a_check(run_cells):
    facts = run_cells({"plot": "import matplotlib.pyplot as plt\nplt.plot([1]);", "check": "assert True",
                       "again": "plt.plot([1]);"}).facts
    assert "image/png" in facts["again"].outputs[0][0]["data"]


def test_learners_code_finds_nothing_of_a_check_that_ran_before_it(run_cells):
    secret = f"planted{random.Random(1).getrandbits(60)}"
    record = run_cells({
        "spy": ("saw = []\nget_ipython().events.register('pre_run_cell', lambda info: saw.append(info.raw_cell))\n"
                "x = 1"),
        "check_pass": ("assert x", f"expected = {secret!r}\nassert x  # {secret}"),
        "check_fail": ("assert x", f"expected = {secret!r}\nassert x == 2, {secret!r}  # {secret}"),
        "history": "%history\nprint(In, Out)",
        "last_line": "print(_ih, _i, _ii, _, __)",
        "callback": "saw",
        "names": "dict(globals())",
        "lines": "import linecache\nprint([line for entry in linecache.cache.values() for line in entry[2]])",
        "traceback": "%tb",
        "last_value": "import sys\nprint([getattr(sys, 'last_' + n, None) for n in ('value', 'exc', 'traceback')])",
        "check_later": "assert 'expected' not in globals()",
    })
    assert record.facts["check_fail"].error[1] == secret
    assert [name for name, fact in record.facts.items() if name != "check_fail" and secret in str(fact)] == []
    assert record.facts["check_later"].status == "passed"


def test_a_record_is_plain_data(run_cells):
    record = run_cells({"figure": "import numpy as np\nnp.arange(3)", "check": ("assert True", "assert False")})
    assert json.loads(everything(record))
    assert record.seconds > 0 and record.peak_memory_mb > 10


def test_a_check_may_count_the_steps_of_what_it_calls(run_cells):
    record = run_cells({
        "answer": ("def total(values):\n    result = 0\n"
                   "    for value in values:\n        result += value\n    return result"),
        "check-steps": ("import sys\n"
                        "def lines_of(function, *args):\n"
                        "    lines = 0\n"
                        "    def trace(frame, event, argument):\n"
                        "        nonlocal lines\n"
                        "        lines += event == 'line'\n"
                        "        return trace\n"
                        "    sys.settrace(trace)\n"
                        "    try:\n        function(*args)\n"
                        "    finally:\n        sys.settrace(None)\n"
                        "    return lines\n"
                        "assert lines_of(total, [1, 2, 3]) == 9",
                        "assert lines_of(total, []) == 3"),
    })
    assert record.facts["check-steps"].status == "passed", record.facts["check-steps"]


def test_an_audit_event_of_a_learners_runs_no_code_of_theirs_before_a_check(run_cells):
    record = run_cells({
        "answer": ("import os, sys\nhere = os.getpid()\n"
                   "class Evil:\n    def __hash__(self):\n        return 1 if os.getpid() == here else os._exit(3)\n"
                   "sys.audit('object.__setattr__', Evil(), '__code__', None)"),
        "check-sum": ("assert 1 + 1 == 2", "assert 2 + 2 == 4"),
    })
    assert record.facts["check-sum"].status == "passed", record.facts["check-sum"]
