"""What works on this machine, and the cure for what does not. Nothing is printed or changed here."""

from __future__ import annotations

import codecs
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from autograder.setup import extras, lock
from autograder.setup.environment import Environment, normalised, read_project

GB = 10**9
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        level: "ok", "warn" (something will not work or not well) or "fail" (the kit does not work).
        what: what was found, as one sentence.
        cure: what to do, as one sentence; empty if the level is "ok".
    """

    name: str
    level: Literal["ok", "warn", "fail"]
    what: str
    cure: str = ""


def diagnose(root: Path) -> list[Finding]:
    """Look at everything the kit needs on this machine; takes a second or a few (PyTorch is imported).

    Raises:
        SetupError: pyproject.toml or requirements.lock is missing or unreadable.
    """
    return [
        _python(root),
        _environment(root),
        *_packages(root),
        *_extras(root),
        *(_program(*program) for program in PROGRAMS),
        _browser(),
        *_folders(root),
        _machine(),
        _encoding(),
        *_torch(),
    ]


PROGRAMS = (
    ("nbgrader", "fail", "graded notebooks cannot be made", "run './mle doctor' so that .venv comes first on the PATH"),
    (
        "alembic",
        "fail",
        "nbgrader cannot make its gradebook",
        "run './mle doctor' so that .venv comes first on the PATH",
    ),
    (
        "jupyter-lab",
        "fail",
        "'mle start' cannot open JupyterLab",
        "run './mle doctor' so that .venv comes first on the PATH",
    ),
    ("git", "warn", "lessons that use git cannot be done", "install git (git-scm.com)"),
)


def _python(root: Path) -> Finding:
    supported = SpecifierSet(read_project(root)["requires-python"])
    what = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}."
    if platform.python_implementation() != "CPython" or sys.maxsize < 2**32:
        return Finding("Python", "fail", what, "Install a 64-bit CPython: other Pythons lack packages of the course.")
    if not supported.contains(platform.python_version(), prereleases=True):
        return Finding(
            "Python", "fail", what, f"Install a Python that is {supported}, and run the command through './mle'."
        )
    return Finding("Python", "ok", what)


def _environment(root: Path) -> Finding:
    own = Environment(root)
    if sys.prefix == sys.base_prefix and not os.environ.get("CONDA_PREFIX"):
        what = f"Packages are those of {sys.prefix}, shared with everything else that uses this Python."
        return Finding("Environment", "warn", what, "Run the command through './mle', which makes a .venv.")
    if Path(sys.prefix).resolve() != own.folder.resolve():
        return Finding("Environment", "ok", f"Packages are in {sys.prefix}, which you manage yourself.")
    if not own.is_ready():
        what = f"{own.folder} is not what pyproject.toml and requirements.lock ask for."
        return Finding("Environment", "warn", what, "Run any command through './mle', which brings it up to date.")
    return Finding("Environment", "ok", f"{own.folder} is up to date.")


def _packages(root: Path) -> Iterator[Finding]:
    core = [Requirement(need) for need in read_project(root)["dependencies"]]
    unsatisfied = [str(need) for need in core if not extras.is_satisfied(need, root)]
    if unsatisfied:
        yield Finding(
            "Packages", "fail", f"Not installed: {', '.join(unsatisfied)}.", "Delete .venv and run './mle doctor'."
        )
    else:
        yield Finding("Packages", "ok", f"All {len(core)} packages that the kit itself uses are installed.")
    for problem in lock.check(root):
        yield Finding("Lock", "warn", problem.partition(" Run 'mle lock'")[0], "Run 'mle lock' to write it anew.")
    if other := list(_off_the_lock(root)):
        cure = "Delete .venv and run './mle doctor' to have the versions that the course was tested with."
        yield Finding("Versions", "warn", f"Not the locked versions: {', '.join(other)}.", cure)
    else:
        yield Finding("Versions", "ok", "Every package has the version that requirements.lock names.")


def _off_the_lock(root: Path) -> Iterator[str]:
    """Installed distributions that the lock pins for this system to another version, such as "numpy 2.3 (2.4.6)"."""
    try:
        locked = lock.pins((root / lock.LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # lock.check has told
    here = {normalised(found.name): found.version for found in metadata.distributions() if found.name}
    for pin in locked:
        version = here.get(normalised(pin.name))
        applies = pin.marker is None or pin.marker.evaluate()
        # A local version (+cpu) is a build of the public one.
        if version and applies and Version(version).public != lock.pinned_version(pin):
            yield f"{canonicalize_name(pin.name)} {version} ({lock.pinned_version(pin)})"


_KIT = "kit.json"  # what `mle release` puts into a learner's kit
_ONLY_FOR = {"postgresql": "for a gradebook on a PostgreSQL server", "cluster": "to grade on a Dask cluster"}


def _extras(root: Path) -> Iterator[Finding]:
    installed = extras.installed_extras(root)
    for name in extras.known_extras(root):
        if (root / _KIT).is_file() and not name.startswith("module-"):
            continue  # nothing a learner needs
        if name in installed:
            yield Finding(name, "ok", "Installed.")
        elif name in _ONLY_FOR:
            yield Finding(name, "ok", f"Not installed, and needed only {_ONLY_FOR[name]}: './mle add {name}'.")
        else:
            cure = f"'./mle add {name}' installs it; a command that needs it does so by itself."
            yield Finding(name, "warn", "Not installed.", cure)


def _program(name: str, level: Literal["warn", "fail"], without: str, cure: str) -> Finding:
    if path := shutil.which(name):
        return Finding(name, "ok", f"{path}.")
    return Finding(name, level, f"Not found on the PATH: {without}.", f"{cure[0].upper()}{cure[1:]}.")


def find_browser() -> str | None:
    """The path of an installed Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None) or next(filter(os.path.exists, BROWSER_PATHS), None)


def _browser() -> Finding:
    if path := find_browser():
        return Finding("Browser for tests", "ok", f"{path}.")
    what = "No Chromium or Chrome found; only 'mle test' needs one."
    return Finding("Browser for tests", "warn", what, "Install Chromium or Chrome, or let Playwright bring its own.")


def _folders(root: Path) -> Iterator[Finding]:
    for name, folder in (("Course folder", root), ("Temporary folder", Path(tempfile.gettempdir()))):
        try:
            with tempfile.NamedTemporaryFile(dir=folder):
                pass
        except OSError as error:
            yield Finding(
                name,
                "fail",
                f"{folder} cannot be written ({error.strerror}).",
                "Make the folder yours, or use another.",
            )
            continue
        free = shutil.disk_usage(folder).free
        what = f"{folder}, {free / GB:.1f} GB free."
        if free < 2 * GB:
            yield Finding(name, "warn", what, "Make room: heavier modules and grading a cohort need 2 GB and more.")
        else:
            yield Finding(name, "ok", what)


def _machine() -> Finding:
    memory = psutil.virtual_memory().total / GB
    what = f"{psutil.cpu_count()} CPUs, {memory:.1f} GB of memory, {platform.system()} on {platform.machine()}."
    if memory < 3.5:
        cure = "Close other programs while you work on deep learning lessons, which want 4 GB."
        return Finding("Machine", "warn", what, cure)
    return Finding("Machine", "ok", what)


def _encoding() -> Finding:
    preferred = codecs.lookup(sys.stdout.encoding or "utf-8").name if sys.stdout else "utf-8"
    what = f"Text is printed as {preferred}, files are named in {sys.getfilesystemencoding()}."
    if preferred != "utf-8":
        cure = "Set the environment variable PYTHONUTF8=1, or some characters will be printed as '?'."
        return Finding("Encoding", "warn", what, cure)
    return Finding("Encoding", "ok", what)


def _torch() -> Iterator[Finding]:
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return
    # In a process of its own: a broken PyTorch may crash instead of raising.
    answer = subprocess.run(
        [sys.executable, "-c", "import torch; torch.ones(2) + 1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if answer.returncode == 0:
        yield Finding("PyTorch", "ok", f"{version} works.")
    else:
        last = (answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"])[-1]
        cure = f"Run '{sys.executable} -m pip install --force-reinstall torch=={Version(version).public}'."
        yield Finding("PyTorch", "fail", f"{version} does not import: {last}", cure)
