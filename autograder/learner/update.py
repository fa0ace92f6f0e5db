"""Brings a newer version of a lesson into the learner's folder, with everything that is theirs in it."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode

from autograder.grading import read_submission, write_atomically
from autograder.learner.check import lesson_key
from autograder.learner.merge import Merged, merge
from autograder.learner.workspace import Workspace, copy_whole, digest_of_file


@dataclass(frozen=True)
class FileChanges:
    """What is to happen to the files beside a notebook, by their names below the lesson's folder.

    Attributes:
        new: that the learner does not have.
        replaced: that the learner has not changed.
        beside: that the learner has changed, with the name under which the newer one is laid beside it.
        gone: that the lesson no longer has, and the learner has not changed.
    """

    new: tuple[str, ...]
    replaced: tuple[str, ...]
    beside: dict[str, str]
    gone: tuple[str, ...]

    @property
    def any(self) -> bool:
        return bool(self.new or self.replaced or self.beside or self.gone)


@dataclass(frozen=True)
class Updated:
    """What was done to a lesson.

    Attributes:
        backup: the learner's copy as it was; None if there was nothing to do, and then nothing was touched.
        merged: None where the notebook stayed as it was.
    """

    lesson: str
    backup: Path | None = None
    merged: Merged | None = None
    files: FileChanges = field(default_factory=lambda: FileChanges((), (), {}, ()))


def update(workspace: Workspace, lesson_id: str) -> Updated:
    """Brings the version in `notebooks/` into `work/`.

    Raises:
        UnreadableNotebook: the learner's notebook is missing, damaged, or of another lesson; nothing was touched.
        OSError: there is no room; everything is as it was.
    """
    shipped, handed_out = workspace.shipped(lesson_id), workspace.handed_out(lesson_id)
    notebook = f"{lesson_id}.ipynb"
    own, newer = _read(workspace, lesson_id), nbformat.read(shipped[notebook], as_version=4)
    merged = merge(own, newer)
    digests = {name: digest_of_file(path) for name, path in shipped.items()}
    # Cells that are missing from the version that was handed out are missing because the learner wants it so.
    if not merged.outdated and (not merged.differs or handed_out.get(notebook) == digests[notebook]):
        merged = None
    files = _changes(workspace.folder(lesson_id), digests, handed_out, notebook)
    if merged is None and not files.any:
        return Updated(lesson_id)

    folder = workspace.folder(lesson_id)
    backup = _back_up(workspace, lesson_id)
    touched = [*files.new, *files.replaced, *files.gone, *files.beside.values(), notebook]
    with _undone_on_failure(folder, backup, touched):
        for name in (*files.new, *files.replaced):
            copy_whole(shipped[name], folder / name)
        for name, beside in files.beside.items():
            copy_whole(shipped[name], folder / beside)
        for name in files.gone:
            (folder / name).unlink()
        if merged is not None:
            write_atomically(folder / notebook, nbformat.writes(merged.notebook) + "\n")
    workspace.note_handed_out(lesson_id, digests)
    return Updated(lesson_id, backup, merged, files)


def _read(workspace: Workspace, lesson_id: str) -> NotebookNode:
    """The learner's notebook, with outputs and all where it is sound."""
    path = workspace.notebook(lesson_id)
    sound = read_submission(path, lesson_key(workspace, lesson_id))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            text = path.read_text(encoding="utf-8-sig")
            nbformat.validate(json.loads(text))
            return nbformat.reads(text, as_version=4)
        except Exception:  # nbformat raises whatever a broken structure makes it stumble over
            return sound


def _changes(folder: Path, shipped: dict[str, str], handed_out: dict[str, str], notebook: str) -> FileChanges:
    """What to do with the files beside the notebook, by digests of what is handed out now and of what was."""
    new, replaced, beside, gone = [], [], {}, []
    for name, newer in shipped.items():
        own = folder / name
        if name == notebook:
            continue
        if not os.path.lexists(own):
            new.append(name)
            continue
        digest = digest_of_file(own) if own.is_file() and not own.is_symlink() else ""
        if newer in {digest, handed_out.get(name)}:
            continue
        if digest and digest == handed_out.get(name):
            replaced.append(name)
        elif (free := _name_beside(folder, name, newer)) is not None:
            beside[name] = free
    for name, digest in handed_out.items():
        own = folder / name
        if name not in shipped and own.is_file() and not own.is_symlink() and digest_of_file(own) == digest:
            gone.append(name)
    return FileChanges(tuple(new), tuple(replaced), beside, tuple(gone))


def _name_beside(folder: Path, name: str, digest: str) -> str | None:
    """A free name for the newer version of a file; None if that lies there already."""
    path = PurePosixPath(name)
    number = 1
    while True:
        free = str(path.with_name(f"{path.stem} (new version{f' {number}' if number > 1 else ''}){path.suffix}"))
        if not os.path.lexists(folder / free):
            return free
        if (folder / free).is_file() and digest_of_file(folder / free) == digest:
            return None
        number += 1


def _back_up(workspace: Workspace, lesson_id: str) -> Path:
    backup = workspace.backup_folder(lesson_id)
    temporary = backup.with_name(f".{backup.name}.{os.getpid()}.tmp")
    try:
        shutil.copytree(workspace.folder(lesson_id), temporary, symlinks=True)
        os.replace(temporary, backup)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return backup


@contextmanager
def _undone_on_failure(folder: Path, backup: Path, touched: list[str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for name in touched:
            if not os.path.lexists(backup / name):
                (folder / name).unlink(missing_ok=True)
            elif not (folder / name).is_file() or digest_of_file(folder / name) != digest_of_file(backup / name):
                copy_whole(backup / name, folder / name)
        shutil.rmtree(backup, ignore_errors=True)
        raise
