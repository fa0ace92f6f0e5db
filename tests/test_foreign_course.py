"""A course that this kit did not make, graded by stock nbgrader commands with our two lines in its configuration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import Limits
from autograder.grading import grade_notebook
from autograder.grading.credit import points_for
from autograder.grading.foreign import Rules, key_of
from autograder.grading.names import names_of

TWO_LINES = "from autograder.grading import configure\nconfigure(get_config())\n"
SETTINGS = """\
import sys
c = get_config()
c.CourseDirectory.course_id = "elsewhere"
c.IncludeHeaderFooter.header = "header.ipynb"
c.Autograde.exclude_overwriting = {"ps1": ["helper.py"]}
c.Execute.timeout = 20
sys.path.insert(0, {root!r})
import late
c.AssignLatePenalties.plugin_class = late.HalfOff
"""
LATE = """\
from nbgrader.plugins import BasePlugin


class HalfOff(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
"""
LONG_ID = "in-a-loop-" + "x" * 60  # longer than a cell's id may be


# --- the course ---------------------------------------------------------------------------------------------------


def cell(source: str, grade_id: str = "", *, text: bool = False, points: float | None = None, **meta) -> NotebookNode:
    made = (new_markdown_cell if text else new_code_cell)(source)
    if grade_id:
        made.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, "grade": False, "solution": False,
                                     "locked": False, "task": False} | meta
        if points is not None:
            made.metadata["nbgrader"]["points"] = points
    return made


def answer(source: str, grade_id: str, **more) -> NotebookNode:
    return cell(source, grade_id, solution=True, **more)


def check(source: str, grade_id: str, points: float = 1) -> NotebookNode:
    return cell(source, grade_id, grade=True, locked=True, points=points)


def notebook(*cells: NotebookNode, kernel: str = "python3", language: str = "python") -> NotebookNode:
    return new_notebook(cells=list(cells), metadata={"kernelspec": {
        "name": kernel, "display_name": kernel, "language": language}})


def solution(code: str, grade_id: str) -> NotebookNode:
    return answer(f"### BEGIN SOLUTION\n{code}\n### END SOLUTION", grade_id)


P1 = notebook(
    cell("# Squares", text=True),
    cell("import os\nimport helper\nnumbers = [int(line) for line in open('data.txt')]", "load", locked=True),
    solution("def square(x):\n    return x * x", "square"),
    check("assert square(2) == 4\n### BEGIN HIDDEN TESTS\nassert square(7) == 49, 'secret forty-nine'\n"
          "### END HIDDEN TESTS\nassert square(0) == 0", "check-square", 3),
    cell("shift = 10", ""),
    # Written after an ordinary cell: it sees what that cell did.
    check("assert square(shift) == 100", "shifted", 2),
    check("for value in (3, 4):\n    ### BEGIN HIDDEN TESTS\n    assert square(-value) == value ** 2\n"
          "    ### END HIDDEN TESTS\n    assert square(value) == value ** 2", LONG_ID, 2),
    solution("def total(values):\n    return sum(values)", "total"),
    check("right = sum(total(v) == sum(v) for v in ([], [1], [1, 2], numbers))\nright / 4 * 5", "parts", 5),
    check("got = sum(total(v) == sum(v) for v in ([3], [4, 5]))\n### BEGIN HIDDEN TESTS\n2.5 if got == 2 else 0.5\n"
          "### END HIDDEN TESTS", "hidden-parts", 2.5),
    check("total(numbers);", "quiet", 1),
    check("assert helper.by_student(1) == 1", "own-helper", 1),
    check("assert os.environ['NBGRADER_EXECUTION'] == 'autograde'", "environment", 1),
    answer("def draw(): ...", "draw", grade=True, points=4),
    answer("Why?", "why", text=True, grade=True, points=3),
    cell("Do something.\n\n=== BEGIN MARK SCHEME ===\nTwo for trying.\n=== END MARK SCHEME ===", "project", text=True,
         task=True, locked=True, points=6),
)
P2 = notebook(
    solution("one = 1", "one"),
    check("from math import isclose, pi\nepsilon = 1e-9\nassert isclose(one, 1, abs_tol=epsilon)", "first"),
    solution("two = 2 * pi / pi", "two"),
    check("assert isclose(two, 2, abs_tol=epsilon)\n### BEGIN HIDDEN TESTS\nanswers = [one, two]\n"
          "### END HIDDEN TESTS", "second"),
    solution("three = 3", "three"),
    check("assert answers + [three] == [1, 2, 3]", "third"),
)
OLD = notebook(
    solution("def twice(x):\n    return 2 * x", "twice"),
    check("assert twice(2) == 4", "check-twice", 2),
    answer("Say why.", "say", text=True, grade=True, points=2),
)
HEADER = notebook(cell("*The university of elsewhere*", text=True))


def write(notebook: NotebookNode | bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode())


def nbgrader(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=cwd, text=True, encoding="utf-8",
                          capture_output=True, timeout=300, stdin=subprocess.DEVNULL,
                          env=os.environ | {"PATH": path, "PYTHONIOENCODING": "utf-8"} | env)


def settings(root: Path, *, ours: bool) -> None:
    text = SETTINGS.replace("{root!r}", repr(str(root)))
    (root / "nbgrader_config.py").write_text(text + (TWO_LINES if ours else ""))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as its teacher has it, generated by stock nbgrader; nobody has handed in anything."""
    root = tmp_path_factory.mktemp("elsewhere") / "course"
    write(P1, root / "source" / "ps1" / "p1.ipynb")
    write(P2, root / "source" / "ps1" / "p2.ipynb")
    write(OLD, root / "source" / "old" / "old.ipynb")
    (root / "source" / "ps1" / "data.txt").write_text("3\n4\n")
    (root / "source" / "ps1" / "helper.py").write_text("def by_student(x): raise NotImplementedError\n")
    write(HEADER, root / "header.ipynb")
    (root / "late.py").write_text(LATE)
    settings(root, ours=False)
    for assignment in ("ps1", "old"):
        done = nbgrader("generate_assignment", assignment, cwd=root)
        assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "elsewhere") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2024-01-01 00:00:00 UTC")
        for student in ("ann", "eve"):
            gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission("ps1", "eve")
        gradebook.grant_extension("ps1", "eve", days=3)
    return root


def released(root: Path, assignment: str, name: str, **sources: str) -> NotebookNode:
    """What a learner received, with some cells' sources changed."""
    notebook = nbformat.read(root / "release" / assignment / f"{name}.ipynb", as_version=4)
    for one in notebook.cells:
        grade_id = one.metadata.get("nbgrader", {}).get("grade_id")
        one.source = sources.get(grade_id, one.source)
    return notebook


def hand_in(root: Path, student: str, assignment: str, when: str = "2023-12-31 00:00:00 UTC",
            **notebooks: NotebookNode | bytes) -> Path:
    folder = root / "submitted" / student / assignment
    for name, notebook in notebooks.items():
        write(notebook, folder / f"{name}.ipynb")
    (folder / "timestamp.txt").write_text(when)
    (folder / "data.txt").write_text("0\n")
    (folder / "helper.py").write_text("def by_student(x): return x\n")
    return folder


RIGHT = {"square": "def square(x):\n    return x * x", "total": "def total(values):\n    return sum(values)"}
RIGHT2 = {"one": "one = 1", "two": "two = 2 * pi / pi", "three": "three = 3"}


def honest(root: Path) -> None:
    """Hand-ins of people who do what they are told, more or less well."""
    full = released(root, "ps1", "p1", **RIGHT, draw="def draw(): return 1", why="Because.")
    hand_in(root, "ann", "ps1", p1=full, p2=released(root, "ps1", "p2", **RIGHT2))
    hand_in(root, "bob", "ps1", "2024-01-02 00:00:00 UTC",
            p1=released(root, "ps1", "p1", square="def square(x):\n    return {0: 0, 2: 4, 10: 100}[x]",
                        total="def total(values):\n    return values[0] if values else 0"),
            p2=released(root, "ps1", "p2", one="one = 1", two="two = epsilon"))
    hand_in(root, "cal", "ps1", p1=released(root, "ps1", "p1"), p2=released(root, "ps1", "p2"))
    hand_in(root, "eve", "ps1", "2024-01-02 00:00:00 UTC", p1=full, p2=released(root, "ps1", "p2", three="three = 3"))
    hand_in(root, "flo", "ps1", p1=full)


def grades(root: Path, assignment: str) -> dict[tuple[str, str, str], tuple[float | None, bool]]:
    """Per student, notebook and cell: automatic points, and whether a person is needed."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "elsewhere") as gradebook:
        return {(submission.student.id, notebook.name, grade.name): (grade.auto_score, grade.needs_manual_grade)
                for submission in gradebook.assignment_submissions(assignment)
                for notebook in submission.notebooks for grade in notebook.grades}


def penalties(root: Path) -> dict[tuple[str, str], float | None]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "elsewhere") as gradebook:
        return {(submission.student.id, notebook.name): notebook.late_submission_penalty
                for submission in gradebook.assignment_submissions("ps1") for notebook in submission.notebooks}


def comments(root: Path) -> dict[tuple[str, str, str], str | None]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "elsewhere") as gradebook:
        return {(submission.student.id, notebook.name, comment.name): comment.auto_comment
                for submission in gradebook.assignment_submissions("ps1")
                for notebook in submission.notebooks for comment in notebook.comments}


def flagged(root: Path, assignment: str) -> set[tuple[str, str]]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "elsewhere") as gradebook:
        return {(submission.student.id, notebook.name) for submission in gradebook.assignment_submissions(assignment)
                for notebook in submission.notebooks if notebook.flagged}


def result(root: Path, student: str, assignment: str, file: str = "result.json") -> dict:
    return json.loads((root / "autograded" / student / assignment / file).read_text(encoding="utf-8"))


# --- the same as stock nbgrader, on honest work ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same class graded twice by `nbgrader autograde`: with our two lines, and without."""
    roots = []
    for name in ("ours", "stock"):
        root = tmp_path_factory.mktemp(name) / "course"
        shutil.copytree(made, root)
        settings(root, ours=name == "ours")
        honest(root)
        done = nbgrader("autograde", "ps1", cwd=root)
        assert done.returncode == 0, done.stderr
        roots.append(root)
    return roots[0], roots[1]


@pytest.mark.slow
def test_honest_work_gets_the_scores_that_stock_nbgrader_gives(both):
    ours, stock = both
    expected = grades(stock, "ps1")
    assert len(expected) == 5 * (len(P1.cells) - 5 + 3)
    assert grades(ours, "ps1") == expected
    points = {student: sum(score or 0 for (who, _, _), (score, _) in expected.items() if who == student)
              for student in ("ann", "bob", "cal")}
    assert points["ann"] == 20.5 and 0 < points["bob"] < points["ann"] and points["cal"] < points["bob"]


@pytest.mark.slow
def test_answers_for_a_person_wait_and_blank_ones_have_no_points(both):
    ours, _ = both
    graded = grades(ours, "ps1")
    assert [graded["ann", "p1", name] for name in ("draw", "why", "project")] == [(None, True)] * 3
    assert [graded["cal", "p1", name] for name in ("draw", "why")] == [(0, False)] * 2
    assert graded["cal", "p1", "project"] == (None, True)


@pytest.mark.slow
def test_late_penalties_extensions_and_comments_are_those_of_stock_nbgrader(both):
    ours, stock = both
    assert penalties(ours) == penalties(stock)
    assert penalties(ours)["bob", "p1"] > 0
    assert not penalties(ours)["eve", "p1"]
    assert comments(ours) == comments(stock)


@pytest.mark.slow
def test_a_notebook_that_was_not_handed_in_is_no_points_a_record_and_a_flag(both):
    ours, _ = both
    graded = grades(ours, "ps1")
    assert {graded["flo", "p2", name] for name in ("first", "second", "third")} == {(0, False)}
    record = result(ours, "flo", "ps1", "result-p2.json")
    assert (record["earned"], record["points"]) == (0, 3) and "p2.ipynb was not handed in" in record["ended"]
    assert flagged(ours, "ps1") == {("flo", "p2")}


@pytest.mark.slow
def test_feedback_of_stock_nbgrader_shows_scores_and_no_hidden_test(both):
    ours, _ = both
    for root in both:
        done = nbgrader("generate_feedback", "ps1", "--student=bob", cwd=root)
        assert done.returncode == 0, done.stderr
    pages = [(root / "feedback" / "bob" / "ps1" / "p1.html").read_text(encoding="utf-8") for root in both]
    assert "secret forty-nine" in pages[1]
    assert "secret forty-nine" not in pages[0] and "A hidden test did not pass." in pages[0]
    for folder in (ours / "autograded", ours / "feedback"):
        assert all("secret forty-nine" not in path.read_text(errors="replace")
                   for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_formgraders_button_gives_the_same_scores_as_the_command(both, made, tmp_path, monkeypatch):
    root = tmp_path / "course"
    shutil.copytree(made, root)
    settings(root, ours=True)
    honest(root)
    monkeypatch.chdir(root)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    outcome = api.autograde("ps1", "bob")
    assert outcome["success"], outcome
    graded = {place: grade for place, grade in grades(root, "ps1").items() if place[0] == "bob"}
    assert graded == {place: grade for place, grade in grades(both[0], "ps1").items() if place[0] == "bob"}
    assert result(root, "bob", "ps1", "result-p1.json")["earned"] > 0


@pytest.mark.slow
def test_a_course_keeps_its_own_directories_and_preprocessors(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(made / "late.py", tmp_path)
    text = SETTINGS.replace("{root!r}", repr(str(tmp_path))) + (
        "from nbgrader.preprocessors import Execute, LimitOutput, SaveAutoGrades\n"
        "c.Autograde.autograde_preprocessors = [Execute, LimitOutput, SaveAutoGrades]\n")
    (tmp_path / "nbgrader_config.py").write_text(text + TWO_LINES)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config()
    assert [one.__name__ for one in config.Autograde.autograde_preprocessors] == [
        "GradeSubmission", "LimitOutput", "SaveScores"]
    directory = CourseDirectory(config=config)
    assert (directory.source_directory, directory.release_directory, directory.course_id) == (
        "source", "release", "elsewhere")


# --- what stock nbgrader stops at, or gets wrong --------------------------------------------------------------------


def without_metadata(notebook: NotebookNode, ids: bool) -> NotebookNode:
    for number, one in enumerate(notebook.cells):
        one.metadata = NotebookNode()
        if not ids:
            one.id = f"lost-{number}"
    return notebook


def of_schema(notebook: NotebookNode, version: int) -> NotebookNode:
    """As an older nbgrader would have written it."""
    for one in notebook.cells:
        meta = one.metadata.get("nbgrader")
        if meta:
            meta["schema_version"] = version
            for key in ("task", "cell_type") if version == 1 else ("task",):
                meta.pop(key, None)
    return notebook


def broken(root: Path) -> None:
    good = {"twice": "def twice(x):\n    return 2 * x", "say": "It is."}
    plain = released(root, "old", "old", **good)
    doubled = deepcopy(plain)
    doubled.cells += [deepcopy(one) for one in doubled.cells if "nbgrader" in one.metadata]
    changed = released(root, "old", "old", twice="def twice(x):\n    return 0", **{"check-twice": "pass"})
    no_grade_id = deepcopy(plain)
    del no_grade_id.cells[-1].metadata["nbgrader"]["grade_id"]
    noisy = released(root, "old", "old", twice="import warnings\ndef twice(x):\n    warnings.warn('slow')\n"
                                               "    print('called')\n    return 2 * x")
    version3 = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"}, "worksheets": [{
        "metadata": {}, "cells": [{"cell_type": "code", "language": "python", "collapsed": False, "outputs": [],
                                   "input": one.source, "metadata": one.metadata} for one in plain.cells[1:3]]}]})
    for student, handed_in in {
        "a-json": b'{"cells": [', "b-empty": b"", "c-lost": without_metadata(deepcopy(plain), ids=False),
        "d-kept-ids": without_metadata(deepcopy(plain), ids=True), "e-doubled": doubled, "f-changed": changed,
        "g-half": no_grade_id, "h-schema-1": of_schema(deepcopy(plain), 1), "i-schema-2": of_schema(deepcopy(plain), 2),
        "j-schema-9": of_schema(deepcopy(plain), 9), "k-noisy": noisy, "l-nbformat-3": version3.encode(),
        "m-exits": released(root, "old", "old", twice="import os\nos._exit(0)"), "z-plain": plain,
    }.items():
        hand_in(root, student, "old", old=handed_in)


@pytest.fixture(scope="module")
def mended(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A class full of broken notebooks, graded by one command, in a course whose own notebooks are of schema 1."""
    root = tmp_path_factory.mktemp("mended") / "course"
    shutil.copytree(made, root)
    settings(root, ours=True)
    broken(root)
    for folder in ("source", "release"):
        path = root / folder / "old" / "old.ipynb"
        write(of_schema(nbformat.read(path, as_version=4), 1), path)
    return root, nbgrader("autograde", "old", cwd=root)


POINTS = {"a-json": 0, "b-empty": 0, "c-lost": 0, "d-kept-ids": 2, "e-doubled": 2, "f-changed": 0, "g-half": 2,
          "h-schema-1": 2, "i-schema-2": 2, "j-schema-9": 2, "k-noisy": 2, "l-nbformat-3": 2, "m-exits": 0,
          "z-plain": 2}


@pytest.mark.slow
def test_one_broken_notebook_never_stops_the_run(mended):
    root, done = mended
    assert done.returncode == 0, done.stderr
    graded = grades(root, "old")
    assert {student: graded[student, "old", "check-twice"][0] for student in POINTS} == POINTS
    assert {student: result(root, student, "old")["earned"] for student in POINTS} == POINTS


@pytest.mark.slow
def test_what_could_not_be_graded_says_why_and_is_flagged_for_a_person(mended):
    root, done = mended
    reasons = {"a-json": "not valid JSON", "b-empty": "old.ipynb is empty", "c-lost": "none of the cells of old",
               "m-exits": "ended while it ran"}
    assert flagged(root, "old") == {(student, "old") for student in reasons}
    for student, reason in reasons.items():
        record = result(root, student, "old")
        assert reason in record["ended"]
        assert reason in done.stdout + done.stderr
        assert str(root) not in json.dumps(record)
        assert "mle " not in record["ended"]


@pytest.mark.slow
def test_manual_answers_of_mended_notebooks_still_wait_for_a_person(mended):
    root, _ = mended
    graded = grades(root, "old")
    assert graded["z-plain", "old", "say"] == graded["h-schema-1", "old", "say"] == (None, True)
    assert graded["f-changed", "old", "say"] == graded["a-json", "old", "say"] == (0, False)


@pytest.mark.slow
def test_repairs_are_in_the_record(mended):
    root, _ = mended
    assert result(root, "f-changed", "old")["repairs"] == ["the cell 'check-twice' had been changed and was restored"]
    assert result(root, "z-plain", "old")["repairs"] == []
    assert any("more than once" in repair for repair in result(root, "e-doubled", "old")["repairs"])


@pytest.mark.slow
def test_the_gradebook_alone_is_enough_to_grade(made, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(made, root)
    settings(root, ours=True)
    hand_in(root, "ann", "ps1", p1=released(root, "ps1", "p1", **RIGHT), p2=released(root, "ps1", "p2", **RIGHT2))
    shutil.rmtree(root / "release")
    for path in (root / "source").rglob("*.ipynb"):
        path.unlink()
    done = nbgrader("autograde", "ps1", cwd=root)
    assert done.returncode == 0, done.stderr
    assert result(root, "ann", "ps1", "result-p1.json")["earned"] == 17.5
    assert result(root, "ann", "ps1", "result-p2.json")["earned"] == 3


@pytest.mark.slow
def test_other_languages_are_left_to_nbgraders_own_execute(made, tmp_path):
    """The kernel of this 'language' is Python's in disguise: only what nbgrader is told of it matters here."""
    root = tmp_path / "course"
    shutil.copytree(made, root)
    kernel = tmp_path / "jupyter" / "kernels" / "snail"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Snail",
        "language": "matlab"}))
    jupyter = {"JUPYTER_PATH": str(tmp_path / "jupyter")}
    slow = notebook(*OLD.cells, kernel="snail", language="matlab")
    write(slow, root / "source" / "slow" / "slow.ipynb")
    done = nbgrader("generate_assignment", "slow", cwd=root, **jupyter)
    assert done.returncode == 0, done.stderr
    settings(root, ours=True)
    hand_in(root, "ann", "slow", slow=released(root, "slow", "slow", twice="def twice(x):\n    return 2 * x"))
    hand_in(root, "bob", "slow", slow=b"{")
    done = nbgrader("autograde", "slow", cwd=root, **jupyter)
    assert done.returncode == 0, done.stderr
    assert "is for the kernel 'snail', so nbgrader's own Execute runs it" in done.stdout + done.stderr
    graded = grades(root, "slow")
    assert (graded["ann", "slow", "check-twice"][0], graded["bob", "slow", "check-twice"][0]) == (2, 0)


# --- validate -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("sources", "said"), [
    ({"twice": "def twice(x):\n    return 2 * x"}, "Success! Your notebook passes all the tests."),
    ({"twice": "import warnings\ndef twice(x):\n    warnings.warn('slow')\n    return 2 * x"}, "Success!"),
    ({"twice": "def twice(x):\n    return 3 * x"}, "AssertionError"),
    ({"twice": "1 / 0"}, "NameError"),
    ({"twice": "get_ipython().ast_transformers.append(0)\ndef twice(x): return 0"}, "AssertionError"),
], ids=["right", "right with a warning", "wrong", "broken", "with a hook"])
def test_validate_says_what_grading_would(made, tmp_path, sources, said):
    shutil.copy(made / "late.py", tmp_path)
    settings(tmp_path, ours=True)
    write(released(made, "old", "old", say="It is.", **sources), tmp_path / "old.ipynb")
    done = nbgrader("validate", "old.ipynb", cwd=tmp_path)
    assert said in done.stdout + done.stderr


def test_validate_is_left_alone_in_another_version_of_nbgrader(monkeypatch, caplog):
    import nbgrader as package
    from nbgrader.validator import Validator

    from autograder.grading.validation import validate_with_our_engine
    stock = object()
    monkeypatch.setattr(Validator, "_preprocess", stock)
    monkeypatch.setattr(package, "__version__", "1.0.0")
    assert not validate_with_our_engine()
    assert Validator._preprocess is stock
    monkeypatch.setattr(package, "__version__", "0.9.6")
    assert validate_with_our_engine()
    assert Validator._preprocess is not stock


# --- keys and parts, without a gradebook ----------------------------------------------------------------------------


def test_a_check_is_cut_where_its_hidden_tests_begin_and_keeps_its_order():
    key = key_of("p1", P1, Rules())
    parts = {one.check: one for one in key.of_kind("check")}
    first = parts["check-square"]
    assert first.parts == ("assert square(2) == 4",
                           "assert square(7) == 49, 'secret forty-nine'\nassert square(0) == 0")
    assert first.visible == "assert square(2) == 4\nassert square(0) == 0"
    assert (first.hidden_from, first.exercise) == (1, "square")
    loop = parts[LONG_ID]
    assert len(loop.parts) == 1 and loop.hidden_from == 0 and "-value" in loop.parts[0]
    assert "-value" not in loop.visible
    assert len(loop.id) <= 64 and key.by_grade_id[LONG_ID] == loop.id


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_notebooks_of_every_metadata_schema_make_the_same_key(version):
    now = key_of("old", OLD, Rules())
    key = key_of("old", of_schema(deepcopy(OLD), version), Rules())
    assert [(one.id, one.kind, one.points, one.parts) for one in key.cells] == [
        (one.id, one.kind, one.points, one.parts) for one in now.cells]
    assert [one.kind for one in key.cells] == ["exercise", "check", "essay"]


@pytest.mark.parametrize(("source", "given", "needed"), [
    ("import numpy as np\nx = np.zeros(n)", {"np", "x"}, {"n"}),
    ("for i in range(3):\n    print(i)", {"i"}, {"range", "print"}),
    ("total = total + 1", {"total"}, {"total"}),
    ("def f(a):\n    b = a + c\n    return b\nc = 1", {"f", "c"}, set()),
    ("[k for k in values]", set(), {"values"}),
    ("%time y = 3\n!ls", set(), {"get_ipython"}),
    ("await nap()", set(), {"nap"}),
    ("this is no python", set(), set()),
], ids=lambda value: value if isinstance(value, str) else "")
def test_names_that_a_cell_gives_and_needs_are_read_off_its_code(source, given, needed):
    names = names_of(source)
    assert (set(names.given), set(names.needed)) == (given, needed)


def test_an_import_of_everything_gives_every_name():
    assert names_of("from math import *").gives({"cos", "dog"}) == {"cos", "dog"}
    assert names_of("from math import cos").gives({"cos", "dog"}) == {"cos"}


@pytest.mark.parametrize(("value", "points", "wrong"), [
    (None, 5, False), (2.5, 2.5, False), (0, 0, False), (5, 5, False), (7, 5, True), (-1, 0, True),
    (float("nan"), 0, True), (float("inf"), 5, True),
])
def test_a_value_is_worth_itself_and_never_more_than_the_check(value, points, wrong):
    earned, message = points_for(value, 5)
    assert (earned, bool(message)) == (points, wrong)


def graded_points(*cells: NotebookNode, rules: Rules = Rules(), submitted: NotebookNode | None = None,  # noqa: B008
                  ) -> dict[str, tuple[float, str]]:
    course = notebook(*cells)
    outcome = grade_notebook(key_of("made up", course, rules), submitted or course)
    return {one.id: (one.earned, one.message) for one in outcome.result.checks.values()}


@pytest.mark.slow
@pytest.mark.parametrize(("last_line", "points"), [
    ("3", 3), ("1 + 0.5", 1.5), ("__import__('numpy').float64(2.5)", 2.5), ("None", 4), ("True", 4), ("'3'", 4),
    ("3;", 4), ("9", 4), ("-3", 0), ("x = 3", 4), ("print(3)", 4), ("[3]", 4), ("'''\n3''' and 2", 2),
    ("3  # that many", 3),
    ("raise KeyError('credit_=3=')", 0), ("assert False", 0),
])
def test_the_value_of_a_checks_last_line_is_its_points(last_line, points):
    assert graded_points(check(f"import sys\n{last_line}", "it", 4))["it"][0] == points


@pytest.mark.slow
def test_checks_see_what_later_cells_need_of_other_checks_and_nothing_else():
    cells = (answer("values = [1]", "values"), check("limit = 3\nvalues.append(2)\nassert values == [1, 2]", "first"),
             answer("more = 1", "more"), check("assert values == [1, 2] and limit == 3", "second"))
    auto = graded_points(*cells)
    assert [auto[name][0] for name in ("first", "second")] == [1, 1]
    alone = graded_points(*cells, rules=Rules(check_isolation="fork"))
    assert [alone[name][0] for name in ("first", "second")] == [1, 0]
    unneeded = (*cells[:3], check("assert values == [1]", "second"))
    assert graded_points(*unneeded)["second"][0] == 1
    assert graded_points(*unneeded, rules=Rules(check_isolation="in_place"))["second"][0] == 0


@pytest.mark.slow
def test_a_failed_check_still_gives_its_names_to_later_cells():
    made_up = graded_points(answer("x = 0", "x"), check("from math import pi\nassert x == 1", "first"),
                            answer("y = pi", "y"), check("assert y == pi", "second"))
    assert made_up["first"][0] == 0 and made_up["second"][0] == 1


@pytest.mark.slow
def test_a_check_that_kills_its_process_costs_only_itself():
    limits = Limits(cell_seconds=5, notebook_seconds=60)
    made_up = graded_points(answer("import os\ndef f(): os._exit(0)", "f"), check("f()", "first"),
                            check("assert callable(f)", "second"), rules=Rules(limits))
    assert made_up["first"][0] == 0 and made_up["second"] == (1, "")


@pytest.mark.slow
def test_a_hidden_test_tells_one_constant_sentence():
    source = "### BEGIN HIDDEN TESTS\nassert f(41) == 42, 'secret'\n### END HIDDEN TESTS"
    made_up = graded_points(answer("def f(x): return x", "f"), check(source, "it"))
    assert made_up["it"] == (0, "A hidden test did not pass.")


def test_limits_that_do_not_exist_are_refused_by_name():
    from traitlets import TraitError

    from autograder.grading.plugin import GradeSubmission
    assert GradeSubmission(limits={"memory_mb": 9000}).limits == {"memory_mb": 9000}
    with pytest.raises(TraitError, match="there is no memory_gb"):
        GradeSubmission(limits={"memory_gb": 9})


def test_the_configuration_file_needs_only_two_lines_whatever_the_course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(TWO_LINES)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config()
    names = [one.__name__ for one in config.Autograde.autograde_preprocessors]
    assert names[0] == "GradeSubmission" and "SaveScores" in names and "Execute" not in names
    assert "CourseDirectory" not in config and "Exchange" not in config and "GenerateAssignment" not in config


def test_only_a_course_of_this_kit_gets_its_directories(tmp_path):
    from traitlets.config import Config

    from autograder.grading import configure
    config = Config()
    configure(config, tmp_path)
    assert config.CourseDirectory == {"root": str(tmp_path)}
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "syllabus.toml").touch()
    configure(config, tmp_path)
    assert config.CourseDirectory.source_directory == "solutions"
    assert config.Autograde.autograde_preprocessors[0].__name__ == "GradeNotebook"
