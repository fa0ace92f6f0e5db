"""`course/` -> `solutions/` -> `notebooks/`: all of a lesson is written, or nothing of it."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from autograder.authoring.notebook import solution_notebook
from autograder.authoring.release import generate
from autograder.course import Course, Lesson

# Left by editors and by running a lesson in place; never part of one.
_LEFTOVERS = ("__pycache__", ".ipynb_checkpoints", ".DS_Store")
_IGNORED = shutil.ignore_patterns(*_LEFTOVERS, "*.pyc")


def build(course: Course, lesson_ids: Iterable[str], tell: Callable[[str], None] = lambda text: None) -> list[str]:
    """Regenerates lessons and returns the ids of those whose files changed.

    Every source is read, and every notebook generated, before the first file is replaced; a lesson's folder is
    replaced as a whole.

    Raises:
        SourceError: a source is wrong; no file has changed.
    """
    with _staged(course, list(lesson_ids), tell) as (staging, ids):
        changed = []
        for lesson_id in ids:
            for folder in ("solutions", "notebooks"):
                new, old = staging / folder / lesson_id, course.root / folder / lesson_id
                if not _differences(new, old):
                    continue
                _replace(new, old, staging / "replaced" / folder / lesson_id)
                if lesson_id not in changed:
                    changed.append(lesson_id)
        return changed


def check(course: Course, lesson_ids: Iterable[str], tell: Callable[[str], None] = lambda text: None) -> list[str]:
    """What regenerating would change, one line per file; empty when everything is as generated.

    Raises:
        SourceError: a source is wrong.
    """
    lesson_ids = list(lesson_ids)
    problems = []
    with _staged(course, lesson_ids, tell) as (staging, ids):
        for lesson_id in ids:
            for folder in ("solutions", "notebooks"):
                problems += [f"{folder}/{lesson_id}/{name}: {what}" for name, what in
                             _differences(staging / folder / lesson_id, course.root / folder / lesson_id)]
    for folder in (course.solutions, course.notebooks):
        for extra in sorted(folder.glob("*")) if folder.is_dir() else []:
            if extra.name not in course.lesson_ids and extra.name not in _LEFTOVERS:
                problems.append(f"{folder.name}/{extra.name}: belongs to no lesson of the syllabus; delete it")
    return problems


@contextmanager
def _staged(course: Course, lesson_ids: list[str], tell: Callable[[str], None]) -> Iterator[tuple[Path, list[str]]]:
    """Generates lessons into a temporary folder beside the real ones, gone again afterwards whatever happens."""
    if set(lesson_ids) == set(course.lesson_ids):  # a lesson by name is built whatever else is being written
        course.check_folders()
    lessons = [course.lesson(lesson_id) for lesson_id in lesson_ids]
    for lesson in lessons:
        course.answers(lesson)
    # In the course's own folder, so that the finished files can be renamed into place.
    staging = Path(tempfile.mkdtemp(prefix=".mle-build-", dir=course.root))
    try:
        for lesson in lessons:
            tell(lesson.id)
            _generate_into(staging, course, lesson)
        yield staging, [lesson.id for lesson in lessons]
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _generate_into(staging: Path, course: Course, lesson: Lesson) -> None:
    target = staging / "solutions" / lesson.id
    files = lesson.path.parent / "files"
    if files.is_dir():
        shutil.copytree(files, target, ignore=_IGNORED)
    target.mkdir(parents=True, exist_ok=True)
    for name in lesson.shared:
        source = course.sources / name
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=_IGNORED)
        else:
            shutil.copyfile(source, target / source.name)
    notebook = target / f"{lesson.id}.ipynb"
    # Bytes, so that Windows writes the same line ends as everybody else.
    notebook.write_bytes((nbformat.writes(solution_notebook(course, lesson)) + "\n").encode())
    generate(staging, lesson.id)
    released = staging / "notebooks" / lesson.id / notebook.name
    released.write_bytes(released.read_bytes().replace(b"\r\n", b"\n"))


def _differences(new: Path, old: Path) -> list[tuple[str, str]]:
    want, have = _files(new), _files(old)
    return ([(name, "missing; run `mle build`") for name in sorted(want - have)]
            + [(name, "not generated from the lesson; delete it") for name in sorted(have - want)]
            + [(name, "differs from what the lesson generates; edit course/ and run `mle build`")
               for name in sorted(want & have) if not filecmp.cmp(new / name, old / name, shallow=False)])


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")
            if path.is_file() and not set(_LEFTOVERS) & set(path.relative_to(folder).parts)}


def _replace(new: Path, old: Path, aside: Path) -> None:
    """Puts the folder `new` where `old` is; if that fails half-way, `old` is back."""
    old.parent.mkdir(parents=True, exist_ok=True)
    if not old.exists():
        os.replace(new, old)
        return
    aside.parent.mkdir(parents=True, exist_ok=True)
    os.replace(old, aside)
    try:
        os.replace(new, old)
    except BaseException:
        os.replace(aside, old)
        raise
