"""Runs cells inside this process as a Jupyter kernel would, without sockets and without threads.

A forked process inherits no threads, so nothing here may need one: the display hook and publisher write to a plain
list, and what reaches file descriptors 1 and 2 by other ways than Python goes to a file in memory and is read back.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import getpass
import io
import os
import sys
from typing import Any

from ipykernel.jsonutil import encode_images, json_clean
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.execution.record import truncation_note

_INLINE = "module://matplotlib_inline.backend_inline"


class Outputs:
    """The outputs of the cell that is running, in nbformat, limited in size.

    Attributes:
        cells: per cell its outputs.
        updated: ids of cells that ended before and had a display updated since.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self.cells: dict[str, list[dict[str, Any]]] = {}
        self.updated: set[str] = set()
        self._displays: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.start("")

    def start(self, cell: str) -> None:
        """Begins a cell."""
        self._cell, self._size, self._clear_next = cell, 0, False
        self.cells[cell] = []

    def stream(self, name: str, text: str) -> None:
        """Adds text of stdout or stderr."""
        if not text or not self._room(len(text), lambda room: self._append_text(name, text[:room])):
            return
        self._append_text(name, text)

    def add(self, output: dict[str, Any], display_id: str | None = None) -> None:
        """Adds an output."""
        size = sum(len(str(value)) for value in output.get("data", {}).values())
        if output["output_type"] != "error" and not self._room(size):
            return
        self._clear_if_due()
        self.cells[self._cell].append(output)
        if display_id:
            self._displays.setdefault(display_id, []).append((self._cell, output))

    def update(self, display_id: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Changes what was displayed under an id."""
        for cell, output in self._displays.get(display_id, []):
            output["data"], output["metadata"] = data, metadata
            if cell != self._cell:
                self.updated.add(cell)

    def clear(self, wait: bool) -> None:
        """Takes away what the cell has shown; with `wait`, as soon as it shows more."""
        self._clear_next = wait
        if not wait:
            self.cells[self._cell].clear()

    def _append_text(self, name: str, text: str) -> None:
        self._clear_if_due()
        outputs = self.cells[self._cell]
        if outputs and outputs[-1].get("name") == name:
            outputs[-1]["text"] += text
        else:
            outputs.append({"output_type": "stream", "name": name, "text": text})

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self.cells[self._cell].clear()

    def _room(self, size: int, fill: Any = None) -> bool:
        """Whether so many bytes still fit; says so once when they do not."""
        before, self._size = self._size, self._size + size
        if self._size <= self._most:
            return True
        if before <= self._most:
            if fill:
                fill(self._most - before)
            self.cells[self._cell].append(
                {"output_type": "stream", "name": "stderr", "text": truncation_note(self._most)})
        return False


class _Stream(io.TextIOBase):
    """What `sys.stdout` and `sys.stderr` are while a cell runs."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, name: str, outputs: Outputs, descriptors: _Descriptors) -> None:
        self.name = f"<{name}>"
        self._name, self._outputs, self._descriptors = name, outputs, descriptors

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._descriptors.collect()
        self._outputs.stream(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1 if self._name == "stdout" else 2


class _Descriptors:
    """File descriptors 1 and 2, sent to files in memory and read back from there."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._files: dict[str, int] = {}
        self._read: dict[str, int] = {}
        for number, name in ((1, "stdout"), (2, "stderr")):
            self._files[name] = file = os.memfd_create(name)
            self._read[name] = 0
            os.dup2(file, number)

    def collect(self) -> None:
        for name, file in self._files.items():
            size = os.fstat(file).st_size
            if size > self._read[name]:
                text = os.pread(file, size - self._read[name], self._read[name])
                self._read[name] = size
                self._outputs.stream(name, text.decode("utf-8", errors="replace"))


class _DisplayHook(DisplayHook):
    """Keeps the value of a cell's last expression as an execute_result."""

    def start_displayhook(self) -> None:
        self._output: dict[str, Any] = {"output_type": "execute_result", "data": {}, "metadata": {}}

    def write_output_prompt(self) -> None:
        self._output["execution_count"] = self.prompt_count

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self._output["data"] = json_clean(encode_images(format_dict))
        self._output["metadata"] = json_clean(md_dict or {})

    def finish_displayhook(self) -> None:
        if self._output["data"]:
            self.shell.outputs.add(self._output)


class _DisplayPublisher(DisplayPublisher):
    """Keeps what `display()` shows."""

    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, *,
                transient: dict[str, Any] | None = None, update: bool = False, **kwargs: Any) -> None:
        sys.stdout.flush()
        data, metadata = json_clean(encode_images(data)), json_clean(metadata or {})
        display_id = (transient or {}).get("display_id")
        if update:
            self.shell.outputs.update(display_id, data, metadata)
        else:
            self.shell.outputs.add({"output_type": "display_data", "data": data, "metadata": metadata}, display_id)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait)


class Shell(InteractiveShell):
    """IPython as a kernel's user knows it, in this process."""

    displayhook_class = Type(_DisplayHook)
    display_pub_class = Type(_DisplayPublisher)

    outputs: Outputs

    def init_history(self) -> None:
        self.config.HistoryManager.enabled = False
        self.config.HistoryManager.hist_file = ":memory:"
        super().init_history()

    def init_environment(self) -> None:
        os.environ |= {"TERM": "xterm-color", "CLICOLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1",
                       "PAGER": "cat", "GIT_PAGER": "cat"}

    def init_virtualenv(self) -> None:
        """Nothing: the environment is the one that is running."""

    def init_io(self) -> None:
        """Nothing: the streams are ours."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Nothing: there is no window to draw in."""

    def ask_exit(self) -> None:
        """`exit` and `quit` end a kernel only when a frontend asks; here the next cell runs."""

    def run_cell(self, *args: Any, **kwargs: Any) -> Any:
        self._last_traceback = None
        return super().run_cell(*args, **kwargs)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        sys.stdout.flush()
        self.outputs.add({"output_type": "error", "ename": str(etype.__name__), "evalue": _text(evalue),
                          "traceback": [str(line) for line in stb]})
        self._last_traceback = stb


class Session:
    """A notebook's state: one namespace in which its cells run one after the other.

    Made once in the warm process; each fork of it then calls `attach` before it runs anything.
    """

    def __init__(self) -> None:
        Shell.clear_instance()
        config = Config()
        config.InteractiveShell.colors = "neutral"
        config.InteractiveShell.autoindent = False
        self.shell = Shell.instance(config=config)
        builtins.input = getpass.getpass = refuse_input

    def warm_up(self) -> None:
        """Does once what is slow the first time: a traceback, a figure, a table."""
        kept = os.dup(1), os.dup(2)
        streams = sys.stdout, sys.stderr
        self.attach(1 << 20)
        try:
            self.run("", "def f(x):\n    return x / 0\nf(1)")
            self.run("", "1 +")
            if "matplotlib.pyplot" in sys.modules:
                self._integrate_figures()
                self.run("", "import matplotlib.pyplot\nmatplotlib.pyplot.plot([1, 2])\nmatplotlib.pyplot.title('a')")
            if "pandas" in sys.modules:
                self.run("", "import pandas\npandas.DataFrame({'a': [1.5]})")
        finally:
            self.shell.reset(new_session=True)
            self.shell.execution_count = 1
            self._loop.close()
            sys.stdout, sys.stderr = streams
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)

    def attach(self, most_output_bytes: int) -> None:
        """Takes over this process's output; to be called in every fork, whose outputs are its own from here on."""
        self.outputs = self.shell.outputs = Outputs(most_output_bytes)
        self._descriptors = _Descriptors(self.outputs)
        sys.stdout = _Stream("stdout", self.outputs, self._descriptors)
        sys.stderr = _Stream("stderr", self.outputs, self._descriptors)
        # A loop that came over from the parent would share the parent's kernel queue of events.
        asyncio.set_event_loop(None)
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._integrate_figures()

    def _integrate_figures(self) -> None:
        backend = sys.modules.get("matplotlib_inline.backend_inline")
        if backend and not any(call is backend.flush_figures
                               for call in self.shell.events.callbacks["post_execute"]):
            # Imported before there was a shell to attach itself to.
            backend._enable_matplotlib_integration()

    def run(self, cell: str, source: str) -> tuple[str, str]:
        """Runs a cell; its outputs are in `self.outputs.cells[cell]`.

        Returns:
            Type and text of the exception that ended it, both empty if it ran to its end.
        """
        self.outputs.start(cell)
        if not source.strip():
            return "", ""
        result = self._loop.run_until_complete(self._execute(source))
        self._descriptors.collect()
        error = result.error_before_exec or result.error_in_exec
        return (type(error).__name__, _text(error)) if error is not None else ("", "")

    async def _execute(self, source: str) -> Any:
        """As a kernel does it: inside a running loop, as a coroutine only if the cell awaits something."""
        shell = self.shell
        preprocessing_error = None
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed, preprocessing_error = source, sys.exc_info()
        if not shell.should_run_async(source, transformed_cell=transformed,
                                      preprocessing_exc_tuple=preprocessing_error):
            return shell.run_cell(source, store_history=True)
        shell._last_traceback = None
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


def prepare() -> None:
    """Imports what every session needs; to be called once, before the first fork."""
    os.environ["MPLBACKEND"] = _INLINE
    with contextlib.suppress(ImportError):
        import matplotlib_inline.backend_inline  # noqa: F401


def refuse_input(prompt: object = "", *args: object, **kwargs: object) -> str:
    """What `input` is while a notebook runs: nobody is there to answer.

    Raises:
        StdinNotImplementedError: always, with a kernel's words.
    """
    from IPython.core.error import StdinNotImplementedError

    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "<an exception whose text cannot be shown>"


