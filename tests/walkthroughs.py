"""What the tests of the pages in docs/ share: a small course under the names that the pages use, and their commands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.authoring import build
from autograder.course import Course

ROOT = Path(__file__).resolve().parents[1]
LESSON, SMALL = "1-1-job-market", "1-1-means"
_BLOCK = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def small_kit(root: Path) -> Course:
    """A kit whose lesson has the name that the pages use and the content of a small one."""
    shutil.copytree(ROOT / "tests" / "courses" / "mini", root)
    (root / "course" / SMALL).rename(root / "course" / LESSON)
    for path in root.rglob("*.*"):
        if path.is_file():
            path.write_text(path.read_text(encoding="utf-8").replace(SMALL, LESSON), encoding="utf-8")
    course = Course(root)
    build(course, course.lesson_ids)
    return course


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def steps(text: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page in order: ("", command) for each line of one, or (name, content) of a file."""
    found = []
    for kind, name, block in _BLOCK.findall(text):
        assert bool(kind) == bool(name), "a block is either commands, or a file with its name"
        found += [(name, block)] if name else [("", line) for line in block.splitlines()]
    return found
