"""How long `mle report` takes for a large cohort, which this makes up: gradebook, result.json files and notebooks.

    .venv/bin/python benchmarks/report.py                           # 500 learners, 30 lessons; about ten minutes
    .venv/bin/python benchmarks/report.py --learners 100 --keep /tmp/cohort

The lessons are this course's own, each under several names until there are enough. Learners take the lessons one after
the other; some stop. Their answers are right and wrong ones of answers.py, or generated at random, since nobody can
write so many; a few are copies with other names. Results follow from a learner's ability and a check's difficulty.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nbgrader.api import Assignment, GradeCell, Notebook, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.api import Grade as GradebookGrade
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from autograder.course import Answer, Course, Lesson
from autograder.grading import Key
from autograder.grading.gradebook import make_gradebook
from autograder.quality import read_notebook

ROOT = Path(__file__).resolve().parents[1]
BEGUN = datetime(2026, 1, 5)
FIRST = ["Ada", "Ben", "Chi", "Dunja", "Éloïse", "Fatih", "Grace", "Hồ", "Íris", "Jürgen"]
NAMES = ["total", "count", "value", "item", "row", "left", "right", "best", "seen", "queue", "limit", "result"]
LAST = ["Äckerle", "Brown", "Çelik", "D'Arcy", "Evans", "Ferrari", "Gonçalves", "Hansen", "Ito", "Jansen"]


@dataclass
class Made:
    """One lesson of the made-up course, with what submissions are made from."""

    name: str
    lesson: Lesson
    digest: str
    cells: list[dict]
    right: dict[str, list[str]]
    wrong: dict[str, list[Answer]]
    difficulty: dict[str, float]


def main() -> None:
    """Makes the cohort, measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=500)
    parser.add_argument("--lessons", type=int, default=30)
    parser.add_argument("--output-kb", type=int, default=500, help="outputs in each notebook, in KiB")
    parser.add_argument("--keep", type=Path, help="make the cohort in this new folder, and leave it there")
    chosen = parser.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="mle-benchmark-"))
    try:
        begun = time.perf_counter()
        make_cohort(folder, chosen.learners, chosen.lessons, chosen.output_kb, random.Random(7))
        print(f"made in {time.perf_counter() - begun:.0f} s")
        for what in ("nothing kept from before", "everything kept from before"):
            seconds, cpu, peak = measured(folder)
            print(f"mle report, {what}: {seconds:.1f} s, {cpu:.1f} CPU s, {peak:.0f} MiB at most")
        print(f"report.html: {(folder / 'report.html').stat().st_size / 2**20:.1f} MiB")
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def measured(folder: Path) -> tuple[float, float, float]:
    """Wall and CPU seconds of `mle report`, and the largest process's peak memory in MiB.

    Its own cache lies in the folder, and no wrong answers are tried: that depends on the lessons, not on the cohort.
    """
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "autograder", "report", "--quick"], cwd=folder, capture_output=True,
                          text=True, env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")})
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    seconds, after = time.perf_counter() - begun, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, cpu, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def make_cohort(folder: Path, learners: int, lessons: int, output_kb: int, chance: random.Random) -> None:
    """A course folder with a graded cohort in it."""
    made = make_course(folder, lessons, output_kb, chance)
    students = {f"s{number:04}": chance.gauss(0, 1) for number in range(learners)}
    reach = {student: lessons if chance.random() < 0.7 else chance.randint(0, lessons) for student in students}
    rows: list[dict] = []
    for place, one in enumerate(made):
        written: dict[str, dict[str, str]] = {}
        for student, ability in students.items():
            if reach[student] <= place:
                continue
            copied = chance.choice(list(written)) if written and chance.random() < 0.02 else ""
            answers, result = make_submission(one, ability, chance, written.get(copied, {}))
            written[student] = answers
            handed_in = BEGUN + timedelta(days=7 * place + chance.random() * 6)
            write_submission(folder, student, one, answers, result, handed_in)
            rows.append({"student": student, "lesson": one.name, "result": result, "time": handed_in})
    make_gradebook_of(folder, list(students), made, rows, chance)


def make_course(folder: Path, lessons: int, output_kb: int, chance: random.Random) -> list[Made]:
    """This course's lessons, each under as many names as are needed."""
    course = Course(ROOT)
    originals = [course.lesson(name) for name in course.lesson_ids[:lessons]]
    answers = {lesson.id: course.answers(lesson) for lesson in originals}
    names: dict[int, list[str]] = {module.number: [] for module in course.modules}
    shutil.copytree(course.sources, folder / "course", ignore=shutil.ignore_patterns("__pycache__"))
    of: dict[str, Lesson] = {}
    for number in range(lessons):
        again, which = divmod(number, len(originals))
        lesson = originals[which]
        name = f"{lesson.id}-{again + 1}" if again else lesson.id
        names[lesson.module].append(name)
        of[name] = lesson
        if name != lesson.id:
            shutil.copytree(folder / "course" / lesson.id, folder / "course" / name)
        for room in ("solutions", "notebooks"):
            (folder / room / name).mkdir(parents=True)
            notebook = json.loads((ROOT / room / lesson.id / f"{lesson.id}.ipynb").read_text(encoding="utf-8"))
            notebook["metadata"]["mle"]["lesson"] = name
            (folder / room / name / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / "course" / "syllabus.toml").write_text("".join(
        f'[[module]]\nnumber = {module.number}\ntitle = "{module.title}"\n'
        f'lessons = {json.dumps(names[module.number])}\n'
        for module in course.modules), encoding="utf-8")
    made = Course(folder)
    return [make_lesson(made, name, of[name], answers[of[name].id], output_kb, chance) for name in made.lesson_ids]


def make_lesson(course: Course, name: str, lesson: Lesson, answers: tuple[Answer, ...], output_kb: int,
                chance: random.Random) -> Made:
    """What submissions of a lesson are made from."""
    notebook = json.loads((course.notebooks / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    figure = {"output_type": "display_data", "metadata": {}, "data": {
        "image/png": base64.b64encode(chance.randbytes(output_kb * 768)).decode()}}
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["outputs"] = [figure]
    solved = {cell.id: cell.source for cell in read_notebook(course.solutions / name).cells}
    return Made(
        name, lesson, Key.load(course.solutions / name).digest, notebook["cells"],
        {cell.id: [solved[cell.id], *(a.source for a in answers if a.right and a.exercise == cell.id)]
         for cell in lesson.exercises},
        {cell.id: [a for a in answers if not a.right and a.exercise == cell.id] for cell in lesson.exercises},
        {check.id: chance.gauss(-1, 1) for check in lesson.checks()})


def make_submission(made: Made, ability: float, chance: random.Random,
                    copied: dict[str, str]) -> tuple[dict[str, str], dict]:
    """One learner's answers, and the result of grading them."""
    answers, exercises = {}, []
    for exercise in made.lesson.exercises:
        checks = made.lesson.checks(exercise.id)
        attempted = chance.random() < 0.95
        failed = {check.id: f"{check.id} gave {chance.randint(0, 5)}, expected 7" for check in checks
                  if chance.gauss(0, 1) + made.difficulty[check.id] > ability}
        wrong = made.wrong[exercise.id]
        if attempted:
            if failed and wrong and chance.random() < 0.5:
                answer = chance.choice(wrong)
                failed = {check: f"{check}: {answer.name}" for check in answer.fails}
            answers[exercise.id] = renamed(copied[exercise.id], chance) if exercise.id in copied else (
                chance.choice(made.right[exercise.id]) if chance.random() < 0.2 else made_up(exercise.id, chance))
        else:
            failed = dict.fromkeys((check.id for check in checks), "not attempted yet")
        exercises.append({
            "id": exercise.id, "attempted": attempted, "ran": True, "problem": "", "checks": [
                {"id": check.id, "points": check.points, "earned": 0 if check.id in failed else check.points,
                 "status": "failed" if check.id in failed else "passed", "message": failed.get(check.id, ""),
                 "hidden": False, "seconds": round(chance.expovariate(20), 3)} for check in checks],
            "points": sum(check.points for check in checks),
            "earned": sum(check.points for check in checks if check.id not in failed)})
    ended = "completed" if chance.random() < 0.99 else "the notebook took longer than 60 s"
    repairs = ["the cell 'given-setup' had been changed and was restored"] if chance.random() < 0.02 else []
    return answers, {
        "schema_version": 1, "submission_digest": chance.randbytes(32).hex(), "environment_digest": "0" * 64,
        "lesson": made.name, "lesson_digest": made.digest, "exercises": exercises, "essay_points": 0,
        "repairs": repairs, "ended": ended, "seconds": 1.0, "peak_memory_mb": 100.0,
        "points": sum(one["points"] for one in exercises), "earned": sum(one["earned"] for one in exercises)}


def made_up(exercise: str, chance: random.Random) -> str:
    """A function of some lines that nobody else has."""
    names = chance.sample(NAMES, 6)
    lines = [f"def {exercise.replace('-', '_')}({names[0]}, {names[1]}):"]
    for _ in range(chance.randint(8, 30)):
        one, two, three = chance.choices(names, k=3)
        call = chance.choice(["len", "sum", "sorted", "max", "np.mean", "np.where", "list", "zip", f"{two}.append"])
        lines.append("    " + chance.choice([
            f"{one} = {call}({two}, {chance.randint(0, 99)})", f"{one} = [{call}({two}) for {two} in {three}]",
            f"if {one} < {two}: {three} = {two} * {chance.randint(0, 99)}", f"{one}[{two}] = {call}({three})",
            f"for {one} in {call}({two}): {three} += {one} - {chance.randint(0, 9)}",
            f"{one} = {two} + {call}({three})"]))
    return "\n".join([*lines, f"    return {names[0]}"])


def renamed(source: str, chance: random.Random) -> str:
    """The same with other names and comments."""
    for name in (*NAMES, "values"):
        source = re.sub(rf"\b{name}\b", f"{name}_{chance.randint(1, 999)}", source)
    return "\n".join(f"{line}  # {chance.random():.3f}" if line.strip() and not line.endswith(("\\", '"')) and
                     '"""' not in source else line for line in source.splitlines())


def write_submission(folder: Path, student: str, made: Made, answers: dict[str, str], result: dict,
                     handed_in: datetime) -> None:
    """What collecting and grading leave of one submission."""
    lesson = made.name
    submitted, graded = folder / "submitted" / student / lesson, folder / "autograded" / student / lesson
    submitted.mkdir(parents=True)
    graded.mkdir(parents=True)
    (submitted / "timestamp.txt").write_text(f"{handed_in:%Y-%m-%d %H:%M:%S} UTC\n")
    cells = [cell | {"source": answers[cell["id"]]} if cell["id"] in answers else cell for cell in made.cells]
    (graded / f"{lesson}.ipynb").write_text(json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    (graded / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")


def make_gradebook_of(folder: Path, students: list[str], made: list[Made], rows: list[dict],
                      chance: random.Random) -> None:
    """The gradebook that goes with the results."""
    make_gradebook(folder / "gradebook.db")
    engine = create_engine(f"sqlite:///{folder / 'gradebook.db'}")
    with Session(engine) as session:
        notebooks, cells = {}, {}
        for one in made:
            assignment = Assignment(name=one.name)
            notebooks[one.name] = Notebook(name=one.name, assignment=assignment)
            cells[one.name] = {check.id: GradeCell(
                name=f"check-{check.id}", max_score=check.points, cell_type="code",
                notebook=notebooks[one.name]) for check in one.lesson.checks()}
            session.add(assignment)
        session.add_all(Student(id=student, first_name=chance.choice(FIRST), last_name=chance.choice(LAST))
                        for student in students)
        session.flush()
        submissions, entries, grades = [], [], []
        for number, row in enumerate(rows):
            notebook, late = notebooks[row["lesson"]], 1.0 if chance.random() < 0.05 else None
            submissions.append({"id": f"a{number}", "assignment_id": notebook.assignment.id,
                                "student_id": row["student"], "timestamp": row["time"]})
            entries.append({"id": f"n{number}", "assignment_id": f"a{number}", "notebook_id": notebook.id,
                            "late_submission_penalty": late})
            grades += [{"id": f"g{number}-{check['id']}", "notebook_id": f"n{number}", "auto_score": check["earned"],
                        "cell_id": cells[row["lesson"]][check["id"]].id, "needs_manual_grade": chance.random() < 0.002}
                       for exercise in row["result"]["exercises"] for check in exercise["checks"]]
        for table, many in ((SubmittedAssignment, submissions), (SubmittedNotebook, entries),
                            (GradebookGrade, grades)):
            if many:
                session.execute(insert(table.__table__), many)
        session.commit()
    engine.dispose()


if __name__ == "__main__":
    main()
