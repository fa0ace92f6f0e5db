"""The walkthrough for instructors, gone through as it is written, with a small course under the names it uses."""

from __future__ import annotations

import csv
import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from walkthroughs import LESSON, ROOT, page, small_kit, steps

from autograder.cli import main
from autograder.course import Course
from autograder.demo import sample_submissions
from autograder.grading import GradingCourse
from autograder.quality import with_answers

pytestmark = pytest.mark.slow

# What the browser test of Formgrader does for real.
IN_A_BROWSER = [". .venv/bin/activate", "jupyter lab"]


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """The kit, and what Moodle gave: the zip of all hand-ins, and the worksheet for the grades."""
    course = small_kit(tmp_path / "kit")
    made = sample_submissions(course, LESSON)
    essay = {"memo": "It suits rates of growth, such as interest."}
    # (name in Moodle, whose answers, day in March on which it was handed in)
    handed_in = [("Ada Byrne", made["ada"], 1), ("Björn Østby", made["dua"], 3), ("Chi Nguyen", made["chi"], 5),
                 ("Dana Nobody", made["fay"], 1)]
    with zipfile.ZipFile(course.root / "1-1 Job market.zip", "w") as archive:
        for number, (name, notebook, day) in enumerate(handed_in, start=101):
            entry = zipfile.ZipInfo(f"{name}_{number}_assignsubmission_file/{LESSON}.ipynb", (2026, 3, day, 12, 0, 0))
            archive.writestr(entry, nbformat.writes(with_answers(notebook, essay)), zipfile.ZIP_DEFLATED)
    with (course.root / "worksheet.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
                         "Grade can be changed", "Last modified (grade)", "Feedback comments"])
        for number, (name, _, _) in enumerate(handed_in, start=101):
            mail = f"{name.split()[0].lower().replace('ö', 'oe')}@example.org"
            writer.writerow([f"Participant {number}", name, mail, "Submitted", "", "10.00", "Yes", "-", ""])
    return course.root


def test_every_command_of_the_walkthrough_works_as_it_is_written(kit, monkeypatch, capsys):
    meanwhile: dict[str, Callable[[Path], None]] = {
        "jupyter lab": mark_essays, "./mle due --dry-run": shorten_extension, f"./mle build {LESSON}": change_points}
    monkeypatch.chdir(kit)
    monkeypatch.setenv("COLUMNS", "100")
    said, others = {}, []
    for name, line in steps(page("instructor.md")):
        if name:
            (kit / name).write_text(line, encoding="utf-8")
            continue
        if line in meanwhile:
            meanwhile[line](kit)
        if not line.startswith("./mle "):
            others.append(line)
            continue
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(line)[1:])
        out, err = capsys.readouterr()
        # One hand-in is of nobody on the roster: that is told, and by the exit status as well.
        assert ended.value.code == ("collect" in line), (line, out, err)
        said[line] = " ".join(out.split())
    assert others == IN_A_BROWSER

    scores = {score.student: score for score in GradingCourse(kit).scores()}
    assert set(scores) == {"ada", "bjoern", "chi"} and scores["ada"].earned == 9, "6 by the checks, 3 for the essay"
    unmatched = (kit / "submitted" / "unmatched.csv").read_text(encoding="utf-8")
    assert "Dana Nobody" in unmatched and "Ada" not in unmatched
    assert f"{LESSON}, chi: penalty 0 → " in said["./mle due"]
    assert "Nothing was changed" in said["./mle due --dry-run"] and "Nothing was changed" not in said["./mle due"]
    assert "3 submissions, to be graded again" in said[f"./mle migrate {LESSON} --dry-run"]
    assert len(list((kit / "release").glob("*.zip"))) == 1
    for student in scores:
        feedback = (kit / "feedback" / student / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
        assert "secret detail" not in feedback and "Two points for naming growth" not in feedback
    assert "3 learners" in (kit / "report.html").read_text(encoding="utf-8")
    assert (kit / "grades.csv").exists() and (kit / "grades-moodle.csv").exists()
    assert (kit / "grades-canvas.csv").exists()
    with (kit / "worksheet with grades.csv").open(encoding="utf-8-sig") as file:
        grades = {row["Full name"]: row["Grade"] for row in csv.DictReader(file)}
    assert float(grades["Ada Byrne"]) == 9 and grades["Dana Nobody"] == ""
    assert 0 < float(grades["Björn Østby"]) < scores["bjoern"].earned, "a day late costs a tenth"


def test_what_it_names_is_there():
    for name in re.findall(r"\]\(([\w./-]+)\)", page("instructor.md")):
        assert (ROOT / "docs" / name).exists(), name


def test_nothing_of_a_cohort_gets_into_git():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for name in ("roster.csv", "grading.toml", "submitted/", "autograded/", "feedback/", "gradebook.db*", "report.html",
                 "grades*.csv", "release/"):
        assert f"/{name}" in ignored


def mark_essays(root: Path) -> None:
    """What the instructor does in Formgrader."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(LESSON):
            grade = gradebook.find_grade("memo", LESSON, LESSON, submission.student.id)
            assert grade.needs_manual_grade
            grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()


def shorten_extension(root: Path) -> None:
    path = root / "grading.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("2026-03-09T23:59", "2026-03-03T23:59"), encoding="utf-8")


def change_points(root: Path) -> None:
    """What an instructor does who finds that a check is worth more."""
    path = Course(root).sources / LESSON / "lesson.py"
    source = path.read_text(encoding="utf-8")
    assert 'check="geometric" points=1' in source
    path.write_text(source.replace('check="geometric" points=1', 'check="geometric" points=2'), encoding="utf-8")
