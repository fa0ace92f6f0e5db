"""The command `mle` as somebody types it: right answers, wrong input, Ctrl-C, odd places."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
import pytest

from autograder.authoring import build
from autograder.cli import main
from autograder.course import Course
from autograder.errors import MleError
from autograder.learner import Workspace

MEANS, LOOPS = "1-1-means", "1-2-loops"
WRONG_MEAN = "def mean(values):\n    return sum(values) / 2"


@pytest.fixture
def work(mini) -> Workspace:
    """The mini course with a learner's copies of both lessons."""
    workspace = Workspace(mini)
    for lesson in mini.lesson_ids:
        workspace.add(lesson)
    return workspace


def change(workspace: Workspace, lesson: str, edit) -> None:
    path = workspace.notebook(lesson)
    notebook = nbformat.read(path, as_version=4)
    edit(notebook)
    nbformat.write(notebook, path)


def answer(workspace: Workspace, lesson: str, **answers: str) -> None:
    """Writes answers into the learner's notebook; an empty one is the solution."""
    solved = nbformat.read(workspace.course.solutions / lesson / f"{lesson}.ipynb", as_version=4)
    solutions = {cell.id: cell.source for cell in solved.cells}

    def edit(notebook) -> None:
        for cell in notebook.cells:
            if cell.id in answers:
                cell.source = answers[cell.id] or solutions[cell.id]

    change(workspace, lesson, edit)


def progress_of(workspace: Workspace) -> dict:
    return json.loads((workspace.records / "progress.json").read_text(encoding="utf-8"))


def refused(done: subprocess.CompletedProcess[str], *says: str, code: int = 1) -> None:
    """It failed with its words on stderr, and without a traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    for text in says:
        assert text in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout == ""


# --- words it does not know


@pytest.mark.parametrize(("arguments", "says", "code"), [
    (["chekc"], "There is no verb 'chekc'. Did you mean 'check'?", 2),
    (["übung"], "There is no verb 'übung'. Known are: start, check", 2),
    (["check", "1-1-maens"], "No lesson is called '1-1-maens'. Did you mean '1-1-means'?", 1),
    (["build", "loops", "--check"], "No lesson is called 'loops'. Did you mean '1-2-loops'?", 1),
    (["reset"], "Missing argument 'LESSON'", 2),
    (["reset", ""], "No lesson is called ''", 1),
    (["check", "--wrong"], "No such option", 2),
    (["verify", "--jobs", "0"], "--jobs", 2),
    (["check"], "No lesson in", 1),
])
def test_a_word_it_does_not_know_is_answered_with_a_suggestion(arguments, says, code, mini, mle):
    refused(mle(*arguments, cwd=mini.root), says, code=code)


def test_help_names_every_verb(mini, mle):
    done = mle("--help", cwd=mini.root)
    assert (done.returncode, done.stderr) == (0, "")
    for verb in ("start", "check", "progress", "reset", "demo", "build", "verify", "doctor"):
        assert f"  {verb} " in done.stdout


# --- notebooks it cannot grade


def _missing(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _of_another_lesson(path: Path) -> None:
    shutil.copy(path.parents[1] / LOOPS / f"{LOOPS}.ipynb", path)


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _of_no_lesson(path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]), path)


UNREADABLE = {
    "missing": (_missing, "There is no notebook at"),
    "a folder": (_folder, "cannot be read"),
    "from another lesson": (_of_another_lesson, "is a notebook of lesson 1-2-loops, not of 1-1-means"),
    "cut short": (_cut_short, "is not valid JSON"),
    "of no lesson": (_of_no_lesson, "has none of the cells of lesson 1-1-means"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "JSON of another kind": (lambda path: path.write_bytes(b"[1, 2]"), "not a Jupyter notebook"),
    "not UTF-8": (lambda path: path.write_bytes(b"\xff\xfe{\x00}\x00"), "is not UTF-8"),
    "cells of the wrong kind": (lambda path: path.write_bytes(b'{"nbformat": 4, "nbformat_minor": 5, "cells": 5}'),
                                "not a notebook that Jupyter can read"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_notebook_that_cannot_be_graded_is_one_paragraph_with_the_cure(what, work, mle):
    spoil, says = UNREADABLE[what]
    spoil(work.notebook(MEANS))
    before = {path: path.read_bytes() for path in work.root.rglob("*") if path.is_file()}
    done = mle("check", MEANS, cwd=work.course.root)
    refused(done, says, str(work.notebook(MEANS)))
    assert len(done.stderr.strip().split("\n\n")) == 1
    assert {path: path.read_bytes() for path in work.root.rglob("*") if path.is_file()} == before


def test_debug_shows_the_traceback_and_the_same_words(work, mle):
    work.notebook(MEANS).write_bytes(b"")
    done = mle("check", MEANS, "--debug", cwd=work.course.root)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "is empty" in done.stderr


# --- what the system refuses


def _full_database() -> MleError:
    """What is left of SQLite's own words when nbgrader has told them its way."""
    database = sqlite3.connect(":memory:")
    database.execute("PRAGMA max_page_count = 1")
    try:
        database.execute("CREATE TABLE scores (points REAL)")
    except sqlite3.OperationalError as error:
        told = MleError("There was an error accessing the nbgrader database. Run `nbgrader db upgrade`.")
        told.__cause__ = error
        return told
    raise AssertionError("that database has room for a table")


@pytest.mark.parametrize(("error", "says"), [
    (OSError(errno.ENOSPC, "No space left on device", "a/file"), "The disk is full (a/file). Free some space"),
    (PermissionError(errno.EACCES, "Permission denied", "a/file"), "Not allowed to write or read (a/file)"),
    (OSError(errno.EROFS, "Read-only file system"), "Not allowed to write or read: Read-only file system"),
    (OSError(errno.EIO, "Input/output error", "a/file"), "The system refused (a/file): Input/output error"),
    (ZeroDivisionError("division by zero"), "Something went wrong inside mle itself: ZeroDivisionError"),
    (OSError(errno.ENOSPC, "No space left on device", "a/source", None, "a/copy"), "The disk is full (a/copy)."),
    (_full_database(), "The disk is full (gradebook.db). Free some space"),
    (KeyboardInterrupt(), "Stopped. Nothing is lost"),
], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("debug", [False, True])
def test_whatever_goes_wrong_inside_is_told_in_one_paragraph(error, says, debug, work, monkeypatch, capsys):
    def fail(*arguments):
        raise error

    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.chdir(work.course.root)
    monkeypatch.setattr("autograder.learner.workspace.Workspace.reset", fail)
    with pytest.raises(SystemExit) as stop:
        main(["reset", MEANS, *(["--debug"] if debug else [])])
    said = capsys.readouterr()
    assert stop.value.code == (130 if isinstance(error, KeyboardInterrupt) else 1)
    assert says in said.err
    assert ("Traceback" in said.err) is debug
    assert said.out == ""


# --- checking one's own work


@pytest.mark.slow
def test_a_check_from_nothing_to_everything_and_the_progress_after_it(work, mle):
    root = work.course.root
    before = mle("progress", cwd=root)
    assert "0/6" in before.stdout
    assert "Next: Means — `mle start 1-1-means`" in before.stdout

    untouched = mle("check", MEANS, cwd=root)
    assert (untouched.returncode, untouched.stderr) == (0, "")
    assert "1-1-means: 0 of 6 points" in untouched.stdout
    assert untouched.stdout.count("not attempted yet") == 2
    assert progress_of(work)[MEANS]["best"] == 0

    answer(work, MEANS, mean=WRONG_MEAN, geometric="")
    partly = mle("check", cwd=root / "work" / MEANS)
    assert partly.returncode == 0
    assert "1-1-means: 4 of 6 points" in partly.stdout
    assert "mean([1, 2, 3]) returned 3.0, expected 2" in partly.stdout
    assert "open hint 1 of 2" in partly.stdout
    assert "secret detail" not in partly.stdout
    assert "4 further points are given by a person" in partly.stdout
    assert LOOPS not in partly.stdout

    answer(work, MEANS, mean="")
    whole = mle("check", "means/../1-1-means", cwd=root)
    assert "1-1-means: 6 of 6 points" in whole.stdout
    assert whole.stdout.count("all checks passed") == 2
    lesson = progress_of(work)[MEANS]
    assert (lesson["earned"], lesson["best"], lesson["points"]) == (6, 6, 6)
    assert {name: entry["tries"] for name, entry in lesson["exercises"].items()} == {"mean": 1, "geometric": 0}

    after = mle("progress", cwd=root)
    assert "6/6" in after.stdout
    assert "done" in after.stdout
    assert "Next: Loops" in after.stdout


def test_the_plan_that_a_lesson_has_saved_is_part_of_the_progress(work, mle):
    plan = work.folder(MEANS) / "plan.json"
    assert "Your plan" not in mle("progress", cwd=work.course.root).stdout
    step = {"skill": "statistics", "demand": 0.5, "level": 0, "target": 2, "lessons": [MEANS]}
    plan.write_text(json.dumps({"made": "2026-03-01", "steps": [step]}), encoding="utf-8")
    done = mle("progress", cwd=work.course.root)
    assert done.returncode == 0
    for text in ("Your plan", "statistics", "0 of 2", "50%", "Plan made on 2026-03-01"):
        assert text in done.stdout
    for damaged in ('{"made": "2026-03-01", "steps": [{"skill": "x"}]}', "[]", '{"steps": 1', "[" * 100_000):
        plan.write_text(damaged, encoding="utf-8")
        done = mle("progress", cwd=work.course.root)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{plan} is no plan (any more). Open the notebook beside it" in done.stdout
        assert "0/6" in done.stdout and "Next: Means" in done.stdout


@pytest.mark.slow
def test_deleted_and_edited_checks_are_put_back_and_reported_and_change_no_score(work, mle):
    answer(work, MEANS, mean=WRONG_MEAN, geometric="")

    def spoil(notebook) -> None:
        notebook.cells = [cell for cell in notebook.cells if cell.id != "check-geometric"]
        next(cell for cell in notebook.cells if cell.id == "check-mean-values").source = "assert True"
        next(cell for cell in notebook.cells if cell.id == "given-setup").source = "math = None"

    change(work, MEANS, spoil)
    done = mle("check", MEANS, cwd=work.course.root)
    assert done.returncode == 0
    assert "1-1-means: 4 of 6 points" in done.stdout
    assert "Note: the cell 'check-geometric' was missing and was put back." in done.stdout
    assert "Note: the cell 'check-mean-values' had been changed and was restored." in done.stdout
    assert "Note: the cell 'given-setup' had been changed and was restored." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_folder_with_spaces_and_other_letters_is_a_place_like_any_other(work, mle, tmp_path):
    root = tmp_path / "Größe — 学ぶ 'x' [b] & co"
    shutil.move(work.course.root, root)
    moved = Workspace(Course(root))
    answer(moved, LOOPS, table="")
    for _ in range(2):
        done = mle("check", LOOPS, cwd=root)
        assert (done.returncode, done.stderr) == (0, "")
        assert "1-2-loops: 2 of 2 points" in done.stdout
        assert str(moved.notebook(LOOPS)) in done.stdout
    assert len((moved.records / "checks.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    done = mle("reset", LOOPS, cwd=root)
    assert str(moved.notebook(LOOPS)) in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("whom", ["the command", "its whole group, as a terminal does"])
def test_ctrl_c_in_a_check_leaves_no_process_behind_and_the_progress_as_it_was(whom, work):
    source = work.course.sources / MEANS / "lesson.py"
    source.write_text(source.read_text(encoding="utf-8").replace(
        "{cell_seconds: 3, notebook_seconds: 20}", "{cell_seconds: 500, notebook_seconds: 500}"), encoding="utf-8")
    build(work.course, [MEANS])
    answer(work, MEANS, mean="import time\ntime.sleep(400)")
    work.records.mkdir(exist_ok=True)
    record = work.records / "progress.json"
    record.write_text("{}\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in work.records.iterdir()}

    process = subprocess.Popen([sys.executable, "-m", "autograder", "check", MEANS], cwd=work.course.root, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    try:
        family: list[psutil.Process] = []
        while not family and process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True)
            time.sleep(0.05)
        time.sleep(1.5)  # by now it is most likely in the cell that sleeps; wherever it is, nothing may be left behind
        family += psutil.Process(process.pid).children(recursive=True)
        if whom == "the command":
            process.send_signal(signal.SIGINT)
        else:
            os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, out + errors
    assert "Stopped." in errors
    assert "Traceback" not in out + errors
    _, alive = psutil.wait_procs(set(family), timeout=10)
    assert alive == []
    assert {path: path.read_bytes() for path in work.records.iterdir()} == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_start_takes_jupyterlab_and_its_kernels_with_it(number, work):
    process = subprocess.Popen([sys.executable, "-m", "autograder", "start", "--no-browser"], cwd=work.course.root,
                               text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    try:
        address = next(line.strip() for line in process.stdout if line.strip().startswith("http"))
        server, token = address.split("lab/tree/")[0], address.partition("?token=")[2]
        kernel = urllib.request.Request(f"{server}api/kernels", method="POST", data=b"{}",
                                        headers={"Authorization": f"token {token}"})
        urllib.request.urlopen(kernel).close()
        family = psutil.Process(process.pid).children(recursive=True)
        assert any("ipykernel" in " ".join(child.cmdline()) for child in family)
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, errors) == (128 + number, "")
    assert "Stopping JupyterLab." in out
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_was_stopped_removes_the_folder_it_made(stop, code, mini, open_temp):
    process = subprocess.Popen([sys.executable, "-m", "autograder", "demo"], cwd=mini.root, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        assert "warming up" in process.stdout.readline()
        assert list(open_temp.glob("mle-demo-*"))
        process.send_signal(stop)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code
    assert errors == ("Stopped before the demo was finished. Its folder is removed; the next `mle demo` begins anew, "
                      "in a new or empty folder.\n")
    assert list(open_temp.glob("mle-demo-*")) == []


def test_a_demo_that_fails_removes_the_folder_it_made_and_no_other(mini, mle, tmp_path):
    shutil.rmtree(mini.solutions / MEANS)
    temporary, chosen = tmp_path / "temporary", tmp_path / "chosen"
    temporary.mkdir()
    refused(mle("demo", cwd=mini.root, env={"TMPDIR": str(temporary)}), "Run `mle build`")
    assert list(temporary.iterdir()) == []
    refused(mle("demo", "--folder", str(chosen), cwd=mini.root), "Run `mle build`")
    assert chosen.is_dir()


# --- which course, and which notebook


def test_outside_every_course_it_says_which_one_it_works_on(mle, tmp_path, repository):
    done = mle("progress", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        0, f"{tmp_path.resolve()} is in no course; working on the one in {repository.root}.\n")


def test_a_word_it_does_not_know_is_answered_without_loading_the_grader(work):
    program = ("import sys\nfrom autograder.cli import main\ntry:\n    main()\nfinally:\n"
               "    print(sorted({'nbgrader', 'nbformat', 'IPython'} & set(sys.modules)))")
    for arguments in (["check", "1-1-maens"], ["check", "no/such.ipynb"], ["grade", "1-1-maens"], ["verify", "maens"]):
        done = subprocess.run([sys.executable, "-c", program, *arguments], cwd=work.course.root, text=True,
                              capture_output=True)
        assert (done.returncode, done.stdout) == (1, "[]\n"), arguments
    done = subprocess.run([sys.executable, "-c", program, "progress"], cwd=work.course.root, text=True,
                          capture_output=True)
    assert "nbgrader" not in done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_a_notebook_outside_the_workspace_is_graded_and_does_not_count(work, mle, tmp_path):
    answer(work, MEANS, mean="")
    elsewhere = tmp_path / "homework" / "a copy.ipynb"
    elsewhere.parent.mkdir()
    shutil.move(work.notebook(MEANS), elsewhere)
    done = mle("check", str(elsewhere), cwd=work.course.root)
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("1-1-means: 3 of 6 points", f"Graded as saved in {elsewhere}", "does not count as progress"):
        assert text in done.stdout
    assert not (work.records / "progress.json").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_result_that_cannot_be_saved_is_printed_all_the_same(work, mle):
    work.records.mkdir(exist_ok=True)
    (work.records / "checks.jsonl").symlink_to("/dev/full")
    answer(work, MEANS, mean="")
    done = mle("check", MEANS, cwd=work.course.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1-1-means: 3 of 6 points" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "No space left on device" in line]
    assert line.startswith(f"Your progress could not be saved in {work.records}")


# --- starting over


def test_a_reset_says_where_the_old_copy_is(work, mle):
    work.notebook(MEANS).write_text("mine", encoding="utf-8")
    done = mle("reset", f"work/{MEANS}/{MEANS}.ipynb", cwd=work.course.root)
    assert (done.returncode, done.stderr) == (0, "")
    (backup,) = (work.root / "backups").iterdir()
    assert f"Your copy is kept in {backup}" in done.stdout
    assert (backup / f"{MEANS}.ipynb").read_text(encoding="utf-8") == "mine"
    assert work.notebook(MEANS).read_bytes() == (work.course.notebooks / MEANS / f"{MEANS}.ipynb").read_bytes()


def test_a_damaged_progress_file_is_set_aside_and_said_so(work, mle):
    work.records.mkdir(exist_ok=True)
    (work.records / "progress.json").write_text('{"1-1-means": {"best": "6"', encoding="utf-8")
    done = mle("progress", cwd=work.course.root)
    assert done.returncode == 0
    assert "The record of your progress was damaged. It is kept in" in done.stdout
    assert "0/6" in done.stdout
    again = mle("progress", cwd=work.course.root)
    assert "damaged" not in again.stdout


@pytest.mark.parametrize("arguments", [["progress"], ["--help"], ["build", "--check"]])
def test_a_reader_that_goes_away_is_no_crash(arguments, work):
    process = subprocess.Popen([sys.executable, "-m", "autograder", *arguments], cwd=work.course.root, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()  # before it has written anything
    errors = process.stderr.read()
    process.wait(60)
    process.stderr.close()
    assert errors.strip() == ""


# --- authors and instructors


@pytest.mark.slow
def test_verify_proves_both_lessons_and_then_names_the_check_that_a_wrong_answer_passes(mini, mle):
    good = mle("verify", "--quick", "--json", "found.json", cwd=mini.root, timeout=300)
    assert [proof["lesson"] for proof in json.loads((mini.root / "found.json").read_text())] == [MEANS, LOOPS]
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.count("proven") == 2
    assert "6/6" in good.stdout
    assert "2/2" in good.stdout

    answers = mini.sources / LOOPS / "answers.py"
    answers.write_text(answers.read_text(encoding="utf-8").replace("sum(ROWS[:-1])", "sum(ROWS)"), encoding="utf-8")
    bad = mle("verify", "--quick", LOOPS, cwd=mini.root, timeout=300)
    assert bad.returncode == 1
    assert "falls short" in bad.stdout
    line = next(n for n, text in enumerate(answers.read_text(encoding="utf-8").split("\n"), 1) if "leaves out" in text)
    assert (f"1-2-loops: the wrong answer 'leaves out the last row' of 'table' (answers.py:{line}) passes check "
            "'table-total'") in bad.stdout
    assert "Traceback" not in bad.stdout + bad.stderr


@pytest.mark.slow
def test_demo_grades_a_cohort_in_a_new_folder_and_touches_nothing_else(mini, mle, tmp_path):
    before = {path: path.read_bytes() for path in mini.root.rglob("*") if path.is_file()}
    folder = tmp_path / "a new" / "demo folder"
    done = mle("demo", "--folder", str(folder), cwd=mini.root, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    rows = {words[1]: words[2:] for words in
            (line.replace("│",
                          " │ ").split() for line in done.stdout.splitlines()) if len(words) > 2 and words[0] == "│"}
    assert {"ada", "ben", "chi", "dua", "eli", "fay"} <= set(rows)
    assert "12 submissions were graded in" in done.stdout
    assert len(list((folder / "feedback").rglob("*.html"))) == 12
    assert len(list((folder / "autograded").rglob("result.json"))) == 12
    assert (folder / "gradebook.db").stat().st_size > 0
    for page in (folder / "feedback").rglob("*.html"):
        assert "secret detail" not in page.read_text(encoding="utf-8")
    records = [folder / "autograded" / student / MEANS / "result.json" for student in ("ada", "fay")]
    assert [json.loads(record.read_text(encoding="utf-8"))["earned"] for record in records] == [6, 0]
    # It is a course of its own: verbs used in there work on it and not on the one it was made from.
    again = mle("grade", cwd=folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "0 graded, 12 unchanged since they were graded." in again.stdout
    assert {path: path.read_bytes() for path in mini.root.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_demo_of_one_lesson_hands_in_that_one_alone(mini, mle, tmp_path):
    done = mle("demo", LOOPS, "--folder", str(tmp_path / "demo"), cwd=mini.root, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 submissions were graded in" in done.stdout
    assert {path.parent.name for path in (tmp_path / "demo" / "autograded").rglob("result.json")} == {LOOPS}
    assert "6 unchanged" in mle("grade", cwd=tmp_path / "demo").stdout
    refused(mle("demo", "maens", cwd=mini.root), "No lesson is called 'maens'")


def test_demo_refuses_a_folder_that_holds_something_and_leaves_it_alone(mini, mle, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    refused(mle("demo", "--folder", str(tmp_path), cwd=mini.root), "is not empty, and the demo overwrites nothing")
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before
    refused(mle("demo", "--folder", str(tmp_path / "mine.txt"), cwd=mini.root), "is a file", code=2)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_doctor_says_how_submissions_are_isolated_here(mle, repository):
    done = mle("doctor", cwd=repository.root)
    line = next(line for line in done.stdout.splitlines() if "Isolation:" in line)
    isolated = "namespaces" in line or "Landlock" in line
    assert isolated == (sys.platform == "linux") or "cannot isolate" in line
