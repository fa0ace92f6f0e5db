"""What a learner gets back: their points and why, in a page without network and without anything hidden."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers
from stub_engine import EveryCheckPasses
from traitlets.config import Config

from autograder.authoring import build
from autograder.course import Course
from autograder.errors import MleError
from autograder.execution import Job, RunRecord, StepFact
from autograder.grading import GradingCourse, grade_cohort
from autograder.quality import read_notebook, with_answers
from autograder.reports.feedback_page import write_feedback
from autograder.reports.prose import html_of

LESSON, OTHER = "1-1-means", "1-2-loops"
MARK = "markhiddenmark"
RIGHT = {"mean": "def mean(values):\n    return sum(values) / len(values)",
         "geometric": "def geometric(values):\n    return math.prod(values) ** (1 / len(values))"}
ESSAY = "Growth is $g^{1/n}$, <b>not</b> a sum.\n\n![p](http://example.org/track.png)\n\n<script>alert(1)</script>"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Leaky:
    """An engine whose hidden parts fail, with what they hold in every word that it says of them."""

    def run(self, job: Job) -> RunRecord:
        facts = {}
        for step in job.steps:
            hidden = step.check and step.hidden_from < len(step.parts)
            facts[step.id] = StepFact(step.id, "passed") if not hidden else StepFact(
                step.id, "failed", part=step.hidden_from, error=("AssertionError", f"{MARK} {step.parts}"),
                outputs=[[], [new_output("stream", name="stdout", text=MARK)]])
            if step.id == "mean":
                facts[step.id] = StepFact(step.id, "passed", outputs=[[
                    new_output("stream", name="stdout", text="\x1b[31mred <b>\x1b[0m\n"),
                    new_output("display_data", {"text/html": "<script src='http://example.org/x.js'></script>",
                                                "text/plain": "<Frame 3 < 4>"}),
                    new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"})]])
            if step.id == "geometric" and step.parts == ("1 / 0",):
                facts[step.id] = StepFact(step.id, "error", error=("ZeroDivisionError", "division by zero"))
        return RunRecord(facts)

    def imports_of(self, job: Job) -> tuple[str, ...]:
        return ()


def hand_in(course: Course, student: str, lesson: str = LESSON, **sources: str) -> None:
    folder = course.root / "submitted" / student / lesson
    folder.mkdir(parents=True)
    nbformat.write(with_answers(read_notebook(course.notebooks / lesson), sources), folder / f"{lesson}.ipynb")
    (folder / "timestamp.txt").write_text("2026-03-01 08:00:00 UTC\n")


@pytest.fixture(scope="module")
def _graded(_built_mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("feedback") / "mini"
    shutil.copytree(_built_mini, root)
    path = root / "course" / LESSON / "lesson.py"
    text = path.read_text(encoding="utf-8").replace("secret detail of the hidden test", MARK)
    hidden = f"{MARK} = 7\nassert geometric([{MARK}]) == 7"
    path.write_text(text.replace("assert abs(geometric([7]) - 7) < 1e-9", hidden), encoding="utf-8")
    course = Course(root)
    build(course, [LESSON])
    hand_in(course, "ada", **RIGHT, memo=ESSAY)
    hand_in(course, "Jürgen Groß", mean=RIGHT["mean"])
    hand_in(course, "li", geometric="1 / 0")
    hand_in(course, "ada", OTHER)
    grading = GradingCourse(root)
    assert grade_cohort(grading, [LESSON], engine=Leaky(), jobs=1).failures == []
    grade_cohort(grading, [OTHER], engine=EveryCheckPasses(), jobs=1)
    with Gradebook(grading.gradebook.url) as book:
        book.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
    return root


@pytest.fixture
def course(_graded: Path, tmp_path: Path) -> GradingCourse:
    shutil.copytree(_graded, tmp_path / "class")
    return GradingCourse(tmp_path / "class")


def page(course: GradingCourse, student: str = "ada", lesson: str = LESSON) -> str:
    return (course.root / "feedback" / student / lesson / f"{lesson}.html").read_text(encoding="utf-8")


def text_of(html: str) -> str:
    """What a reader sees of a page."""
    body = html[html.index("<body"):]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def by_hand(course: GradingCourse, student: str, cell: str, points: float, comment: str = "", extra: float = 0) -> None:
    with Gradebook(course.gradebook.url) as book:
        grade = book.find_grade(cell, LESSON, LESSON, student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, extra, False
        if comment:
            book.find_comment(cell, LESSON, LESSON, student).manual_comment = comment
        book.db.commit()


def test_a_page_says_what_passed_what_did_not_and_why_with_the_answer_its_output_and_a_hint(course):
    done = write_feedback(course, [LESSON])
    assert {path.parents[1].name for path in done.written} == {"ada", "Jürgen Groß", "li"} and done.failures == []
    said = text_of(page(course))
    assert "Ada Lovelace · 1-1-means · handed in 2026-03-01 08:00 UTC" in said
    assert "3 of 10 points so far" in said and "3 of 6 from checks" in said
    assert "0 of 4 from a person , who has not read all of it yet" in said or "has not read all of it yet" in said
    assert "mean-values 2 of 2 ✓ passed" in said
    assert "mean-edges 0 of 1 ✗ A check that runs only at grading did not pass. It tries: negative numbers." in said
    assert "Hint 1 of 2 (the others are below the exercise) Add, then divide." in said
    assert "return sum ( values ) / len ( values )" in said
    assert "red &lt;b&gt;" in said and "&lt;Frame 3 &lt; 4&gt;" in said
    assert f'<img src="data:image/png;base64,{PNG}"' in page(course)
    jürgen = text_of(page(course, "Jürgen Groß"))
    assert "Your cell stopped with ZeroDivisionError: division by zero" in text_of(page(course, "li"))
    assert "geometric 1 of 3 some points" in jürgen and "memo 0 of 4 nothing was written" in jürgen


def test_an_exercise_that_was_not_attempted_shows_neither_stub_nor_hint(course):
    write_feedback(course, [LESSON], "Jürgen Groß")
    html = page(course, "Jürgen Groß")
    assert "NotImplementedError" not in html and "not attempted" not in html[:html.index("<body")]
    assert html.count("Your answer") == 1


def test_nothing_of_a_hidden_test_or_of_a_rubric_is_in_any_page(course):
    hidden = (course.root / "solutions" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert MARK in hidden and "Two points for naming growth" in hidden
    by_hand(course, "ada", "memo", 3, "fine")
    write_feedback(course, [LESSON, OTHER])
    pages = [path.read_text(encoding="utf-8") for path in (course.root / "feedback").rglob("*.html")]
    assert len(pages) == 4
    assert all(MARK not in html and "Two points for naming growth" not in html for html in pages)
    assert str(course.root) not in "".join(pages)


def test_a_page_needs_no_network_and_runs_nothing_that_a_learner_wrote(course):
    write_feedback(course, [LESSON, OTHER])
    for path in (course.root / "feedback").rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<(script|link|iframe|object|embed)\b", html)
        assert not re.search(r'\bsrc=(?!"data:image/)', html)
        assert not re.search(r"@import|url\(", html)
        assert not re.search(r"\son\w+=", html)


def test_an_essay_shows_its_formulas_its_points_and_what_a_person_said_of_it(course):
    write_feedback(course, [LESSON])
    assert "not read yet" in text_of(page(course)) and 'alt="g^{1/n}"' in page(course)
    by_hand(course, "ada", "memo", 3, "Well *said*: $x^2$", extra=0.5)
    assert len(write_feedback(course, [LESSON]).written) == 1
    said = text_of(page(course))
    assert "6.5 of 10 points" in said and "so far" not in said and "3.5 of 4 from a person" in said
    assert "memo 3.5 of 4 points · graded by a person Comment Well said" in said
    assert "<em>said</em>" in page(course) and 'alt="x^2"' in page(course)


def test_points_for_a_check_given_by_a_person_are_shown_as_such(course):
    by_hand(course, "ada", "check-mean-edges", 0.5)
    with Gradebook(course.gradebook.url) as book:
        book.find_comment("mean", LESSON, LESSON, "ada").manual_comment = "half of it is right"
        book.db.commit()
    write_feedback(course, [LESSON])
    said = text_of(page(course))
    assert "mean-edges 0.5 of 1 ✗" in said and "(points given by a person)" in said
    assert "Comment half of it is right" in said


def test_a_late_penalty_is_right_for_points_given_later_and_says_what_it_comes_from(course):
    (course.root / "grading.toml").write_text(
        f"[late]\npercent_per_day = 10\n[due]\n{LESSON} = 2026-02-28T09:30:00+01:00\n", encoding="utf-8")
    write_feedback(course, [LESSON])
    assert "2.7 of 10 points" in text_of(page(course))
    by_hand(course, "ada", "memo", 4)
    write_feedback(course, [LESSON])
    said = text_of(page(course))
    assert "6.3 of 10 points" in said
    assert ("0.7 taken off because it was late: handed in 2026-03-01 09:00 UTC+01:00, due 2026-02-28 09:30 UTC+01:00: "
            "1 day begun, 10 % of the points earned") in said


def test_a_second_run_leaves_what_has_not_changed_and_a_fresh_run_writes_the_same_bytes(course):
    write_feedback(course, [LESSON, OTHER])
    pages = {path: path.read_bytes() for path in (course.root / "feedback").rglob("*") if path.is_file()}
    again = write_feedback(course, [LESSON, OTHER])
    assert (again.written, again.unchanged) == ([], 4)
    shutil.rmtree(course.root / "feedback")
    write_feedback(course, [LESSON, OTHER])
    assert {path: path.read_bytes() for path in (course.root / "feedback").rglob("*") if path.is_file()} == pages
    by_hand(course, "ada", "memo", 2)
    changed = write_feedback(course, [LESSON, OTHER])
    assert [path.parents[1].name for path in changed.written] == ["ada"] and changed.unchanged == 3


def test_a_damaged_record_costs_only_its_own_page(course):
    (course.root / "autograded/ada" / LESSON / "result.json").write_text("{")
    (course.root / "autograded/ada" / OTHER / "result.json").unlink()
    done = write_feedback(course, [LESSON, OTHER])
    assert [path.parents[1].name for path in done.written] == ["Jürgen Groß", "li"]
    whys = {(lesson, student): why for lesson, student, why in done.failures}
    assert "damaged" in whys[LESSON, "ada"]
    assert f"mle grade {OTHER} --student ada --regrade" in whys[OTHER, "ada"]


def test_somebody_of_whom_nothing_is_graded_is_a_clear_error(course, mini):
    with pytest.raises(MleError, match=r"Nothing of a student 'zoe' has .* Graded are: Jürgen Groß, ada, li"):
        write_feedback(course, [LESSON], "zoe")
    with pytest.raises(MleError, match="Run `mle grade` first"):
        write_feedback(GradingCourse(mini.root), [LESSON])
    assert not (mini.root / "feedback").exists()


def test_a_page_waits_until_a_lesson_whose_checks_changed_is_graded_again(course):
    path = course.root / "course" / LESSON / "lesson.py"
    text = path.read_text(encoding="utf-8").replace('check="geometric"', 'check="geometric-two"')
    path.write_text(text, encoding="utf-8")
    (course.root / "course" / LESSON / "answers.py").unlink()
    build(Course(course.root), [LESSON])
    course.migrate([LESSON])
    done = write_feedback(course, [LESSON])
    assert done.written == [] and all("have changed since it was graded" in why for _, _, why in done.failures)


# --- prose


@pytest.mark.parametrize(("text", "shown"), [
    ("a $x < y$ b", 'alt="x &lt; y"'),
    ("$$\\frac{1}{n}$$", 'alt="\\frac{1}{n}"'),
    ("$\\unknown{x}$", "<code>$\\unknown{x}$</code>"),
    ("\\begin{align}a\\end{align}", "\\begin{align}a\\end{align}"),
    ("costs $5", "costs $5"),
    ("[x](javascript:alert(1))", ">x</a>"),
    ("`a < b`", "<code>a &lt; b</code>"),
])
def test_formulas_are_pictures_with_their_tex_or_their_tex(text, shown):
    html = html_of(text)
    assert shown in html and "javascript:" not in html


def test_a_picture_pasted_into_a_text_is_part_of_the_page_and_a_missing_one_is_none():
    html = html_of("![one](attachment:a.png) ![two](attachment:b.png) ![three](c.png)", {"a.png": {"image/png": PNG}})
    assert html.count(f'src="data:image/png;base64,{PNG}"') == 1 and html.count("src=") == 1


# --- the person who grades


def test_formgrader_shows_the_rubric_below_the_essay_as_a_rubric(course):
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    html, _ = HTMLExporter(config=config).from_filename(
        str(course.root / "autograded/ada" / LESSON / f"{LESSON}.ipynb"),
        resources={name: "" for name in ("assignment_id", "notebook_id", "submission_id", "base_url", "student",
                                         "last_name", "first_name", "notebook_path")} | {"index": 0, "total": 1})
    essay, rubric = html.index("Growth is"), html.index("Two points for naming growth")
    assert essay < html.index("Rubric for") < rubric
    assert "for graders only" in html


@pytest.mark.slow
def test_pages_of_notebooks_that_really_ran_hold_nothing_hidden_either(course):
    grade_cohort(course, [LESSON], jobs=1, trust_submissions=True, regrade=True)
    record = course.result(LESSON, "Jürgen Groß")
    assert {check["id"]: check["status"] for exercise in record["exercises"] for check in exercise["checks"]}[
        "mean-edges"] == "passed"
    write_feedback(course, [LESSON])
    assert json.dumps(record).count(MARK) == 0
    assert all(MARK not in page(course, student) for student in ("ada", "Jürgen Groß"))
    assert "6 of 6 from checks" in text_of(page(course))


@pytest.mark.parametrize("text", ["<div>" * 20_000, "word " * 50_000])
def test_a_text_without_end_is_shown_as_it_was_written(text):
    html = html_of(text)
    assert html.startswith("<pre>") and html.count("<") == 2
