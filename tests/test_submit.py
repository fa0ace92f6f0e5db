"""`mle submit`: what can be graded is packed, and a learner is told what they may have forgotten."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from stub_engine import EveryCheckPasses

from autograder.execution import RunRecord
from autograder.grading import Key, UnreadableNotebook, grade_notebook
from autograder.grading.hand_in import read_pack, unpack
from autograder.grading.reading import read_hand_in
from autograder.grading.stored import digest_of
from autograder.learner import Progress, Workspace
from autograder.learner import check as check_module
from autograder.learner.check import check_lesson
from autograder.learner.submit import HandedIn, submit

MEANS, LOOPS = "1-1-means", "1-2-loops"


@pytest.fixture
def workspace(mini) -> Workspace:
    space = Workspace(mini)
    for lesson in mini.lesson_ids:
        space.add(lesson)
    return space


@pytest.fixture(autouse=True)
def passing(monkeypatch) -> None:
    """Checks pass without being run: nothing here depends on how a notebook is run."""
    def run(job) -> RunRecord:
        return EveryCheckPasses().run(job)

    monkeypatch.setattr(check_module, "grade_notebook",
                        lambda key, notebook, folder: grade_notebook(key, notebook, folder, run))


def answer(workspace: Workspace, lesson: str = MEANS, **answers: str) -> None:
    path = workspace.notebook(lesson)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    nbformat.write(notebook, path)


def handed_in(workspace: Workspace, lesson: str = MEANS, to: Path | None = None) -> HandedIn:
    return submit(workspace, Progress(workspace.records), lesson, to)


def test_a_hand_in_can_be_graded_from_its_zip_with_the_learners_answers_and_files(workspace, tmp_path):
    answer(workspace, LOOPS, table="total = 6  # größe")
    (workspace.folder(LOOPS) / "notes.txt").write_text("mine", encoding="utf-8")
    done = handed_in(workspace, LOOPS)
    assert done.packed.path.parent == workspace.root / "submissions"
    read = read_pack(done.packed.path)
    assert (read.lesson, read.problems, read.names) == (LOOPS, (), (f"{LOOPS}.ipynb", "notes.txt"))
    unpack(read, tmp_path / "submitted" / "ada" / LOOPS)
    folder = tmp_path / "submitted" / "ada" / LOOPS
    assert digest_of(folder) == done.packed.receipt.digest
    cells = read_hand_in(folder, LOOPS, Key.load(workspace.course.solutions / LOOPS)).cells
    assert next(cell for cell in cells if cell.id == "table").source == "total = 6  # größe"


def test_a_file_that_the_lesson_ships_goes_along_only_once_it_was_changed(workspace):
    assert "table.py" not in handed_in(workspace, LOOPS).packed.receipt.files
    (workspace.folder(LOOPS) / "table.py").write_text("ROWS = [6]", encoding="utf-8")
    assert "table.py" in handed_in(workspace, LOOPS).packed.receipt.files


def test_a_learner_is_told_what_is_not_answered_and_whether_they_have_checked_it(workspace):
    done = handed_in(workspace)
    assert (done.untouched, done.answered, done.checked) == (("mean", "geometric", "memo"), False, None)
    answer(workspace, mean="def mean(values): ...", memo="An essay.")
    check_lesson(workspace, Progress(workspace.records), MEANS)
    done = handed_in(workspace)
    assert (done.untouched, done.answered, done.checked.points, done.changed) == (("geometric",), True, 6, False)
    answer(workspace, geometric="def geometric(values): ...")
    assert handed_in(workspace).changed


def test_running_a_notebook_is_no_change_since_its_last_check(workspace):
    answer(workspace, mean="def mean(values): ...")
    check_lesson(workspace, Progress(workspace.records), MEANS)
    path = workspace.notebook(MEANS)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = 3, [nbformat.v4.new_output("stream", text="ran")]
    path.write_text(nbformat.writes(notebook, indent=4), encoding="utf-8")
    assert not handed_in(workspace).changed


def _of_another_lesson(path: Path) -> None:
    shutil.copy(path.parents[1] / LOOPS / f"{LOOPS}.ipynb", path)


@pytest.mark.parametrize(("spoil", "says"), [
    (lambda path: path.unlink(), "There is no notebook at .* `mle start 1-1-means` puts one there"),
    (lambda path: path.write_bytes(path.read_bytes()[:-200]), "not valid JSON.* fresh copy with `mle reset"),
    (lambda path: path.write_bytes(b""), "is empty"),
    (_of_another_lesson, "is a notebook of lesson 1-2-loops"),
])
def test_what_cannot_be_graded_is_not_packed(spoil, says, workspace):
    spoil(workspace.notebook(MEANS))
    with pytest.raises(UnreadableNotebook, match=says):
        handed_in(workspace)
    assert not (workspace.root / "submissions").exists()


@pytest.mark.slow
def test_mle_submit_says_where_the_zip_is_and_what_to_do_with_it(workspace, tmp_path, mle):
    answer(workspace, mean="def mean(values): ...")
    os.symlink(tmp_path, workspace.folder(MEANS) / "elsewhere")
    said = mle("submit", MEANS, "--to", "für die Schule", cwd=workspace.course.root)
    assert said.returncode == 0, said.stderr
    path, = (workspace.course.root / "für die Schule").glob("1-1-means 2*.zip")
    for text in ("not answered yet: geometric, memo", "you have not checked it", "elsewhere was left out: a link",
                 str(path), read_pack(path).digest, "Hand in this file as it is"):
        assert text in said.stdout
    assert mle("submit", MEANS, "--to", str(path), cwd=workspace.course.root).returncode == 2
