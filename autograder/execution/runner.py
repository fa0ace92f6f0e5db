"""Inside the jail: the process that runs the learner's cells, and its forks, each of which runs one group of checks.

A fork is taken where the notebook reaches a group's checks, and waits there with the state of that moment. It gets the
checks only when the learner's last cell has run, so no cell of theirs ever runs after a check has, or beside one.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import random
import resource
import signal
import socket
import sys
import time
from types import TracebackType
from typing import Any

from autograder.execution import accept, wire
from autograder.execution.lesson_files import LessonFiles
from autograder.execution.pristine import Pristine, guard_checks, let_trace
from autograder.execution.record import truncation_note
from autograder.execution.seeding import seed_all
from autograder.execution.shell import Session, text_of

_MOST_CALLS = 40  # in a traceback
_BETWEEN_FORKS = 0.05  # seconds

# As they are before any code of a job has run.
_getstate, _setstate = random.getstate, random.setstate


class Runner:
    """Runs a job's steps in this process.

    Args:
        job: as `engine` sends it: steps, groups, seed, most_output, tracebacks, modules.
        up: where to tell what happens.
        groups: per group of checks, the socket that its fork will answer on.
        session: as the warm process made it.
        pristine: what checks rely on, as it was there.
    """

    def __init__(self, job: dict[str, Any], up: socket.socket, groups: dict[str, socket.socket], session: Session,
                 pristine: Pristine) -> None:
        self._job, self._up, self._groups = job, up, groups
        self._session, self._pristine = session, pristine
        self._files = LessonFiles(() if session.numbers else job["modules"], pristine.keep_module)
        self._pid = os.getpid()
        # Per part of a check that was shown, the notebook's names after it; and what hidden parts have named since.
        self._names: dict[str, dict[str, Any]] = {}
        self._hidden_names: dict[str, Any] = {}

    def run(self) -> None:
        """Runs the learner's cells in order and takes the forks; returns when the last cell has run."""
        self._session.attach(self._job["most_output"])
        if self._session.numbers is None:
            seed_all(self._job["seed"])
        else:
            _setstate(self._session.numbers)  # where the cells before have left them
        self._files.stand_first()
        if not self._job["tracebacks"]:
            self._session.shell.InteractiveTB.set_mode("Minimal")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for step in self._job["steps"]:
            if step.get("in_place"):
                self._be_fork(step["group"])
                return
            if "group" in step:
                self._fork(step["group"])
                continue
            if step["helpers"]:
                # So that what the lesson's cell makes is made of what the lesson gives.
                self._files.stand_first()
                self._pristine.put_back_modules()
            wire.send(self._up, {"say": "start", "id": step["id"]})
            name, text = self._guarded(step["id"], step["source"])
            self._leave_if_forked()
            exited = self._session.shell.exit_asked
            wire.send(self._up, {"say": "done", "id": step["id"], "ok": not name, "error": [name, text],
                                 "exited": exited, "outputs": self._outputs(step["id"])})
            if exited:
                break
            self._pristine.note_aliases(self._session.shell.user_ns)
            self._pristine.note_helpers(self._session.shell.user_ns, step["helpers"])
        for cell in sorted(self._session.outputs.updated):
            wire.send(self._up, {"say": "updated", "id": cell, "outputs": self._outputs(cell)})
        wire.send(self._up, {"say": "end", "modules": _loaded()})

    def _guarded(self, cell: str, source: str) -> tuple[str, str]:
        try:
            return self._session.run(cell, source)
        except KeyboardInterrupt:  # it arrived between the cell and us
            return "KeyboardInterrupt", ""

    def _fork(self, group: str) -> None:
        sys.stdout.flush()
        # What a cell left running must not keep its checks from being run.
        soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))
        numbers = _getstate()
        child = _forked()
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
        if child:
            self._groups.pop(group).close()
            wire.send(self._up, {"say": "fork", "group": group, "pid": child})
            return
        code = 1
        try:
            # Out of the group of the cells' process, which they may end as a whole.
            os.setsid()
            _setstate(numbers)  # which Python seeds anew in every fork
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
        self._pid = os.getpid()
        guard_checks()
        self._names[""] = dict(self._session.shell.user_ns)
        while message is not None:
            for check in message["checks"]:
                if not self._part(own, check):
                    return
            wire.send(own, {"say": "end"})
            message = wire.receive(own)

    def _part(self, own: socket.socket, check: dict[str, Any]) -> bool:
        """Runs a part of a check; whether this process is still there for the next."""
        identity, shown = check["id"], check["shown"]
        wire.send(own, {"say": "start", "id": identity})
        self._prepare_check()
        names = self._session.shell.user_ns
        if not shown:
            # Parts that are shown have all run before: back to what its own left behind.
            before = self._hidden_names | self._names[check["after"]]
            names.clear()
            names.update(before)
        self._pristine.put_back_names(names, check["helpers"])
        ok, name, text = self._check(identity, check["source"], shown)
        self._leave_if_forked()
        if shown:
            self._names[identity] = dict(names)
        else:
            self._hidden_names |= {key: value for key, value in names.items() if key not in before}
        exited = self._session.shell.exit_asked
        wire.send(own, {"say": "done", "id": identity, "ok": ok, "error": [name, text], "exited": exited,
                        "outputs": self._outputs(identity) if shown else []})
        return not exited

    def _check(self, cell: str, source: str, shown: bool) -> tuple[bool, str, str]:
        """Runs test code as it is written: not through the shell, whose hooks are the learner's to change.

        Returns:
            Whether it ran to its end, else type and text of the exception.
        """
        self._session.outputs.start(cell)
        try:
            return self._session.in_loop(self._run_check(source, shown))
        except BaseException as error:  # an interrupt that came too late or too early for the check itself
            return False, _name(error), text_of(error)

    async def _run_check(self, source: str, shown: bool) -> tuple[bool, str, str]:
        from IPython.core.inputtransformer2 import TransformerManager

        session, shell = self._session, self._session.shell
        try:
            plain = TransformerManager().transform_cell(source)
            # The lines of a hidden test are kept nowhere, so no traceback shows them.
            place = shell.compile.cache(plain, shell.execution_count, raw_code=source) if shown else "<hidden test>"
            code = compile(plain, place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            shell.execution_count += 1
            let_trace(code)
            coroutine = eval(code, shell.user_ns)  # as the notebook's own cells, in the notebook's own names
            if code.co_flags & inspect.CO_COROUTINE:
                await coroutine
        except BaseException as error:
            if shown:
                try:
                    # From the check's own lines on, and not from ours above them.
                    lines = _shortened(error.__traceback__.tb_next)
                    shell.showtraceback((type(error), error, lines), tb_offset=0, running_compiled_code=True)
                except BaseException:
                    session.outputs.add({"output_type": "error", "ename": _name(error), "evalue": "",
                                         "traceback": [_name(error)]})
            return False, _name(error), text_of(error)
        finally:
            session.collect()
        return True, "", ""

    def _prepare_check(self) -> None:
        self._files.stand_first()
        self._pristine.put_back()
        self._session.drop_hooks()
        sys.setrecursionlimit(1000)

    def _outputs(self, cell: str) -> list[dict[str, Any]]:
        """A cell's outputs, or a note where they are more than will be taken."""
        outputs, most = self._session.outputs.cells.get(cell, []), self._job["most_output"]
        if len(json.dumps(outputs, default=repr)) < accept.most_message_bytes(most) - 2**16:
            return outputs
        return [{"output_type": "stream", "name": "stderr", "text": truncation_note(most)}]

    def _leave_if_forked(self) -> None:
        """A process that a cell has forked, and that ran on to the cell's end, has no more to do."""
        if os.getpid() != self._pid:
            os._exit(0)


def _forked() -> int:
    """As `os.fork`; waits while this user has as many processes as it may.

    They may be another job's, which will not be let live for long; this one's time is kept by the warden.
    """
    while True:
        try:
            return os.fork()
        except BlockingIOError:
            time.sleep(_BETWEEN_FORKS)


def _loaded() -> list[str]:
    """Modules of Python and of its libraries that are loaded now, in the order in which they were."""
    home = os.getcwd()
    return [name for name, module in list(sys.modules.items()) if name != "__main__"
            and not str(getattr(module, "__file__", None) or "").startswith(home)]


def _shortened(lines: TracebackType | None) -> TracebackType | None:
    """A traceback without its middle, if it is long: showing a thousand calls takes longer than a check may."""
    calls = []
    while lines is not None:
        calls.append(lines)
        lines = lines.tb_next
    if len(calls) > _MOST_CALLS:
        calls[_MOST_CALLS // 2].tb_next = calls[-_MOST_CALLS // 2]
    return calls[0] if calls else None


def _name(error: BaseException) -> str:
    """An exception's type, whatever its class pretends."""
    return type.__dict__["__name__"].__get__(type(error))


