"""What a jail keeps from processes outside of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.run import UNPRIVILEGED
from systems import on_linux

pytestmark = on_linux

BEFORE_SCOPES = 5  # of Landlock: its next version keeps signals inside
EVERYBODY = {"everybody", "everybody in 32 bits", "everybody with a high half"}
NAMED = {"process", "group", "thread", "thread of a process", "queued", "queued to a thread", "by descriptor"}
BY_PIPE = {"by a pipe", "by a pipe to a group"}


@pytest.mark.parametrize("user", ["as run", "ordinary"])
@pytest.mark.parametrize("version", [BEFORE_SCOPES, 99])
def test_without_a_process_namespace_no_signal_reaches_a_process_outside(open_temp: Path, version: int,
                                                                         user: str) -> None:
    uid = UNPRIVILEGED if user == "ordinary" and os.getuid() == 0 else os.getuid()
    os.chown(open_temp, uid, -1)
    done = subprocess.run([sys.executable, "-m", "hostile.signals", str(version), str(uid), open_temp],
                          cwd=Path(__file__).parent, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for seen in said.values():
        assert seen["alive"]
        # Who may be told of a pipe is found out when there is something to tell, and not when it is set.
        assert set(seen["refused"]) - BY_PIPE == EVERYBODY | NAMED
    if version == BEFORE_SCOPES and uid != 0:
        assert set(said["asked"]["refused"]) >= BY_PIPE


BUILD = """
import os, sys, tempfile
from autograder.course import Limits
from autograder.execution import jail
sys.prefix = sys.argv[1]
jail.enter_namespaces()
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
jail.build_root(jail.Jail(jail.Level.NAMESPACES, sys.argv[2], jail.own_user()), (), Limits())
assert os.listdir(sys.prefix) == ["pyvenv.cfg"], os.listdir(sys.prefix)
assert os.listdir("/tmp") == [sys.prefix.split("/")[2]], os.listdir("/tmp")
tempfile.TemporaryFile(dir="/tmp").close()
try:
    open(f"{sys.prefix}/pyvenv.cfg", "w")
except OSError:
    sys.exit(0)
sys.exit("Python's own files can be written")
"""


def test_an_environment_below_the_temporary_folder_is_shown_there_for_reading(open_temp):
    environment, base = open_temp / "course" / ".venv", open_temp / "base"
    environment.mkdir(parents=True)
    base.mkdir()
    (environment / "pyvenv.cfg").touch()
    assert environment.is_relative_to("/tmp")
    done = subprocess.run([sys.executable, "-c", BUILD, environment, base], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
