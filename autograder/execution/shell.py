"""Runs cells inside this process as a Jupyter kernel would, without sockets and without threads.

A forked process inherits no threads, so nothing here may need one: the display hook and publisher write to a plain
list, and what reaches file descriptors 1 and 2 by other ways than Python goes to a file in memory and is read back.
The shell itself is ipykernel's own, so that libraries which ask where they run are told "in a notebook".
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import getpass
import importlib
import io
import json
import os
import random
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import ipykernel
from ipykernel.compiler import XCachingCompiler, get_tmp_hash_seed, murmur2_x86
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.iostream import OutStream
from ipykernel.jsonutil import encode_images, json_clean
from ipykernel.zmqshell import ZMQDisplayPublisher, ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from IPython.core.profiledir import ProfileDir
from traitlets import Type
from traitlets.config import Config

from autograder.execution.record import truncation_note
from autograder.execution.temporary import temporary_folder

_INLINE = "module://matplotlib_inline.backend_inline"
_HERE = os.path.dirname(__file__) + os.sep
_MOST_ERROR_TEXT = 10_000
_TURNS_BETWEEN_CELLS = 10  # of the event loop


class Outputs:
    """The outputs of the cell that is running, in nbformat, limited in size.

    Attributes:
        cells: per cell its outputs.
        updated: ids of cells that ended before and had a display updated since.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most = most_bytes
        self.cells: dict[str, list[dict[str, Any]]] = {}
        self.updated: set[str] = set()
        self._displays: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.start("")

    def start(self, cell: str) -> None:
        """Begins a cell."""
        self._cell, self._size, self._clear_next = cell, 0, False
        self.cells[cell] = []

    @property
    def room(self) -> int:
        """How many more bytes are kept of this cell."""
        return max(0, self.most if self._clear_next else self.most - self._size)

    def stream(self, name: str, text: str) -> None:
        """Adds text of stdout or stderr."""
        if not text:
            return
        self._clear_if_due()
        if self._takes(len(text), lambda room: self._append_text(name, text[:room])):
            self._append_text(name, text)

    def add(self, output: dict[str, Any], display_id: str | None = None) -> None:
        """Adds an output."""
        self._clear_if_due()
        if output["output_type"] != "error" and not self._takes(_size(output)):
            return
        if display_id:
            self.update(display_id, output["data"], output["metadata"])
            self._displays.setdefault(display_id, []).append((self._cell, output))
        self.cells[self._cell].append(output)

    def update(self, display_id: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Changes what was displayed under an id."""
        if _size(data) > self.most:
            return
        for cell, output in self._displays.get(display_id, []):
            output["data"], output["metadata"] = data, metadata
            if cell != self._cell:
                self.updated.add(cell)

    def clear(self, wait: bool) -> None:
        """Takes away what the cell has shown; with `wait`, as soon as it shows more."""
        self._clear_next = True
        if not wait:
            self._clear_if_due()

    def _append_text(self, name: str, text: str) -> None:
        outputs = self.cells[self._cell]
        if outputs and outputs[-1].get("name") == name:
            outputs[-1]["text"] += text
        else:
            outputs.append({"output_type": "stream", "name": name, "text": text})

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next, self._size = False, 0
            self.cells[self._cell].clear()

    def _takes(self, size: int, fill: Callable[[int], None] | None = None) -> bool:
        """Whether so many bytes still fit; says so once when they do not."""
        before, self._size = self._size, self._size + size
        if self._size <= self.most:
            return True
        if before <= self.most:
            if fill:
                fill(self.most - before)
            self.cells[self._cell].append(
                {"output_type": "stream", "name": "stderr", "text": truncation_note(self.most)})
        return False


class _Stream(io.TextIOBase):
    """What `sys.stdout` and `sys.stderr` are while a cell runs."""

    encoding = "UTF-8"

    def __init__(self, name: str, outputs: Outputs, descriptors: _Descriptors) -> None:
        self.name = name
        self._outputs, self._descriptors, self._owner = outputs, descriptors, os.getpid()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._owner:
            # A process that the cell forked, such as a worker of multiprocessing: what it keeps, nobody reads.
            _write_all(1 if self.name == "stdout" else 2, text.encode(errors="replace"))
            return len(text)
        with self._descriptors.lock:
            self._descriptors.collect()
            self._outputs.stream(self.name, text)
        return len(text)

    def flush(self) -> None:
        """Takes in what came by other ways, so that it stands before whatever is shown next."""
        if os.getpid() == self._owner:
            self._descriptors.collect()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        # In a kernel this leads to the terminal it was started in, which the notebook does not show.
        return self._descriptors.nowhere


_Stream.__module__, _Stream.__name__, _Stream.__qualname__ = OutStream.__module__, "OutStream", "OutStream"


class _Descriptors:
    """File descriptors 1 and 2, sent to files in memory and read back from there."""

    def __init__(self, outputs: Outputs) -> None:
        self.lock = threading.RLock()
        self.nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        self._outputs = outputs
        self._files: dict[str, int] = {}
        self._read: dict[str, int] = {}
        for number, name in ((1, "stdout"), (2, "stderr")):
            self._files[name] = file = os.memfd_create(name)
            self._read[name] = 0
            os.dup2(file, number)

    def close(self) -> None:
        """Lets go of the files; descriptors 1 and 2 stay as they are."""
        for file in (self.nowhere, *self._files.values()):
            with contextlib.suppress(OSError):  # a cell may have closed it
                os.close(file)

    def collect(self) -> None:
        """Takes in what was written since the last time."""
        with self.lock:
            for name, file in self._files.items():
                size, read = os.fstat(file).st_size, self._read[name]
                if size < read:
                    read = 0  # a program opened it anew by its name, which empties it
                if size > read:
                    # Of more than is kept only so much that it is seen to be too much.
                    data = os.pread(file, min(size - read, self._outputs.room * 4 + 4), read)
                    self._outputs.stream(name, data.lstrip(b"\0").decode("utf-8", errors="replace"))
                self._read[name] = size


class _DisplayHook(ZMQShellDisplayHook):
    """Keeps the value of a cell's last expression as an execute_result."""

    msg = None

    def start_displayhook(self) -> None:
        self.msg = {"content": {"data": {}, "metadata": {}}}

    def finish_displayhook(self) -> None:
        sys.stdout.flush()
        message, self.msg = self.msg, None
        if not message or not message["content"]["data"]:
            return
        for hook in self._hooks:
            message = hook(message)
            if message is None:
                return
        content = json_clean(message["content"])
        self.shell.outputs.add({"output_type": "execute_result", "data": content["data"],
                                "metadata": content["metadata"] or {},
                                "execution_count": content.get("execution_count")})


class _DisplayPublisher(ZMQDisplayPublisher):
    """Keeps what `display()` shows."""

    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, *,
                transient: dict[str, Any] | None = None, update: bool = False, **kwargs: Any) -> None:
        self._flush_streams()
        self._validate_data(data, metadata or {})
        content = {"data": encode_images(data), "metadata": metadata or {}, "transient": transient or {}}
        message: dict[str, Any] | None = {"content": json_clean(content)}
        for hook in self._hooks:
            message = hook(message)
            if message is None:
                return
        content = message["content"]
        display_id = content["transient"].get("display_id")
        if update:
            self.shell.outputs.update(display_id, content["data"], content["metadata"])
        else:
            self.shell.outputs.add({"output_type": "display_data", "data": content["data"],
                                    "metadata": content["metadata"]}, display_id)

    def clear_output(self, wait: bool = False) -> None:
        self._flush_streams()
        self.shell.outputs.clear(wait)


for _ours, _theirs in ((_DisplayHook, ZMQShellDisplayHook), (_DisplayPublisher, ZMQDisplayPublisher)):
    _ours.__module__, _ours.__name__, _ours.__qualname__ = _theirs.__module__, _theirs.__name__, _theirs.__qualname__


class _Compiler(XCachingCompiler):
    """Names cells as a kernel does, but the same in every run: warnings show the names."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        return f"/tmp/ipykernel_1/{murmur2_x86(raw_code, get_tmp_hash_seed())}.py"


class Shell(ZMQInteractiveShell):
    """A kernel's own shell, without the sockets.

    Attributes:
        outputs: where what a cell shows is kept.
        exit_asked: whether the cell called `exit()` or `quit()`, which ends a kernel when the cell has run.
    """

    displayhook_class = Type(_DisplayHook)
    display_pub_class = Type(_DisplayPublisher)
    compiler_class = Type(_Compiler)

    outputs: Outputs
    exit_asked = False

    def init_history(self) -> None:
        # In memory it needs no thread.
        self.config.HistoryManager.hist_file = ":memory:"
        super().init_history()

    def init_virtualenv(self) -> None:
        """Nothing: the environment is the one that is running."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Nothing: there is no window to draw in."""

    def ask_exit(self) -> None:
        self.exit_asked = True

    def system(self, cmd: str) -> None:
        """A command of `!`: shown as it comes. Where a kernel gives it a terminal, it gets a pipe."""
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        process = subprocess.Popen([os.environ.get("SHELL", "sh"), "-c", self.var_expand(cmd, depth=1)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            with io.TextIOWrapper(process.stdout, "utf-8", "replace", newline="\n") as lines:
                for line in lines:
                    # A terminal ends lines so, and so they stand in every notebook with `!`.
                    print(line.replace("\n", "\r\n"), end="")
        except KeyboardInterrupt:
            process.kill()
        code = process.wait()
        self.user_ns["_exit_code"] = code = 128 - code if code > 128 else code
        if self.system_raise_on_error and code != 0:
            raise subprocess.CalledProcessError(code, cmd)

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        etype, value, tb = super()._get_exc_info(exc_tuple)
        # Our own lines are of no use to a learner: neither those that called the notebook's, nor those that it called.
        while tb is not None and tb.tb_next is not None and _is_ours(tb):
            tb = tb.tb_next
        last, entry = tb, tb
        while entry is not None:
            if not _is_ours(entry):
                last = entry
            entry = entry.tb_next
        if last is not None:
            last.tb_next = None
        return etype, value, tb

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        if self.displayhook.msg is not None:
            self._last_traceback_during_displayhook = True
        lines = "\n".join(map(str, stb))
        self.outputs.add({"output_type": "error", "ename": cut(str(etype.__name__), _MOST_ERROR_TEXT),
                          "evalue": cut(str(evalue), _MOST_ERROR_TEXT), "traceback": [cut(lines, self.outputs.most)]})
        self._last_traceback = stb


# Libraries go by the name.
Shell.__module__, Shell.__name__, Shell.__qualname__ = (
    ZMQInteractiveShell.__module__, ZMQInteractiveShell.__name__, ZMQInteractiveShell.__qualname__)


class Session:
    """A notebook's state: one namespace in which its cells run one after the other.

    Made once in the warm process; each fork of it then calls `attach` before it runs anything.

    Attributes:
        numbers: the state of `random` that forks begin with, which Python gives new numbers; None if no cell has run.
    """

    numbers: Any = None

    def __init__(self) -> None:
        Shell.clear_instance()
        with temporary_folder("mle-profile-") as folder:
            self.shell = Shell.instance(config=Config(), ipython_dir=folder)
            self.shell.extension_manager.load_extension("storemagic")  # as every kernel does
        self._loop: asyncio.AbstractEventLoop | None = None
        self._descriptors: _Descriptors | None = None
        builtins.input = refuse_input
        getpass.getpass = _refuse_password

    def load(self, names: list[str]) -> None:
        """Imports modules as a notebook would: some see on import where they are. What cannot be imported is not."""
        kept = sys.stdout, sys.stderr
        with self.shell.builtin_trap:
            for name in names:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        sys.stdout, sys.stderr = kept

    def warm_up(self) -> None:
        """Does once what is slow the first time: a traceback, a figure, a table."""
        with self._for_forks():
            self.run("", "def f(x):\n    return x / 0\nf(1)")
            self.run("", "1 +")
            self.run("", "import asyncio\nawait asyncio.sleep(0)")
            if "matplotlib.pyplot" in sys.modules:
                self.run("", "import matplotlib.pyplot\nmatplotlib.pyplot.plot([1, 2])\nmatplotlib.pyplot.title('a')")
            if "pandas" in sys.modules:
                self.run("", "import pandas\npandas.DataFrame({'a': [1.5]})")
            self._forget()

    def begin(self, cells: list[str]) -> str:
        """Runs cells that every fork is to find run already, after those of an earlier call.

        Returns:
            Type and text of the exception that ended one of them; empty if all ran to their end.
        """
        if self.numbers is not None:
            random.setstate(self.numbers)
        with self._for_forks():
            for source in cells:
                name, text = self.run("", source)
                if name:
                    return f"{name}: {text}"
            self.numbers = random.getstate()
        return ""

    @contextlib.contextmanager
    def _for_forks(self) -> Iterator[None]:
        """Runs cells before there are forks, to which it leaves neither event loop nor redirected output."""
        kept = os.dup(1), os.dup(2)
        streams = sys.stdout, sys.stderr
        self._take_output(1 << 20)
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        try:
            yield
        finally:
            self._loop.close()
            self._loop = None
            asyncio.set_event_loop(None)
            self._descriptors.close()
            self._descriptors = None
            sys.stdout, sys.stderr = streams
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)

    def attach(self, most_output_bytes: int) -> None:
        """Takes over this process's output; to be called in every fork, whose outputs are its own from here on."""
        self._take_output(most_output_bytes)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
            self._settle()
        else:
            _unshare(self._loop)

    def _take_output(self, most_output_bytes: int) -> None:
        self.outputs = self.shell.outputs = Outputs(most_output_bytes)
        self._descriptors = _Descriptors(self.outputs)
        sys.stdout = _Stream("stdout", self.outputs, self._descriptors)
        sys.stderr = _Stream("stderr", self.outputs, self._descriptors)

    def _settle(self) -> None:
        """Makes the folder that the process is in now the notebook's own."""
        shell = self.shell
        shell.starting_dir = os.getcwd()
        shell.user_ns["_dh"][:] = [Path.cwd()]
        shell.ipython_dir = os.environ.get("IPYTHONDIR") or os.path.join(tempfile.gettempdir(), ".ipython")
        shell.profile_dir = ProfileDir.create_profile_dir_by_name(shell.ipython_dir, "default")
        # A notebook does not find us: not to import, and not where it looks through all that is loaded.
        for name in [name for name in sys.modules if name.partition(".")[0] == "autograder"]:
            del sys.modules[name]
        sys.argv = [os.path.join(os.path.dirname(os.path.dirname(ipykernel.__file__)), "ipykernel_launcher.py"),
                    "-f", os.path.join(tempfile.gettempdir(), "kernel.json")]

    def run(self, cell: str, source: str) -> tuple[str, str]:
        """Runs a cell; its outputs are in `self.outputs.cells[cell]`.

        Returns:
            Type and text of the exception that ended it, both empty if it ran to its end.
        """
        self.outputs.start(cell)
        if not source.strip():
            return "", ""
        result = self.in_loop(self._execute(source))
        self.collect()
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            return type(error).__name__, text_of(error)
        if getattr(self.shell, "_last_traceback_during_displayhook", False):
            shown = next(output for output in reversed(self.outputs.cells[cell]) if output["output_type"] == "error")
            return shown["ename"], shown["evalue"]
        return "", ""

    def collect(self) -> None:
        """Takes in what reached the file descriptors, from this process or another."""
        self._descriptors.collect()

    def in_loop(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine in the notebook's event loop, where tasks that earlier cells began go on.

        An interrupt that finds it waiting cancels it, as in a kernel.
        """
        loop = self._loop
        task = loop.create_task(work)

        def interrupt(number: int, frame: Any) -> None:
            if asyncio.current_task(loop) is None:
                loop.call_soon_threadsafe(task.cancel)
            else:
                signal.default_int_handler(number, frame)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            result = loop.run_until_complete(task)
            loop.run_until_complete(_turn())
        finally:
            if not task.done():
                task.cancel()
            # The cell may have set a handler of its own.
            if signal.getsignal(signal.SIGINT) is interrupt:
                signal.signal(signal.SIGINT, before)
        return result

    async def _execute(self, source: str) -> Any:
        """As a kernel does it: inside a running loop, as a task of its own if the cell awaits something."""
        shell = self.shell
        preprocessing_error = None
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed, preprocessing_error = source, sys.exc_info()
        if not shell.should_run_async(source, transformed_cell=transformed,
                                      preprocessing_exc_tuple=preprocessing_error):
            return shell.run_cell(source, store_history=True)
        shell._last_traceback, shell._last_traceback_during_displayhook = None, False
        result = None
        try:
            result = await shell.run_cell_async(source, store_history=True, transformed_cell=transformed,
                                                preprocessing_exc_tuple=preprocessing_error)
        finally:
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        return result

    def drop_hooks(self) -> None:
        """Takes a learner's hooks off, so that what is run next is run as it is written."""
        shell = self.shell
        shell.ast_transformers.clear()
        shell.input_transformers_post.clear()

    def _forget(self) -> None:
        """Leaves no trace of what was run to warm up."""
        self.shell.reset(new_session=True)
        self.shell.execution_count = 1
        self.shell.compile._filename_map.clear()
        self.shell._last_traceback = None
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            vars(sys).pop(name, None)


def prepare() -> None:
    """Sets what libraries read on import; to be called once, before the first."""
    os.environ["MPLBACKEND"] = _INLINE


def refuse_input(prompt: object = "") -> str:
    """What `input` is while a notebook runs: nobody is there to answer.

    Raises:
        StdinNotImplementedError: always, with a kernel's words.
    """
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def cut(text: str, most: int) -> str:
    """A text, its end left out if it is long."""
    return text if len(text) <= most else text[:most] + " …"


def text_of(error: BaseException) -> str:
    """An exception's text, or that it has none."""
    try:
        return cut(str(error), _MOST_ERROR_TEXT)
    except BaseException:
        return "<an exception whose text cannot be shown>"


def _refuse_password(prompt: str = "", stream: object = None, **kwargs: object) -> str:
    raise StdinNotImplementedError("getpass was called, but this frontend does not support input requests.")


async def _turn() -> None:
    """Lets tasks that are ready go on, as they do in a kernel between two cells."""
    for _ in range(_TURNS_BETWEEN_CELLS):
        await asyncio.sleep(0)


def _unshare(loop: asyncio.AbstractEventLoop) -> None:
    """Gives a loop that came over in a fork a queue of events of its own: the old one is the parent's too."""
    old, new = loop._selector, selectors.DefaultSelector()
    for key in list(old.get_map().values()):
        new.register(key.fileobj, key.events, key.data)
    loop._selector = new
    with contextlib.suppress(OSError):
        old.close()
    loop._close_self_pipe()
    loop._make_self_pipe()


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(_HERE)


def _size(content: Any) -> int:
    return len(json.dumps(content, default=str))


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data):]
