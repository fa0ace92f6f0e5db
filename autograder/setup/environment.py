"""A virtual environment: is it whole and up to date, and making it anew where it is not. Standard library only.

Beside the packages it holds four files of ours: `mle-setup.json` (the stamp: what was installed last),
`mle-setup.lock` (held while somebody installs), `mle-installing` (there from the start of an installation until it is
known how it ended) and `mle-install.log` (what pip said last).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.errors import MleError

STAMP, LOCK, INSTALLING, LOG = "mle-setup.json", "mle-setup.lock", "mle-installing", "mle-install.log"
PROBE = "import sys, pip; print('%d.%d' % sys.version_info[:2])"


class SetupError(MleError):
    """Something is in the way of setting up; the message says what and how to cure it."""


class Environment:
    """The environment in `folder` for the checkout in `root`; by default the checkout's own `.venv`."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.root = root
        self.folder = folder or root / ".venv"
        self.scripts = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        self.log = self.folder / LOG
        self._installing = self.folder / INSTALLING

    def is_ready(self, version: tuple[int, int] | None = None) -> bool:
        """Whether it can be used as it is. Starts no process and writes nothing: every command waits for this.

        Args:
            version: the version of Python it must be of, or None for whatever it has.

        Raises:
            SetupError: pyproject.toml or requirements.lock is missing or unreadable.
        """
        stamp = self._stamp()
        digest = installation_digest(self.root)
        return (
            os.access(self.python, os.X_OK)  # follows the link: False when the Python it was made from has gone
            and not self.is_installing()
            and stamp.get("digest") == digest
            and stamp.get("base") == self._base()
            and self._is_in_place(stamp)
            and (version is None or stamp.get("version") == list(version))
        )

    def fault(self, supported: Iterable[tuple[int, int]]) -> str | None:
        """Why it must be made anew, as the end of a sentence; None where it only lacks packages."""
        if not self._is_in_place(self._stamp()):
            return "was moved or copied from another folder"
        if not self.python.exists():
            return "is not complete, or the Python it was made from has gone"
        # The version in the stamp is what it was: an upgrade of the system may have changed it since.
        try:
            answer = subprocess.run(
                [self.python, "-I", "-c", PROBE], stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
        except OSError:
            return "has a Python that does not start"
        if answer.returncode or not any(self._site_packages().glob("pip-*.dist-info/INSTALLER")):
            return "is not complete (an earlier set-up was stopped?)"
        if answer.stdout.strip() not in {f"{major}.{minor}" for major, minor in supported}:
            return f"has Python {answer.stdout.strip()}, which is not the one wanted"
        return None

    def make(self) -> None:
        """Make it anew, empty but for pip. What the stamp says of extras is kept, so that they come back.

        Raises:
            SetupError: this Python cannot make virtual environments, or the folder's name does not allow one.
        """
        try:
            import ensurepip  # noqa: F401  Debian ships Python without it
        except ImportError as error:
            raise SetupError(_no_ensurepip()) from error
        for path in self.folder.iterdir():
            if path.name not in {STAMP, LOCK}:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        try:
            venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(self.folder)
        except (subprocess.CalledProcessError, ValueError) as error:
            said = getattr(error, "output", None) or str(error)
            said = said.decode(errors="replace") if isinstance(said, bytes) else said
            raise SetupError(
                f"Could not make the virtual environment {self.folder}: {said.strip()} Try another Python: set the "
                "environment variable MLE_PYTHON to its full path and run the same command again."
            ) from error

    def drop_half_installed(self) -> None:
        """Remove what a stopped pip left behind, which pip itself would take for installed.

        pip writes INSTALLER when all other files of a package are in place, and moves what it is about to replace to
        a name that begins with "~".
        """
        packages = self._site_packages()
        for path in [
            *(info for info in packages.glob("*.dist-info") if not (info / "INSTALLER").exists()),
            *packages.glob("~*"),
        ]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def distributions(self) -> set[str]:
        """What is installed, as "name-version" with the name normalised, without reading any of it."""
        found = (path.stem.partition("-") for path in self._site_packages().glob("*.dist-info"))
        return {f"{normalised(name)}-{version}" for name, _, version in found}

    def extras(self) -> set[str]:
        """The extras that were asked for here."""
        return set(self._stamp().get("extras", []))

    def is_installing(self) -> bool:
        """Whether an installation has begun and nobody has seen yet how it ended."""
        return self._installing.exists()

    def begin_installing(self) -> None:
        """Record that an installation begins. What was installed before counts as whole until pip takes it away."""
        self.log.unlink(missing_ok=True)
        self._installing.touch()

    def settle(self) -> None:
        """Decide what an installation has left that failed or was stopped, going by what pip said.

        As long as pip has only fetched and added, all that was there before still works, so no network is needed to
        use it. Once it has taken something away, the environment is unfinished.
        """
        if _took_something_away(self.log):
            self.unstamp()
        else:
            self.drop_half_installed()
        self._installing.unlink(missing_ok=True)

    def stamp(self, extras: Iterable[str]) -> None:
        """Record that everything is installed, with these extras."""
        config = self._config()
        self._write_stamp(
            {
                "digest": installation_digest(self.root),
                "version": [int(part) for part in config.get("version", "0.0").split(".")[:2]],
                "base": self._base(),
                "folder": str(self.folder),
                "extras": sorted(extras),
            }
        )
        self._installing.unlink(missing_ok=True)

    def unstamp(self) -> None:
        """Record that what is installed is not to be relied on: until `stamp`, the environment is unfinished."""
        self._write_stamp(self._stamp() | {"digest": None})

    def activated(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Those environment variables as they are when the environment is active."""
        return {name: value for name, value in environ.items() if name != "PYTHONHOME"} | {
            "VIRTUAL_ENV": str(self.folder),
            "PATH": os.pathsep.join([str(self.scripts), environ.get("PATH", os.defpath)]),
        }

    def _site_packages(self) -> Path:
        if os.name == "nt":
            return self.folder / "Lib" / "site-packages"
        found = sorted((self.folder / "lib").glob("python3*/site-packages"))
        return found[0] if found else self.folder / "lib"

    def _stamp(self) -> dict:
        try:
            stamp = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # not there, or cut off
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _write_stamp(self, stamp: dict) -> None:
        new = self.folder / (STAMP + ".new")
        new.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        new.replace(self.folder / STAMP)

    def _is_in_place(self, stamp: Mapping) -> bool:
        """Scripts and the editable install carry absolute paths, so a moved environment would run the old folder."""
        # One that somebody else made has no stamp, but `python -m venv` notes its own arguments.
        made_in = stamp.get("folder") or self._config().get("command", "").partition(" -m venv ")[2]
        try:
            return not made_in or made_in.startswith("-") or os.path.samefile(self.folder, made_in)
        except OSError:
            return False

    def _base(self) -> list:
        """The Python that the environment was made from, and when that file was last changed."""
        base = self._config().get("executable") or os.path.realpath(self.python)
        try:
            return [base, os.stat(base).st_mtime_ns]
        except OSError:
            return [base, None]

    def _config(self) -> dict[str, str]:
        try:
            lines = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}


def installation_digest(root: Path) -> str:
    """Digest of all that decides what is installed: the dependency tables of pyproject.toml and requirements.lock.

    Raises:
        SetupError: one of the two files is missing or unreadable.
    """
    try:
        lock = (root / "requirements.lock").read_bytes()
    except OSError as error:
        raise SetupError(
            f"{error.filename} cannot be read. Get it back with 'git checkout requirements.lock'."
        ) from error
    # Without carriage returns: a checkout on Windows may have them.
    return hashlib.sha256(dependency_digest(root).encode() + lock.replace(b"\r\n", b"\n")).hexdigest()


def dependency_digest(root: Path) -> str:
    """Digest of the parts of pyproject.toml that say what is needed; the rest of the file may change freely.

    Raises:
        SetupError: pyproject.toml is missing or is not valid TOML.
    """
    project = read_project(root)
    needs = [project.get(key) for key in ("requires-python", "dependencies", "optional-dependencies")]
    return hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest()


def read_project(root: Path) -> dict:
    """The `[project]` table of pyproject.toml.

    Raises:
        SetupError: the file is missing or is not valid TOML.
    """
    path = root / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    except (OSError, ValueError, KeyError) as error:
        raise SetupError(f"{path} cannot be read ({error}). Get it back with 'git checkout pyproject.toml'.") from error


def normalised(name: str) -> str:
    """A distribution's name as names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _took_something_away(log: Path) -> bool:
    """Whether pip began to replace a package, and did not get to the end of its installation."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:  # it was never started
        return False
    return "Attempting uninstall: " in text and "\nSuccessfully installed " not in text


def _no_ensurepip() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"Python {version} at {sys.executable} cannot make a virtual environment: its 'ensurepip' module is missing. "
        f"On Debian or Ubuntu install it with 'sudo apt install python{version}-venv', then run the same command "
        "again. Or set the environment variable MLE_PYTHON to the full path of another Python 3.11 to 3.13."
    )
