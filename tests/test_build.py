"""`course/` -> `solutions/` -> `notebooks/`: what is written, always the same, all or nothing."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder import authoring
from autograder.authoring import build as build_lessons
from autograder.authoring import check, solution_notebook
from autograder.course import Course
from autograder.errors import SourceError

ROOT = Path(__file__).resolve().parents[1]


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, and every empty folder."""
    return {path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else b""
            for path in sorted(root.rglob("*")) if path.is_file() or not any(path.iterdir())}


def generated(course: Course) -> dict[str, bytes]:
    return {name: data for name, data in snapshot(course.root).items() if name.startswith(("solutions/", "notebooks/"))}


def released(course: Course, lesson: str = "1-1-means") -> nbformat.NotebookNode:
    return nbformat.read(course.notebooks / lesson / f"{lesson}.ipynb", as_version=4)


def edit(course: Course, old: str, new: str, lesson: str = "1-1-means") -> None:
    path = course.sources / lesson / "lesson.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def solution(course: Course, lesson: str = "1-1-means") -> nbformat.NotebookNode:
    return solution_notebook(course, course.lesson(lesson))


def source_of(cells, identity: str) -> str:
    return next(cell.source for cell in cells if cell.id == identity)


# --- what is in the notebooks


def test_cells_are_named_after_their_exercise_check_or_given_id(mini):
    assert [cell.id for cell in released(mini).cells if "nbgrader" in cell.metadata] == [
        "given-setup", "mean", "check-mean-values", "check-mean-edges", "geometric", "check-geometric",
        "check-geometric-edges", "memo"]
    for cell in released(mini).cells:
        if "nbgrader" in cell.metadata:
            assert cell.metadata.nbgrader.grade_id == cell.id


def test_all_ids_are_valid_and_unique(mini, repository):
    for course in (mini, repository):
        for lesson in course.lesson_ids:
            notebook = solution(course, lesson)
            nbformat.validate(notebook)
            assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_a_new_paragraph_leaves_all_other_ids_alone(mini):
    before = [cell.id for cell in solution(mini).cells]
    edit(mini, "# %% given", "# %% [markdown]\n# A new paragraph.\n\n# %% given")
    after = [cell.id for cell in solution(mini).cells]
    assert len(after) == len(before) + 1
    assert [identity for identity in after if identity in before] == before


def test_only_cells_that_say_the_same_are_numbered(mini):
    edit(mini, "# %% given", "# %% [markdown]\n# Pause.\n\n# %%\n# Pause.\n\n# %% [markdown]\n# Pause.\n\n# %% given")
    ids = [cell.id for cell in solution(mini).cells if cell.source in {"Pause.", "# Pause."}]
    assert ids[2] == f"{ids[0]}-2"
    assert ids[1].startswith("code-")
    assert not ids[1].endswith("-2")


def test_points_are_those_of_the_lesson(mini):
    notebook = solution(mini)
    assert {cell.id: cell.metadata.nbgrader.points for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade")} == {
        "check-mean-values": 2, "check-mean-edges": 1, "check-geometric": 1, "check-geometric-edges": 2, "memo": 4}
    assert {cell.id: cell.metadata.mle.points for cell in notebook.cells
            if cell.metadata.get("mle", {}).get("kind") == "exercise"} == {"mean": 3, "geometric": 3}
    assert notebook.metadata.mle.points == 10


def test_a_learner_receives_no_solution_no_hidden_test_and_no_rubric(mini, repository):
    for course in (mini, repository):
        for lesson_id in course.lesson_ids:
            lesson = course.lesson(lesson_id)
            text = (course.notebooks / lesson_id / f"{lesson_id}.ipynb").read_text(encoding="utf-8")
            for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", '"rubric"', '"hidden"'):
                assert word not in text
            if course is mini and lesson_id == "1-1-means":
                for secret in ("sum(values) / len(values)\\n", "math.prod", "secret detail", "geometric([7])",
                               "rates of growth", "for naming growth", "negative numbers", "a single number"):
                    assert secret not in text, secret
            for check_cell in lesson.checks():
                if check_cell.hidden:
                    assert json.dumps(check_cell.hidden, ensure_ascii=False)[1:-1] not in text


def test_the_learners_exercise_keeps_what_stands_around_the_solution(mini):
    assert source_of(released(mini).cells, "mean") == (
        'def mean(values):\n    """The arithmetic mean of a non-empty list."""\n    # Your answer here.\n'
        '    raise NotImplementedError("not attempted yet")')
    assert source_of(released(mini).cells, "check-geometric-edges") == (
        'got = geometric([2, 8])\nassert abs(got - 4) < 1e-9, f"geometric([2, 8]) returned {got!r}, expected 4"')
    assert source_of(released(mini).cells, "check-mean-edges").strip() == "# This check runs at grading."


def test_checks_and_given_cells_are_locked_and_answers_are_not(mini):
    editable = {cell.id: cell.metadata.get("editable", True) for cell in released(mini).cells
                if "nbgrader" in cell.metadata}
    assert editable == {
        "given-setup": False, "mean": True, "check-mean-values": False, "check-mean-edges": False, "geometric": True,
        "check-geometric": False, "check-geometric-edges": False, "memo": True}


LINES = {
    "one visible and one hidden check": ("", "", "*3 points · 1 check here, 1 more at grading · difficulty 1"),
    "a check with both parts counts on both sides": (
        "### BEGIN HIDDEN TESTS\nassert mean([-1", "assert mean([5]) == 5\n### BEGIN HIDDEN TESTS\nassert mean([-1",
        "*3 points · 2 checks here, 1 more at grading"),
    "all visible": (
        '# %% check="mean-edges" points=1 hidden="negative numbers"\n### BEGIN HIDDEN TESTS\n'
        'assert mean([-1, -3]) == -2, "secret detail of the hidden test"\n### END HIDDEN TESTS\n', "",
        "*2 points · 1 check here, none more at grading"),
    "a visible part of comments alone is no check": (
        "### BEGIN HIDDEN TESTS\nassert mean([-1", "# Mind the sign.\n### BEGIN HIDDEN TESTS\nassert mean([-1",
        "*3 points · 1 check here, 1 more at grading"),
    "all hidden": (
        '# %% check="mean-values" points=2\nfor values, expected in [([1, 2, 3], 2), ([5], 5)]:\n'
        '    got = mean(values)\n    assert got == expected, f"mean({values}) returned {got!r}, expected {expected}"\n',
        "", "*1 point · 0 checks here, 1 more at grading"),
    "points in parts": ("points=2\nfor", "points=0.5\nfor", "*1.5 points · 1 check here, 1 more at grading"),
}


@pytest.mark.parametrize("case", LINES)
def test_the_line_under_an_exercise_tells_the_truth(case, mini):
    old, new, says = LINES[case]
    if old:
        edit(mini, old, new)
    cells = solution(mini).cells
    below = cells[next(n for n, cell in enumerate(cells) if cell.id == "mean") + 1]
    assert below.source.startswith(says), below.source
    assert below.source.endswith("· about 3 min*")


def test_hints_are_numbered_for_each_exercise_wherever_they_stand(mini):
    edit(mini, '# %% [markdown] hint="mean"\n# `sum', '# %%\n"between"\n\n# %% [markdown] hint="mean"\n# `sum')
    edit(mini, '# %% exercise="geometric"',
         '# %% [markdown] hint="geometric"\n# Multiply.\n\n# %% exercise="geometric"')
    hints = [(cell.metadata.mle.exercise, cell.source.split("<summary>")[1].split("</summary>")[0])
             for cell in solution(mini).cells if cell.metadata.get("mle", {}).get("kind") == "hint"]
    assert hints == [("mean", "Hint 1 of 2"), ("mean", "Hint 2 of 2"), ("geometric", "Hint 1 of 1")]


@pytest.mark.parametrize("first", ["exercise", "hint", "given"])
def test_a_lesson_may_begin_with_any_cell(first, mini):
    path = mini.sources / "1-1-means" / "lesson.py"
    text = path.read_text(encoding="utf-8")
    begin = text.index("# %% ")
    at = text.index({"exercise": '# %% exercise="mean"', "hint": '# %% [markdown] hint="mean"',
                     "given": "# %% given"}[first])
    hint = '# %% [markdown] hint="mean"\n# First.\n\n' if first == "hint" else ""
    start = text.index('# %% exercise="mean"') if first == "hint" else at
    path.write_text(text[:begin] + hint + text[start:], encoding="utf-8")
    cells = solution(mini).cells
    assert cells[0].metadata.mle.kind == "about"
    assert next(cell for cell in cells if cell.id == "mean").metadata.mle.points == 3


# --- files/ and what lessons share


def test_what_lessons_share_lies_beside_each_notebook_under_its_own_name(mini):
    tools = mini.sources / "tools"
    (tools / "sums" / "inner").mkdir(parents=True)
    (tools / "clock.py").write_text("NOON = 12\n")
    (tools / "sums" / "inner" / "table.csv").write_text("1,2\n")
    lesson = mini.sources / "1-2-loops" / "lesson.py"
    shared = "# shared: [tools/clock.py, tools/sums, skills.toml]"
    lesson.write_text(lesson.read_text().replace("# module: 1", f"# module: 1\n{shared}"))
    build_lessons(mini, ["1-2-loops"])
    for folder in (mini.solutions, mini.notebooks):
        assert (folder / "1-2-loops" / "clock.py").read_text() == "NOON = 12\n"
        assert (folder / "1-2-loops" / "sums" / "inner" / "table.csv").read_text() == "1,2\n"
        assert (folder / "1-2-loops" / "skills.toml").read_text() == (mini.sources / "skills.toml").read_text()
    (tools / "clock.py").write_text("NOON = 0\n")
    assert any("1-2-loops/clock.py: differs" in problem for problem in check(mini, ["1-2-loops"]))


def test_files_come_along_and_removed_ones_go_again(mini):
    files = mini.sources / "1-2-loops" / "files"
    (files / "data").mkdir()
    (files / "data" / "größe.bin").write_bytes(bytes(range(256)))
    (files / "__pycache__").mkdir()
    (files / "__pycache__" / "table.pyc").write_bytes(b"x")
    assert build_lessons(mini, mini.lesson_ids) == ["1-2-loops"]
    for folder in (mini.solutions, mini.notebooks):
        assert {name for name in snapshot(folder / "1-2-loops")} == {"1-2-loops.ipynb", "table.py", "data/größe.bin"}
        assert (folder / "1-2-loops" / "data" / "größe.bin").read_bytes() == bytes(range(256))
    shutil.rmtree(files)
    assert build_lessons(mini, mini.lesson_ids) == ["1-2-loops"]
    for folder in (mini.solutions, mini.notebooks):
        assert set(snapshot(folder / "1-2-loops")) == {"1-2-loops.ipynb"}


# --- always the same


def test_a_second_build_changes_nothing(mini):
    before = {path: path.stat().st_mtime_ns for path in mini.root.rglob("*")}
    assert build_lessons(mini, mini.lesson_ids) == []
    assert {path: path.stat().st_mtime_ns for path in mini.root.rglob("*") if path != mini.root} == {
        path: time_ for path, time_ in before.items() if path != mini.root}


def test_the_bytes_depend_on_neither_language_nor_time_zone_nor_hash_order_nor_place(mini, tmp_path):
    wanted = generated(mini)
    elsewhere = tmp_path / "another place" / "größe"
    shutil.copytree(mini.sources, elsewhere / "course")
    for seed, zone, language in (("1", "Asia/Tokyo", "C"), ("2", "America/New_York", "tr_TR.UTF-8")):
        subprocess.run([sys.executable, "-m", "autograder", "build"], cwd=elsewhere, check=True, capture_output=True,
                       env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language, "LANG": language})
        assert generated(Course(elsewhere)) == wanted


def test_windows_line_ends_in_a_source_give_the_same_bytes(mini):
    wanted = generated(mini)
    path = mini.sources / "1-1-means" / "lesson.py"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert build_lessons(mini, mini.lesson_ids) == []
    assert generated(mini) == wanted


def test_stock_nbgrader_generates_the_same_release_notebooks(mini):
    wanted = snapshot(mini.notebooks)
    shutil.rmtree(mini.notebooks)
    shutil.copy(ROOT / "nbgrader_config.py", mini.root)
    for lesson in mini.lesson_ids:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "generate_assignment", lesson], cwd=mini.root, capture_output=True,
            text=True,
            env=os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])})
        assert done.returncode == 0, done.stderr
    assert snapshot(mini.notebooks) == wanted


# --- all or nothing


def broken(course: Course) -> None:
    """Changes the first lesson and breaks the second."""
    edit(course, "# Two means", "# Three means")
    edit(course, "points=1", "points=0", lesson="1-2-loops")


def test_a_mistake_in_one_lesson_leaves_all_folders_alone(mini):
    broken(mini)
    before = snapshot(mini.root)
    with pytest.raises(SourceError, match="1-2-loops"):
        build_lessons(mini, mini.lesson_ids)
    assert snapshot(mini.root) == before


def test_a_mistake_in_the_answers_stops_the_build_too(mini):
    path = mini.sources / "1-2-loops" / "answers.py"
    path.write_text(path.read_text(encoding="utf-8").replace('right="table"', 'right="tabel"', 1), encoding="utf-8")
    edit(mini, "# Two means", "# Three means")
    before = snapshot(mini.root)
    with pytest.raises(SourceError, match=r"answers\.py:1: no exercise 'tabel'"):
        build_lessons(mini, mini.lesson_ids)
    assert snapshot(mini.root) == before


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")],
                         ids=["Ctrl-C", "disk full"])
@pytest.mark.parametrize("at", ["1-1-means", "1-2-loops"])
def test_a_build_that_is_stopped_half_way_leaves_everything_as_it_was(at, stop, mini):
    edit(mini, "# Two means", "# Three means")
    edit(mini, "# # Loops", "# # Round and round", lesson="1-2-loops")
    before = snapshot(mini.root)

    def tell(lesson: str) -> None:
        if lesson == at:
            raise stop

    with pytest.raises(type(stop)):
        build_lessons(mini, mini.lesson_ids, tell)
    assert snapshot(mini.root) == before


@pytest.mark.parametrize("call", ["write_bytes", "copytree", "replace"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_full_disk_at_any_write_leaves_whole_lessons(call, nth, mini, monkeypatch):
    edit(mini, "# Two means", "# Three means")
    edit(mini, "# # Loops", "# # Round and round", lesson="1-2-loops")
    old = generated(mini)
    new = _built_elsewhere(mini)
    where = {"write_bytes": Path, "copytree": shutil, "replace": os}[call]
    real, count = getattr(where, call), iter(range(1, 100))

    def full(*arguments, **options):
        if next(count) == nth:
            raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(where, call, full)
        try:
            build_lessons(mini, mini.lesson_ids)
        except OSError as error:
            assert error.errno == errno.ENOSPC
        except Exception as error:  # nbgrader wraps what happens inside it
            assert "No space left" in str(error)
        else:
            assert next(count) <= nth, f"{call} was called {nth} times and its failure was lost"
    assert [path.name for path in mini.root.iterdir() if path.name.startswith(".mle")] == []
    for lesson in mini.lesson_ids:
        for folder in ("solutions", "notebooks"):
            now, before, after = (
                {name: data for name, data in files.items() if name.startswith(f"{folder}/{lesson}/")}
                for files in (generated(mini), old, new))
            assert now in (before, after), f"{folder}/{lesson} is neither the old one nor the new one"
    build_lessons(mini, mini.lesson_ids)
    assert generated(mini) == new


def _built_elsewhere(course: Course) -> dict[str, bytes]:
    other = course.root.with_name("elsewhere")
    shutil.copytree(course.sources, other / "course")
    build_lessons(Course(other), course.lesson_ids)
    return generated(Course(other))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_in_a_running_build_leaves_everything_as_it_was(mini):
    edit(mini, "# Two means", "# Three means")
    # Many lessons, so that the build is still busy when the signal arrives.
    names = [f"1-{number}-more" for number in range(3, 23)]
    for name in names:
        shutil.copytree(mini.sources / "1-1-means", mini.sources / name)
    listed = ", ".join(f'"{name}"' for name in ("1-1-means", "1-2-loops", *names))
    (mini.sources / "syllabus.toml").write_text(
        f'[[module]]\nnumber = 1\ntitle = "First"\nlessons = [{listed}]\n', encoding="utf-8")
    before = snapshot(mini.root)
    process = subprocess.Popen([sys.executable, "-u", "-m", "autograder", "build"], cwd=mini.root, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    for line in process.stdout:
        if "1-2-loops" in line:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Stopped." in errors
    assert "Traceback" not in errors
    assert snapshot(mini.root) == before


# --- build --check


def test_what_was_just_built_passes_the_check(mini):
    assert check(mini, mini.lesson_ids) == []


def test_the_check_changes_nothing(mini):
    edit(mini, "# Two means", "# Three means")
    before = snapshot(mini.root)
    assert check(mini, mini.lesson_ids)
    assert snapshot(mini.root) == before


def _one_character(course: Course, folder: str) -> str:
    path = course.root / folder / "1-1-means" / "1-1-means.ipynb"
    data = bytearray(path.read_bytes())
    at = data.index(b"Two means")
    data[at] = ord("t")
    path.write_bytes(data)
    return f"{folder}/1-1-means/1-1-means.ipynb: differs"


def _line_end(course: Course) -> str:
    path = course.notebooks / "1-1-means" / "1-1-means.ipynb"
    path.write_bytes(path.read_bytes() + b"\n")
    return "notebooks/1-1-means/1-1-means.ipynb: differs"


def _extra_file(course: Course) -> str:
    (course.notebooks / "1-1-means" / "notes.txt").write_text("", encoding="utf-8")
    return "notebooks/1-1-means/notes.txt: not generated"


def _missing_file(course: Course) -> str:
    (course.solutions / "1-2-loops" / "table.py").unlink()
    return "solutions/1-2-loops/table.py: missing"


def _missing_lesson(course: Course) -> str:
    shutil.rmtree(course.notebooks / "1-2-loops")
    return "notebooks/1-2-loops/1-2-loops.ipynb: missing"


def _leftover_lesson(course: Course) -> str:
    (course.notebooks / "1-9-gone").mkdir()
    return "notebooks/1-9-gone: belongs to no lesson"


def _changed_source(course: Course) -> str:
    edit(course, "# Two means", "# Three means")
    return "solutions/1-1-means/1-1-means.ipynb: differs"


@pytest.mark.parametrize("change", [
    lambda course: _one_character(course, "notebooks"), lambda course: _one_character(course, "solutions"), _line_end,
    _extra_file, _missing_file, _missing_lesson, _leftover_lesson, _changed_source],
    ids=["a character", "a character of a solution", "a line end", "an extra file", "a missing file",
         "a missing lesson",
         "a leftover lesson", "a changed source"])
def test_the_check_names_every_difference_and_a_build_mends_what_it_may(change, mini):
    says = change(mini)
    problems = check(mini, mini.lesson_ids)
    assert any(problem.startswith(says) for problem in problems), problems
    build_lessons(mini, mini.lesson_ids)
    # A folder of no lesson may be somebody's work: it is named and never deleted.
    assert check(mini, mini.lesson_ids) == [problem for problem in problems if "belongs to no lesson" in problem]


def test_what_editors_and_file_managers_leave_behind_is_no_difference(mini):
    for folder in (mini.solutions, mini.notebooks, mini.notebooks / "1-1-means"):
        (folder / ".DS_Store").write_bytes(b"x")
        (folder / ".ipynb_checkpoints").mkdir()
        (folder / ".ipynb_checkpoints" / "old.ipynb").write_bytes(b"x")
    assert check(mini, mini.lesson_ids) == []
    assert build_lessons(mini, mini.lesson_ids) == []


def test_a_course_below_a_folder_with_a_special_name_is_checked_like_any_other(mini, tmp_path):
    root = tmp_path / "__pycache__" / "mini"
    shutil.copytree(mini.root, root)
    course = Course(root)
    assert check(course, course.lesson_ids) == []
    assert _one_character(course, "notebooks") in check(course, course.lesson_ids)[0]


def test_mle_build_check_exits_0_and_then_1(mini, mle):
    good = mle("build", "--check", cwd=mini.root)
    assert (good.returncode, good.stderr) == (0, "")
    assert "2 lessons are as generated." in good.stdout
    says = _one_character(mini, "notebooks")
    bad = mle("build", "--check", cwd=mini.root)
    assert bad.returncode == 1
    assert says in bad.stdout
    assert "Traceback" not in bad.stderr + bad.stdout


def test_mle_build_names_file_and_line_of_a_mistake(mini, mle):
    broken(mini)
    done = mle("build", cwd=mini.root)
    assert done.returncode == 1
    assert "lesson.py:19: 'points' must be a number above 0" in done.stderr
    assert "Traceback" not in done.stderr
    assert authoring.check(Course(mini.root), ["1-1-means"])[0].startswith("solutions/1-1-means")


def test_mle_build_of_one_lesson_leaves_the_other_alone(mini, mle):
    edit(mini, "# Two means", "# Three means")
    edit(mini, "# # Loops", "# # Round and round", lesson="1-2-loops")
    before = generated(mini)
    done = mle("build", "1-1-means", cwd=mini.root / "course")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Built 1-1-means.")
    changed = {name for name, data in generated(mini).items() if before[name] != data}
    assert changed == {"solutions/1-1-means/1-1-means.ipynb", "notebooks/1-1-means/1-1-means.ipynb"}
