"""Makes the kit that learners receive: released notebooks and the package, and nothing that only a grader may see.

A kit is put together from a list of what belongs into it. Solutions, hidden checks and rubrics are in none of these
files: `mle build` takes them out of `notebooks/`, and the rest never had them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat

from autograder.authoring.build import check
from autograder.course import KIT, Course, Kit, has_code, split_check
from autograder.errors import MleError

# Of the checkout, beside the package itself.
_FILES = ("mle", "pyproject.toml", "requirements.lock", "environment.yml", "LICENSE", "LICENSE-lessons")
_GUIDE = "docs/learner.md"
_TOP = "mle-kit"  # the same in every version: a newer kit is unpacked over an older one

_README = """# ML Engineer Path: the learner's kit

Graded notebook lessons that take you to a machine-learning model in production. You work on your own machine, in
JupyterLab; checks tell you at once whether an answer holds, and more of them run when your hand-in is graded.

You need Python 3.11, 3.12 or 3.13. In a terminal, in this folder (on Windows write `python mle` where it says `./mle`):

```
./mle doctor             # sets up what is needed in .venv, and says what works on your machine
./mle start              # opens JupyterLab on your own copies of the lessons, in work/
./mle check LESSON       # runs your saved notebook with every check that is in this kit
./mle progress           # what you have earned, and what comes next
./mle submit LESSON      # packs your copy into a zip to hand in
./mle reset LESSON       # a fresh copy; yours is kept in work/backups/
```

Nothing you write is ever overwritten, and nothing leaves your machine before you hand it in.

You were given a newer kit? Unpack it over this folder, or move your folder `work` into the new one, then run
`./mle update`: it brings the newer lessons into `work/`, with your answers in them.

| lesson | about |
|---|---|
{lessons}

Kit {version}. Code: [BSD-3-Clause](LICENSE). Lesson text: [CC BY 4.0](LICENSE-lessons).
"""


@dataclass(frozen=True)
class MadeKit:
    """A kit that was made, or was there already with the very same content.

    Attributes:
        folder, archive: the kit as a folder and as a zip.
        files, size: how many files, and bytes of the zip.
    """

    version: str
    folder: Path
    archive: Path
    files: int
    size: int
    new: bool


def make_kit(course: Course, lesson_ids: Iterable[str], package: Path, target: Path,
             tell: Callable[[str], None] = lambda text: None) -> MadeKit:
    """Makes a learner's kit of lessons.

    Args:
        package: the checkout that the package is in, for the code and its licences.
        target: the folder for the kit and its zip.
        tell: called with each lesson that is held against its source.

    Raises:
        MleError: this is a kit itself, or its package is no checkout, or generated files are not what the sources say.
    """
    lesson_ids = list(lesson_ids)
    if course.kit:
        raise MleError(f"{course.root} is a learner's kit itself. Release from the full course.")
    if not (package / "pyproject.toml").is_file():
        raise MleError(f"{package} is no checkout of the kit, and the learners' copy is made from one. Run the command "
                       "in a checkout.")
    if stale := check(course, lesson_ids, tell):
        more = f" (and {len(stale) - 1} more)" if len(stale) > 1 else ""
        raise MleError(f"The generated files are not what the sources say: {stale[0]}{more}. Run `mle build`, then "
                       "release again.")
    content = _content(course, lesson_ids, package)
    version = _version(package, content)
    at_grading = {lesson_id: _at_grading(course, lesson_id) for lesson_id in lesson_ids}
    content[KIT] = Kit(version, at_grading).text.encode()
    content["README.md"] = _readme(course, lesson_ids, version)
    folder, archive = target / f"{_TOP}-{version}", target / f"{_TOP}-{version}.zip"
    new = not (folder.exists() and archive.exists())
    target.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".mle-release-", dir=target))
    try:
        # What somebody may be trying out in a kit's folder is left alone.
        if not folder.exists():
            _write_folder(staging / "folder", content)
            os.replace(staging / "folder", folder)
        if not archive.exists():
            _write_zip(staging / "kit.zip", content)
            os.replace(staging / "kit.zip", archive)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return MadeKit(version, folder, archive, len(content), archive.stat().st_size, new)


def _content(course: Course, lesson_ids: list[str], package: Path) -> dict[str, bytes]:
    """The files of a kit by their names in it."""
    content = {name: (package / name).read_bytes() for name in _FILES if (package / name).is_file()}
    if (package / _GUIDE).is_file():
        content[_GUIDE] = (package / _GUIDE).read_bytes()
    folders = [(package, package / "autograder"),
               *((course.root, course.notebooks / lesson_id) for lesson_id in lesson_ids)]
    for root, folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and not path.is_symlink() and not any(map(_is_cache, name.parts)):
                content[name.as_posix()] = path.read_bytes()
    for name in ("skills.toml", "role.toml"):
        if (course.sources / name).is_file():
            content[f"course/{name}"] = (course.sources / name).read_bytes()
    content["course/syllabus.toml"] = _syllabus(course, lesson_ids)
    return content


def _is_cache(part: str) -> bool:
    return part == "__pycache__" or part.startswith(".") or part.endswith(".pyc")


def _syllabus(course: Course, lesson_ids: list[str]) -> bytes:
    """The syllabus with the lessons of the kit alone. A JSON text is a TOML text as well, but for what is escaped."""
    tables = []
    for module in course.modules:
        lessons = ", ".join(f'"{lesson}"' for lesson in module.lessons if lesson in lesson_ids)
        title = json.dumps(module.title, ensure_ascii=False)
        tables.append(f"[[module]]\nnumber = {module.number}\ntitle = {title}\nlessons = [{lessons}]\n")
    return "\n".join(tables).encode()


def _at_grading(course: Course, lesson_id: str) -> tuple[str, ...]:
    """The checks of a lesson that have a hidden part."""
    notebook = nbformat.read(course.solutions / lesson_id / f"{lesson_id}.ipynb", as_version=4)
    return tuple(cell.metadata["nbgrader"]["grade_id"].removeprefix("check-") for cell in notebook.cells
                 if cell.metadata.get("mle", {}).get("kind") == "check" and has_code(split_check(cell.source)[1]))


def _version(package: Path, content: Mapping[str, bytes]) -> str:
    """The package's version, and a digest of what is in the kit."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content[name]).digest())
    return f"{project['version']}-{digest.hexdigest()[:8]}"


def _readme(course: Course, lesson_ids: list[str], version: str) -> bytes:
    titles = {}
    for lesson_id in lesson_ids:
        notebook = nbformat.read(course.notebooks / lesson_id / f"{lesson_id}.ipynb", as_version=4)
        titles[lesson_id] = notebook.metadata["mle"]["title"].replace("|", "\\|")
    return _README.format(version=version,
                          lessons="\n".join(f"| `{name}` | {title} |" for name, title in titles.items())).encode()


def _write_folder(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        path = folder.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "mle").chmod(0o755)


def _write_zip(path: Path, content: Mapping[str, bytes]) -> None:
    when = datetime.now().timetuple()[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            # Not one time for all kits: Python takes a file of the same time and size for the one that it has compiled.
            info = zipfile.ZipInfo(f"{_TOP}/{name}", when)
            # As on Linux, wherever it is made: only then is `mle` a program where it is unpacked.
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | (0o755 if name == "mle" else 0o644)) << 16
            archive.writestr(info, content[name], zipfile.ZIP_DEFLATED)
