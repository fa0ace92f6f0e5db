"""The walkthrough for instructors, gone through as it is written."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from autograder.demo import sample_submissions
from autograder.grading import GradingCourse

pytestmark = pytest.mark.slow

LESSON = "1-1-job-market"
BLOCK = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What the browser test of Formgrader does.
IN_A_BROWSER = [". .venv/bin/activate", "jupyter lab"]
DATA = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "work", "submitted", "autograded", "feedback",
                              "release", "gradebook.db*", "tests", "benchmarks")


@pytest.fixture
def kit(repository: Course, tmp_path: Path) -> Path:
    """The kit as somebody has just got it, and the zip that Moodle gave them."""
    root = tmp_path / "kit"
    shutil.copytree(repository.root, root, ignore=DATA)
    made = sample_submissions(repository, LESSON)
    # (name in Moodle, whose answers, day in March on which it was handed in)
    handed_in = [("Ada Byrne", "ada", 1), ("Björn Østby", "dua", 3),
                 ("Chi Nguyen", "chi", 5), ("Dana Nobody", "fay", 1)]
    with zipfile.ZipFile(root / "1-1 Job market.zip", "w") as archive:
        for number, (name, whose, day) in enumerate(handed_in, start=101):
            entry = zipfile.ZipInfo(f"{name}_{number}_assignsubmission_file/{LESSON}.ipynb", (2026, 3, day, 12, 0, 0))
            archive.writestr(entry, nbformat.writes(made[whose]), zipfile.ZIP_DEFLATED)
    with (root / "worksheet.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
                         "Grade can be changed", "Last modified (grade)", "Feedback comments"])
        for number, (name, _, _) in enumerate(handed_in, start=101):
            mail = f"{name.split()[0].lower().replace('ö', 'oe')}@example.org"
            writer.writerow([f"Participant {number}", name, mail, "Submitted", "", "20.00", "Yes", "-", ""])
    return root


def test_every_command_works_as_it_is_written(kit, mle):
    lines, said = [], {}
    before: dict[str, Callable[[Path], None]] = {"./mle due --dry-run": _shorten_extension,
                                                 f"./mle build {LESSON}": _change_points}
    text = (kit / "docs" / "instructor.md").read_text(encoding="utf-8")
    for kind, name, block in BLOCK.findall(text):
        if name:
            (kit / name).write_text(block, encoding="utf-8")
            continue
        assert kind == ""
        for line in block.splitlines():
            if not line.startswith("./mle "):
                lines.append(line)
                continue
            before.get(line, lambda root: None)(kit)
            done = mle(*shlex.split(line)[1:], cwd=kit, timeout=300)
            # One hand-in is of nobody on the roster: that is told, and by the exit status as well.
            assert done.returncode == ("collect" in line), (line, done.stdout, done.stderr)
            said[line] = done.stdout
    assert lines == IN_A_BROWSER

    scores = {score.student: score for score in GradingCourse(kit).scores()}
    assert set(scores) == {"ada", "bjoern", "chi"} and scores["ada"].earned == scores["ada"].points
    unmatched = (kit / "submitted" / "unmatched.csv").read_text(encoding="utf-8")
    assert "Dana Nobody" in unmatched and "Ada" not in unmatched
    assert f"{LESSON}, chi: penalty 0 → " in said["./mle due"]
    assert "Nothing was changed" in said["./mle due --dry-run"] and "Nothing was changed" not in said["./mle due"]
    assert "3 submissions, to be graded again" in said[f"./mle migrate {LESSON} --dry-run"]
    for student in scores:
        assert (kit / "feedback" / student / LESSON / f"{LESSON}.html").stat().st_size > 0
    assert "Østby" in (kit / "report.html").read_text(encoding="utf-8")
    assert (kit / "grades-moodle.csv").exists() and (kit / "grades-canvas.csv").exists()
    with (kit / "worksheet with grades.csv").open(encoding="utf-8-sig") as file:
        grades = {row["Full name"]: row["Grade"] for row in csv.DictReader(file)}
    assert float(grades["Ada Byrne"]) == 20 and grades["Dana Nobody"] == ""
    assert 0 < float(grades["Björn Østby"]) < scores["bjoern"].earned, "a day late costs a tenth"


def test_what_it_names_is_there(repository):
    text = (repository.root / "docs" / "instructor.md").read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (repository.root / "docs" / name).exists(), name


def test_nothing_of_a_cohort_gets_into_git(repository):
    ignored = (repository.root / ".gitignore").read_text(encoding="utf-8").split()
    for name in ("roster.csv", "grading.toml", "submitted/", "autograded/", "feedback/", "gradebook.db*", "report.html",
                 "grades*.csv", "release/"):
        assert f"/{name}" in ignored


def _shorten_extension(root: Path) -> None:
    path = root / "grading.toml"
    path.write_text(path.read_text().replace("2026-03-09T23:59", "2026-03-03T23:59"))


def _change_points(root: Path) -> None:
    """What an instructor does who finds that a check is worth more."""
    path = root / "course" / LESSON / "lesson.py"
    source = path.read_text(encoding="utf-8")
    first = re.search(r'^# %% check="[\w-]+" points=(\d+)', source, re.MULTILINE)
    assert first is not None
    more = first[0].removesuffix(first[1]) + str(int(first[1]) + 1)
    path.write_text(source.replace(first[0], more, 1), encoding="utf-8")
