"""A cohort's grading: the same scores as one by one, nothing done twice, and nothing lost when it is killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from stub_engine import EveryCheckPasses

from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import GradingCourse, Key, grade_cohort, grade_notebook, read_submission
from autograder.quality import read_notebook, rounds, with_answers
from autograder.reports.feedback_page import write_feedback

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the engine needs Linux")]

LESSON = "1-1-means"


@pytest.fixture
def cohort(mini: Course) -> GradingCourse:
    """Hand-ins of five students for the first lesson, and of two for the second."""
    untouched = read_notebook(mini.notebooks / LESSON)
    answers = mini.answers(mini.lesson(LESSON))
    right = {a.exercise: a.source for a in rounds(tuple(a for a in answers if a.right))[0].values()}
    wrong = {a.exercise: a.source for a in rounds(tuple(a for a in answers if not a.right))[0].values()}
    hand_in(mini, "ada", with_answers(untouched, right))
    hand_in(mini, "ben", with_answers(untouched, wrong))
    hand_in(mini, "cy", with_answers(untouched, right | {"geometric": wrong["geometric"]}))
    hand_in(mini, "dee", untouched)
    for student in ("ada", "eve"):
        shutil.copytree(mini.solutions / "1-2-loops", mini.root / "submitted" / student / "1-2-loops")
    (mini.root / "submitted/eve" / LESSON).mkdir(parents=True)
    (mini.root / "submitted/eve" / LESSON / f"{LESSON}.ipynb").write_text('{"cells": [')
    return GradingCourse(mini.root)


def hand_in(course: Course, student: str, notebook) -> None:
    import nbformat

    folder = course.root / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")
    (folder / "timestamp.txt").write_text("2026-03-01 10:00:00 UTC\n")


def grade(course: GradingCourse, **options):
    return grade_cohort(course, [LESSON, "1-2-loops"], jobs=2, **options)


def everything(root: Path) -> dict:
    """What grading left: every row of the gradebook but for its random ids, and every file but for timings."""
    with sqlite3.connect(root / "gradebook.db") as db:
        rows = {
            "grades": db.execute(
                "select sa.student_id, a.name, c.name, g.auto_score, g.manual_score, g.extra_credit, "
                "g.needs_manual_grade from grade g join base_cell c on g.cell_id = c.id join submitted_notebook sn on "
                "g.notebook_id = sn.id join submitted_assignment sa on sn.assignment_id = sa.id join assignment a on "
                "sa.assignment_id = a.id order by 1, 2, 3").fetchall(),
            "comments": db.execute(
                "select sa.student_id, c.name, k.auto_comment, k.manual_comment from comment k join base_cell c on "
                "k.cell_id = c.id join submitted_notebook sn on k.notebook_id = sn.id join submitted_assignment sa on "
                "sn.assignment_id = sa.id order by 1, 2").fetchall(),
            "submissions": db.execute(
                "select student_id, timestamp from submitted_assignment order by 1, 2").fetchall(),
            "schema": db.execute("select * from alembic_version").fetchall(),
            "graded": db.execute("select * from mle_graded order by 1, 2").fetchall(),
        }
    files = {}
    for path in sorted((root / "autograded").rglob("*")):
        if path.is_file():
            text = path.read_text()
            if path.name == "result.json":
                text = json.dumps(without_measurements(json.loads(text)))
            files[path.relative_to(root).as_posix()] = text
    return {"rows": rows, "files": files, "left over": sorted(p.name for p in root.glob(".mle-*"))}


def without_measurements(value):
    if isinstance(value, dict):
        return {k: without_measurements(v) for k, v in value.items() if k not in {"seconds", "peak_memory_mb"}}
    return [without_measurements(v) for v in value] if isinstance(value, list) else value


def scores(course: GradingCourse) -> dict[tuple[str, str], float]:
    return {(score.student, score.lesson): score.earned for score in course.scores()}


def test_a_cohort_gets_the_scores_that_each_notebook_gets_alone(cohort):
    outcome = grade(cohort)
    assert (outcome.graded, outcome.skipped, outcome.failures) == (7, 0, [])
    key = Key.load(cohort.root / "solutions" / LESSON)
    for student in ("ada", "ben", "cy", "dee"):
        path = cohort.root / "submitted" / student / LESSON / f"{LESSON}.ipynb"
        alone = grade_notebook(key, read_submission(path, key)).result
        assert scores(cohort)[student, LESSON] == alone.earned
    assert scores(cohort)["ada", LESSON] == 6 and scores(cohort)["dee", LESSON] == 0
    assert scores(cohort)["ada", "1-2-loops"] == 2


def test_an_unreadable_hand_in_is_graded_as_nothing_and_pointed_out(cohort):
    outcome = grade(cohort)
    (submission, why), = outcome.attention
    assert submission.student == "eve" and "not valid JSON" in why
    assert scores(cohort)["eve", LESSON] == 0 and scores(cohort)["eve", "1-2-loops"] == 2
    record = cohort.result(LESSON, "eve")
    assert "not valid JSON" in record["ended"]
    assert {check["status"] for e in record["exercises"] for check in e["checks"]} == {"not_run"}
    write_feedback(cohort, [LESSON])
    assert "not valid JSON" in (cohort.root / f"feedback/eve/{LESSON}/{LESSON}.html").read_text()


def test_a_second_run_grades_only_what_has_changed(cohort):
    grade(cohort)
    before = everything(cohort.root)
    assert grade(cohort).graded == 0
    assert everything(cohort.root) == before
    assert [(s.student, "not valid JSON" in why) for s, why in grade(cohort).attention] == [("eve", True)]
    path = cohort.root / "submitted/dee" / LESSON / f"{LESSON}.ipynb"
    shutil.copy(cohort.root / "submitted/ada" / LESSON / f"{LESSON}.ipynb", path)
    outcome = grade(cohort)
    assert (outcome.graded, outcome.skipped) == (1, 6)
    assert scores(cohort)["dee", LESSON] == 6


def test_a_damaged_record_is_written_again(cohort):
    grade(cohort)
    expected = everything(cohort.root)
    (cohort.root / "autograded/ada" / LESSON / "result.json").write_text("{")
    assert grade(cohort).graded == 1
    assert everything(cohort.root) == expected


def test_a_hand_in_under_another_name_is_named(cohort):
    folder = cohort.root / "submitted/ada" / LESSON
    (folder / f"{LESSON}.ipynb").rename(folder / "homework.ipynb")
    why = {s.student: why for s, why in grade(cohort).attention}["ada"]
    assert why == f"{LESSON}.ipynb was not handed in. If homework.ipynb is meant, rename it to {LESSON}.ipynb and " \
                  "grade again."
    (folder / "homework.ipynb").unlink()
    assert {s.student: why for s, why in grade(cohort).attention}["ada"] == (
        f"{LESSON}.ipynb was not handed in. It has to be handed in again.")


def test_a_changed_lesson_is_graded_again(cohort):
    grade(cohort)
    path = cohort.root / "solutions" / LESSON / f"{LESSON}.ipynb"
    path.write_text(path.read_text().replace("got == expected, ", "got == expected or True, "))
    outcome = grade(cohort)
    assert (outcome.graded, outcome.skipped) == (5, 2)
    assert scores(cohort)["ben", LESSON] > 0


def test_points_and_comments_given_by_hand_survive_a_regrade(cohort):
    grade(cohort)
    with Gradebook(cohort.gradebook.url) as book:
        grade_row = book.find_grade("check-mean-values", LESSON, LESSON, "ben")
        grade_row.manual_score = 1.5
        book.find_grade("memo", LESSON, LESSON, "ben").manual_score = 3
        book.find_comment("mean", LESSON, LESSON, "ben").manual_comment = "nearly"
        book.db.commit()
    assert grade(cohort, regrade=True).graded == 7
    with Gradebook(cohort.gradebook.url) as book:
        assert book.find_grade("check-mean-values", LESSON, LESSON, "ben").manual_score == 1.5
        assert book.find_grade("memo", LESSON, LESSON, "ben").manual_score == 3
        assert book.find_comment("mean", LESSON, LESSON, "ben").manual_comment == "nearly"


def test_nothing_to_grade_and_an_unknown_student_are_clear_errors(mini, cohort):
    with pytest.raises(MleError, match="nothing of a student 'zoe'"):
        grade(cohort, student="zoe")
    shutil.rmtree(mini.root / "submitted")
    with pytest.raises(MleError, match="Nothing to grade"):
        grade(cohort)


def test_without_isolation_other_peoples_code_is_refused_unless_trusted(cohort, monkeypatch):
    from autograder import execution

    monkeypatch.setattr(execution, "default_engine", lambda: None)
    with pytest.raises(MleError, match="--trust-submissions"):
        grade(cohort)
    assert not (cohort.root / "autograded").exists()
    monkeypatch.setattr(execution, "run", execution.kernel.run)
    monkeypatch.setattr(execution, "imports_of", lambda job: ())
    assert grade(cohort, trust_submissions=True).graded == 7
    assert scores(cohort)["ada", LESSON] == 6


# --- killed anywhere ----------------------------------------------------------------------------------------------

@pytest.fixture
def small_cohort(cohort: GradingCourse) -> GradingCourse:
    for student in ("ben", "cy"):
        shutil.rmtree(cohort.root / "submitted" / student)
    for student in ("ada", "eve"):
        shutil.rmtree(cohort.root / "submitted" / student / "1-2-loops")
    return cohort


def run_until(root: Path, kill_at: int, events: Path) -> int:
    """Grades in a process of its own that is killed before or after a rename or a commit takes effect.

    Args:
        kill_at: at which event; 0 for none.
        events: where the number of events that there were is written, if it lives.

    Returns:
        The process's exit code, negative for a signal.
    """
    child = os.fork()  # not a new Python: that would spend most of its time on imports
    if child == 0:
        status = 1
        try:
            events.write_text(str(_grade_and_count(root, kill_at)))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _grade_and_count(root: Path, kill_at: int) -> int:
    count = 0

    def point() -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(function):
        def call(*args, **kwargs):
            point()
            result = function(*args, **kwargs)
            point()
            return result
        return call

    os.replace, Session.commit = around(os.replace), around(Session.commit)
    grade_cohort(GradingCourse(root), [LESSON], jobs=1, engine=EveryCheckPasses())
    return count


def clean_copy(root: Path, target: Path) -> Path:
    shutil.copytree(root, target)
    return target


def test_a_run_killed_before_or_after_any_commit_or_rename_is_finished_by_the_next(small_cohort, tmp_path):
    clean = clean_copy(small_cohort.root, tmp_path / "clean")
    counted = tmp_path / "events"
    assert run_until(clean, 0, counted) == 0
    expected, events = everything(clean), int(counted.read_text())
    assert events >= 4 * 3  # a rename and a commit for each of three submissions, before and after
    for kill_at in range(1, events + 1):
        root = clean_copy(small_cohort.root, tmp_path / f"killed-{kill_at}")
        assert run_until(root, kill_at, counted) == -signal.SIGKILL
        grade_cohort(GradingCourse(root), [LESSON], jobs=1, engine=EveryCheckPasses())
        assert everything(root) == expected, f"killed at event {kill_at} of {events}"
        shutil.rmtree(root)


def test_a_run_killed_at_any_moment_is_finished_by_the_next_and_leaves_no_process(cohort, mle, tmp_path):
    clean = clean_copy(cohort.root, tmp_path / "clean")
    begun = time.monotonic()
    assert mle("grade", cwd=clean).returncode == 0
    seconds = time.monotonic() - begun
    expected, chance = everything(clean), random.Random(7)
    root = clean_copy(cohort.root, tmp_path / "killed")
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-m", "autograder", "grade"], cwd=root, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, seconds))
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []
        if chance.random() < 0.3:  # from the beginning again, so that early moments are met too
            shutil.rmtree(root)
            clean_copy(cohort.root, root)
    assert mle("grade", cwd=root).returncode == 0
    assert everything(root) == expected


def test_a_full_disk_stops_a_run_and_is_no_fault_of_a_submission(cohort, monkeypatch):
    def full(*_: object) -> None:
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))

    cohort.register([LESSON, "1-2-loops"])
    with monkeypatch.context() as patched:
        patched.setattr("autograder.grading.ledger._Batch.enter", full)
        with pytest.raises(OperationalError, match="disk is full"):
            grade(cohort, engine=EveryCheckPasses())
    assert cohort.scores() == [] and list(cohort.root.glob(".mle-*")) == []
    assert grade(cohort, engine=EveryCheckPasses()).graded == 7


def test_ctrl_c_stops_a_run_with_nothing_left_behind_and_the_next_goes_on(cohort, mini, mle):
    hand_in(mini, "zoe", with_answers(read_notebook(mini.notebooks / LESSON), {"mean": "import time\ntime.sleep(99)"}))
    process = subprocess.Popen([sys.executable, "-m", "autograder", "grade"], cwd=cohort.root, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=os.environ | {"PYTHONUNBUFFERED": "1"})
    process.stdout.readline()
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "run the same command again" in said
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert list(cohort.root.glob(".mle-*")) == []
    shutil.rmtree(cohort.root / "submitted" / "zoe")
    assert mle("grade", cwd=cohort.root).returncode == 0
    assert scores(cohort)["ada", LESSON] == 6
