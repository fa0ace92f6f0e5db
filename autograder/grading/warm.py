"""What a warm process should have loaded for a lesson: found out once, by running its solution."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Protocol

import nbformat
from platformdirs import user_cache_path

from autograder.execution import Job, RunRecord
from autograder.grading.grade import job_of
from autograder.grading.key import Key
from autograder.grading.reading import restore
from autograder.grading.stored import environment_digest, write_atomically


class Runs(Protocol):
    """What runs notebooks: an engine, or the module `execution` itself."""

    def run(self, job: Job) -> RunRecord:
        """Runs a job."""

    def imports_of(self, job: Job) -> tuple[str, ...]:
        """What a trusted job has loaded when it is done."""


def warm_imports(key: Key, runner: Runs, solution: Path | None = None) -> tuple[str, ...]:
    """The modules that a lesson's solution has loaded when it is done, in the order it loaded them.

    Kept in the user's cache folder: for as long as lesson and libraries stay the same, so does the list.

    Args:
        solution: the notebook with the solution; the lesson's own where `mle build` wrote it.

    Raises:
        OSError: there is no such notebook.
        ValueError: it is no notebook.
        EngineError: it could not be run.
    """
    name = hashlib.sha256(f"{key.digest}\n{environment_digest()}".encode()).hexdigest()
    path = user_cache_path("mle-path") / "imports" / f"{name}.json"
    try:
        return tuple(map(str, json.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError):
        pass
    notebook = nbformat.read(solution or key.files / f"{key.lesson}.ipynb", as_version=4)
    imports = runner.imports_of(job_of(key, restore(key, notebook).notebook, solution.parent if solution else None))
    _keep(path, imports)
    return imports


def _keep(path: Path, imports: tuple[str, ...]) -> None:
    with contextlib.suppress(OSError):  # a cache that cannot be written costs seconds, no more
        write_atomically(path, json.dumps(imports))
