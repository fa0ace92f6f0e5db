"""How fast cohorts are graded: stock nbgrader, otter, ours, and the floor, on the same submissions in one run.

    .venv/bin/pip install -c requirements.lock otter-grader==7.0.0
    .venv/bin/python benchmarks/grading.py                # both lessons; about ten minutes
    .venv/bin/python benchmarks/grading.py --ours 20 --others 1 1-2-python-toolkit

Submissions are honest: the lesson's right answers, its untouched exercises and its plain mistakes, in turn. Slow
graders get fewer of them (`--others`) than ours (`--ours`), taken from the front of the same list, so the figures
compared are seconds per submission. Ratios are what counts: the machine and its other work cancel out of them.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path

import nbformat
import psutil
from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.demo import sample_submissions
from autograder.execution.engine import Engine
from autograder.grading import GradingCourse, Key, job_of, read_submission, restore, warm_imports

console = Console(width=110)
ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
FOR_MEMORY = 4  # submissions of the run in which memory is measured


@dataclass
class Measured:
    """Seconds of wall time, CPU seconds where they are known, and peak memory in MiB, for some submissions."""

    submissions: int
    wall: float
    cpu: float = 0.0
    peak_mb: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def each(self) -> float:
        return self.wall / self.submissions


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="LESSON")
    parser.add_argument("--ours", type=int, default=48, help="submissions for our own grader")
    parser.add_argument("--others", type=int, default=6, help="submissions for nbgrader and otter")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--floor", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.floor:
        print(floor_in_this_process(Path(chosen.floor[0]), chosen.floor[1]))
        return
    course = Course(ROOT)
    figures = {}
    for lesson in chosen.lessons or course.lesson_ids:
        with tempfile.TemporaryDirectory(prefix="mle-benchmark-", ignore_cleanup_errors=True) as folder:
            figures[lesson] = measure(course, course.resolve(lesson), Path(folder), chosen.ours, chosen.others)
        show(lesson, figures[lesson])
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": machine(), "lessons": {
            lesson: {name: m.__dict__ for name, m in rows.items()} for lesson, rows in figures.items()}}, indent=1))


def measure(course: Course, lesson: str, folder: Path, ours: int, others: int) -> dict[str, Measured]:
    """Every grader on one lesson."""
    samples = list(sample_submissions(course, lesson).values())
    hand_ins = {f"s{number:03}": samples[number % len(samples)] for number in range(max(ours, others))}
    rows: dict[str, Measured] = {}
    for name, grader, count in (
            ("nbgrader autograde", stock_nbgrader, others), ("otter run", otter, others),
            ("mle grade, 1 job", lambda root, which: mle_grade(root, which, 1), ours),
            ("mle grade, 2 jobs", lambda root, which: mle_grade(root, which, 2), ours),
            ("cells alone (floor)", floor, ours)):
        console.print(f"{lesson}: {name}, {count} submissions …")
        place = name.replace(" ", "-").replace(",", "")
        rows[name] = grader(laid_out(course, lesson, folder / place, dict(list(hand_ins.items())[:count])), lesson)
        rows[name].submissions = count
        # In a run of its own: to read what memory is shared takes as long as grading does.
        again = laid_out(course, lesson, folder / f"{place}-memory", dict(list(hand_ins.items())[:FOR_MEMORY]))
        with peak_memory() as peak:
            grader(again, lesson)
        rows[name].peak_mb = peak()
    same = [s for s in rows["nbgrader autograde"].scores if rows["nbgrader autograde"].scores[s]
            != rows["mle grade, 2 jobs"].scores[s]]
    console.print(f"{lesson}: scores differ from stock nbgrader's for {same or 'no submission'}")
    return rows


def laid_out(course: Course, lesson: str, root: Path, hand_ins: dict[str, nbformat.NotebookNode]) -> Path:
    """A course folder with one lesson and what was handed in for it."""
    for student, notebook in hand_ins.items():
        target = root / "submitted" / student / lesson
        target.mkdir(parents=True)
        nbformat.write(notebook, target / f"{lesson}.ipynb")
    for which in ("solutions", "notebooks"):
        shutil.copytree(course.root / which / lesson, root / which / lesson)
    return root


def stock_nbgrader(root: Path, lesson: str) -> Measured:
    """nbgrader as it comes, on the same notebooks."""
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.source_directory = 'solutions'\n"
        "c.CourseDirectory.release_directory = 'notebooks'\nc.ExecutePreprocessor.timeout = 120\n")
    run([BIN / "nbgrader", "generate_assignment", lesson, "--force"], root)
    wall, cpu = timed(lambda: run([BIN / "nbgrader", "autograde", lesson], root))
    return Measured(0, wall, cpu, scores=scores(root, lesson))


def otter(root: Path, lesson: str) -> Measured:
    """otter without a container: each check is one of its tests."""
    key = Key.load(root / "solutions" / lesson)
    archive = root / "autograder.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("otter_config.json", json.dumps({"lang": "python"}))
        file.writestr("requirements.txt", "")
        for check in key.of_kind("check"):
            file.writestr(f"tests/{check.id}.py", OTTER_TEST.format(name=check.id, points=check.points,
                                                                   source=check.source))
        for extra in key.files.rglob("*"):
            if extra.is_file() and extra.suffix != ".ipynb":
                file.write(extra, f"files/{extra.name}")

    def grade() -> None:
        for folder in sorted((root / "submitted").glob(f"*/{lesson}")):
            out = root / "results" / folder.parent.name
            out.mkdir(parents=True)
            run([BIN / "otter", "run", "-a", archive, "-o", out, "--no-logo", folder / f"{lesson}.ipynb"], root)

    wall, cpu = timed(grade)
    earned = {out.name: sum(test.get("score") or 0 for test in json.loads((out / "results.json").read_text())["tests"])
              for out in sorted((root / "results").iterdir())}
    return Measured(0, wall, cpu, scores=earned)


OTTER_TEST = """OK_FORMAT = False
from otter.test_files import test_case
name = {name!r}
points = {points}

@test_case(points={points}, hidden=False)
def test_it(env):
    exec({source!r}, env)
"""


def mle_grade(root: Path, lesson: str, jobs: int) -> Measured:
    """Ours, as a command that starts with nothing running. What was found out about imports before is kept."""
    (root / "course").mkdir()
    (root / "course" / "syllabus.toml").write_text(
        f'[[module]]\nnumber = 1\ntitle = "Benchmark"\nlessons = ["{lesson}"]\n')
    code = ("import sys\nfrom pathlib import Path\nfrom autograder.grading import GradingCourse, grade_cohort\n"
            "grade_cohort(GradingCourse(Path(sys.argv[1])), [sys.argv[2]], jobs=int(sys.argv[3]))")
    GradingCourse(root).register([lesson])
    wall, cpu = timed(lambda: run([sys.executable, "-c", code, root, lesson, str(jobs)], root))
    return Measured(0, wall, cpu, scores=scores(root, lesson))


def floor(root: Path, lesson: str) -> Measured:
    """CPU seconds of the cells and checks alone, run in a fork of a process that has loaded everything already.

    No jail, no files, no gradebook, no second fork: what is left is the learner's own work, and nobody can be faster.
    """
    done = subprocess.run([sys.executable, __file__, "--floor", str(root), lesson], capture_output=True, text=True,
                          env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds = float(done.stdout)
    return Measured(0, seconds, seconds)


def floor_in_this_process(root: Path, lesson: str) -> float:
    """CPU seconds of all submissions, each in a fork of this process."""
    from autograder.execution import shell

    key = Key.load(root / "solutions" / lesson)
    shell.prepare()
    with Engine() as engine:
        imports = warm_imports(key, engine)
    for name in imports:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    session = shell.Session()
    session.warm_up()
    gc.collect()
    gc.freeze()
    total = 0.0
    for folder in sorted((root / "submitted").glob(f"*/{lesson}")):
        steps = job_of(key, restore(key, read_submission(folder / f"{lesson}.ipynb", key)).notebook).steps
        child = os.fork()
        if child == 0:
            os.chdir(key.files)
            sys.path.insert(0, "")
            session.attach(1 << 20)
            before = time.process_time()
            for step in steps:
                for part in step.parts:
                    session.run(step.id, part)
            used = time.process_time() - before
            (root / "floor").write_text(str(used))
            os._exit(0)
        os.waitpid(child, 0)
        total += float((root / "floor").read_text())
    return total


def scores(root: Path, lesson: str) -> dict[str, float]:
    return {s.student: s.earned for s in GradingCourse(root).scores() if s.lesson == lesson}


def run(command: list[object], root: Path) -> None:
    env = os.environ | {"PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(list(map(str, command)), cwd=root, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of the processes it started."""
    before, begun = os.times(), time.perf_counter()
    work()
    wall, after = time.perf_counter() - begun, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


@contextlib.contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """The most memory that child processes had together, in MiB; memory they share counts once (PSS)."""
    stop, most = threading.Event(), [0.0]

    def watch() -> None:
        while not stop.wait(0.2):
            used = 0
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    used += child.memory_full_info().pss
            most[0] = max(most[0], used / 2**20)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: most[0]
    finally:
        stop.set()
        thread.join()


def show(lesson: str, rows: dict[str, Measured]) -> None:
    stock, least = rows["nbgrader autograde"].each, rows["cells alone (floor)"].each
    table = Table(title=f"{lesson} ({date.today()})", title_justify="left")
    for name in ("", "submissions", "s each", "times nbgrader's", "times the floor", "CPU s each", "peak MiB"):
        table.add_column(name, justify="left" if not name else "right")
    for name, row in rows.items():
        table.add_row(name, str(row.submissions), f"{row.each:.3f}", f"{stock / row.each:.1f}",
                      f"{row.each / least:.2f}", f"{row.cpu / row.submissions:.3f}", f"{row.peak_mb:.0f}")
    console.print(table)


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    versions = {name: metadata.version(name) for name in ("nbgrader", "otter-grader", "ipython", "torch", "numpy")}
    return {"system": platform.platform(), "python": platform.python_version(), "cores": str(os.cpu_count()),
            "date": str(date.today()), **versions}


if __name__ == "__main__":
    main()
