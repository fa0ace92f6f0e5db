"""Runs a job in an ordinary Jupyter kernel: works on every system, isolates nothing but the working directory."""

from __future__ import annotations

import ast
import asyncio
import atexit
import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder.execution import seeding
from autograder.execution.record import Job, RunRecord, Step, StepFact, checked_data

_SECONDS_TO_ANSWER_INTERRUPT = 3
_SECONDS_BETWEEN_MEMORY_READINGS = 0.1
_MOST_ERROR_TEXT = 10_000
_NOT_COPIED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "*.ipynb", ".git", ".venv")

# One thread: a small network is slower on more, and sums come out the same on every machine.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JOBLIB_MULTIPROCESSING": "0",
    "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}

_SEED = Path(seeding.__file__).read_text(encoding="utf-8")

# What follows is evaluated as an expression, not run as code: code would pass the learner's own transformers first.
# It sees names of its own and none of the notebook's, where `list` or `globals` may mean anything.
_INSIDE = "__import__('builtins').{how}({code!r}, {{'shell': __import__('IPython').get_ipython()}})"

_DROP_HOOKS = """
shell.ast_transformers.clear()
shell.input_transformers_post.clear()
shell.input_transformer_manager.__init__()
shell.set_custom_exc((), None)
for callbacks in shell.events.callbacks.values():
    callbacks[:] = [call for call in callbacks if str(getattr(call, "__module__", "")).partition(".")[0]
                    in ("IPython", "ipykernel", "matplotlib", "matplotlib_inline")]
"""

# What a check leaves behind would tell the learner's next cell of its hidden tests.
_FORGET_CHECK = """
import linecache, sys
for name in set(map(str, shell.user_ns)) - {known!r}:
    shell.user_ns.pop(name, None)
for cache in (linecache.cache, getattr(linecache, "_ipython_cache", {{}})):
    for file in [file for file, entry in cache.items() if any(mark in str(entry) for mark in {marks!r})]:
        del cache[file]
for name in ("last_type", "last_value", "last_traceback", "last_exc"):
    vars(sys).pop(name, None)
shell._last_traceback = None
"""

_running: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = set()
_running_lock = threading.Lock()
_stops = 0


def run(job: Job) -> RunRecord:
    """Runs a job in a fresh kernel and a fresh working directory, both gone afterwards.

    Blocks until the run has ended, and may be called from several threads at once. Ctrl-C (in the main thread) ends
    the kernel and is raised again.
    """
    result: list[RunRecord | BaseException] = []
    stops = _stops

    def work() -> None:
        try:
            result.append(asyncio.run(_registered(job, stops)))
        except BaseException as error:  # handed to the caller below
            result.append(error)

    # A thread of its own: in the main thread nbclient would take Ctrl-C for itself and leave the caller waiting.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
    except BaseException:
        stop_all()
        thread.join(10)
        raise
    if isinstance(result[0], asyncio.CancelledError):
        raise KeyboardInterrupt
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def stop_all() -> None:
    """Ends every run in progress, in whichever thread; each `run` then raises KeyboardInterrupt."""
    global _stops
    with _running_lock:
        _stops += 1
        for loop, task in _running:
            loop.call_soon_threadsafe(task.cancel)


async def _registered(job: Job, stops: int) -> RunRecord:
    entry = (asyncio.get_running_loop(), asyncio.current_task())
    with _running_lock:
        if stops != _stops:  # stopped before it could be entered here
            raise asyncio.CancelledError
        _running.add(entry)
    try:
        return await _run(job)
    finally:
        with _running_lock:
            _running.discard(entry)


async def _run(job: Job) -> RunRecord:
    record = RunRecord({step.id: StepFact(step.id) for step in job.steps})
    started = time.monotonic()
    # Some background process may still hold a file open on Windows: a leftover there is no reason to fail a run.
    with tempfile.TemporaryDirectory(prefix="mle-run-", ignore_cleanup_errors=True) as folder:
        workplace = Path(folder) / "work"
        workplace.mkdir()
        for source in job.folders:
            _lay_over(source, workplace)
        client = _Client(job, Path(folder) / "kernel")
        async with _kernel(client, workplace, Path(folder) / "ipython") as watch:
            await _run_steps(job, client, record, watch, started)
        record.peak_memory_mb = watch.peak_mb
    record.seconds = time.monotonic() - started
    return record


def _lay_over(source: Path, target: Path) -> None:
    """Copies a folder's content; what is in the way is replaced, and a link in the target never followed."""
    entries = list(os.scandir(source))
    ignored = _NOT_COPIED(str(source), [entry.name for entry in entries])
    for entry in entries:
        copy = target / entry.name
        folder = entry.is_dir(follow_symlinks=False)
        if entry.name in ignored or not (folder or entry.is_symlink() or entry.is_file()):
            continue  # a pipe or socket cannot be copied
        if copy.is_symlink() or (copy.exists() and copy.is_dir() != folder):
            shutil.rmtree(copy) if copy.is_dir() and not copy.is_symlink() else copy.unlink()
        with contextlib.suppress(OSError):  # what cannot be read is missing for the notebook, as it would be anyway
            if folder:
                copy.mkdir(exist_ok=True)
                _lay_over(Path(entry.path), copy)
            else:
                copy.unlink(missing_ok=True)
                shutil.copy2(entry.path, copy, follow_symlinks=False)


async def _run_steps(job: Job, client: _Client, record: RunRecord, watch: _MemoryWatch, started: float) -> None:
    deadline = started + job.limits.notebook_seconds
    await _evaluate(client, f"{_SEED}\nseed_all({job.seed})", how="exec")
    index, done = 0, []
    for step in job.steps:
        fact = record.facts[step.id]
        left = deadline - time.monotonic()
        if left <= 0:
            record.ended = f"the notebook took longer than its {job.limits.notebook_seconds:g} s"
            break
        begun = time.monotonic()
        try:
            await _run_step(client, step, fact, index, min(job.limits.cell_seconds, left))
        except (DeadKernelError, _Exited, _Unresponsive) as error:
            if asyncio.current_task().cancelling():  # nbclient takes being cancelled for a dead kernel
                raise asyncio.CancelledError from None
            fact.seconds = time.monotonic() - begun
            if watch.exceeded:
                fact.status = "error"
                fact.reason = f"it used more than {job.limits.memory_mb} MiB of memory, so it was ended"
                fact.error = ("MemoryLimit", fact.reason)
            elif isinstance(error, _Unresponsive):
                fact.status = "timeout"
                fact.reason = f"it ran longer than {job.limits.cell_seconds:g} s and could not be interrupted"
            else:
                fact.status = "error"
                fact.reason = ("it called exit() or quit(), which ends the Python process"
                               if isinstance(error, _Exited)
                               else "the Python process ended while it ran (os._exit, a crash, or a kill)")
                fact.error = ("ProcessEnded", fact.reason)
            record.ended = f"the Python process was gone after cell '{step.id}': {fact.reason}"
            break
        fact.seconds = time.monotonic() - begun
        if not step.check:
            done.append((fact, index))
        index += len(step.parts)
    for fact, place in done:  # a later cell may have changed what an earlier one displayed
        fact.outputs = [[_plain(output, "") for output in client.nb.cells[place].outputs]]
    for fact in record.facts.values():
        if fact.status == "not_run" and not fact.reason:
            fact.reason = f"not run: {record.ended}"


async def _run_step(client: _Client, step: Step, fact: StepFact, index: int, seconds: float) -> None:
    """Runs the parts of one step until one does not pass.

    Raises:
        DeadKernelError: the process ended.
        _Exited: the process was asked to end, and will in a moment.
        _Unresponsive: it ran out of time and does not react to an interrupt.
    """
    client.seconds = seconds
    if not step.check:
        await _run_parts(client, step, fact, index, [])
        return
    known = set(ast.literal_eval(await _evaluate(client, "' '.join(map(str, shell.user_ns))") or "''").split(" "))
    # Only a run that got past a part's last line leaves its name behind.
    marks = [f"_mle_{secrets.token_hex(8)}" for _ in step.parts]
    await _run_parts(client, step, fact, index, marks)
    await _evaluate(client, _FORGET_CHECK.format(known=known, marks=marks), how="exec")


async def _run_parts(client: _Client, step: Step, fact: StepFact, index: int, marks: list[str]) -> None:
    for number, source in enumerate(step.parts):
        fact.part = number
        cell = client.nb.cells[index + number]
        mark = marks[number] if marks else ""
        if mark:
            await _evaluate(client, _DROP_HOOKS, how="exec")
            cell.source = f"{source}\n{mark} = True"
        client.reply = {}
        try:
            # A check is left out of the history: `In` is for everybody to read.
            await client.async_execute_cell(cell, index + number, store_history=not mark)
        finally:
            fact.outputs.append([_plain(output, mark) for output in cell.outputs])
        reply = client.reply
        if reply.get("timed_out"):
            fact.status, fact.reason = "timeout", f"it ran longer than {client.seconds:.3g} s"
            fact.error = ("Timeout", fact.reason)
            await _wait_until_idle(client)
            return
        if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            raise _Exited
        if reply.get("status", "ok") != "ok":
            said = reply
            if reply.get("ename") == "NoneType":  # so it is when not the cell failed, but showing its value did
                said = next((output for output in reversed(cell.outputs) if output["output_type"] == "error"), reply)
            name = str(said.get("ename", "")) or "Error"
            fact.status = "failed" if name == "AssertionError" else "error"
            fact.error = (_cut(name, _MOST_ERROR_TEXT), _cut(str(said.get("evalue", "")), _MOST_ERROR_TEXT))
            return
        if mark and await _evaluate(client, f"shell.user_ns.pop({mark!r}, False)") != "True":
            fact.status, fact.error = "error", ("NotFinished", "the check was started but did not run to its end")
            return
    fact.status = "passed"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + " …"


def _plain(output: NotebookNode, seen: str) -> dict[str, Any]:
    """An output as plain data, without the line that we put under a check."""
    plain = json.loads(json.dumps(output))
    if seen and "traceback" in plain:
        text = "\n".join(plain["traceback"])
        plain["traceback"] = [line for line in text.split("\n") if seen not in line]
    return plain


async def _quietly(client: _Client, code: str = "", expression: str = "None") -> dict[str, Any]:
    """Runs code without a trace in history or outputs, evaluates an expression, and returns the reply's content."""
    message = client.kc.execute(code, silent=True, store_history=False, user_expressions={"value": expression})
    reply = await client.async_wait_for_reply(message)
    if reply is None:
        raise _Unresponsive
    return reply["content"]


async def _evaluate(client: _Client, code: str, how: str = "eval") -> str:
    content = await _quietly(client, expression=_INSIDE.format(how=how, code=code))
    return content.get("user_expressions", {}).get("value", {}).get("data", {}).get("text/plain", "")


async def _wait_until_idle(client: _Client) -> None:
    """After an interrupt: the next cell may only start once the kernel answers again."""
    message = client.kc.kernel_info()
    try:
        await asyncio.wait_for(client.async_wait_for_reply(message), _SECONDS_TO_ANSWER_INTERRUPT)
    except (TimeoutError, CellTimeoutError):
        raise _Unresponsive from None


class _Exited(Exception):
    """A cell called `exit()` or `quit()`: it goes on, and the kernel ends a moment later."""


class _Unresponsive(Exception):
    """The kernel does not answer any more."""


class _Client(NotebookClient):
    """nbclient, with the reply of the last cell kept and the size of its outputs limited."""

    def __init__(self, job: Job, sockets: Path) -> None:
        # Sockets in our own folder instead of open ports, wherever the system has such sockets.
        transport = {} if sys.platform == "win32" else {"transport": "ipc", "ip": str(sockets)}
        notebook = new_notebook(cells=[new_code_cell(part) for step in job.steps for part in step.parts])
        # From this very environment, not from whatever kernels the user's account has installed.
        specs = KernelSpecManager(kernel_dirs=[os.path.join(sys.prefix, "share", "jupyter", "kernels")])
        # A log of its own: the default is that of whatever application we run in, such as nbgrader.
        log = logging.Logger("kernel", level=logging.CRITICAL)
        super().__init__(
            notebook, log=log,
            km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs, log=log, **transport),
            allow_errors=True, interrupt_on_timeout=True, raise_on_iopub_timeout=False, shutdown_kernel="immediate",
            # nbclient's own merging takes time quadratic in the length of a line; `output` below merges instead.
            coalesce_streams=False, store_widget_state=False,
            error_on_timeout={"timed_out": True},
        )
        self.reply: dict[str, Any] = {}
        self.memory_mb = job.limits.memory_mb
        self.seconds: float | None = None
        self._most = job.limits.output_kb * 1024
        self._size: dict[int, int] = {}
        self.on_cell_executed = self._keep_reply

    def _get_timeout(self, cell: NotebookNode | None) -> float | None:
        # Not `timeout`: that one takes whole seconds only.
        return self.seconds

    def _keep_reply(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        self.reply = execute_reply["content"]

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None,
               cell_index: int) -> NotebookNode | None:
        if msg["msg_type"] == "error":  # what went wrong is always told, if not at any length
            content = msg["content"]
            content["evalue"] = _cut(str(content.get("evalue", "")), _MOST_ERROR_TEXT)
            content["traceback"] = [_cut("\n".join(map(str, content.get("traceback", []))), self._most)]
            return super().output(outs, msg, display_id, cell_index)
        if "data" in msg["content"]:
            msg["content"]["data"] = checked_data(msg["content"]["data"])
        before = self._size.get(cell_index, 0)
        if before > self._most:
            return None
        self._size[cell_index] = size = before + (len(msg["content"]["text"]) if msg["msg_type"] == "stream"
                                                  else len(json.dumps(msg["content"], default=str)))
        if size > self._most:
            note = new_output("stream", name="stderr",
                              text=f"\n[output longer than {self._most // 1024} KiB: the rest is left out]\n")
            if msg["msg_type"] == "stream":
                msg["content"]["text"] = msg["content"]["text"][:self._most - before]
                super().output(outs, msg, display_id, cell_index)
            outs.append(note)
            return note
        if (msg["msg_type"] == "stream" and outs and outs[-1].get("name") == msg["content"]["name"]
                and not self.clear_before_next_output):
            outs[-1]["text"] += msg["content"]["text"]
            return outs[-1]
        return super().output(outs, msg, display_id, cell_index)

    def clear_output(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        super().clear_output(outs, msg, cell_index)
        self._size.pop(cell_index, None)

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        # Each update replaces the last one, so it is the size of one that counts.
        msg["content"]["data"] = checked_data(msg["content"]["data"])
        if len(json.dumps(msg["content"], default=str)) <= self._most:
            super()._update_display_id(display_id, msg)


class _MemoryWatch:
    """Reads the resident memory of a process and its children now and then; ends them when it is too much."""

    def __init__(self, pid: int, most_mb: int) -> None:
        self._process, self._most_mb = psutil.Process(pid), most_mb
        self.peak_mb, self.exceeded = 0.0, False

    async def watch(self) -> None:
        while True:
            used = 0
            for process in self.family():
                with contextlib.suppress(psutil.Error):
                    used += process.memory_info().rss
            self.peak_mb = max(self.peak_mb, used / 2**20)
            if self.peak_mb > self._most_mb:
                self.exceeded = True
                self.end()
                return
            await asyncio.sleep(_SECONDS_BETWEEN_MEMORY_READINGS)

    def family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [self._process, *self._process.children(recursive=True)]
        return []

    def end(self) -> None:
        """Kills the process, its children, and what they left behind in its session."""
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        if hasattr(os, "killpg"):
            # The kernel leads a session of its own, so this reaches orphans and nobody else.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


@contextlib.asynccontextmanager
async def _kernel(client: _Client, workplace: Path, ipython: Path) -> AsyncIterator[_MemoryWatch]:
    # PYTHONOPTIMIZE would strip every assert from the checks; inside pytest a kernel leaves file descriptors alone.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST")) and k != "MPLBACKEND"}
    environment |= _ENVIRONMENT | {"IPYTHONDIR": str(ipython)}
    nowhere = subprocess.DEVNULL  # what the kernel itself logs; outputs of cells arrive as messages
    try:
        async with client.async_setup_kernel(cwd=str(workplace), env=environment, stdout=nowhere, stderr=nowhere,
                                             cleanup_kc=True):
            # nbclient's own cleaning up at exit would meet ours in another thread and wait for ever.
            atexit.unregister(client._cleanup_kernel)
            watch = _MemoryWatch(client.km.provisioner.pid, client.memory_mb)
            task = asyncio.ensure_future(watch.watch())
            try:
                yield watch
            finally:
                task.cancel()
                watch.end()
    finally:
        # nbclient leaves a kernel behind that is cancelled while it starts.
        if client.km is not None and client.km.provisioner is not None:
            atexit.unregister(client._cleanup_kernel)
            await client._async_cleanup_kernel()
