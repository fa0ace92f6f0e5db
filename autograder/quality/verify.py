"""Proves a lesson: its solution, its untouched notebook, its right answers and its wrong ones, all graded for real."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from nbformat import NotebookNode

from autograder import execution
from autograder.authoring import check as check_build
from autograder.course import Answer, Course, Lesson
from autograder.grading import GradingCourse, Key, Result, grade_notebook, warm_imports
from autograder.quality.variants import read_notebook, rounds, with_answers

_LEAST_RIGHT, _LEAST_WRONG = 2, 4


@dataclass
class LessonProof:
    """What verification found of one lesson.

    Attributes:
        solution, untouched: points through nbgrader; None when it could not grade the notebook.
        right_accepted, wrong_rejected: how many of the answers in answers.py were judged as their author says.
        seconds: wall time of the solution's run.
        peak_memory_mb: of the solution's run, in MiB.
        problems: one sentence for everything that falls short; empty when the lesson is proven.
    """

    lesson: str
    points: float = 0
    solution: float | None = None
    untouched: float | None = None
    right_accepted: int = 0
    right_total: int = 0
    wrong_rejected: int = 0
    wrong_total: int = 0
    seconds: float = 0
    peak_memory_mb: float = 0
    problems: list[str] = field(default_factory=list)


def verify(course: Course, lesson_id: str, jobs: int, tell: Callable[[str], None] = lambda text: None) -> LessonProof:
    """Runs every proof of one lesson.

    Args:
        jobs: how many notebooks to run at a time.
        tell: called with a few words whenever a step begins.

    Raises:
        MleError: the lesson's source is wrong, or it was never built.
    """
    lesson = course.lesson(lesson_id)
    proof = LessonProof(lesson.id)
    for problem in check_build(course, [lesson.id]):
        if lesson.id in problem:
            proof.problems.append(problem)
    key = Key.load(course.solutions / lesson.id)
    answers = course.answers(lesson)
    proof.points = sum(check.points for check in lesson.checks())
    tell("solution and untouched notebook through nbgrader")
    _through_nbgrader(course, lesson, proof)
    _check_answers(key, course, lesson, answers, proof, jobs, tell)
    return proof


def _through_nbgrader(course: Course, lesson: Lesson, proof: LessonProof) -> None:
    with TemporaryDirectory(prefix="mle-verify-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        shutil.copytree(course.solutions / lesson.id, root / "solutions" / lesson.id)
        for student, source in (("solution", course.solutions), ("untouched", course.notebooks)):
            shutil.copytree(source / lesson.id, root / "submitted" / student / lesson.id)
        grading = GradingCourse(root)
        grading.register([lesson.id])
        failures = {student: grading.autograde(lesson.id, student) for student in ("solution", "untouched")}
        scores = {score.student: score for score in grading.scores()}
        results = {student: grading.result(lesson.id, student) for student in failures if not failures[student]}
        for student in results:
            proof.problems += _broken_cells(read_notebook(root / "autograded" / student / lesson.id), student)
    for student, failure in failures.items():
        if failure:
            proof.problems.append(f"nbgrader could not grade the {student} notebook: {failure}")
    if "solution" in results:
        proof.solution, result = scores["solution"].earned, results["solution"]
        proof.seconds, proof.peak_memory_mb = result["seconds"], result["peak_memory_mb"]
        for exercise in result["exercises"]:
            for check in exercise["checks"]:
                if check["status"] != "passed":
                    proof.problems.append(f"the solution does not pass check '{check['id']}': {check['message']}")
        if result["ended"] != "completed":
            proof.problems.append(f"the solution did not run to its end: {result['ended']}")
        if proof.solution != proof.points:
            proof.problems.append(f"the solution has {proof.solution:g} of {proof.points:g} points in the gradebook")
    if "untouched" in results:
        proof.untouched = scores["untouched"].earned
        if proof.untouched != 0:
            proof.problems.append(f"the untouched notebook earns {proof.untouched:g} points")
        if results["untouched"]["ended"] != "completed":
            proof.problems.append(f"the untouched notebook does not run to its end: {results['untouched']['ended']}")


def _broken_cells(notebook: NotebookNode, student: str) -> list[str]:
    """Cells other than checks that stop with an error in the solution, or that hang even untouched."""
    broken = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or cell.metadata.get("mle", {}).get("kind") == "check":
            continue
        for output in cell.outputs:
            wrong = output.output_type == "error" and (student == "solution" or output.ename == "Timeout")
            if wrong and output.ename != "NotRun":
                broken.append(f"cell '{cell.id}' of the {student} notebook stops with {output.ename}: {output.evalue}")
    return broken


def _check_answers(key: Key, course: Course, lesson: Lesson, answers: tuple[Answer, ...], proof: LessonProof,
                   jobs: int, tell: Callable[[str], None]) -> None:
    solution = read_notebook(course.solutions / lesson.id)
    right = tuple(answer for answer in answers if answer.right)
    wrong = tuple(answer for answer in answers if not answer.right)
    for exercise in lesson.exercises:
        for what, group, least in (("right", right, _LEAST_RIGHT), ("wrong", wrong, _LEAST_WRONG)):
            count = sum(answer.exercise == exercise.id for answer in group)
            if count < least:
                proof.problems.append(f"exercise '{exercise.id}' has {count} {what} answers; {least} are needed")

    def run(group: dict[str, Answer]) -> list[tuple[dict[str, Answer], Result]]:
        sources = {answer.exercise: answer.source for answer in group.values()}
        result = grade_notebook(key, with_answers(solution, sources), imports=imports).result
        if result.ended != "completed" and len(group) > 1:
            # One of them took the others down with it: a check that never ran has rejected nothing.
            return [pair for name, answer in group.items() for pair in run({name: answer})]
        return [(group, result)]

    imports = warm_imports(key, execution)
    proof.right_total, proof.wrong_total = len(right), len(wrong)
    groups = rounds(right) + rounds(wrong)
    pool = ThreadPoolExecutor(jobs)
    try:
        futures: list[Future[list[tuple[dict[str, Answer], Result]]]] = [pool.submit(run, group) for group in groups]
        for number, future in enumerate(futures, start=1):
            tell(f"answers, run {number} of {len(futures)}")
            for group, result in future.result():
                _hold_against(group, result, proof)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        execution.stop_all()
        raise
    pool.shutdown()


def _hold_against(group: dict[str, Answer], result: Result, proof: LessonProof) -> None:
    for exercise in result.exercises:
        answer = group.get(exercise.id)
        not_passed = {check.id: check for check in exercise.checks if check.status != "passed"}
        if answer is None or answer.right:
            what = f"right answer '{answer.name}' (answers.py:{answer.line})" if answer else "solution"
            if answer and not not_passed:
                proof.right_accepted += 1
            for check in not_passed.values():
                if answer is None and check.status == "not_run":
                    continue  # a wrong answer to another exercise ended the process, as it may
                beside = "" if answer else ", run beside wrong answers to other exercises"
                proof.problems.append(f"the {what} of '{exercise.id}'{beside} fails check '{check.id}': "
                                      f"{check.message} {exercise.problem}".rstrip())
            continue
        missed = [check for check in answer.fails if check not in not_passed]
        if not missed:
            proof.wrong_rejected += 1
        for check in missed:
            proof.problems.append(f"the wrong answer '{answer.name}' of '{exercise.id}' (answers.py:{answer.line}) "
                                  f"passes check '{check}'")
