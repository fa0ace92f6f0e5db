"""A kit small enough to be set up in seconds without a network: the real `mle` and set-up code, a real pip, and in
place of the course's packages two tiny wheels in a folder."""

from __future__ import annotations

import contextlib
import os
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import packaging
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
BACKEND = Path(__file__).with_name("kit_backend.py")
write_wheel = runpy.run_path(str(BACKEND))["write_wheel"]

PYPROJECT = """\
[build-system]
requires = []
build-backend = "kit_backend"
backend-path = ["."]

[project]
name = "mle-path"
requires-python = ">=3.11,<3.14"
dependencies = ["tiny-core==1.0"]

[project.optional-dependencies]
module-3 = ["tiny-extra>=1"]
"""

MAIN = """\
import json, os, shutil, sys
if sys.argv[1:2] == ["add"]:
    from rich.console import Console
    from autograder.setup.extras import install_extras
    install_extras(sys.argv[2:], Console())
else:
    import tiny_core
    found = {"python": sys.executable, "arguments": sys.argv[1:], "VIRTUAL_ENV": os.environ.get("VIRTUAL_ENV"),
             "pip": shutil.which("pip")}
    print(json.dumps(found))
    sys.exit(7 if "seven" in sys.argv else 0)
"""


# The small kit lacks what `mle add` reads and prints with, and borrows it from the tests' own Python.
BORROWED = {"PYTHONPATH": os.path.dirname(os.path.dirname(packaging.__file__))}


class Kit:
    """A checkout in a folder of its own, and the commands run in it."""

    def __init__(self, root: Path, wheels: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.stamp = self.venv / "mle-setup.json"
        self.log = self.venv / "mle-install.log"
        self.installing = self.venv / "mle-installing"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MLE_"))}
        # Nothing from this machine's own pip configuration, and nothing from the network.
        self.environ |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()}

    def command(self, *arguments: str) -> list[str]:
        return [sys._base_executable, str(self.root / "mle"), *arguments]

    def mle(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*arguments),
            env=self.environ | environ,
            cwd=self.root.parent,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
        )

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def add(self, *names: str, **environ: str) -> subprocess.CompletedProcess:
        return self.mle("add", *names, **BORROWED | environ)

    def start_add(self, *names: str, **environ: str) -> subprocess.Popen:
        return self.start("add", *names, **BORROWED | environ)

    def wait_for_pip(self, process: subprocess.Popen) -> None:
        """Wait until pip is at work: with KIT_WAITS it stays there before it changes anything."""
        deadline = time.monotonic() + 60
        while not (self.root / "waiting").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        (self.root / "waiting").unlink()

    def kill(self, process: subprocess.Popen) -> None:
        """End a process and all its descendants at once, as the end of a session or of the power does."""
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        process.communicate()
        psutil.wait_procs(family)

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text
        (self.root / file).write_text(text.replace(old, new), encoding="utf-8")

    def builds(self) -> int:
        """How often pip has installed the kit itself."""
        path = self.root / "builds"
        return len(path.read_text().splitlines()) if path.exists() else 0


def make_kit(folder: Path) -> Kit:
    root, wheels = folder / "a kit für alle", folder / "wheels"
    for path in (root / "autograder", wheels):
        path.mkdir(parents=True)
    shutil.copy(ROOT / "mle", root)
    for file in ("__init__.py", "errors.py"):
        shutil.copy(ROOT / "autograder" / file, root / "autograder")
    shutil.copytree(ROOT / "autograder/setup", root / "autograder/setup", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "autograder/__main__.py").write_text(MAIN, encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "requirements.lock").write_text("tiny-core==1.0\ntiny-extra==1.5\n", encoding="utf-8")
    shutil.copy(BACKEND, root)
    for name, version in (("tiny_core", "1.0"), ("tiny_extra", "1.5"), ("tiny_extra", "2.0")):
        write_wheel(wheels, name, version, {f"{name}.py": f"version = {version!r}\n"})
    return Kit(root, wheels)


@pytest.fixture
def kit(tmp_path) -> Kit:
    """A kit that was never set up."""
    return make_kit(tmp_path)


@pytest.fixture(scope="session")
def shared_kit(tmp_path_factory) -> Kit:
    """A kit that has been set up. Tests leave it as they find it."""
    kit = make_kit(tmp_path_factory.mktemp("shared"))
    result = kit.mle("first")
    assert result.returncode == 0, result.stderr
    return kit
