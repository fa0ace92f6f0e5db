"""`result.json`, the record that stays of a graded submission. Its JSON schema lies beside this file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from autograder.execution import folders
from autograder.grading.result import Result

RESULT_FILE = "result.json"
RESULT_SCHEMA = Path(__file__).with_name("result.schema.json")
SCHEMA_VERSION = 1
MOST_MB, MOST_FILES = 256, 10_000  # handed in beside one notebook

# What decides about a result beside the lesson and the submission.
_DEPENDS_ON = ("mle-path", "nbgrader", "ipython", "numpy", "pandas", "matplotlib", "pytest", "ruff", "build",
               "setuptools", "scipy", "scikit-learn", "torch",
               "transformers", "tokenizers", "optuna", "fastapi", "pydantic", "uvicorn", "onnxruntime", "skl2onnx")


def result_json(result: Result, submission_digest: str) -> str:
    """A result as the text of its `result.json`.

    Args:
        submission_digest: as `digest_of` gives it.
    """
    return json.dumps({"schema_version": SCHEMA_VERSION, "submission_digest": submission_digest,
                       "environment_digest": environment_digest(), **result.to_dict()}, indent=1) + "\n"


@dataclass(frozen=True)
class Flag:
    """Something that a person should look at in a graded submission; it changes no score.

    Attributes:
        check: the check's id.
        kind: `any value`, `names` or `forged`.
        evidence: what was seen, in words for the instructor. It may quote a hidden check.
    """

    check: str
    kind: str
    evidence: str


def with_audit(record: dict[str, Any], twins_digest: str, checks: int, flags: Sequence[Flag],
               left_out: Sequence[tuple[str, str]]) -> str:
    """The text of a `result.json` with what an audit found.

    Args:
        record: what stands in it.
        twins_digest: of all that decides about the audit beside the submission.
        checks: how many checks it looked at.
        left_out: passed checks of which nothing could be said, with the reason.
    """
    audit = {"twins_digest": twins_digest, "checks": checks, "flags": [asdict(flag) for flag in flags],
             "left_out": [{"check": check, "why": why} for check, why in left_out]}
    return json.dumps({**record, "audit": audit}, indent=1) + "\n"


def digest_of(folder: Path | None, without: str = "") -> str:
    """SHA-256 of the names and bytes of all files below a folder; links do not count, and neither do empty folders.

    Args:
        without: a file directly in the folder that does not count either.
    """
    digest = hashlib.sha256()
    for path, name in _files_of(folder) if folder else ():
        if name == without.encode():
            continue
        digest.update(name + b"\0")
        with contextlib.suppress(OSError):
            digest.update(folders.read(path, MOST_MB * 2**20))
        digest.update(b"\0")
    return digest.hexdigest()


@lru_cache(maxsize=1)
def environment_versions() -> dict[str, str]:
    """What results depend on beside lesson and submission: Python and libraries with their versions."""
    versions = {"Python": sys.version}
    for name in _DEPENDS_ON:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "-"
    return versions


@lru_cache(maxsize=1)
def environment_digest() -> str:
    """SHA-256 of the versions that results depend on."""
    python, *others = environment_versions().items()
    return hashlib.sha256("\n".join([python[1], *(f"{name} {version}" for name, version in others)]).encode()
                          ).hexdigest()


def write_atomically(path: Path, text: str, make_folder: bool = True) -> None:
    """Writes a file so that a reader sees either all of it or what was there before.

    Args:
        make_folder: whether to make the folder where there is none; otherwise that is a FileNotFoundError.
    """
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _files_of(folder: Path) -> list[tuple[str, bytes]]:
    """Files below a folder, with their names there, sorted; of a folder without end only a part."""
    found: list[tuple[str, bytes]] = []
    todo = [str(folder)]
    while todo and len(found) <= MOST_FILES:
        try:
            entries = list(os.scandir(todo.pop()))
        except OSError:  # not ours to read, or too deep for a path
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                # Names need not be text.
                found.append((entry.path, os.fsencode(os.path.relpath(entry.path, folder))))
    return sorted(found)
