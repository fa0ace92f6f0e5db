"""Writes `requirements.lock` and `environment.yml` from pyproject.toml, and tells where they disagree with it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from autograder.setup.environment import SetupError, dependency_digest, read_project

LOCK, CONDA = "requirements.lock", "environment.yml"
HEADER = """\
# Generated from pyproject.toml by 'mle lock'; do not edit. A constraints file for pip on Linux, macOS and Windows.
# Written for the dependency tables with digest {digest}
"""


def write(root: Path, upgrade: bool = False) -> None:
    """Write both files anew.

    Args:
        upgrade: take the newest version of everything, instead of keeping each version that still fits.

    Raises:
        SetupError: no set of versions satisfies pyproject.toml, or the package index could not be reached.
    """
    # Both are made before either is written: a failure leaves the old pair, which agree with each other.
    lock = HEADER.format(digest=dependency_digest(root)) + _resolve(root, upgrade)
    conda = conda_environment(root)
    (root / LOCK).write_text(lock, encoding="utf-8", newline="\n")
    (root / CONDA).write_text(conda, encoding="utf-8", newline="\n")


def check(root: Path) -> list[str]:
    """Where the two files disagree with pyproject.toml; empty if nowhere.

    Raises:
        SetupError: pyproject.toml is missing or is not valid TOML.
    """
    return [*_check_lock(root), *_check_conda(root)]


def conda_environment(root: Path) -> str:
    """The text of environment.yml, which depends on pyproject.toml alone.

    Raises:
        SetupError: pyproject.toml is missing or is not valid TOML.
    """
    project = read_project(root)
    through_pip = [f"--constraint {LOCK}", *_direct(project), "-e ."]
    environment = {
        "name": project["name"],
        "channels": ["conda-forge"],
        "dependencies": [f"python {project['requires-python']}", "pip", {"pip": through_pip}],
    }
    header = "# Generated from pyproject.toml by 'mle lock'; do not edit. Use: conda env create\n"
    return header + yaml.safe_dump(environment, sort_keys=False, width=200)


def pins(text: str) -> list[Requirement]:
    """The lines of a lock, each a distribution pinned to one version, often with an environment marker.

    Raises:
        ValueError: a line is something else.
    """
    found = []
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        try:
            pin = Requirement(line)
        except InvalidRequirement as error:
            raise ValueError(f"'{line}' is not a requirement") from error
        if pin.url or not re.fullmatch(r"==[^,*+]+", str(pin.specifier)):
            raise ValueError(f"'{line}' does not pin one public version")
        found.append(pin)
    return found


def pinned_version(pin: Requirement) -> str:
    """The version that a line of the lock pins."""
    return str(pin.specifier).removeprefix("==")


def _direct(project: dict) -> list[str]:
    tables = [project["dependencies"], *project["optional-dependencies"].values()]
    own = canonicalize_name(project["name"])
    # An extra that takes in another one names this project, which is no dependency.
    return sorted({need for table in tables for need in table if canonicalize_name(Requirement(need).name) != own})


def _resolve(root: Path, upgrade: bool) -> str:
    """The versions for all systems and supported Pythons, as uv resolves them."""
    project = read_project(root)
    _need_uv(project)
    oldest = re.search(r">=\s*([\d.]+)", project["requires-python"])[1]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, LOCK)
        if (root / LOCK).exists() and not upgrade:
            shutil.copy(root / LOCK, result)  # uv keeps the versions that its output file has, where they still fit
        command = [
            *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--all-extras"),
            # Without it the result would depend on the Python that happens to run this.
            *("--python-version", oldest),
            *("--no-header", "--annotation-style", "line", "--quiet", "--output-file", str(result)),
        ]
        answer = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8")
        if answer.returncode:
            raise SetupError(
                "Could not find versions that satisfy pyproject.toml; the old files stay as they are. Mend what is "
                f"named below and run 'mle lock' again.\n{answer.stderr.strip()}"
            )
        text = result.read_text(encoding="utf-8")
    # A build with a local version (PyTorch for CPU) may be what this machine's index offers; others have no such build.
    return re.sub(r"(?m)^([\w.-]+==[^\s+;]+)\+[\w.]+", r"\1", text)


def _need_uv(project: dict) -> None:
    """Install uv where it is missing; not through its extra, which the old lock may keep from being installed."""
    if importlib.util.find_spec("uv"):
        return
    uv = next(
        need for need in project["optional-dependencies"]["test"] if canonicalize_name(Requirement(need).name) == "uv"
    )
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-user", "--no-input", uv]
    answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if answer.returncode:
        raise SetupError(
            "'mle lock' needs uv, which could not be installed; check the network and run it again.\n"
            + answer.stderr.strip()
        )


def _check_lock(root: Path) -> list[str]:
    again = "Run 'mle lock' to write it anew."
    try:
        text = (root / LOCK).read_text(encoding="utf-8")
        locked = pins(text)
    except (OSError, ValueError) as error:
        return [f"{LOCK}: {error}. {again}"]
    problems = []
    if f"digest {dependency_digest(root)}\n" not in text:
        problems.append(f"{LOCK} was not written for the dependencies that pyproject.toml now lists. {again}")
    for need in map(Requirement, _direct(read_project(root))):
        versions = [
            pinned_version(pin) for pin in locked if canonicalize_name(pin.name) == canonicalize_name(need.name)
        ]
        if not versions:
            problems.append(f"{LOCK} does not pin {need.name}, which pyproject.toml lists. {again}")
        for version in versions:
            if not need.specifier.contains(version, prereleases=True):
                problems.append(f"{LOCK} pins {need.name}=={version}, but pyproject.toml wants '{need}'. {again}")
    return problems


def _check_conda(root: Path) -> list[str]:
    expected = conda_environment(root).encode()
    try:
        if (root / CONDA).read_bytes() == expected:
            return []
    except OSError as error:
        return [f"{CONDA}: {error}. Run 'mle lock' to write it."]
    return [f"{CONDA} differs from what pyproject.toml asks for. Run 'mle lock' to write it anew."]
