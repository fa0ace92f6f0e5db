"""Hostile and broken submissions, graded in one cohort beside honest ones: each row holds to what is claimed of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hostile import ROWS, Row
from hostile.row import GOT_IN, LESSON, Places, Submission, write_all
from hostile.run import UNPRIVILEGED
from hostile.table import PAGE, page_with_table

from autograder.authoring import build
from autograder.course import Course

TESTS = Path(__file__).parent
SECRET = "kept-at-home-1138"
HIDDEN = "never-shown-4711"
HONEST = {"honest-full": ("mean", "geometric", "spread"), "honest-partial": ("mean", "spread"), "honest-untouched": ()}

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(sys.platform != "linux", reason="only Linux isolates submissions")]


@dataclass
class Run:
    """What a cohort came to."""

    folder: Path
    said: dict[str, Any]
    connections: list[str]
    level: str

    def result(self, student: str, course: str = "course") -> dict[str, Any]:
        return json.loads((self.folder / course / "autograded" / student / LESSON / "result.json").read_text())

    def notebook(self, student: str) -> nbformat.NotebookNode:
        path = self.folder / "course" / "autograded" / student / LESSON / f"{LESSON}.ipynb"
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)

    def report(self, student: str) -> str:
        """Everything that is said about a submission."""
        outputs = [cell.outputs for cell in self.notebook(student).cells if cell.cell_type == "code"]
        return "\n".join([json.dumps(self.result(student), ensure_ascii=False), json.dumps(outputs, ensure_ascii=False),
                          self.said["attention"].get(student, ""), self.said["failures"].get(student, "")])


@pytest.fixture(scope="session")
def hostile_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile") / "course"
    shutil.copytree(TESTS / "courses" / "hostile", root)
    course = Course(root)
    build(course, course.lesson_ids)
    return root


@pytest.fixture(scope="session")
def prepared(hostile_course: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder with a template of everything, and what connects to the host's services."""
    folder = Path(tempfile.mkdtemp(prefix="mle-hostile-"))
    try:
        folder.chmod(0o755)
        with listening(folder) as (places, connections):
            prepare(folder / "template", hostile_course, places)
            yield folder, connections
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# Only root can grade as both.
USERS = ("root", "ordinary") if sys.platform == "linux" and os.getuid() == 0 else ("ordinary",)


@pytest.fixture(scope="session", params=[f"{level}-{user}" for level in ("namespaces", "landlock") for user in USERS])
def run(request: pytest.FixtureRequest, prepared: tuple[Path, list[str]]) -> Iterator[Run]:
    level, _, user = request.param.partition("-")
    uid = os.getuid() if os.getuid() != 0 or user == "root" else UNPRIVILEGED
    folder, connections = prepared
    connections.clear()
    try:
        for name in ("home", "temporary", "alone", "course"):
            # Not shutil: file times and links without a target stay as they are.
            subprocess.run(["cp", "-a", folder / "template" / name, folder / name], check=True)
            if uid != os.getuid():
                subprocess.run(["chown", "-R", "-h", f"{uid}:{uid}", folder / name], check=True)
        (folder / "outcome").mkdir()
        os.chown(folder / "outcome", uid, -1)
        done = subprocess.run([sys.executable, "-m", "hostile.run", level, str(uid), folder], timeout=900,
                              cwd=TESTS, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        said = json.loads((folder / "outcome" / "said.json").read_text())
        assert "unavailable" not in said, f"not graded at the level of {level}: {said['unavailable']}"
        yield Run(folder, said, connections, level)
    finally:
        for name in ("home", "temporary", "alone", "course", "outcome"):
            shutil.rmtree(folder / name, ignore_errors=True)


def prepare(folder: Path, built: Path, places: Places) -> None:
    for name in ("home", "temporary"):
        (folder / name).mkdir(parents=True)
    secret = folder / "home" / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    os.utime(secret, (1e9, 1e9))
    for name in ("alone", "course"):
        shutil.copytree(built, folder / name)
        for student, exercises in HONEST.items():
            own = folder / name / "submitted" / student / LESSON
            own.mkdir(parents=True)
            submission = Submission(own, nbformat.read(built / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4),
                                    places)
            submission.do_right(*exercises)
            submission.write()
    write_all(folder / "course", places, built / "notebooks" / LESSON / f"{LESSON}.ipynb")


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[tuple[Places, list[str]]]:
    """Services of the host's that nobody inside may reach, and which of them somebody did."""
    connections: list[str] = []
    abstract = f"\0mle-hostile-{os.getpid()}"
    sockets = {"tcp": socket.socket(), "abstract": socket.socket(socket.AF_UNIX), "path": socket.socket(socket.AF_UNIX),
               "datagrams": socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)}
    path = str(folder / "service")
    for name, place in (("tcp", ("127.0.0.1", 0)), ("abstract", abstract), ("path", path),
                        ("datagrams", f"{path}-datagrams")):
        sockets[name].bind(place)
        if name != "datagrams":
            sockets[name].listen()
    for name in (path, f"{path}-datagrams"):
        os.chmod(name, 0o777)

    def serve(name: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                if name == "datagrams":
                    if not sockets[name].recv(10):
                        return  # it was closed
                else:
                    sockets[name].accept()[0].close()
                connections.append(name)

    threads = [threading.Thread(target=serve, args=(name,), daemon=True) for name in sockets]
    for thread in threads:
        thread.start()
    try:
        yield Places(str(folder / "course"), str(folder / "home"), sockets["tcp"].getsockname()[1], abstract,
                     path), connections
    finally:
        for one in sockets.values():
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def without_measurements(result: dict[str, Any]) -> dict[str, Any]:
    """A result but for what no two runs have in common."""
    if isinstance(result, dict):
        return {key: without_measurements(value) for key, value in result.items()
                if key not in {"seconds", "peak_memory_mb", "submission_digest"}}
    return [without_measurements(item) for item in result] if isinstance(result, list) else result


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "_"))
def test_a_row_comes_out_as_claimed(run: Run, row: Row) -> None:
    result, report = run.result(row.student), run.report(row.student)
    claim = row.claim[run.level]
    assert result["earned"] == row.earned, report[:3000]
    assert re.search(row.says, report), report[:3000]
    if claim == "prevented":
        assert GOT_IN not in report, report[report.index(GOT_IN):][:500]
        assert HIDDEN not in nbformat.writes(run.notebook(row.student)) + report
        assert SECRET not in report
    if row.flagged:
        assert row.student in run.said["attention"] or row.student in run.said["failures"]


def test_honest_work_beside_them_is_graded_to_the_digit_as_alone(run: Run) -> None:
    for student, exercises in HONEST.items():
        beside = run.result(student)
        assert without_measurements(beside) == without_measurements(run.result(student, "alone"))
        assert beside["earned"] == 3 * len(exercises)
        assert beside["ended"] == "completed"


def test_the_gradebook_has_everybody_with_the_points_of_the_record(run: Run) -> None:
    from autograder.grading import GradingCourse

    scores = {score.student: score.earned for score in GradingCourse(run.folder / "course").scores()}
    everybody = {row.student: row.earned for row in ROWS} | {who: 3 * len(done) for who, done in HONEST.items()}
    assert scores == everybody
    assert run.said["graded"] == len(everybody)


def test_nothing_outside_was_touched_and_no_service_reached(run: Run) -> None:
    secret = run.folder / "home" / "secret"
    assert (secret.read_text(), secret.stat().st_mode & 0o777, secret.stat().st_mtime) == (SECRET, 0o644, 1e9)
    assert not [path for path in run.folder.rglob("*planted*") if "autograded" not in path.parts
                and "submitted" not in path.parts]
    assert not Path("/tmp/planted-by-archive").exists()
    assert (run.folder / "course").stat().st_mode & 0o777 == 0o755
    assert (run.folder / "course" / "gradebook.db").stat().st_mode & 0o002 == 0
    assert not os.listxattr(run.folder / "course" / "gradebook.db")
    assert run.connections == []
    assert run.said["bystander"] is None


def test_no_process_mount_temporary_file_or_socket_is_left_behind(run: Run) -> None:
    assert run.said["left"] == {name: [] for name in run.said["left"]}


def test_the_table_in_the_threat_model_is_what_these_tests_hold() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_table(page), "run `python tests/hostile/table.py`"
