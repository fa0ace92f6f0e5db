"""The walkthrough for learners, gone through as it is written, with a small course under the names it uses."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from walkthroughs import LESSON, page, small_kit, steps

from autograder.authoring import build
from autograder.cli import main
from autograder.course import Course
from autograder.grading.hand_in import read_pack
from autograder.learner import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture
def kit(tmp_path: Path) -> Course:
    return small_kit(tmp_path / "kit")


def start(course: Course, arguments: list[str]) -> str:
    """`mle start` until it says where JupyterLab is; then Ctrl-C, as the page says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", *arguments, "--no-browser"], cwd=course.root, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"})
    try:
        address = next(line.strip() for line in process.stdout if line.strip().startswith("http"))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    return address


def answer(course: Course) -> None:
    """What a learner does in JupyterLab."""
    path = Workspace(course).notebook(LESSON)
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "mean").source = (
        "def mean(values):\n    return sum(values) / len(values)")
    nbformat.write(notebook, path)


def a_newer_version(course: Course) -> None:
    path = course.sources / LESSON / "lesson.py"
    source = path.read_text(encoding="utf-8")
    path.write_text(source.replace("Two means", "Two sorts of mean"), encoding="utf-8")
    build(course, [LESSON])


def test_every_command_of_the_walkthrough_works_as_it_is_written(kit, monkeypatch, capsys):
    work, said = Workspace(kit), {}
    monkeypatch.chdir(kit.root)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("webbrowser.open", lambda address: True)
    for _, line in steps(page("learner.md")):
        program, *arguments = shlex.split(line)
        assert program == "./mle", line
        if arguments[0] == "start":
            assert f"{LESSON}.ipynb" in start(kit, arguments)
            assert (work.root / "Progress.html").is_file() and (work.root / "Start here.ipynb").is_file()
            answer(kit)
            continue
        if arguments[0] == "update":
            a_newer_version(kit)
        # In this process, which has imported by now what takes each of them seconds.
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        # What this machine lacks is no mistake of the walkthrough.
        assert ended.value.code == 0 or arguments == ["doctor"], (line, out, err)
        said[line] = " ".join(out.split())

    assert f"{LESSON}: 3 of 6 points" in said[f"./mle check {LESSON}"]
    assert "mathematics 1 of 3" in said["./mle progress"]
    assert "mean solved" in re.sub(r"<[^>]*>|\s+", " ", (work.root / "Progress.html").read_text(encoding="utf-8")
                                   ).replace("  ", " ").replace("  ", " ")
    assert "not answered yet: geometric, memo" in said[f"./mle submit {LESSON}"]
    assert "has changed since" not in said[f"./mle submit {LESSON}"]
    zips = [*work.root.glob("submissions/*.zip"), *kit.root.glob("hand-ins/*.zip")]
    assert len(zips) == 2
    for path in zips:
        assert zipfile.is_zipfile(path) and read_pack(path).problems == ()
    assert "Your answers are in it: mean." in said["./mle update"]
    assert len(list((work.root / "backups").iterdir())) == 2
    assert f"A fresh one is at {work.notebook(LESSON)}" in said[f"./mle reset {LESSON}"]
    for name in re.findall(r"^\| `([^`]*?)/?`", page("learner.md"), re.MULTILINE):
        assert (work.root / name).exists(), name
