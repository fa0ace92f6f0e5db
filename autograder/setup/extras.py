"""Extras: the packages that one module of the course needs beyond the first set-up."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rich.console import Console

from autograder.errors import nearest
from autograder.setup import bootstrap
from autograder.setup.environment import Environment, SetupError, read_project
from autograder.setup.progress import ProgressLine

DISTRIBUTION = "mle-path"
ROOT = Path(__file__).resolve().parents[2]


def known_extras(root: Path = ROOT) -> dict[str, list[Requirement]]:
    """Every extra and what it requires: as pyproject.toml says, or as installed where there is no checkout."""
    if (root / "pyproject.toml").exists():
        tables = read_project(root).get("optional-dependencies", {})
        return {canonicalize_name(name): [Requirement(need) for need in needs] for name, needs in tables.items()}
    about = metadata.metadata(DISTRIBUTION)
    found: dict[str, list[Requirement]] = {name: [] for name in about.get_all("Provides-Extra") or []}
    for requirement in map(Requirement, metadata.requires(DISTRIBUTION) or []):
        for name in found:
            needed = requirement.marker and requirement.marker.evaluate({"extra": name})
            if needed and not requirement.marker.evaluate({"extra": ""}):
                found[name].append(requirement)
    return found


def extra_name(text: str, root: Path = ROOT) -> str:
    """The extra that somebody means by "3", "module 3" or "module-3".

    Raises:
        SetupError: there is no such extra; the message suggests the nearest.
    """
    known = known_extras(root)
    name = canonicalize_name(text.strip().replace(" ", "-"))
    name = f"module-{name}" if name.isdecimal() else name
    if name not in known:
        # The nearest name to a module's number would only be another module.
        if re.fullmatch(r"module-\d+", name):
            hint = f"Known are: {', '.join(known)}. A module without an extra needs nothing beyond the first set-up."
        else:
            hint = nearest(name, known)
        raise SetupError(f"There is no extra '{text}'. {hint}")
    return name


def installed_extras(root: Path = ROOT) -> set[str]:
    """The extras whose every requirement is satisfied here."""
    known = known_extras(root)
    return known.keys() - set(missing_extras(known, root))


def missing_extras(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those of the named extras that have a requirement which is not satisfied here, in the order given.

    Raises:
        SetupError: there is no such extra.
    """
    known = known_extras(root)
    wanted = [extra_name(name, root) for name in names]
    return [name for name in wanted if not all(is_satisfied(need, root) for need in known[name])]


def is_satisfied(requirement: Requirement, root: Path = ROOT) -> bool:
    """Whether an installed distribution satisfies the requirement, or its marker excuses this machine from it."""
    if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
        return True
    if canonicalize_name(requirement.name) == DISTRIBUTION:  # an extra that takes in others
        return not missing_extras(requirement.extras, root)
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    # A distribution whose removal was stopped half-way has no version.
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def install_extras(names: Iterable[str], console: Console, root: Path = ROOT) -> None:
    """Install the named extras into the running environment, showing progress; does nothing where all are there.

    Args:
        console: progress goes to its file.

    Raises:
        SetupError: no such extra, no network, no disk space and the like, each with its cure.
    """
    missing = missing_extras(names, root)
    if not missing:
        return
    if not (root / "pyproject.toml").exists():
        raise SetupError(
            f"This copy of the kit is not a checkout: install it again as '{DISTRIBUTION}[{','.join(missing)}]'."
        )
    env = Environment(root, Path(sys.prefix))
    line = ProgressLine(console.file)
    with bootstrap.explained(env.folder), bootstrap.alone(env, line) as lock:
        line.say(f"Installing {', '.join(missing)}.")
        bootstrap.update(env, Path(sys.executable), missing, line, lock)
    # This process goes on to use what has just appeared.
    importlib.invalidate_caches()
