"""Stock nbgrader commands in a course folder: the same scores as `mle`, feedback, hand grading, late penalties."""

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
from jsonschema import Draft202012Validator
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import RESULT_SCHEMA, GradingCourse, Key, grade_notebook, read_submission

pytestmark = pytest.mark.slow

LESSON = "1-1-means"
CONFIG = Path(__file__).resolve().parents[1] / "nbgrader_config.py"
RIGHT = {
    "mean": "def mean(values):\n    return sum(values) / len(values)",
    "geometric": "def geometric(values):\n    return math.prod(values) ** (1 / len(values))",
}


Graded = tuple[Course, subprocess.CompletedProcess[str]]


def nbgrader(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=cwd, text=True, encoding="utf-8",
                          capture_output=True, timeout=300, stdin=subprocess.DEVNULL,
                          env=os.environ | {"PATH": path, "PYTHONIOENCODING": "utf-8"})


def hand_in(course: Course, student: str, notebook: NotebookNode | bytes, timestamp: str = "") -> Path:
    folder = course.root / "submitted" / student / LESSON
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{LESSON}.ipynb"
    path.write_bytes(notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode())
    if timestamp:
        (folder / "timestamp.txt").write_text(timestamp)
    return path


def released(course: Course, **sources: str) -> NotebookNode:
    notebook = nbformat.read(course.notebooks / LESSON / f"{LESSON}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = sources.get(cell.id, cell.source)
    return notebook


def cheating(course: Course) -> NotebookNode:
    """Wrong answers, and checks that were made to accept them or thrown away."""
    notebook = released(course, mean="def mean(values): return 2", geometric="def geometric(values): return 2",
                        **{"check-mean-values": "pass", "check-mean-edges": "assert True"})
    notebook.cells = [cell for cell in notebook.cells if cell.id != "check-geometric-edges"]
    return notebook


def scores(course: Course) -> dict[str, float]:
    return {score.student: score.earned for score in GradingCourse(course.root).scores()}


def submission(course: Course, student: str) -> dict[str, tuple[float | None, bool]]:
    """Of one student's grades: automatic points, and whether a person must look."""
    with Gradebook(GradingCourse(course.root).gradebook.url) as gradebook:
        notebook = gradebook.find_submission_notebook(LESSON, LESSON, student)
        return {grade.name: (grade.auto_score, bool(grade.needs_manual_grade)) for grade in notebook.grades}


@pytest.fixture(scope="module")
def class_of_mini(_built_mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """A class graded by one stock `nbgrader autograde`, with two hopeless files in it."""
    root = tmp_path_factory.mktemp("class") / "mini"
    shutil.copytree(_built_mini, root)
    shutil.copy(CONFIG, root)
    course = Course(root)
    GradingCourse(root).register([LESSON])
    solution = nbformat.read(course.solutions / LESSON / f"{LESSON}.ipynb", as_version=4)
    hand_in(course, "anna", b"{ this is no notebook")
    hand_in(course, "bert", released(course, **RIGHT, memo="Rates of growth."))
    hand_in(course, "cleo", released(course))
    hand_in(course, "dirk", released(course, mean=RIGHT["mean"]))
    hand_in(course, "emma", released(course, mean="def mean(values): return sum(values)", geometric="1 / 0"))
    hand_in(course, "finn", cheating(course))
    hand_in(course, "gwen", solution)
    no_metadata = released(course, **RIGHT)
    for cell in no_metadata.cells:
        cell.metadata = NotebookNode()
    no_metadata.metadata = NotebookNode()
    hand_in(course, "hugo", no_metadata)
    hand_in(course, "zoe", nbformat.read(course.notebooks / "1-2-loops" / "1-2-loops.ipynb", as_version=4))
    return course, nbgrader("autograde", LESSON, cwd=root)


EXPECTED = {"bert": 6, "cleo": 0, "dirk": 3, "emma": 0, "finn": 1, "gwen": 6, "hugo": 6}


def test_stock_autograde_gives_the_points_the_work_deserves(class_of_mini):
    course, _ = class_of_mini
    assert {student: earned for student, earned in scores(course).items() if student in EXPECTED} == EXPECTED


@pytest.mark.parametrize("student", EXPECTED)
def test_stock_autograde_agrees_with_our_own_grading_check_by_check(class_of_mini, student):
    course, _ = class_of_mini
    key = Key.load(course.solutions / LESSON)
    path = course.root / "submitted" / student / LESSON / f"{LESSON}.ipynb"
    result = grade_notebook(key, read_submission(path, key), path.parent).result
    graded = submission(course, student)
    assert {f"check-{check.id}": check.earned for check in result.checks.values()} == {
        name: points for name, (points, _) in graded.items() if name.startswith("check-")}
    stored = GradingCourse(course.root).result(LESSON, student)
    assert (stored["earned"], stored["points"]) == (result.earned, result.points)
    assert [check["message"] for exercise in stored["exercises"] for check in exercise["checks"]] == [
        check.message for check in result.checks.values()]


def test_unreadable_submissions_are_graded_as_nothing_with_the_reason_and_flagged(class_of_mini):
    course, done = class_of_mini
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for student, why in {"anna": "is not valid JSON, so it was damaged or cut short",
                         "zoe": "lesson 1-2-loops, not of 1-1-means"}.items():
        assert f"{student}, {LESSON}" in said and why in said
        assert why in GradingCourse(course.root).result(LESSON, student)["ended"]
        assert scores(course)[student] == 0
        with Gradebook(GradingCourse(course.root).gradebook.url) as gradebook:
            assert gradebook.find_submission_notebook(LESSON, LESSON, student).flagged
    assert all((course.root / "autograded" / student / LESSON / "result.json").is_file() for student in EXPECTED)


def test_every_record_is_as_its_published_schema_says(class_of_mini):
    course, _ = class_of_mini
    schema = Draft202012Validator(json.loads(RESULT_SCHEMA.read_text(encoding="utf-8")))
    records = [GradingCourse(course.root).result(LESSON, student) for student in (*EXPECTED, "anna", "zoe")]
    for record in records:
        schema.validate(record)
    # Nothing that a record holds is left out of the schema, and the schema does accept not just anything.
    record = records[0]
    for damaged in ({**record, "more": 1}, {k: v for k, v in record.items() if k != "ended"},
                    {**record, "schema_version": 2}, {**record, "submission_digest": "?"}):
        assert not schema.is_valid(damaged)


def test_no_feedback_shows_where_the_course_or_the_grader_lies(class_of_mini):
    course, _ = class_of_mini
    assert nbgrader("generate_feedback", LESSON, "--force", cwd=course.root).returncode == 0
    for student in (*EXPECTED, "anna", "zoe"):
        for folder, name in (("feedback", f"{LESSON}.html"), ("autograded", f"{LESSON}.ipynb"),
                             ("autograded", "result.json")):
            text = (course.root / folder / student / LESSON / name).read_text(encoding="utf-8")
            assert str(course.root) not in text and "autograder/" not in text, (student, name)


def test_repairs_are_reported_in_the_record_and_in_the_log(class_of_mini):
    course, done = class_of_mini
    repairs = GradingCourse(course.root).result(LESSON, "finn")["repairs"]
    assert len(repairs) == 3
    assert all(repair in done.stdout + done.stderr for repair in repairs)
    assert GradingCourse(course.root).result(LESSON, "hugo")["repairs"] == []


def test_a_blank_essay_has_no_points_and_a_written_one_waits_for_a_person(class_of_mini):
    course, _ = class_of_mini
    assert submission(course, "cleo")["memo"] == (0, False)
    assert submission(course, "bert")["memo"] == (None, True)
    waiting = {score.student: score.waiting for score in GradingCourse(course.root).scores()}
    assert (waiting["cleo"], waiting["bert"], waiting["dirk"]) == (False, True, False)


def test_the_rubric_is_there_for_the_grader_below_the_essay(class_of_mini):
    course, _ = class_of_mini
    notebook = nbformat.read(course.root / "autograded" / "bert" / LESSON / f"{LESSON}.ipynb", as_version=4)
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert "Two points for naming growth" in sources[sources.index("Rates of growth.") + 1]


def test_stock_feedback_shows_points_and_messages_but_neither_rubric_nor_hidden_tests(class_of_mini):
    course, _ = class_of_mini
    done = nbgrader("generate_feedback", LESSON, "--student=emma", cwd=course.root)
    assert done.returncode == 0, done.stderr
    html = (course.root / "feedback" / "emma" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "(Score: 0.0 / 10.0)" in html
    assert "returned 6, expected 2" in html
    assert "It tries: negative numbers." in html
    assert "secret detail" not in html and "Two points for naming growth" not in html
    done = nbgrader("generate_feedback", LESSON, "--student=bert", cwd=course.root)
    assert done.returncode == 0, done.stderr
    html = (course.root / "feedback" / "bert" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "(Score: 6.0 / 10.0)" in html


def test_stock_export_writes_the_scores(class_of_mini):
    import csv
    course, _ = class_of_mini
    done = nbgrader("export", cwd=course.root)
    assert done.returncode == 0, done.stderr
    with (course.root / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == LESSON}
    assert {student: float(rows[student]["raw_score"]) for student in EXPECTED} == EXPECTED
    assert {row["max_score"] for row in rows.values()} == {"10.0"}


def test_records_hold_no_path_of_the_machine(class_of_mini):
    course, _ = class_of_mini
    for student in EXPECTED:
        folder = course.root / "autograded" / student / LESSON
        assert str(course.root) not in (folder / "result.json").read_text(encoding="utf-8")
        json.loads((folder / "result.json").read_text(encoding="utf-8"))
        assert [path.name for path in folder.iterdir() if path.name.endswith(".tmp")] == []


# --- one submission at a time --------------------------------------------------------------------------------------


@pytest.fixture
def course(mini: Course) -> Course:
    shutil.copy(CONFIG, mini.root)
    GradingCourse(mini.root).register([LESSON])
    return mini


def test_grading_again_keeps_a_persons_grade_and_comment(course):
    hand_in(course, "ada", released(course, mean=RIGHT["mean"], memo="Growth."))
    grading = GradingCourse(course.root)
    assert grading.autograde(LESSON, "ada") == ""
    with Gradebook(grading.gradebook.url) as gradebook:
        grade = gradebook.find_grade("memo", LESSON, LESSON, "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment("memo", LESSON, LESSON, "ada").manual_comment = "Well said."
        gradebook.db.commit()
    assert scores(course) == {"ada": 6}
    hand_in(course, "ada", released(course, **RIGHT, memo="Growth, and an example."))
    done = nbgrader("autograde", LESSON, "--force", cwd=course.root)
    assert done.returncode == 0, done.stderr
    assert scores(course) == {"ada": 9}
    with Gradebook(grading.gradebook.url) as gradebook:
        assert gradebook.find_grade("memo", LESSON, LESSON, "ada").manual_score == 3
        assert gradebook.find_comment("memo", LESSON, LESSON, "ada").manual_comment == "Well said."


def test_a_late_submission_is_penalised_by_the_courses_own_rule(course):
    (course.root / "penalty.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\n\nclass Penalty(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return 2 if total_seconds_late > 0 else None\n")
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nimport sys\nsys.path.insert(0, '.')\nimport penalty\n"
                      "get_config().AssignLatePenalties.plugin_class = penalty.Penalty\n")
    with Gradebook(GradingCourse(course.root).gradebook.url) as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate="2024-01-01 00:00:00 UTC")
    hand_in(course, "late", released(course, **RIGHT), "2024-01-02 00:00:00 UTC")
    hand_in(course, "soon", released(course, **RIGHT), "2023-12-31 00:00:00 UTC")
    done = nbgrader("autograde", LESSON, cwd=course.root)
    assert done.returncode == 0, done.stderr
    with Gradebook(GradingCourse(course.root).gradebook.url) as gradebook:
        penalties = {student: gradebook.find_submission(LESSON, student).late_submission_penalty
                     for student in ("late", "soon")}
    assert penalties == {"late": 2, "soon": 0}


def test_a_check_the_gradebook_does_not_know_is_a_clear_error(course):
    path = course.solutions / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "check-geometric")
    extra = deepcopy(notebook.cells[place])
    extra.id = extra.metadata.nbgrader.grade_id = "check-geometric-new"
    notebook.cells.insert(place + 1, extra)
    nbformat.write(notebook, path)
    hand_in(course, "ada", released(course, **RIGHT))
    reason = GradingCourse(course.root).autograde(LESSON, "ada")
    assert "check-geometric-new" in reason and "mle init-course" in reason
    assert "\n" not in reason and "Traceback" not in reason


def test_registering_again_keeps_assignments_scores_and_notebooks(course):
    hand_in(course, "ada", released(course, **RIGHT))
    grading = GradingCourse(course.root)
    assert grading.autograde(LESSON, "ada") == ""
    before = (scores(course), submission(course, "ada"), (course.notebooks / LESSON / f"{LESSON}.ipynb").read_bytes())
    grading.register([LESSON])
    grading.register([LESSON, "1-2-loops"])
    assert before == (scores(course), submission(course, "ada"),
                      (course.notebooks / LESSON / f"{LESSON}.ipynb").read_bytes())


def test_an_unregistered_lesson_is_a_clear_failure(mini):
    hand_in(mini, "ada", released(mini, **RIGHT))
    reason = GradingCourse(mini.root).autograde(LESSON, "ada")
    assert reason == "No assignment with ID '1-1-means' exists in the database"
    with pytest.raises(MleError, match="not been graded yet"):
        GradingCourse(mini.root).result(LESSON, "ada")


def test_what_cannot_be_graded_says_why_and_what_to_do(course):
    (course.solutions / LESSON / f"{LESSON}.ipynb").write_text("{}")
    hand_in(course, "ada", released(course))
    reason = GradingCourse(course.root).autograde(LESSON, "ada")
    assert "is not a notebook that `mle build` wrote" in reason and f"mle build {LESSON}" in reason
    assert "MleError" not in reason


@pytest.mark.parametrize("saved", [
    lambda raw: b"\xef\xbb\xbf" + json.dumps(raw).encode(),
    lambda raw: json.dumps({key: value for key, value in raw.items() if key != "nbformat_minor"}).encode(),
    lambda raw: json.dumps(raw | {"cells": [None, 7, *raw["cells"]], "metadata": []}).encode(),
    lambda raw: json.dumps(raw | {"cells": [cell | {"outputs": [1]} for cell in raw["cells"]]}).encode(),
], ids=["byte order mark", "no minor version", "junk", "junk outputs"])
def test_nbgrader_reads_what_our_own_grading_reads(course, saved):
    hand_in(course, "ada", saved(json.loads(json.dumps(released(course, **RIGHT)))))
    assert GradingCourse(course.root).autograde(LESSON, "ada") == ""
    assert scores(course) == {"ada": 6}


def test_an_essay_named_like_a_check_is_not_given_the_checks_points(mini):
    path = mini.sources / LESSON / "lesson.py"
    text = path.read_text(encoding="utf-8").replace('"memo"', '"mean-values"')
    path.write_text(text, encoding="utf-8")
    from autograder.authoring import build
    build(mini, [LESSON])
    GradingCourse(mini.root).register([LESSON])
    hand_in(mini, "ada", released(mini, **RIGHT, **{"mean-values": "Growth."}))
    assert GradingCourse(mini.root).autograde(LESSON, "ada") == ""
    assert submission(mini, "ada")["mean-values"] == (None, True)
    assert submission(mini, "ada")["check-mean-values"] == (2, False)


def test_a_reader_never_sees_half_a_record(tmp_path):
    from autograder.grading import write_atomically
    path = tmp_path / "deep" / "result.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert [one.name for one in path.parent.iterdir()] == ["result.json"]
