"""What the tests share: a small course of its own, and the command `mle` as a user runs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from systems import on_linux

from autograder.authoring import build
from autograder.course import Course
from autograder.execution import Job, RunRecord, kernel

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from autograder.execution.engine import Engine

ROOT = Path(__file__).resolve().parents[1]
MINI = Path(__file__).with_name("courses") / "mini"


# Where tests run in several processes, these run in one of them, one after the other: they look at what jobs leave
# behind in the whole system.
_ENGINE = ("test_cohort", "test_execution", "test_fidelity", "test_foreign_course", "test_hostile")


@pytest.hookimpl(tryfirst=True)  # before it is decided which process runs what
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: whoever broke something hears of it early."""
    def cost(item: pytest.Item) -> int:
        return 2 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("slow") else 0

    items.sort(key=cost)
    for item in items:
        if cost(item) and not item.get_closest_marker("apart"):
            # A file's slow tests share what took long to make.
            item.add_marker(pytest.mark.xdist_group("engine" if item.path.stem.startswith(_ENGINE) else item.path.stem))


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


LEVELS = [pytest.param(level, marks=on_linux) for level in ("namespaces", "landlock")]


@pytest.fixture(scope="session")
def engines() -> Iterator[Callable[[str], Engine]]:
    """One engine for each level of isolation, made when first asked for."""
    from autograder.execution.engine import Engine
    from autograder.execution.jail import Level

    made: dict[str, Engine] = {}
    yield lambda level: made.setdefault(level, made.get(level) or Engine(Level(level)))
    for engine in made.values():
        engine.close()


@pytest.fixture(scope="module", params=["kernel", *LEVELS])
def way(request: pytest.FixtureRequest) -> str:
    """How jobs are run: `kernel`, or a level of isolation. Each test that asks for it runs once for each."""
    return request.param


@pytest.fixture(scope="module")
def run_job(way: str, engines: Callable[[str], Engine]) -> Callable[[Job], RunRecord]:
    """Runs a job in the way whose turn it is."""
    return kernel.run if way == "kernel" else engines(way).run


@pytest.fixture(scope="module", params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    """A level of isolation. Each test that asks for it runs once for each."""
    return request.param


@pytest.fixture
def open_temp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder for this test alone, which jobs of root's, who run as somebody else, can enter too."""
    folder = Path(tempfile.mkdtemp(prefix="mle-test-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def processes_with() -> Callable[[str], list[int]]:
    """The living processes of the whole system that have some text among their arguments, once that has settled."""
    def find(text: str) -> list[int]:
        for _ in range(100):
            found = []
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error):
                    if process.status() != psutil.STATUS_ZOMBIE and text in " ".join(process.cmdline()):
                        found.append(process.pid)
            if not found:
                break
            time.sleep(0.05)
        return found

    return find


@pytest.fixture
def mle() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `mle` in a process of its own: mle("check", "1-1-means", cwd=folder)."""
    def run(*arguments: str, cwd: Path, timeout: float = 120, env: dict[str, str] | None = None):
        return subprocess.run([sys.executable, "-m", "autograder", *arguments], cwd=cwd, timeout=timeout, text=True,
                              encoding="utf-8", capture_output=True, stdin=subprocess.DEVNULL,
                              env=os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"} | (env or {}))

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """An installed Chromium or Chrome, else Playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    from autograder.setup.doctor import find_browser

    flags = ["--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        except Error as error:
            pytest.skip(f"no browser to test with: {str(error).splitlines()[0]} Install Chromium or Chrome, or run "
                        "`playwright install chromium`.")
        yield browser
        browser.close()
