"""A learner's own folder, `work/`: filled lesson by lesson, and nothing in it is ever overwritten."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.errors import MleError

_HANDED_OUT = "handed-out.json"


@dataclass(frozen=True)
class Workspace:
    """The folder `work/` of a course."""

    course: Course

    @property
    def root(self) -> Path:
        return self.course.root / "work"

    @property
    def records(self) -> Path:
        """Where progress is kept; the learner has no need to look in there."""
        return self.root / ".mle"

    def folder(self, lesson_id: str) -> Path:
        return self.root / lesson_id

    def notebook(self, lesson_id: str) -> Path:
        return self.folder(lesson_id) / f"{lesson_id}.ipynb"

    def lessons(self) -> tuple[str, ...]:
        """Lessons with a notebook in the folder, in teaching order."""
        return tuple(lesson for lesson in self.course.lesson_ids if self.notebook(lesson).exists())

    def find(self, name: str) -> tuple[str, Path]:
        """The lesson and the notebook that `name` means: a lesson's copy in here, or a notebook anywhere by its path.

        Raises:
            MleError: there is no such lesson or notebook, or the notebook does not say which lesson it is of.
        """
        path = Path(name)
        is_path = len(path.parts) > 1
        if is_path and path.is_dir():
            path /= f"{path.name}.ipynb"
        if path.suffix == ".ipynb" and path.exists():
            return _lesson_of(self.course, path), path.absolute()
        if is_path and name.endswith(".ipynb"):
            raise MleError(f"There is no notebook at {path.absolute()}. Check the path, or name the lesson instead: "
                           f"then your copy in {self.root} is graded.")
        lesson_id = self.course.resolve(name)
        return lesson_id, self.notebook(lesson_id)

    def add(self, lesson_id: str) -> list[Path]:
        """Copies what the learner does not have yet of a lesson, and returns the new files.

        Raises:
            MleError: the lesson was never built.
        """
        shipped = self.shipped(lesson_id)
        added = {}
        for name, file in shipped.items():
            target = self.folder(lesson_id) / name
            if not os.path.lexists(target):
                copy_whole(file, target)
                added[name] = target
        if added:
            self.note_handed_out(lesson_id, {name: digest_of_file(shipped[name]) for name in added})
        return list(added.values())

    def shipped(self, lesson_id: str) -> dict[str, Path]:
        """The files of a lesson as it is handed out, by their names below its folder, with slashes.

        Raises:
            MleError: the lesson was never built.
        """
        source = self.course.notebooks / lesson_id
        if not (source / f"{lesson_id}.ipynb").is_file():
            raise MleError(f"The lesson {lesson_id} has no notebook in {source}. Run `mle build {lesson_id}`.")
        files = {file.relative_to(source): file for file in sorted(source.rglob("*")) if not file.is_dir()}
        return {name.as_posix(): file for name, file in files.items()
                if not {"__pycache__", ".ipynb_checkpoints"} & set(name.parts)}

    def handed_out(self, lesson_id: str) -> dict[str, str]:
        """Digests of a lesson's files as they were put into the learner's folder; of some or all nothing is known."""
        files = self._handed_out().get(lesson_id)
        return {name: digest for name, digest in files.items() if isinstance(digest, str)} if (
            isinstance(files, dict)) else {}

    def outdated(self) -> tuple[str, ...]:
        """Lessons of which a file was handed out in another version than the one there is now."""
        found = []
        for lesson_id in self.lessons():
            shipped = self.shipped(lesson_id)
            if any(name in shipped and digest_of_file(shipped[name]) != digest
                   for name, digest in self.handed_out(lesson_id).items()):
                found.append(lesson_id)
        return tuple(found)

    def note_handed_out(self, lesson_id: str, files: dict[str, str]) -> None:
        """Keeps digests of files that were put into the learner's folder. Without them an update is more careful."""
        from autograder.grading import write_atomically

        with contextlib.suppress(OSError):
            known = self._handed_out()
            write_atomically(self.records / _HANDED_OUT, json.dumps(
                known | {lesson_id: self.handed_out(lesson_id) | files}, indent=1) + "\n")

    def _handed_out(self) -> dict[str, Any]:
        try:
            known = json.loads((self.records / _HANDED_OUT).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return known if isinstance(known, dict) else {}

    def reset(self, lesson_id: str) -> Path | None:
        """Moves the learner's copy of a lesson to `work/backups/` and puts a fresh one in its place.

        Returns:
            The backup's folder, or None if there was nothing to back up.

        Raises:
            MleError: the lesson was never built, or its folder cannot be moved; nothing has changed.
            OSError: there is no room for a fresh copy; the learner's is back in its place.
        """
        fresh = self.course.notebooks / lesson_id / f"{lesson_id}.ipynb"
        if not fresh.is_file():
            raise MleError(f"{fresh} is missing, so there is nothing to reset to. Run `mle build {lesson_id}`.")
        backup = None
        if self.folder(lesson_id).exists():
            backup = self.backup_folder(lesson_id)
            backup.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.replace(self.folder(lesson_id), backup)
            except PermissionError:
                raise MleError(f"{self.folder(lesson_id)} cannot be moved to {backup}: a file in it is open somewhere. "
                               "Close the notebook and JupyterLab, then try again.") from None
        try:
            self.add(lesson_id)
        except BaseException:
            if backup:
                shutil.rmtree(self.folder(lesson_id), ignore_errors=True)
                os.replace(backup, self.folder(lesson_id))
            raise
        return backup

    def backup_folder(self, lesson_id: str) -> Path:
        """A folder for a copy of the learner's work on a lesson that does not exist yet."""
        stem = f"{lesson_id} {datetime.now():%Y-%m-%d %H.%M.%S}"
        folder, number = self.root / "backups" / stem, 1
        while folder.exists():
            number += 1
            folder = self.root / "backups" / f"{stem} ({number})"
        return folder


def _lesson_of(course: Course, notebook: Path) -> str:
    """The lesson that a notebook is of: as `mle build` noted in it, else as its file is named."""
    try:
        claimed = json.loads(notebook.read_bytes())["metadata"]["mle"]["lesson"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        claimed = None
    for lesson_id in (claimed, notebook.stem):
        if lesson_id in course.lesson_ids:
            return lesson_id
    raise MleError(f"{notebook} does not say which lesson it is of. Name the file after its lesson, such as "
                   f"{course.lesson_ids[0]}.ipynb, and check it again.")


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_whole(source: Path, target: Path) -> None:
    """Copies a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
