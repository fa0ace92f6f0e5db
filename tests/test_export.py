"""Grades as Canvas and Moodle import them: in the right row and column, and nothing else touched."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_engine import EveryCheckPasses

from autograder.cli import main
from autograder.course import Course
from autograder.grading import GradingCourse, grade_cohort
from autograder.grading.gradebook import gradebook_of
from autograder.grading.roster import Learner, Roster, enter_students
from autograder.grading.spreadsheet import Table, defused, read_table, table_text
from autograder.grading.totals import Results, Total
from autograder.reports.lms import canvas_table, fill_canvas, fill_moodle, moodle_table, plain_table

MEANS, LOOPS = "1-1-means", "1-2-loops"
PEOPLE = (Learner("ada", "Ada", "Lovelace", "ada@example.org", "17"),
          Learner("juergen", "Jürgen", "Groß", "j@example.org"),
          Learner("eve", "Eve", "=1+1", "eve@example.org", "19"), Learner("silent", "Sil", "Ent", "", "20"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, _built_mini: Path) -> Path:
    """Three hand-ins of the first lesson and one of the second, every check passed; Eve's essay is not marked yet."""
    root = tmp_path_factory.mktemp("graded") / "mini"
    shutil.copytree(_built_mini, root)
    for student in ("ada", "juergen", "eve"):
        shutil.copytree(root / "notebooks" / MEANS, root / "submitted" / student / MEANS)
    shutil.copytree(root / "notebooks" / LOOPS, root / "submitted" / "ada" / LOOPS)
    (root / "submitted/ada" / MEANS / "timestamp.txt").write_text("2026-03-01 10:00:00 UTC\n")
    path = root / "submitted/eve" / MEANS / f"{MEANS}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("*Your answer here.*", "Growth."), encoding="utf-8")
    grade_cohort(GradingCourse(root), [MEANS, LOOPS], jobs=1, engine=EveryCheckPasses())
    enter_students(gradebook_of(root), PEOPLE)
    with closing(sqlite3.connect(root / "gradebook.db")) as db:
        db.execute("update assignment set duedate = '2026-03-01 08:00:00' where name = ?", (MEANS,))
        ada = f"(select id from submitted_assignment where student_id = 'ada' and assignment_id = "\
              f"(select id from assignment where name = '{MEANS}'))"
        db.execute("update submitted_assignment set extension = '1970-01-01 01:00:00' where id = " + ada)
        db.execute("update submitted_notebook set late_submission_penalty = 0.25 where assignment_id = " + ada)
        db.execute("update grade set manual_score = 3.5, extra_credit = 0.5, needs_manual_grade = 0 where cell_id in "
                   "(select id from base_cell where name = 'memo') and notebook_id in "
                   "(select id from submitted_notebook where assignment_id = " + ada + ")")
        db.commit()
    return root


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Course:
    shutil.copytree(graded, tmp_path / "mini")
    return Course(tmp_path / "mini")


@pytest.fixture
def mle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., CompletedProcess[str]]:
    """The command line, in this process."""
    def run(*arguments: object, cwd: Path) -> CompletedProcess[str]:
        monkeypatch.setenv("PATH", os.environ["PATH"])
        monkeypatch.chdir(cwd)
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return CompletedProcess(arguments, stop.value.code, said.out, said.err)

    return run


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- the plain table


def test_the_plain_table_has_all_that_makes_up_a_total(course, mle):
    done = mle("export", "--to", "csv", cwd=course.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 grades written to" in done.stdout
    assert "1 of 4 people have handed in nothing of this" in done.stdout
    table = pd.read_csv(course.root / "grades.csv").set_index(["id", "lesson"])
    ada = table.loc["ada", MEANS]
    assert (ada.automatic, ada.by_hand, ada.penalty, ada.total, ada.points, ada.waiting) == (6, 4, 0.25, 9.75, 10, "no")
    # An hour's extension on a date two hours before.
    assert (ada.handed_in, ada.seconds_late) == ("2026-03-01 10:00:00 UTC", 3600)
    assert table.loc[("eve", MEANS), "waiting"] == "yes"
    assert table.loc[("ada", LOOPS), "total"] == 2
    assert table.loc[("eve", MEANS), "last_name"] == "'=1+1"
    assert len(table) == 4


def test_without_a_name_for_the_file_an_earlier_one_stays(course, mle):
    (course.root / "grades.csv").write_text("somebody's own")
    done = mle("export", "--to", "csv", cwd=course.root)
    assert done.returncode == 0 and "grades (2).csv" in done.stdout
    assert (course.root / "grades.csv").read_text() == "somebody's own"
    assert (course.root / "grades (2).csv").read_text(encoding="utf-8-sig").startswith("id,")


def test_one_lesson_to_a_file_of_ones_own_and_nothing_overwritten(course, mle, tmp_path):
    target = tmp_path / "Noten März.csv"
    assert mle("export", "--to", "csv", "--lesson", LOOPS, target, cwd=course.root).returncode == 0
    assert [row["id"] for row in rows_of(target)] == ["ada"]
    done = mle("export", "--to", "csv", target, cwd=course.root)
    assert done.returncode == 1 and "is there already, and nothing is overwritten" in done.stderr
    done = mle("export", "--to", "csv", tmp_path / "no" / "x.csv", cwd=course.root)
    assert done.returncode == 1 and "There is no folder" in done.stderr
    # What it named itself is its own.
    assert mle("export", "--to", "csv", cwd=course.root).returncode == 0
    assert mle("export", "--to", "csv", cwd=course.root).returncode == 0


# --- Canvas


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Means (4711),Essay (99),Current Score,Final Score\r\n"
    ",,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,10.00,5.00,(read only),(read only)\r\n"
    '"Lovelace, Ada",17,,login1,Sec A,,4.00,80.0,80.0\r\n'
    '"Gross, Juergen",18,,juergen,Sec A,3.00,,80.0,80.0\r\n'
    '"Else, Somebody",19,,x,Sec B,,,80.0,80.0\r\n'
    '"Nobody, Known",55,,y,Sec B,1.00,,80.0,80.0\r\n'
    '"Student, Test",99,,,Sec A,,,80.0,80.0\r\n')


@pytest.fixture
def canvas(tmp_path: Path) -> Path:
    path = tmp_path / "2026-03-05T1000_Grades-ML.csv"
    path.write_bytes(b"\xef\xbb\xbf" + CANVAS.encode())
    return path


def test_an_export_of_canvas_is_filled_in_and_all_else_stays(course, mle, canvas):
    done = mle("export", "--to", "canvas", "--lesson", MEANS, "--template", canvas, cwd=course.root)
    assert done.returncode == 0, done.stderr
    filled = canvas.with_name(f"{canvas.stem} with grades.csv")
    expected = CANVAS.replace("Sec A,,4.00", "Sec A,9.75,4.00").replace("Sec A,3.00,", "Sec A,6,")
    assert filled.read_bytes() == b"\xef\xbb\xbf" + expected.encode()
    assert canvas.read_bytes() == b"\xef\xbb\xbf" + CANVAS.encode()
    assert "eve (1-1-means)" in done.stdout and "still to grade" in done.stdout
    assert "Nobody, Known: the gradebook has nobody who is called 'Nobody, Known'; the row stays" in done.stdout
    assert "2 grades written" in done.stdout


@pytest.mark.parametrize(("old", "new", "options", "says"), [
    ("Means (4711)", "Some (4711)", (), "No column of the template is '1-1-means'. Its columns: 'Some (4711)'"),
    ("10.00", "100.00", (), "1-1-means has 10 points here and 100 there"),
    ("Student,ID", "Name,Number", (), "This is no gradebook of Canvas"),
    ("Essay (99)", "1-1-means (99)", (), "More than one column"),
    ("", "", ("--column", "Nothing"), "No column of the template is 'Nothing'"),
])
def test_a_template_that_does_not_fit_is_refused(old, new, options, says, course, mle, canvas):
    canvas.write_text(CANVAS.replace(old, new), encoding="utf-8")
    done = mle("export", "--to", "canvas", "--lesson", MEANS, "--template", canvas, *options, cwd=course.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert list(canvas.parent.glob("* with grades.csv")) == []


def test_a_column_may_be_named_and_points_be_scaled(course, mle, canvas):
    # As Canvas writes it where decimals have a comma.
    canvas.write_text(CANVAS.replace(",", ";").replace("Lovelace; ", "Lovelace, ").replace("5.00", "20,00"),
                      encoding="utf-8")
    done = mle("export", "--to", "canvas", "--lesson", MEANS, "--template", canvas, "--column", "Essay", "--scale",
               cwd=course.root)
    assert done.returncode == 0, done.stderr
    rows = read_table(canvas.with_name(f"{canvas.stem} with grades.csv")).rows
    assert next(row for row in rows if row[0] == "Lovelace, Ada")[5:7] == ["", "19.5"]


def test_without_a_template_canvas_gets_numbers_names_and_points(course, mle):
    done = mle("export", "--to", "canvas", cwd=course.root)
    assert "an empty cell may take away a grade" in done.stdout
    rows = rows_of(course.root / "grades-canvas.csv")
    assert rows[0]["Student"].strip() == "Points Possible" and rows[0][MEANS] == "10"
    assert [(row["Student"], row["ID"], row["SIS Login ID"], row[MEANS], row[LOOPS]) for row in rows[1:]] == [
        ("Lovelace, Ada", "17", "ada", "9.75", "2"), ("Groß, Jürgen", "", "juergen", "6", "")]
    done = mle("export", "--to", "canvas", "--lesson", LOOPS, cwd=course.root)
    assert "empty cell" not in done.stdout
    assert len(rows_of(course.root / "grades-canvas (2).csv")) == 2


def filled_in(people: list[Learner], *rows: str) -> tuple[list[str], list[str]]:
    """The grades and the notes that come of rows with the columns Student (its comma a space), ID, SIS User ID and SIS
    Login ID."""
    table = Table([["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "1-1-means (5)"],
                   *([*row.split(","), "S", ""] for row in rows)])
    filled = fill_canvas(table, results_of(people), {MEANS: "Means"})
    return [row[5] for row in filled.table.rows[1:]], filled.notes


def test_the_number_of_canvas_says_whose_a_row_is():
    people = [Learner("ada", "Ada", "Lovelace", "", "4711"), Learner("bob", "Bob", "Babbage", "", "5000"),
              Learner("5000", "Cy", "Clare", "", "6000")]
    # The school's own number for Bob is the one that Canvas has for Ada.
    assert filled_in(people, "Bob Babbage,5000,4711,bbab", "Ada Lovelace,4711,9000,alov")[0] == ["1.25", "0.25"]
    grades, notes = filled_in(people, "Bob Babbage,5000,ada,", "Cy Clare,5000,5000,", "Ada Lovelace,4712,,ada")
    assert grades == ["", "", ""]
    assert [note.rpartition(";")[0] for note in notes[:3]] == [
        "Bob Babbage: its columns name ada and bob", "Cy Clare: its columns name 5000 and bob",
        "Ada Lovelace: it names ada, who has the lms_user_id 4711 and not 4712"]


# --- Moodle


MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),"
    "Last modified (grade),Feedback comments\n"
    'Participant 1,Ada Lovelace,ada@example.org,Submitted for grading,,10.00,Yes,"Sunday, 1 March 2026, 11:00 AM",-,\n'
    'Participant 2,Groß Jürgen,,Submitted for grading,,10.00,Yes,"Sunday, 1 March 2026, 11:00 AM",-,My own words\n'
    "Participant 3,Eve,eve@example.org,Submitted for grading,,10.00,Yes,-,-,\n"
    "Participant 4,Sil Ent,,No submission,,10.00,No,-,-,\n")


@pytest.fixture
def worksheet(tmp_path: Path) -> Path:
    path = tmp_path / "Grades-ML-Means-4711.csv"
    path.write_text(MOODLE, encoding="utf-8")
    return path


def test_a_moodle_worksheet_is_filled_in_and_all_else_stays(course, mle, worksheet):
    done = mle("export", "--to", "moodle", "--lesson", MEANS, "--template", worksheet, cwd=course.root)
    assert done.returncode == 0, done.stderr
    filled = worksheet.with_name(f"{worksheet.stem} with grades.csv").read_text(encoding="utf-8")
    expected = MOODLE.replace("grading,,", "grading,9.75,", 1).replace(
        "-,\n", '-,"6 points from checks, 4 by hand, 0.25 taken off for lateness: 9.75 of 10."\n', 1)
    before, _, after = expected.partition("Groß")
    assert filled == f"{before}Groß{after.replace('grading,,', 'grading,6,', 1)}"
    assert "Participant 4: Moodle does not let this grade be changed" in done.stdout


def test_a_worksheets_id_number_is_not_the_number_of_canvas_and_a_row_of_two_people_stays():
    people = [Learner("ada", "Ada", "Lovelace", "ada@example.org", "17"), Learner("bob", "Bob", "Babbage")]
    table = Table([["Identifier", "Full name", "Email address", "ID number", "Grade"],
                   ["Participant 1", "Bob Babbage", "", "17", ""],
                   ["Participant 2", "Ada Lovelace", "ada@example.org", "bob", ""]])
    filled = fill_moodle(table, results_of(people), MEANS)
    assert [row[4] for row in table.rows[1:]] == ["1.25", ""]
    assert "Ada Lovelace: its columns name ada and bob; the row stays as it is" in filled.notes


@pytest.mark.parametrize(("old", "new", "says"), [
    ("Identifier", "Kennung", "This is no grading worksheet"), ("Full name,Email", "Nobody,Nothing", "has no names"),
    ("10.00", "43,5", "1-1-means has 10 points here and 43.5 there")])
def test_a_worksheet_that_does_not_fit_is_refused(old, new, says, course, mle, worksheet):
    worksheet.write_text(MOODLE.replace(old, f'"{new}"' if "43" in new else new), encoding="utf-8")
    done = mle("export", "--to", "moodle", "--lesson", MEANS, "--template", worksheet, cwd=course.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


def test_without_a_template_moodle_gets_mail_and_number(course, mle):
    assert mle("export", "--to", "moodle", cwd=course.root).returncode == 0
    table = pd.read_csv(course.root / "grades-moodle.csv").set_index("ID number")
    assert dict(table["Email address"]) == {"ada": "ada@example.org", "juergen": "j@example.org"}
    assert (table.loc["ada", MEANS], table.loc["ada", LOOPS], table.loc["juergen", MEANS]) == (9.75, 2, 6)


# --- words it does not understand, and gradebooks it cannot read


@pytest.mark.parametrize(("arguments", "says"), [
    (["--to", "csv", "--template", "x.csv"], "A plain table needs no template"),
    (["--to", "canvas", "--column", "x"], "there is none"),
    (["--to", "moodle", "--template", "x.csv"], "name it with --lesson"),
    (["--to", "canvas", "--template", "x.csv"], "x.csv cannot be read"),
    (["--to", "csv", "--lesson", "1-1-maens"], "Did you mean '1-1-means'?"),
])
def test_what_makes_no_sense_is_said(arguments, says, course, mle):
    done = mle("export", *arguments, cwd=course.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


def test_without_grades_there_is_nothing_to_export(course, mle):
    (course.root / "gradebook.db").rename(course.root / "elsewhere.db")
    assert "nothing has been graded yet" in mle("export", "--to", "csv", cwd=course.root).stderr
    (course.root / "gradebook.db").write_bytes(b"no database at all, but long enough to be read as if it were one" * 20)
    assert "cannot be read as a gradebook" in mle("export", "--to", "csv", cwd=course.root).stderr


# --- names


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=15).map(str.strip).filter(bool)


def results_of(people: list[Learner]) -> Results:
    totals = tuple(Total(one.id, MEANS, number, 0.5, 0.25, 10, False, None, 0) for number, one in enumerate(people))
    return Results(Roster(people, "the gradebook"), totals)


people_lists = st.lists(
    st.builds(Learner, id=st.from_regex(r"[a-z][a-z0-9]{1,6}", fullmatch=True).map("s{}".format), first_name=texts,
              last_name=texts, email=st.just(""), lms_user_id=st.integers(10**6, 10**7).map(str)),
    min_size=1, max_size=5, unique_by=(lambda one: one.id, lambda one: one.lms_user_id))


@given(people_lists)
def test_whatever_people_are_called_a_spreadsheet_reads_their_grades_and_runs_nothing(people):
    results = results_of(people)
    for exported, key in ((plain_table(results), "id"), (canvas_table(results, {MEANS: MEANS}), "SIS Login ID"),
                          (moodle_table(results, {MEANS: MEANS}), "ID number")):
        read = list(csv.DictReader(io.StringIO(exported.table.text, newline="")))
        grades = {row[key]: row.get(MEANS) or row.get("total") for row in read if row[key]}
        assert grades == {one.id: f"{number + 0.25:g}" for number, one in enumerate(people)}
        for row in read:
            assert not [value for value in row.values() if value and value[0] in "=+-@\t\r\n"]


@given(people_lists, st.randoms())
def test_what_canvas_exports_comes_back_with_each_grade_in_its_row(people, chance):
    results = results_of(people)
    shuffled = people[:]
    chance.shuffle(shuffled)
    table = Table([["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "1-1-means (5)"],
                   *([f"{one.last_name}, {one.first_name}", one.lms_user_id, "", "", "S", ""] for one in shuffled)])
    filled = fill_canvas(table, results, {MEANS: "Means"})
    assert filled.written == len(people)
    assert {row[1]: row[5] for row in filled.table.rows[1:]} == {
        one.lms_user_id: f"{number + 0.25:g}" for number, one in enumerate(people)}


def test_two_rows_that_would_be_one_person_do_not_both_get_the_grade():
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Means (5)"]
    table = Table([head, ["Lovelace, Ada", "", "", "", "S", ""], ["Ada Lovelace", "", "", "", "S", ""]])
    filled = fill_canvas(table, results_of([Learner("ada", "Ada", "Lovelace")]), {MEANS: "Means"})
    assert [row[5] for row in table.rows[1:]] == ["0.25", ""]
    assert "would both be ada" in filled.notes[0]


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=2,
                         max_size=4), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_a_table_is_read_as_it_was_written(tmp_path_factory, rows, line_end):
    rows = [["one", "two", "three"], *rows]
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_bytes(table_text(rows, ",", line_end).encode())
    assert read_table(path).rows == rows


def test_no_formula_is_left_in_a_text():
    assert [defused(text) for text in ("=1", "+1", "-1", "@x", "\t=1", "a=1", "", "O'Brien")] == [
        "'=1", "'+1", "'-1", "'@x", "'\t=1", "a=1", "", "O'Brien"]
