"""What a warm process should have loaded for a lesson: found out once, by running its solution."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Protocol

import nbformat
from platformdirs import user_cache_path

from autograder.execution import Job, RunRecord
from autograder.grading.grade import job_of
from autograder.grading.key import Key
from autograder.grading.plugin import write_atomically

# What decides about a result beside the lesson and the submission.
_DEPENDS_ON = ("mle-path", "nbgrader", "ipython", "numpy", "pandas", "matplotlib", "scikit-learn", "torch")


class Runs(Protocol):
    """What runs notebooks: an engine, or the module `execution` itself."""

    def run(self, job: Job) -> RunRecord:
        """Runs a job."""

    def imports_of(self, job: Job) -> tuple[str, ...]:
        """What a trusted job has loaded when it is done."""


def warm_imports(key: Key, runner: Runs) -> tuple[str, ...]:
    """The modules that the lesson's solution has loaded when it is done, in the order it loaded them.

    Kept in the user's cache folder: for as long as lesson and libraries stay the same, so does the list.
    """
    name = hashlib.sha256(f"{key.digest}\n{environment()}".encode()).hexdigest()
    path = user_cache_path("mle-path") / "imports" / f"{name}.json"
    try:
        return tuple(map(str, json.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError):
        pass
    notebook = nbformat.read(key.files / f"{key.lesson}.ipynb", as_version=4)
    imports = runner.imports_of(job_of(key, notebook))
    _keep(path, imports)
    return imports


@lru_cache(maxsize=1)
def environment() -> str:
    """The versions that results depend on."""
    versions = [sys.version]
    for name in _DEPENDS_ON:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{name} -")
    return "\n".join(versions)


def _keep(path: Path, imports: tuple[str, ...]) -> None:
    with contextlib.suppress(OSError):  # a cache that cannot be written costs seconds, no more
        write_atomically(path, json.dumps(imports))
