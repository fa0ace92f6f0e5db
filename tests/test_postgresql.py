"""A gradebook on a PostgreSQL server: everything as with a file, and a server that is not there, or goes away."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradebooks
import psycopg
import pytest
from nbgrader.api import Gradebook
from postgresql import PASSWORD, Server
from sqlalchemy import text
from stub_engine import EveryCheckPasses

from autograder.course import Course
from autograder.errors import MleError
from autograder.execution import Job, RunRecord
from autograder.grading import GradingCourse, carry_gradebook, grade_cohort, gradebook_of, ledger, store_at

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="starts Debian's server")]

LESSON, OTHER = "1-1-means", "1-2-loops"
STUDENTS = ("ada", "ben", "cy", "Dée o'Hara")
DUE = f"\n[late]\npercent_per_day = 10\n\n[due]\n{LESSON} = 2026-02-27T23:59:00Z\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def make(mini: Course, tmp_path: Path, server: Server,
         request: pytest.FixtureRequest) -> Callable[[str], GradingCourse]:
    """Makes a course with hand-ins and a gradebook in a `file`, or in a new database of the `server`."""
    for student in STUDENTS:
        shutil.copytree(mini.solutions / LESSON, mini.root / "submitted" / student / LESSON)
        (mini.root / "submitted" / student / LESSON / "timestamp.txt").write_text("2026-03-01 08:00:00 UTC\n")
    shutil.copytree(mini.notebooks / LESSON, mini.root / "submitted" / "eve" / LESSON)
    shutil.copytree(mini.solutions / OTHER, mini.root / "submitted" / "ada" / OTHER)
    shutil.copy(Path(__file__).resolve().parents[1] / "nbgrader_config.py", mini.root)

    def make(where: str) -> GradingCourse:
        root = tmp_path / where
        shutil.copytree(mini.root, root)
        url = server.database(request.node.name[:60]) if where == "server" else ""
        (root / "grading.toml").write_text((f'gradebook = "{url}"\n' if url else "") + DUE)
        return GradingCourse(root)

    return make


def grade(course: GradingCourse, engine: object = None, **options):
    return grade_cohort(course, [LESSON, OTHER], engine=engine or EveryCheckPasses(), jobs=1, **options)


def by_hand(course: GradingCourse) -> None:
    """What a person does in Formgrader."""
    with Gradebook(course.gradebook.url) as book:
        for cell, points in (("check-mean-values", 1.5), ("memo", 3)):
            given = book.find_grade(cell, LESSON, LESSON, "ada")
            given.manual_score, given.needs_manual_grade = points, False
        book.find_comment("memo", LESSON, LESSON, "ada").manual_comment = "well said – “yes”"
        book.db.commit()


def mle(course: GradingCourse, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "autograder", *arguments], cwd=course.root, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- as in a file


def test_grading_again_after_points_by_hand_and_regrading_leave_the_same_rows_as_in_a_file(make):
    seen = []
    for course in (make("file"), make("server")):
        first = grade(course)
        by_hand(course)
        (course.root / "submitted" / "ben" / LESSON / "timestamp.txt").write_text("2026-02-01 08:00:00 UTC\n")
        again, regraded = grade(course), grade(course, regrade=True)
        assert (first.graded, again.graded, again.skipped, regraded.graded) == (6, 1, 5, 6)
        assert not first.failures + again.failures + regraded.failures
        seen.append((gradebooks.rows(course.gradebook), gradebooks.files(course.root), course.scores(),
                     list(course.marks([LESSON]))))
    assert seen[0] == seen[1]
    grades = seen[1][0]["grades"]
    assert ("ada", LESSON, "check-mean-values", 2.0, 1.5, None, True) in grades and len(grades) == 27


def test_the_verbs_print_and_write_what_they_do_with_a_file(make):
    seen = []
    for course in (make("file"), make("server")):
        grade(course)
        by_hand(course)
        said = [mle(course, *verb).replace(str(course.root), "").replace(str(course.gradebook), "GRADEBOOK")
                .replace("/gradebook.db", "GRADEBOOK")
                for verb in (["due"], ["feedback"], ["report", "--quick"], ["export", "--to", "csv"],
                             ["export", "--to", "canvas"], ["migrate"], ["init-course"])]
        pages = sorted(path.relative_to(course.root).as_posix() for path in (course.root / "feedback").rglob("*.html"))
        page = (course.root / "feedback" / "ada" / LESSON / f"{LESSON}.html").read_text()
        seen.append((said, pages, page, (course.root / "grades.csv").read_text(),
                     (course.root / "grades-canvas.csv").read_text()))
    assert seen[0] == seen[1]
    assert len(seen[1][1]) == 6 and "well said" in seen[1][2]


def test_nbgraders_own_commands_use_it(make):
    course = make("server")
    grade(course)
    before = gradebooks.rows(course.gradebook)
    nbgrader = Path(sys.executable).parent / "nbgrader"
    done = subprocess.run([nbgrader, "autograde", LESSON, "--student", "ada", "--force"], cwd=course.root,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([nbgrader, "export"], cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1-1-means" in (course.root / "grades.csv").read_text()
    assert gradebooks.rows(course.gradebook)["grades"] == before["grades"]
    assert not (course.root / "gradebook.db").exists()


def test_a_changed_lesson_is_migrated_there_and_back(make):
    course = make("server")
    grade(course)
    by_hand(course)
    before = gradebooks.rows(course.gradebook)
    source = course.root / "course" / LESSON / "lesson.py"
    source.write_text(source.read_text().replace('check="mean-values" points=2', 'check="mean-values" points=3'))
    mle(course, "build", LESSON)
    done = course.migrate([LESSON])
    assert done.backup and done.backup.parent == course.root
    assert ("ben", LESSON, "check-mean-values", 3.0, None, None, False) in gradebooks.rows(course.gradebook)["grades"]
    undone = course.undo_migration()
    assert gradebooks.rows(course.gradebook) == before and undone.kept.is_file() and not undone.restored.exists()
    with pytest.raises(MleError, match="no migration to undo"):
        course.undo_migration()


def test_gradings_that_run_at_the_same_time_lose_nothing(make):
    course = make("server")
    course.register([LESSON, OTHER])
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda student: grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1,
                                                          student=student), [*STUDENTS, "eve"] * 2))
    assert not [one.failures for one in done if one.failures]
    alone = make("file")
    grade_cohort(alone, [LESSON], engine=EveryCheckPasses(), jobs=1)
    assert gradebooks.rows(course.gradebook)["grades"] == gradebooks.rows(alone.gradebook)["grades"]


# --- carrying one over


def test_a_gradebook_is_carried_over_and_back_whole(make, server):
    course = make("file")
    grade(course)
    by_hand(course)
    course.due()
    before = gradebooks.rows(course.gradebook)
    url = server.database("carried over")
    said = mle(course, "migrate-gradebook", url)
    assert "6 submissions with" in said and "grade: 27 rows" in said and PASSWORD not in said
    assert f'gradebook = "postgresql://grader@127.0.0.1:{server.port}/carried over"' in said
    assert gradebooks.rows(store_at(url, "URL", course.root)) == before
    (course.root / "grading.toml").write_text(f'gradebook = "{url}"\n{DUE}')
    moved = GradingCourse(course.root)
    assert grade(moved).skipped == 6 and gradebooks.rows(moved.gradebook) == before
    mle(course, "migrate-gradebook", "sqlite:///back.db")
    assert gradebooks.rows(store_at("sqlite:///back.db", "URL", course.root)) == before


def test_a_database_that_has_scores_is_not_carried_into(make, server):
    course, other = make("file"), make("server")
    grade(course)
    grade(other, student="ben")
    before = gradebooks.rows(other.gradebook)
    with pytest.raises(MleError, match=r"is not empty: it has rows in .*grade"):
        carry_gradebook(course.gradebook, other.gradebook)
    assert gradebooks.rows(other.gradebook) == before


def test_a_row_that_cannot_be_kept_is_named_and_nothing_is_carried(make, server):
    course = make("file")
    grade(course)
    with course.gradebook.connection() as connection:
        connection.execute(text("update comment set manual_comment = :text"), {"text": "a zero\0byte"})
        connection.commit()
    store = store_at(server.database("not kept"), "URL", course.root)
    with pytest.raises(MleError, match=r"A row of the table 'comment' .* cannot be kept .*Mend that row"):
        carry_gradebook(course.gradebook, store)
    assert gradebooks.rows(store)["students"] == [] and course.scores()


# --- what goes wrong


@pytest.mark.parametrize(("url", "says"), [
    ("postgresql://u:secret@127.0.0.1:9/x", "cannot be reached"),
    ("postgresql://u:secret@no-such-host.invalid/x", "cannot be reached"),
    ("mysql://u:secret@127.0.0.1/x", "names a database of the kind 'mysql'"),
    ("nothing of that kind", "no URL of a database. Write it like postgresql://USER@HOST/DATABASE"),
    ("sqlite://", "kind 'sqlite'"),
])
def test_a_gradebook_that_cannot_be_is_refused_in_words(url, says, mini, monkeypatch, capsys):
    from autograder.cli import main

    (mini.root / "grading.toml").write_text(f'gradebook = "{url}"\n')
    monkeypatch.chdir(mini.root)
    with pytest.raises(SystemExit) as ended:
        main(["init-course", LESSON])
    said = capsys.readouterr().err
    assert ended.value.code == 1 and says in said and "secret" not in said and "Traceback" not in said


def test_a_wrong_password_and_a_missing_database_are_told_apart(server, mini, monkeypatch):
    database = server.database("told apart")
    (mini.root / "grading.toml").write_text('gradebook = "postgresql://mle@db.example.org/course"\n')
    monkeypatch.setenv("MLE_GRADEBOOK", server.url("told apart", "wrong"))
    with pytest.raises(MleError, match=r"refuses this user: .*PGPASSWORD"):
        grade_cohort_of(mini)
    monkeypatch.setenv("MLE_GRADEBOOK", server.url("nowhere"))
    with pytest.raises(MleError, match=r"has no such gradebook.*createdb"):
        grade_cohort_of(mini)
    monkeypatch.setenv("MLE_GRADEBOOK", server.url("told apart", "").replace(":@", "@"))
    with pytest.raises(MleError, match=r"refuses this user: .*PGPASSWORD"):
        grade_cohort_of(mini)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert grade_cohort_of(mini).graded == 1 and PASSWORD not in str(gradebook_of(mini.root))
    assert gradebook_of(mini.root).url != store_at(database, "URL", mini.root).url


def grade_cohort_of(course: Course):
    if not (course.root / "submitted").exists():
        shutil.copytree(course.solutions / LESSON, course.root / "submitted" / "ada" / LESSON)
    return grade_cohort(GradingCourse(course.root), [LESSON], engine=EveryCheckPasses(), jobs=1)


def test_without_the_package_for_it_the_command_that_installs_it_is_named(mini, monkeypatch):
    (mini.root / "grading.toml").write_text('gradebook = "postgresql://u@h/x"\n')
    monkeypatch.setattr("autograder.grading.gradebook.find_spec", lambda name: None)
    with pytest.raises(MleError, match=r"run `./mle add postgresql`"):
        GradingCourse(mini.root)


def test_the_variable_alone_draws_no_sample_course_into_a_cohorts_gradebook(mini, monkeypatch):
    monkeypatch.setenv("MLE_GRADEBOOK", "postgresql://u@h/x")
    assert gradebook_of(mini.root).file == mini.root / "gradebook.db"
    (mini.root / "grading.toml").write_text('gradebook = "postgresql://elsewhere/y"\n')
    assert str(gradebook_of(mini.root)) == "postgresql://u@h/x"


class StopsTheServer(EveryCheckPasses):
    """Stops the server while the third submission is run; starts it again after some seconds, if it is to."""

    def __init__(self, server: Server, back_after: float | None) -> None:
        self._server, self._back_after, self._runs = server, back_after, 0

    def run(self, job: Job) -> RunRecord:
        self._runs += 1
        if self._runs == 3:
            self._server.stop()
            if self._back_after is not None:
                threading.Timer(self._back_after, self._server.start).start()
        return super().run(job)


def test_a_server_that_goes_away_and_comes_back_is_waited_for(make, server):
    course, told = make("server"), []
    outcome = grade(course, StopsTheServer(server, 2.0), tell=lambda text, done, of: told.append(text))
    assert outcome.graded == 6 and not outcome.failures and "waiting for the gradebook" in told
    alone = make("file")
    grade(alone)
    assert gradebooks.rows(course.gradebook) == gradebooks.rows(alone.gradebook)
    assert gradebooks.files(course.root) == gradebooks.files(alone.root)


def test_a_server_that_stays_away_stops_the_run_which_the_next_one_finishes(make, server, monkeypatch):
    course = make("server")
    monkeypatch.setattr(ledger, "_PATIENCE", 1.0)
    try:
        with pytest.raises(MleError, match=r"cannot be reached.*run the same command again"):
            grade(course, StopsTheServer(server, None))
    finally:
        server.start()
    assert not list(course.root.glob(".mle-*"))
    outcome = grade(course)
    assert outcome.graded + outcome.skipped == 6
    alone = make("file")
    grade(alone)
    assert gradebooks.rows(course.gradebook) == gradebooks.rows(alone.gradebook)


def test_somebody_elses_writing_is_waited_for(make, server, monkeypatch):
    course, told = make("server"), []
    course.register([LESSON, OTHER])
    monkeypatch.setattr("autograder.grading.gradebook._LOCK_SECONDS", 1)
    with psycopg.connect(course.gradebook.url.replace("+psycopg", "").partition("?")[0]) as other:
        other.execute("update course set id = id")
        threading.Timer(3.0, other.commit).start()
        outcome = grade(course, tell=lambda text, done, of: told.append(text))
        time.sleep(0.1)
    assert outcome.graded == 6 and "waiting for the gradebook" in told
