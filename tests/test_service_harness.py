"""Services start, answer, fail in words and are gone afterwards: as forks and as fresh Pythons, on real sockets."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")

HARNESS = Path(__file__).parents[1] / "course" / "harness" / "service_harness.py"

_spec = importlib.util.spec_from_file_location("service_harness", HARNESS)
harness = importlib.util.module_from_spec(_spec)
sys.modules["service_harness"] = harness
_spec.loader.exec_module(harness)
running, ServiceError = harness.running, harness.ServiceError

SERVICE = """
    import asyncio, os, signal, subprocess, sys, threading, time
    from contextlib import asynccontextmanager
    from fastapi import FastAPI, Request
    from helper import WORD

    @asynccontextmanager
    async def lifespan(app):
        print("opened")
        yield
        print("closed")

    app = FastAPI(lifespan=lifespan)
    kept, asked = [], []

    @app.get("/facts")
    def facts():
        return {"word": WORD, "pid": os.getpid(), "folder": os.getcwd(), "variable": os.environ.get("COLOUR"),
                "input": sys.stdin.read(), "main thread": threading.main_thread().name}

    @app.post("/echo")
    async def echo(request: Request):
        return {"got": (await request.body()).decode()}

    @app.get("/ready")
    def ready():
        from fastapi.responses import JSONResponse
        asked.append(1)
        return JSONResponse({}, 200 if len(asked) > 2 else 503)

    @app.get("/slow")
    def slow(seconds: float = 0.4):
        time.sleep(seconds)
        return "done"

    @app.get("/block")
    async def block(seconds: float):
        time.sleep(seconds)

    @app.get("/die")
    def die():
        print("last words", file=sys.stderr)
        os._exit(7)

    @app.get("/raise")
    def fail():
        raise ValueError("no such vehicle")

    @app.get("/grow")
    def grow():
        kept.append(b"x" * 30_000_000)

    @app.get("/child")
    def child():
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]).pid

    @app.get("/deaf")
    async def deaf():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    @app.get("/thread")
    def thread():
        threading.Thread(target=time.sleep, args=(100,)).start()

    @app.get("/at-exit")
    def at_exit():
        import atexit
        atexit.register(print, "said at exit")
"""

WAYS = [pytest.param("fresh", marks=pytest.mark.slow),
        pytest.param("fork", marks=pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only"))]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "service.py").write_text(textwrap.dedent(SERVICE))
    (tmp_path / "helper.py").write_text("WORD = 'first'\n")
    return tmp_path


@pytest.fixture(params=WAYS)
def way(request, folder):
    return {"start": request.param, "folder": folder}


def gone(pid, within=5.0):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE and psutil.Process(pid).ppid() != os.getpid():
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_a_service_runs_in_a_process_of_its_own_with_its_files_folder_and_environment(way, folder):
    with running("service:app", environment={"COLOUR": "green"}, **way) as service:
        facts = service.get("/facts").json()
        assert facts == {"word": "first", "pid": service.pid, "folder": str(folder), "variable": "green", "input": "",
                         "main thread": "MainThread"}
        assert service.pid != os.getpid()
        assert service.base_url == f"http://127.0.0.1:{service.port}"
        assert service.memory_mb() > 1
        assert service.exit_code is None
    assert gone(service.pid)
    assert "opened" in service.log


def test_lines_of_python_that_define_app_run_as_a_service(way):
    lines = "from service import app\n@app.get('/more')\ndef more():\n    return 'more'\n"
    with running(lines, **way) as service:
        assert service.get("/more").json() == "more"


def test_every_start_imports_the_files_as_they_are_now(way, folder):
    for word in ("first", "other"):  # of the same length, in the same second
        (folder / "helper.py").write_text(f"WORD = {word!r}\n")
        with running("service:app", **way) as service:
            assert service.get("/facts").json()["word"] == word


def test_a_module_that_this_process_has_imported_is_imported_anew_by_the_service(way, folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    import helper

    try:
        (folder / "helper.py").write_text("WORD = 'third'\n")
        with running("service:app", **way) as service:
            assert service.get("/facts").json()["word"] == "third"
        assert helper.WORD == "first"
    finally:
        del sys.modules["helper"]


def test_requests_carry_json_or_any_bytes(way):
    with running("service:app", **way) as service:
        assert service.post("/echo", {"a": [1, 2]}).json() == {"got": '{"a": [1, 2]}'}
        assert service.post("/echo", body=b"{not json").json() == {"got": "{not json"}
        assert service.post("/echo", float("nan")).json() == {"got": "NaN"}
        assert service.get("/nowhere").status == 404
        assert service.request("DELETE", "/facts").headers["allow"] == "GET"


def test_requests_run_in_parallel_and_answers_come_in_their_order(way):
    with running("service:app", **way) as service:
        begun = time.monotonic()
        replies = service.parallel([("GET", f"/slow?seconds={0.3 - number / 100}") for number in range(8)], at_once=8)
        assert [reply.status for reply in replies] == [200] * 8
        # One after the other, they would take together what each takes.
        assert time.monotonic() - begun < sum(reply.seconds for reply in replies)
        echoes = service.parallel([("POST", "/echo", number) for number in range(30)], at_once=5)
        assert [echo.json()["got"] for echo in echoes] == [str(number) for number in range(30)]


def test_it_waits_until_the_service_is_ready(way):
    with running("service:app", ready="/ready", **way) as service:
        assert service.get("/ready").status == 200


def test_a_service_that_is_told_to_stop_finishes_what_it_is_at_and_exits_with_0(way):
    with running("service:app", **way) as service:
        pending = service.begin("GET", "/slow")
        time.sleep(0.15)
        service.get("/at-exit")
        assert service.stop() == 0
        assert pending.result().json() == "done"
        assert service.log.count("closed") == 1
        assert "said at exit" in service.log
        assert service.exit_code == 0


def test_a_service_that_dies_is_told_from_one_that_hangs(way):
    with running("service:app", **way) as service, pytest.raises(ServiceError) as error:
        service.get("/die")
    what, log = str(error.value).splitlines()
    assert what == "The service is gone (exit code 7), so GET /die got no answer."
    assert log == "Its log ends with: opened | last words"
    with running("service:app", **way) as service, pytest.raises(ServiceError) as error:
        service.get("/slow?seconds=60", timeout=0.3)
    assert str(error.value).startswith("The service hangs: GET /slow?seconds=60 got no answer within 0.3 s, and the")
    assert gone(service.pid)


def test_the_reason_of_an_answer_500_is_in_the_log(way):
    with running("service:app", **way) as service:
        assert service.get("/raise").status == 500
        assert service.last_error == "ValueError: no such vehicle"


@pytest.mark.parametrize(("app", "words"), [
    ("service:nothing", "AttributeError: module 'service' has no attribute 'nothing'"),
    ("import service\n1 / 0", "ZeroDivisionError: division by zero"),
    ("import broken", "NameError: name 'undefined' is not defined (broken.py, line 2)."),
    ("import unfinished", "SyntaxError: "),
    ("import os\nos._exit(3)", "its process ended with exit code 3 while starting."),
    ("app = None\nraise SystemExit('no model')", "SystemExit: no model"),
])
def test_a_service_that_does_not_come_up_says_why(way, folder, app, words):
    (folder / "broken.py").write_text("\nundefined\n")
    (folder / "unfinished.py").write_text("x = (\n")
    with pytest.raises(ServiceError) as error, running(app, **way):
        pass
    assert words in str(error.value)
    assert str(error.value).startswith("The service did not come up: ")
    assert len(str(error.value).splitlines()) == 2


def test_a_lifespan_that_fails_is_a_service_that_does_not_come_up(way, folder):
    (folder / "fails.py").write_text(textwrap.dedent("""
        from contextlib import asynccontextmanager
        from fastapi import FastAPI

        @asynccontextmanager
        async def lifespan(app):
            raise OSError("no model file")
            yield

        app = FastAPI(lifespan=lifespan)
    """))
    with pytest.raises(ServiceError, match=r"(?s)ended with exit code 3 while starting\..*OSError: no model file"), \
            running("fails:app", **way):
        pass


def test_what_is_not_written_yet_raises_not_implemented_error(way):
    with pytest.raises(NotImplementedError, match="exercise 3"), \
            running("raise NotImplementedError('exercise 3')", **way):
        pass


def test_a_service_that_takes_too_long_to_come_up_is_given_up(way):
    seconds = 0.5 if way["start"] == "fork" else 2
    given_up = f"not come up within {seconds} s: its process runs, but does not listen yet."
    with pytest.raises(ServiceError, match=re.escape(given_up)), \
            running("import time\ntime.sleep(60)", within=2, **way):
        pass


def test_one_that_never_gets_ready_says_what_it_answers(way):
    with pytest.raises(ServiceError, match="did not become ready within 12 s: GET /nowhere still answers 404"), \
            running("service:app", ready="/nowhere", within=12, **way):
        pass


def test_a_taken_port_is_said_to_be_taken(way):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServiceError, match=f"port {port} is taken"), running("service:app", port=port, **way):
            pass


@POSIX
@pytest.mark.parametrize("path", ["/deaf", "/thread"])
def test_a_service_that_will_not_end_is_killed_and_told_of(way, path):
    with running("service:app", **way) as service:
        service.get(path)
        with pytest.raises(ServiceError, match="would not end: 1 s after SIGTERM it still ran, so it was killed"):
            service.stop(within=1)
    assert gone(service.pid)


def test_memory_that_a_service_keeps_is_seen(way):
    with running("service:app", **way) as service:
        before = service.memory_mb()
        service.get("/grow")
        assert 25 < service.memory_mb() - before < 60


def test_nothing_is_left_when_the_block_fails(way):
    with pytest.raises(KeyError), running("service:app", **way) as service:
        child = service.get("/child").json()
        service.begin("GET", "/block?seconds=60")
        raise KeyError
    assert gone(service.pid)
    assert gone(child)


@POSIX
@pytest.mark.parametrize("start", WAYS)
@pytest.mark.parametrize("path", ["/facts", "/block?seconds=60"])
def test_nothing_is_left_when_the_process_that_started_it_is_killed(folder, start, path):
    program = textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(HARNESS.parent)!r})
        from service_harness import running
        with running("service:app", folder={str(folder)!r}, start={start!r}) as service:
            child = service.get("/child").json()
            service.begin("GET", {path!r})
            time.sleep(0.2)
            print(service.pid, child, flush=True)
            time.sleep(100)
    """)
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    service, child = map(int, starter.stdout.readline().split())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    assert gone(service)
    # Its lifeline ends what it has started too, unless the kernel was faster with the service alone.
    psutil.Process(child).kill() if sys.platform == "linux" and psutil.pid_exists(child) else None
    assert gone(child)


@POSIX
def test_a_module_that_takes_sigterm_away_when_it_is_imported_spoils_the_end_as_under_uvicorn_itself(way, folder):
    (folder / "stubborn.py").write_text(
        "import signal\nfrom service import app\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n")
    with running("stubborn:app", **way) as service, pytest.raises(ServiceError, match="would not end"):
        service.stop(within=1)


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_a_fork_is_taken_only_of_a_process_with_a_single_thread():
    program = textwrap.dedent(f"""
        import sys, threading, time
        sys.path.insert(0, {str(HARNESS.parent)!r})
        import service_harness
        print(service_harness._fork_is_safe())
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
        print(service_harness._fork_is_safe())
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_a_fork_can_be_taken_inside_a_running_event_loop(folder):
    program = textwrap.dedent(f"""
        import asyncio, sys
        sys.path.insert(0, {str(HARNESS.parent)!r})
        from service_harness import running

        async def main():
            with running("service:app", folder={str(folder)!r}, start="fork") as service:
                print(service.get("/facts").status, service.stop())

        asyncio.run(main())
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["200", "0"]


def test_the_lifeline_can_carry_the_word_to_stop_where_there_are_no_signals(folder):
    with running("service:app", folder=folder, start="fresh") as service:
        pending = service.begin("GET", "/slow")
        time.sleep(0.15)
        os.write(service._process._lifeline, b"stop")
        assert service._process.wait_for(5) == 0
        assert pending.result().status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="isolation is Linux's")
def test_a_lesson_that_starts_services_is_refused_where_a_submission_gets_no_network():
    from autograder.execution import EngineError, Job
    from autograder.execution.engine import Engine
    from autograder.execution.jail import Level

    with Engine(Level.LANDLOCK) as engine, pytest.raises(EngineError, match=r"starts services.*namespaces"):
        engine.run(Job((), services=True))


def test_a_lesson_says_in_its_header_that_it_starts_services(tmp_path):
    from autograder.course.source import read_lesson
    from autograder.errors import SourceError

    mini = Path(__file__).parent / "courses" / "mini" / "course"
    lesson = next(folder for folder in sorted(mini.iterdir()) if (folder / "lesson.py").exists())
    copy = tmp_path / lesson.name
    copy.mkdir()
    text = (lesson / "lesson.py").read_text(encoding="utf-8")
    for value, expected in (("true", True), ("false", False)):
        (copy / "lesson.py").write_text(text.replace("# title:", f"# services: {value}\n# title:", 1), encoding="utf-8")
        assert read_lesson(copy / "lesson.py").services is expected
    (copy / "lesson.py").write_text(text.replace("# title:", "# services: maybe\n# title:", 1), encoding="utf-8")
    with pytest.raises(SourceError, match="'services' must be true or false"):
        read_lesson(copy / "lesson.py")
