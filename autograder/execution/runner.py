"""Inside the jail: the process that runs the learner's cells, and its forks, each of which runs one group of checks.

A fork is taken where the notebook reaches a group's checks, and waits there with the state of that moment. It gets the
checks only when the learner's last cell has run, so no cell of theirs ever runs after a check has, or beside one.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import signal
import socket
import sys
from typing import Any

from autograder.execution import wire
from autograder.execution.shell import Session

# A check relies on these; what a learner's code changed in them is put back before a check runs.
_RELIED_ON = (
    "builtins", "math", "random", "copy", "operator", "functools", "itertools", "statistics", "unittest.case",
    "unittest.mock", "numpy", "numpy.testing", "numpy.testing._private.utils", "numpy.linalg", "torch", "torch.testing",
    "torch.testing._comparison", "pandas.testing", "pandas._testing", "pandas._testing.asserters", "pytest",
    "IPython.core.inputtransformer2", "traceback", "inspect", "ast",
)


class Runner:
    """Runs a job's steps in this process.

    Args:
        job: as `engine` sends it: steps, groups, seed, most_output.
        up: where to tell what happens.
        groups: per group of checks, the socket that its fork will answer on.
        session: as the warm process made it.
        pristine: what `snapshot` returned there.
    """

    def __init__(self, job: dict[str, Any], up: socket.socket, groups: dict[str, socket.socket], session: Session,
                 pristine: dict[str, dict[str, Any]]) -> None:
        self._job, self._up, self._groups = job, up, groups
        self._session, self._pristine = session, pristine

    def run(self) -> None:
        """Runs the learner's cells in order and takes the forks; returns when the last cell has run."""
        self._session.attach(self._job["most_output"])
        _seed(self._job["seed"])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for step in self._job["steps"]:
            if step.get("in_place"):
                self._be_fork(step["group"])
                return
            if "group" in step:
                self._fork(step["group"])
                continue
            wire.send(self._up, {"say": "start", "id": step["id"]})
            name, text = self._guarded(step["id"], step["source"])
            wire.send(self._up, {"say": "done", "id": step["id"], "error": [name, text],
                                 "outputs": self._session.outputs.cells.get(step["id"], [])})
        for cell in sorted(self._session.outputs.updated):
            wire.send(self._up, {"say": "updated", "id": cell, "outputs": self._session.outputs.cells[cell]})
        wire.send(self._up, {"say": "end", "modules": _loaded()})

    def _guarded(self, cell: str, source: str) -> tuple[str, str]:
        try:
            return self._session.run(cell, source)
        except KeyboardInterrupt:  # it arrived between the cell and us
            return "KeyboardInterrupt", ""

    def _fork(self, group: str) -> None:
        sys.stdout.flush()
        child = os.fork()
        if child:
            self._groups.pop(group).close()
            wire.send(self._up, {"say": "fork", "group": group, "pid": child})
            return
        code = 1
        try:
            own = self._groups.pop(group)
            for other in (self._up, *self._groups.values()):
                other.close()
            self._wait_and_check(own)
            code = 0
        finally:
            os._exit(code)

    def _be_fork(self, group: str) -> None:
        """Where a fork cannot serve: this process itself waits for the checks, as its last step."""
        own = self._groups.pop(group)
        wire.send(self._up, {"say": "fork", "group": group, "pid": os.getpid()})
        wire.send(self._up, {"say": "end"})
        self._up.close()
        self._wait_and_check(own, forked=False)

    def _wait_and_check(self, own: socket.socket, forked: bool = True) -> None:
        message = wire.receive(own)
        if message is None:
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if forked:
            self._session.attach(self._job["most_output"])
        for check in message["checks"]:
            wire.send(own, {"say": "start", "id": check["id"]})
            self._prepare_check()
            error, part, outputs = ("", ""), 0, []
            for part, source in enumerate(check["parts"]):
                cell = f"{check['id']}-{part}"
                error = self._check(cell, source)
                outputs.append(self._session.outputs.cells[cell])
                if error[0]:
                    break
            wire.send(own, {"say": "done", "id": check["id"], "part": part, "error": error, "outputs": outputs})
        wire.send(own, {"say": "end"})

    def _check(self, cell: str, source: str) -> tuple[str, str]:
        """Runs test code as it is written: not through the shell, whose hooks are the learner's to change."""
        from IPython.core.inputtransformer2 import TransformerManager

        session, shell = self._session, self._session.shell
        session.outputs.start(cell)
        try:
            plain = TransformerManager().transform_cell(source)
            code = compile(plain, shell.compile.cache(plain, shell.execution_count, raw_code=source), "exec",
                           ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            shell.execution_count += 1
            coroutine = eval(code, shell.user_ns)  # as the notebook's own cells, in the notebook's own names
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.get_event_loop().run_until_complete(coroutine)
        except BaseException as error:
            try:
                shell.showtraceback(running_compiled_code=True)
            except BaseException:
                session.outputs.add({"output_type": "error", "ename": type(error).__name__, "evalue": "",
                                     "traceback": [type(error).__name__]})
            return type(error).__name__ or "Error", _text(error)
        finally:
            session._descriptors.collect()
        return "", ""

    def _prepare_check(self) -> None:
        _restore(self._pristine)
        self._session.drop_hooks()
        sys.settrace(None)
        sys.setprofile(None)
        sys.setrecursionlimit(1000)


def snapshot() -> dict[str, dict[str, Any]]:
    """What the modules that checks rely on hold before any code of a job has run."""
    return {name: dict(vars(sys.modules[name])) for name in _RELIED_ON if name in sys.modules}


def _restore(pristine: dict[str, dict[str, Any]]) -> None:
    for name, names in pristine.items():
        module = sys.modules.get(name)
        if module is None:
            continue
        current = vars(module)
        for key, value in names.items():
            if current.get(key) is not value:
                current[key] = value


def _loaded() -> list[str]:
    """Modules of Python and of its libraries that are loaded now, in the order in which they were."""
    home = os.getcwd()
    return [name for name, module in list(sys.modules.items()) if name != "__main__"
            and not str(getattr(module, "__file__", None) or "").startswith(home)]


def _seed(seed: int) -> None:
    import random

    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "<an exception whose text cannot be shown>"
