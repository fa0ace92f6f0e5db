"""What the tests share: a small course of its own, and the command `mle` as a user runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring import build
from autograder.course import Course

ROOT = Path(__file__).resolve().parents[1]
MINI = Path(__file__).with_name("courses") / "mini"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: whoever broke something hears of it early."""
    def cost(item: pytest.Item) -> int:
        return 2 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("slow") else 0

    items.sort(key=cost)


@pytest.fixture(scope="session")
def repository() -> Course:
    """The course of this repository. Tests only read it."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def _built_mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "mini"
    shutil.copytree(MINI, root)
    course = Course(root)
    build(course, course.lesson_ids)
    return root


@pytest.fixture
def mini(_built_mini: Path, tmp_path: Path) -> Course:
    """A built copy of the two-lesson course in tests/courses/mini, for this test alone."""
    shutil.copytree(_built_mini, tmp_path / "mini")
    return Course(tmp_path / "mini")


@pytest.fixture
def mle() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `mle` in a process of its own: mle("check", "1-1-means", cwd=folder)."""
    def run(*arguments: str, cwd: Path, timeout: float = 120, env: dict[str, str] | None = None):
        return subprocess.run([sys.executable, "-m", "autograder", *arguments], cwd=cwd, timeout=timeout, text=True,
                              encoding="utf-8", capture_output=True, stdin=subprocess.DEVNULL,
                              env=os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"} | (env or {}))

    return run
