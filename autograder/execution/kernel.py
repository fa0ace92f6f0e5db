"""Runs a job in an ordinary Jupyter kernel: works on every system, isolates nothing but the working directory."""

from __future__ import annotations

import asyncio
import contextlib
import json
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

from autograder.execution.record import Job, RunRecord, Step, StepFact

_SECONDS_TO_ANSWER_INTERRUPT = 3
_SECONDS_BETWEEN_MEMORY_READINGS = 0.1
_NOT_COPIED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "*.ipynb", ".git", ".venv")

# One thread: a small network is slower on more, and sums come out the same on every machine.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}

_SEED = """
def _seed(seed):
    import random
    random.seed(seed)
    try:
        import numpy
    except ImportError:
        return
    numpy.random.seed(seed)
_seed({seed})
del _seed
"""

# Sent as an expression to evaluate, not as code to run, because code would pass the learner's own transformers first.
_DROP_HOOKS = ("[hooks.clear() for shell in [__import__('IPython').get_ipython()] "
               "for hooks in (shell.ast_transformers, shell.input_transformers_post)]")

_running: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = set()
_running_lock = threading.Lock()


def run(job: Job) -> RunRecord:
    """Runs a job in a fresh kernel and a fresh working directory, both gone afterwards.

    Blocks until the run has ended, and may be called from several threads at once. Ctrl-C (in the main thread) ends
    the kernel and is raised again.
    """
    result: list[RunRecord | BaseException] = []

    def work() -> None:
        try:
            result.append(asyncio.run(_registered(job)))
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
    with _running_lock:
        for loop, task in _running:
            loop.call_soon_threadsafe(task.cancel)


async def _registered(job: Job) -> RunRecord:
    entry = (asyncio.get_running_loop(), asyncio.current_task())
    with _running_lock:
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
            shutil.copytree(source, workplace, symlinks=True, ignore=_NOT_COPIED, dirs_exist_ok=True)
        client = _Client(job, Path(folder) / "kernel")
        async with _kernel(client, workplace, Path(folder) / "ipython") as watch:
            await _run_steps(job, client, record, watch, started)
        record.peak_memory_mb = watch.peak_mb
    record.seconds = time.monotonic() - started
    return record


async def _run_steps(job: Job, client: _Client, record: RunRecord, watch: _MemoryWatch, started: float) -> None:
    deadline = started + job.limits.notebook_seconds
    await _quietly(client, _SEED.format(seed=job.seed))
    index = 0
    for step in job.steps:
        fact = record.facts[step.id]
        left = deadline - time.monotonic()
        if left <= 0:
            record.ended = f"the notebook took longer than its {job.limits.notebook_seconds:g} s"
            break
        begun = time.monotonic()
        try:
            await _run_step(client, step, fact, index, min(job.limits.cell_seconds, left))
        except (DeadKernelError, _Unresponsive) as error:
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
                fact.reason = "the Python process ended while it ran (os._exit, a crash, or a kill)"
                fact.error = ("ProcessEnded", fact.reason)
            record.ended = f"the Python process was gone after cell '{step.id}': {fact.reason}"
            break
        fact.seconds = time.monotonic() - begun
        index += len(step.parts)
    for fact in record.facts.values():
        if fact.status == "not_run" and not fact.reason:
            fact.reason = f"not run: {record.ended}"


async def _run_step(client: _Client, step: Step, fact: StepFact, index: int, seconds: float) -> None:
    """Runs the parts of one step until one does not pass.

    Raises:
        DeadKernelError: the process ended.
        _Unresponsive: it ran out of time and does not react to an interrupt.
    """
    client.timeout = seconds
    for number, source in enumerate(step.parts):
        fact.part = number
        cell = client.nb.cells[index + number]
        seen = ""
        if step.check:
            await _evaluate(client, _DROP_HOOKS)
            # Only a run that got past the last line leaves this name behind.
            seen = f"_mle_{secrets.token_hex(8)}"
            cell.source = f"{source}\n{seen} = True"
        client.reply = {}
        try:
            await client.async_execute_cell(cell, index + number)
        finally:
            fact.outputs.append([_plain(output, seen) for output in cell.outputs])
        reply = client.reply
        if reply.get("ename") == "CellTimeout":
            fact.status, fact.reason = "timeout", f"it ran longer than {seconds:.3g} s"
            fact.error = ("Timeout", fact.reason)
            await _wait_until_idle(client)
            return
        if reply.get("status") != "ok":
            name = str(reply.get("ename", "")) or "Error"
            fact.status = "failed" if name == "AssertionError" else "error"
            fact.error = (name, str(reply.get("evalue", "")))
            return
        if step.check and await _evaluate(client, f"globals().pop({seen!r}, False)") != "True":
            fact.status, fact.error = "error", ("NotFinished", "the check was started but did not run to its end")
            return
    fact.status = "passed"


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


async def _evaluate(client: _Client, expression: str) -> str:
    content = await _quietly(client, expression=expression)
    return content.get("user_expressions", {}).get("value", {}).get("data", {}).get("text/plain", "")


async def _wait_until_idle(client: _Client) -> None:
    """After an interrupt: the next cell may only start once the kernel answers again."""
    message = client.kc.kernel_info()
    try:
        await asyncio.wait_for(client.async_wait_for_reply(message), _SECONDS_TO_ANSWER_INTERRUPT)
    except (TimeoutError, CellTimeoutError):
        raise _Unresponsive from None


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
        super().__init__(
            notebook, km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs, **transport),
            allow_errors=True, interrupt_on_timeout=True, raise_on_iopub_timeout=False, shutdown_kernel="immediate",
            # nbclient's own merging takes time quadratic in the length of a line; `output` below merges instead.
            coalesce_streams=False, store_widget_state=False,
            error_on_timeout={"ename": "CellTimeout", "evalue": "", "traceback": []},
        )
        self.log.setLevel("CRITICAL")
        self.reply: dict[str, Any] = {}
        self.memory_mb = job.limits.memory_mb
        self._most = job.limits.output_kb * 1024
        self._size: dict[int, int] = {}
        self.on_cell_executed = self._keep_reply

    def _keep_reply(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        self.reply = execute_reply["content"]

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None,
               cell_index: int) -> NotebookNode | None:
        before = self._size.get(cell_index, 0)
        if before > self._most:
            return None
        self._size[cell_index] = size = before + len(json.dumps(msg["content"], default=str))
        if size > self._most and msg["msg_type"] != "error":
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
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONSTARTUP", "PYTHONPATH"}}
    environment |= _ENVIRONMENT | {"IPYTHONDIR": str(ipython)}
    nowhere = subprocess.DEVNULL  # what the kernel itself logs; outputs of cells arrive as messages
    async with client.async_setup_kernel(cwd=str(workplace), env=environment, stdout=nowhere, stderr=nowhere,
                                         cleanup_kc=True):
        watch = _MemoryWatch(client.km.provisioner.pid, client.memory_mb)
        task = asyncio.ensure_future(watch.watch())
        try:
            yield watch
        finally:
            task.cancel()
            watch.end()
