"""A cohort through everything: release, collect, grade, essay marks, dates, feedback, report, export.

    .venv/bin/python benchmarks/whole_round.py                               # 200 learners, every lesson: hours
    .venv/bin/python benchmarks/whole_round.py --learners 20 1-1-job-market

Every learner answers each exercise at random with the solution, a right answer or a wrong one of answers.py, or not at
all; some stop early. All answers bear their learner's number in a comment, so that no two hand-ins are the same. They
come as Moodle would give them: one zip for each lesson. An essay is in the tests' own small lesson, which stands in as
the last one. What is run is `mle`, as an instructor runs it; printed are wall seconds, peak memory of the largest
process, and what each step has written.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table

from autograder.course import Course, Lesson
from autograder.quality import read_notebook, with_answers

ROOT = Path(__file__).resolve().parents[1]
ESSAYS = ROOT / "tests" / "courses" / "mini" / "course"
ESSAY_LESSON = "1-1-means"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "work", "submitted", "autograded", "feedback",
                                  "release", "exchange", "gradebook.db*", "roster.csv", "grading.toml", "tests")
console = Console(width=110)


def main() -> None:
    """Makes the cohort, runs every step, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="LESSON")
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="a new folder for the course, which is kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mle-round-") as temporary:
        root = chosen.keep or Path(temporary) / "kit"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        course = _with_essays(root)
        lessons = [course.resolve(name) for name in chosen.lessons] or [*course.lesson_ids]
        lessons += [ESSAY_LESSON] if ESSAY_LESSON not in lessons else []
        _round(course, lessons, chosen.learners)


def _round(course: Course, lessons: list[str], learners: int) -> None:
    root = course.root
    with (root / "roster.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "first_name", "last_name", "email", "lms_user_id"])
        writer.writerows([f"s{n:03}", f"First{n:03}", f"Lást{n:03}", f"s{n:03}@example.org", ""]
                         for n in range(learners))
    (root / "grading.toml").write_text(
        "[late]\npercent_per_day = 10\nmost_percent = 50\n\n[due]\n"
        + "".join(f"{lesson} = 2026-03-02T12:00:00Z\n" for lesson in lessons))
    zips, handed_in = _hand_in(course, lessons, learners)
    rows = [_run(root, "release"), _run(root, "collect", *map(str, zips), "--timezone", "UTC"),
            _run(root, "grade", *lessons)]
    begun = time.monotonic()
    marked = _mark_essays(root)
    rows.append((f"{marked} essay marks", time.monotonic() - begun, 0.0, 0.0))
    for arguments in (["due"], ["feedback"], ["report"], ["export", "--to", "csv"], ["export", "--to", "canvas"],
                      ["export", "--to", "moodle"]):
        rows.append(_run(root, *arguments))
    rows.append(_run(root, "grade", *lessons))  # the second time, when nothing is new

    table = Table(title=f"{learners} learners, {len(lessons)} lessons, {handed_in} hand-ins", title_justify="left")
    for name in ("step", "s", "peak MiB", "written MB"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for name, seconds, peak, written in rows:
        table.add_row(name, f"{seconds:.1f}", f"{peak:.0f}" if peak else "–", f"{written:.1f}")
    console.print(table)
    with (root / "grades.csv").open(encoding="utf-8-sig") as file:
        exported = sum(1 for _ in csv.DictReader(file))
    if exported != handed_in:
        raise SystemExit(f"{handed_in} handed in, but {exported} grades exported.")


def _with_essays(root: Path) -> Course:
    """The course with the tests' lesson that has an essay at its end, in the module that has none yet."""
    syllabus = root / "course" / "syllabus.toml"
    before = syllabus.read_text(encoding="utf-8").rpartition("lessons = []")[0]
    syllabus.write_text(f'{before}lessons = ["{ESSAY_LESSON}"]\n', encoding="utf-8")
    shutil.copytree(ESSAYS / ESSAY_LESSON, root / "course" / ESSAY_LESSON)
    source = root / "course" / ESSAY_LESSON / "lesson.py"
    text = source.read_text(encoding="utf-8").replace("# module: 1", "# module: 7", 1)
    for theirs, ours in (("average", "write-functions"), ("explain", "plan-learning")):
        text = text.replace(f'skills="{theirs}"', f'skills="{ours}"').replace(theirs, ours, 1)
    source.write_text(text, encoding="utf-8")
    _mle(root, "build", ESSAY_LESSON)
    return Course(root)


def _hand_in(course: Course, lessons: list[str], learners: int) -> tuple[list[Path], int]:
    """One zip for each lesson as Moodle makes it; and how many hand-ins are in them."""
    chance, zips, handed_in = random.Random(0), [], 0
    stops = [chance.randint(len(lessons) // 2, 2 * len(lessons)) for _ in range(learners)]
    folder = course.root / "downloads"
    folder.mkdir()
    for place, lesson_id in enumerate(lessons):
        lesson = course.lesson(lesson_id)
        right, wrong = _answers(course, lesson)
        untouched = read_notebook(course.notebooks / lesson_id)
        zips.append(folder / f"{lesson_id}.zip")
        with zipfile.ZipFile(zips[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            for learner in range(learners):
                if place >= stops[learner]:
                    continue
                sources = {}
                for cell in lesson.cells:
                    if cell.kind == "essay":
                        sources[cell.id] = f"Growth multiplies, says learner {learner}."
                    elif cell.kind == "exercise" and (which := chance.random()) < 0.9:
                        answer = chance.choice(right[cell.id] if which < 0.7 else wrong[cell.id])
                        sources[cell.id] = f"{answer.rstrip()}\n# learner {learner}"
                when = (2026, 3, chance.choice([1, 1, 1, 2, 3, 5]), 9, 0, 0)
                name = f"First{learner:03} Lást{learner:03}_{1000 + learner}_assignsubmission_file/{lesson_id}.ipynb"
                archive.writestr(zipfile.ZipInfo(name, when), nbformat.writes(with_answers(untouched, sources)),
                                 zipfile.ZIP_DEFLATED)
                handed_in += 1
    return zips, handed_in


def _answers(course: Course, lesson: Lesson) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    solved = {cell.id: cell.source for cell in read_notebook(course.solutions / lesson.id).cells}
    right = {cell.id: [solved[cell.id]] for cell in lesson.exercises}
    wrong: dict[str, list[str]] = {cell.id: [] for cell in lesson.exercises}
    for answer in course.answers(lesson):
        (right if answer.right else wrong)[answer.exercise].append(answer.source)
    return right, wrong


def _mark_essays(root: Path) -> int:
    """What a person does in Formgrader: two points for each essay."""
    marked = 0
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(ESSAY_LESSON):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    if grade.needs_manual_grade and grade.auto_score is None:
                        grade.manual_score, grade.needs_manual_grade = 2.0, False
                        marked += 1
        gradebook.db.commit()
    return marked


def _run(root: Path, *arguments: str) -> tuple[str, float, float, float]:
    """A verb's name, wall seconds, peak memory of the largest of its processes in MiB, and MB it has written."""
    before, begun, peak = _size(root), time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, "-m", "autograder", *arguments], cwd=root, stdout=said, stderr=said)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            for one in (watched, *_children(watched)):
                with contextlib.suppress(psutil.Error):
                    peak = max(peak, one.memory_info().rss)
            time.sleep(0.2)
        seconds = time.monotonic() - begun
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"mle {arguments[0]} ended with status {process.returncode}: {said.read()[-2000:]}")
    name = arguments[0] if arguments[0] != "export" else " ".join(arguments)
    # The table comes at the end, which is hours away.
    print(f"{name}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return name, seconds, peak / 2**20, (_size(root) - before) / 1e6


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _mle(root: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "autograder", *arguments], cwd=root, check=True, stdout=subprocess.DEVNULL)


def _size(root: Path) -> int:
    return sum(entry.stat().st_size for entry in root.rglob("*") if entry.is_file() and not entry.is_symlink())


if __name__ == "__main__":
    main()
