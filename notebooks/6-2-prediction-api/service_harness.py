"""Starts a web service as a process of its own, talks to it, and ends it for certain.

A service cannot be tested by calling its functions: what matters is how the process behaves on a socket. This module
starts one under uvicorn on a free port of this machine, waits until it listens, keeps its log, and tells what happened
when it does not come up, crashes or hangs. However the test ends, the process is gone afterwards.

    with running("service:app") as service:
        reply = service.post("/predict", {"weight_kg": 2.5})
        assert reply.status == 200, reply.text
        assert service.stop() == 0

What runs in the service process is given as "module:name", or as lines of Python that define `app`:

    with running("from service import create_app\\napp = create_app(workers=1)") as service: ...

Where this process has no threads (when notebooks are graded on Linux), the service is a fork of it, which takes a
few hundredths of a second. Elsewhere (in JupyterLab, on macOS, on Windows) it is a fresh Python, which takes about a
second. It behaves the same: it imports your files anew, has a log and a standard input of its own, exits as Python
exits, and ends when this process does.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Reply", "Service", "ServiceError", "running"]

HOST = "127.0.0.1"
_ROOM_TO_DIE = 5.0  # seconds that a killed process may take
_PORT_TAKEN = "port taken"


class ServiceError(AssertionError):
    """A service did not come up, crashed, hung or would not end. The message has two lines: what, and the log's end."""


@dataclass(frozen=True)
class Reply:
    """What a service answered.

    Attributes:
        status: the status code, such as 200.
        headers: by lower-case name.
        seconds: from sending the request to having the whole answer.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body, which must be JSON.

        Raises:
            ServiceError: it is something else.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise ServiceError(f"The answer (status {self.status}) should be JSON, but is {_cut(self.text)!r}") from None


class Service:
    """A running service. Made by `running`.

    Attributes:
        base_url: like "http://127.0.0.1:40123".
        port: the number in it.
        pid: of its process.
    """

    def __init__(self, process: Any, log: Path) -> None:
        self._process, self._log = process, log
        self.pid = process.pid
        self.port = 0
        self._text = ""

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        """All it has written to standard output and standard error so far."""
        with contextlib.suppress(FileNotFoundError):  # the block is left
            self._text = self._log.read_text(encoding="utf-8", errors="replace")
        return self._text

    @property
    def last_error(self) -> str:
        """The last line of the last traceback in the log, such as "ValueError: no such vehicle"; else empty.

        A service writes it after it has answered 500, so this waits a moment for one.
        """
        deadline = time.monotonic() + 0.5
        while True:
            _, found, after = self.log.rpartition("Traceback (most recent call last)")
            lines = [line for line in after.splitlines()[1:] if line and not line.startswith((" ", "\t"))]
            if (found and lines) or time.monotonic() > deadline:
                return _cut(lines[0]) if found and lines else ""
            time.sleep(0.01)

    @property
    def exit_code(self) -> int | None:
        """How the process ended: 0 is good, -9 was killed by signal 9; None while it runs."""
        return self._process.poll()

    def memory_mb(self) -> float:
        """Memory that would be free without the process and those it has started, in MiB."""
        import psutil

        total = 0
        with contextlib.suppress(psutil.Error):
            service = psutil.Process(self.pid)
            for process in (service, *service.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += process.memory_full_info().uss
        return total / 2**20

    # --- requests -----------------------------------------------------------------------------------------------

    def get(self, path: str, **options: Any) -> Reply:
        """Sends GET; see `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Reply:
        """Sends POST with `data` as JSON; see `request`."""
        return self.request("POST", path, data, **options)

    def request(self, method: str, path: str, data: Any = None, *, body: bytes | str | None = None,
                headers: dict[str, str] | None = None, timeout: float = 10.0) -> Reply:
        """Sends one request on a connection of its own and waits for the answer.

        Args:
            data: sent as JSON (NaN and infinities as Python writes them).
            body: sent as it is, in place of `data`.
            timeout: seconds until the service counts as hanging.

        Raises:
            ServiceError: no answer came.
        """
        sent = {"Connection": "close"}
        if body is None and data is not None:
            body = json.dumps(data)
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body.encode() if isinstance(body, str) else body
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        begun = time.perf_counter()
        try:
            connection.request(method, path, body, sent | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        except TimeoutError:
            raise self._no_answer(f"{method} {path}", timeout) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._broken_off(f"{method} {path}", error) from None
        finally:
            connection.close()
        seconds = time.perf_counter() - begun
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content, seconds)

    def begin(self, method: str, path: str, data: Any = None, **options: Any) -> Future[Reply]:
        """Sends a request from a thread and returns at once; `.result()` waits for the reply or raises its error."""
        future: Future[Reply] = Future()

        def send() -> None:
            try:
                future.set_result(self.request(method, path, data, **options))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=send, daemon=True).start()
        return future

    def parallel(self, requests: Iterable[tuple[Any, ...]], at_once: int = 8, **options: Any) -> list[Reply]:
        """Sends many requests, so many at a time, and returns the replies in the order of the requests.

        Args:
            requests: (method, path) or (method, path, data) each.

        Raises:
            ServiceError: one of them got no answer; the first that did not.
        """
        todo = list(enumerate(requests))[::-1]
        replies: dict[int, Reply | BaseException] = {}

        def work() -> None:
            while True:
                try:
                    number, request = todo.pop()
                except IndexError:
                    return
                try:
                    replies[number] = self.request(*request, **options)
                except BaseException as error:
                    replies[number] = error

        count = len(todo)
        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, count))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(count):
            if isinstance(replies[number], BaseException):
                raise replies[number]
        return [replies[number] for number in range(count)]

    # --- the end ------------------------------------------------------------------------------------------------

    def stop(self, within: float = 5.0) -> int:
        """Asks the service to end, as a cluster does (SIGTERM), and returns its exit code.

        Raises:
            ServiceError: it was still there after so many seconds; it has been killed then.
        """
        self.ask_to_stop()
        code = self._process.wait_for(within)
        if code is None:
            self.kill()
            raise ServiceError(self._two_lines(
                f"The service would not end: {within:g} s after SIGTERM it still ran, so it was killed."))
        return code

    def ask_to_stop(self) -> None:
        """Sends SIGTERM and returns at once."""
        self._process.ask_to_stop()

    def kill(self) -> None:
        """Ends the process and all it has started, at once and for certain."""
        self._process.kill()

    # --- what to say when it goes wrong -------------------------------------------------------------------------

    def _no_answer(self, request: str, timeout: float) -> ServiceError:
        if self.exit_code is not None:
            return self._crashed(f"while it answered {request}")
        return ServiceError(self._two_lines(
            f"The service hangs: {request} got no answer within {timeout:g} s, and the process is still running."))

    def _broken_off(self, request: str, error: Exception) -> ServiceError:
        if self._process.wait_for(0.5) is not None:
            return self._crashed(f"so {request} got no answer")
        return ServiceError(self._two_lines(
            f"The service broke off: {request} got no answer ({type(error).__name__}), but the process still runs."))

    def _crashed(self, when: str) -> ServiceError:
        return ServiceError(self._two_lines(f"The service is gone (exit code {self.exit_code}), {when}."))

    def _two_lines(self, what: str) -> str:
        return f"{what}\n{_end_of(self.log)}"


@contextlib.contextmanager
def running(app: str, *, folder: str | os.PathLike[str] = ".", environment: dict[str, str] | None = None,
            port: int = 0, ready: str = "", within: float = 60.0, start: str = "") -> Iterator[Service]:
    """Starts a service, gives it to the block below, and ends it with the block, however that ends.

    Args:
        app: "module:name" of an ASGI application, or lines of Python that define `app`.
        folder: where its files lie; also its working directory.
        environment: further environment variables.
        port: 0 takes one that is free.
        ready: a path such as "/health/ready"; the service counts as up once this answers 200.
        within: seconds it may take to come up. A fork, which has its libraries already and needs a tenth of the time,
            must listen after a quarter of them.
        start: "fork" or "fresh"; empty takes the fork where that is safe.

    Raises:
        ServiceError: it did not come up.
        NotImplementedError: it did not, because its code says so: an exercise that is still to be solved.
    """
    begun = time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="service-"))
    process = None
    try:
        log = place / "log"
        log.touch()
        order = {"app": app, "folder": os.path.abspath(folder), "port": port, "place": str(place),
                 "environment": environment or {}, "parent": os.getpid(),
                 "dies_with_parent": threading.current_thread() is threading.main_thread()}
        start = start or ("fork" if _fork_is_safe() else "fresh")
        process = _FORKS[start](order, log)
        service = Service(process, log)
        service.port = _wait_until_up(service, place, begun, within / 4 if start == "fork" else within)
        if ready:
            _wait_until_ready(service, ready, begun + within, within)
        yield service
    finally:
        if process is not None:
            process.kill()
            service.log  # noqa: B018 - read once more, for those who ask later
        shutil.rmtree(place, ignore_errors=True)


# --- waiting --------------------------------------------------------------------------------------------------------


def _wait_until_up(service: Service, place: Path, begun: float, within: float) -> int:
    report = place / "report"
    while not report.exists():
        if service.exit_code is not None and not report.exists():
            raise ServiceError(service._two_lines(
                f"The service did not come up: its process ended with exit code {service.exit_code} while starting."))
        if time.monotonic() > begun + within:
            raise ServiceError(service._two_lines(
                f"The service did not come up within {within:g} s: its process runs, but does not listen yet."))
        time.sleep(0.003)
    told = json.loads(report.read_text(encoding="utf-8"))
    if "port" in told:
        return told["port"]
    if told["error"] == _PORT_TAKEN:
        raise ServiceError(f"The service did not come up: {told['text']}\n"
                           "End the program that uses the port, or leave `port` out to get a free one.")
    if told["error"] == "NotImplementedError":
        raise NotImplementedError(told["text"])
    where = f" ({told['where']})" if told["where"] else ""
    raise ServiceError(f"The service did not come up: {told['error']}: {_cut(told['text'])}{where}.\n"
                       "This is what Python says when it imports and starts your code.")


def _wait_until_ready(service: Service, path: str, deadline: float, within: float) -> None:
    status = None
    while status != 200:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ServiceError(service._two_lines(
                f"The service did not become ready within {within:g} s: GET {path} still answers {status}."))
        status = service.get(path, timeout=max(left, 0.1)).status
        if status != 200:
            time.sleep(0.01)


def _end_of(log: str, lines: int = 3) -> str:
    """The last lines of a log in one line, without uvicorn's own remarks where there is more to say."""
    said = [line.strip() for line in log.splitlines() if line.strip()]
    own = [line for line in said if not line.startswith(("INFO:", "Serving on"))]
    return f"Its log ends with: {_cut(' | '.join(own[-lines:]), 300)}" if own else "Its log says nothing more."


def _cut(text: str, most: int = 200) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"…{text[-most:]}"


# --- two ways to make the process ---------------------------------------------------------------------------------


class _Process:
    """What both ways have in common: a lifeline, whose end tells the service that this process is gone.

    Attributes:
        lines: the write ends of every lifeline that is open here; a fork lets go of them.
    """

    lines: set[int] = set()
    pid: int
    _code: int | None = None
    _lifeline: int

    def _keep(self, lifeline: int) -> None:
        self._lifeline = lifeline
        self.lines.add(lifeline)

    def poll(self) -> int | None:
        raise NotImplementedError

    def wait_for(self, seconds: float) -> int | None:
        """The exit code, or None if it has not ended by then."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None and time.monotonic() < deadline:
            time.sleep(0.003)
        return code

    def ask_to_stop(self) -> None:
        if self.poll() is not None:
            return
        if sys.platform == "win32":
            # Nobody can send SIGTERM here; the service's own watcher raises it.
            with contextlib.suppress(OSError):
                os.write(self._lifeline, b"stop")
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        if self._lifeline >= 0:
            self._kill_all()
            self.wait_for(_ROOM_TO_DIE)
            self.lines.discard(self._lifeline)
            with contextlib.suppress(OSError):
                os.close(self._lifeline)
            self._lifeline = -1

    def _kill_all(self) -> None:
        # The group has the number of its first process, whether that still lives or not.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGKILL)


class _Fresh(_Process):
    """A new Python, which runs this file."""

    def __init__(self, order: dict[str, Any], log: Path) -> None:
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        with log.open("ab") as file:
            self._popen = subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), json.dumps(order)], stdin=subprocess.PIPE, stdout=file,
                stderr=file, cwd=order["folder"], env=os.environ | {"PYTHONUTF8": "1"}, **options)
        self.pid = self._popen.pid
        self._keep(self._popen.stdin.fileno())

    def poll(self) -> int | None:
        return self._popen.poll()

    def _kill_all(self) -> None:
        if sys.platform == "win32":
            import psutil

            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self.pid).children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        child.kill()
            self._popen.kill()
        else:
            super()._kill_all()

    def kill(self) -> None:
        super().kill()
        with contextlib.suppress(OSError):
            self._popen.stdin.close()


class _Fork(_Process):
    """A copy of this process, which has the libraries loaded already."""

    loaded = False

    def __init__(self, order: dict[str, Any], log: Path) -> None:
        _load_libraries()
        theirs, ours = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _be_service(order, log, theirs)
        os.close(theirs)
        self._keep(ours)

    def poll(self) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has asked how it ended
                self._code = 1
            else:
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
        return self._code


_FORKS = {"fork": _Fork, "fresh": _Fresh}


def _fork_is_safe() -> bool:
    """Whether this process has one thread only: a fork would have none of the others, but the locks they hold."""
    try:
        return sys.platform == "linux" and "ipykernel.kernelapp" not in sys.modules and \
            len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _load_libraries() -> None:
    """Loads what services load when they start and at their first request, so that forks need not."""
    import importlib

    import uvicorn

    if not _Fork.loaded:
        _Fork.loaded = True
        uvicorn.Config(_no_app, lifespan="off", interface="asgi3", log_config=None).load()
        for name in ("fastapi", "pydantic.v1", "anyio._backends._asyncio", "uvicorn.lifespan.on", "uvicorn.loops.auto",
                     "uvicorn.loops.asyncio", "fastapi.telemetry._runtime"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


async def _no_app(scope: Any, receive: Any, send: Any) -> None:
    """Stands for an application where uvicorn wants one."""


def _be_service(order: dict[str, Any], log: Path, lifeline: int) -> None:
    """In the fork: becomes like a fresh Python, serves, and never returns."""
    code = 1
    try:
        import asyncio
        import atexit
        import contextvars
        import gc
        import logging

        os.setsid()
        # What was there before is not looked through again: that would copy its memory.
        gc.freeze()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(lifeline, 0)
        output = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Not closed: an object of the process before may close its number one day, which must not be in use again.
        nothing = os.open(os.devnull, os.O_RDWR)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != nothing:
                with contextlib.suppress(OSError):
                    os.dup2(nothing, int(name), inheritable=False)
        _Process.lines = set()
        sys.stdin = sys.__stdin__ = open(0, closefd=False)
        sys.stdout = sys.__stdout__ = open(1, "w", buffering=1, encoding="utf-8", closefd=False)
        sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, encoding="utf-8", closefd=False)
        sys.excepthook, sys.displayhook = sys.__excepthook__, sys.__displayhook__
        logging.root.handlers.clear()
        logging.root.setLevel(logging.WARNING)
        atexit._clear()
        asyncio._set_running_loop(None)
        os.chdir(order["folder"])
        for name, module in list(sys.modules.items()):
            file = str(getattr(module, "__file__", None) or "")
            if file.startswith(order["folder"] + os.sep) and name != __name__ and os.sep + "." not in file and \
                    not file.startswith(sys.prefix + os.sep):
                del sys.modules[name]
        # In a new context: the one here may belong to an event loop.
        code = contextvars.Context().run(_serve_and_exit, order)
        threading._shutdown()  # waits for threads, as Python does when it exits
        atexit._run_exitfuncs()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


# --- inside the service's process ---------------------------------------------------------------------------------


def _serve_and_exit(order: dict[str, Any]) -> int:
    """Serves until told to stop; returns the exit code."""
    try:
        _serve(order)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _serve(order: dict[str, Any]) -> None:
    _hold_the_lifeline(order)
    os.environ.update(order["environment"])
    # Files that change twice in a second must not be mistaken for what was compiled of them before.
    sys.dont_write_bytecode = True
    sys.pycache_prefix = os.path.join(order["place"], "none")
    sys.path[:] = [order["folder"], *(entry for entry in sys.path if entry not in {"", order["folder"]})]
    import importlib

    importlib.invalidate_caches()
    # uvicorn raises the signal again when it has ended well; an exit code of 0 tells so.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.socket()
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, order["port"]))
    except OSError as error:
        _report(order, {"error": _PORT_TAKEN, "text": f"port {order['port']} is taken ({error.strerror})."})
        sys.exit(1)
    def load() -> Any:
        """Called by uvicorn as it starts, when it has set its handlers of signals: as it loads an app by its name."""
        try:
            return _application(order["app"])
        except BaseException as error:
            traceback.print_exc()
            _report(order, {"error": type(error).__name__, "text": str(error), "where": _where(error, order["folder"])})
            sys.exit(1)

    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets=sockets)
            print(f"Serving on http://{HOST}:{listener.getsockname()[1]}", flush=True)
            _report(order, {"port": listener.getsockname()[1]})

    Server(uvicorn.Config(load, factory=True, log_level="info", use_colors=False)).run(sockets=[listener])


def _application(app: str) -> Any:
    import importlib

    if re.fullmatch(r"[\w.]+:[\w.]+", app):
        module, _, name = app.partition(":")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    names: dict[str, Any] = {"__name__": "__service__"}
    exec(compile(app, "<service>", "exec"), names)
    return names["app"]


def _where(error: BaseException, folder: str) -> str:
    """The place in the learner's files that an error comes from."""
    if isinstance(error, SyntaxError):
        return f"{os.path.basename(error.filename or '')}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(folder + os.sep) and os.path.basename(frame.filename) != "service_harness.py" \
                and "site-packages" not in frame.filename:
            return f"{os.path.basename(frame.filename)}, line {frame.lineno}"
    return ""


def _report(order: dict[str, Any], told: dict[str, Any]) -> None:
    """Leaves word for the process that started this one, all at once."""
    part = Path(order["place"], "report.part")
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(part.with_name("report"))


def _hold_the_lifeline(order: dict[str, Any]) -> None:
    """Ends this process, and all it has started, when the one that wanted it is gone."""
    if sys.platform == "linux" and order["dies_with_parent"]:
        # Serves even where a loop in C lets no other thread run.
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != order["parent"]:
            os._exit(1)
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        while said := os.read(lifeline, 4):
            if said == b"stop":
                signal.raise_signal(signal.SIGTERM)
        if os.name == "posix":
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="lifeline").start()


if __name__ == "__main__":
    sys.exit(_serve_and_exit(json.loads(sys.argv[1])))
