"""Proves a lesson: its solution, its untouched notebook, its right answers, its wrong ones and its mutants."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from nbformat import NotebookNode

from autograder import execution
from autograder.authoring import check as check_build
from autograder.course import Answer, Course, Lesson
from autograder.execution import Job, RunRecord
from autograder.grading import NO_MESSAGE, GradingCourse, Key, Runs, grade_notebook, warm_imports
from autograder.quality.mutants import Mutant, mutants_of
from autograder.quality.trials import Trial, Trials
from autograder.quality.variants import read_notebook, rounds, with_answers

_LEAST_RIGHT, _LEAST_WRONG = 2, 4
_LEAST_KILLED = 0.95
_IDLE_SECONDS = 1.0

_HASH_SEEDS = 4
_LEAST_QUOTED = 12  # characters of a hidden line; shorter ones stand in any message

Item, Outcome = TypeVar("Item"), TypeVar("Outcome")


@dataclass
class LessonProof:
    """What verification found of one lesson.

    Attributes:
        solution, untouched: points through nbgrader; None when it could not grade the notebook.
        right_accepted, wrong_rejected: how many of the answers in answers.py were judged as their author says.
        mutants_killed: how many solutions with a small mistake in them some check rejects.
        survivors: those that no check does, with the line of lesson.py.
        flaky: checks that did not come out the same with every seed.
        messages: what a learner is told for each wrong answer, by its name and the check.
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
    mutants_killed: int = 0
    mutants_total: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    flaky: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: float = 0
    peak_memory_mb: float = 0
    problems: list[str] = field(default_factory=list)


def verify(course: Course, lesson_id: str, jobs: int, most_mutants: int | None = None, seeds: int = 20,
           tell: Callable[[str], None] = lambda text: None) -> LessonProof:
    """Runs every proof of one lesson.

    Args:
        jobs: how many notebooks to run at a time.
        most_mutants: how many mutants to try, a sample that is the same each time; None for all.
        seeds: with how many the solution and the right answers are run.
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
    solution = read_notebook(course.solutions / lesson.id)
    tell("solution and untouched notebook through nbgrader")
    _through_nbgrader(course, lesson, proof)
    tell("one exercise wrong in turn")
    _check_independence(key, lesson, answers, solution, proof, jobs)
    tell("answers and mutants")
    _judge_answers(key, lesson, answers, solution, proof, jobs, most_mutants, tell)
    tell(f"solution and right answers with {seeds} seeds")
    _look_for_flakes(key, answers, solution, proof, jobs, seeds)
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


def _judge_answers(key: Key, lesson: Lesson, answers: tuple[Answer, ...], solution: NotebookNode,
                   proof: LessonProof, jobs: int, most_mutants: int | None, tell: Callable[[str], None]) -> None:
    for exercise in lesson.exercises:
        for what, right, least in (("right", True, _LEAST_RIGHT), ("wrong", False, _LEAST_WRONG)):
            count = sum(answer.exercise == exercise.id and answer.right == right for answer in answers)
            if count < least:
                proof.problems.append(f"exercise '{exercise.id}' has {count} {what} answers; {least} are needed")
    proof.right_total = sum(answer.right for answer in answers)
    proof.wrong_total = len(answers) - proof.right_total
    mutants: list[Mutant] = []
    for cell in solution.cells:
        if cell.metadata.get("mle", {}).get("kind") == "exercise":
            try:
                mutants += mutants_of(cell.id, cell.source)
            except SyntaxError as error:
                proof.problems.append(f"no mutants can be made of the solution of '{cell.id}', which is not plain "
                                      f"Python: {error}")
    chosen = _sample(mutants, most_mutants, lesson.id)
    proof.mutants_total = len(chosen)

    def try_all(exercise: str) -> list[str]:
        """Everything about one exercise, one trial after the other; returns what falls short."""
        trials = Trials(key, solution, exercise, imports, runner)
        source = next(cell.source for cell in solution.cells if cell.id == exercise)
        try:
            own = trials.run(source)
        except execution.EngineError as error:
            return [f"exercise '{exercise}' cannot be reached with the solution: {error}"]
        if not own.accepted:
            return [f"the solution of '{exercise}' fails {_failed(own)} in a fork of its own"]
        short = []
        for answer in answers:
            if answer.exercise == exercise:
                trial = trials.run(answer.source)
                short += _hold_against(answer, trial, proof)
                if not answer.right:
                    told = {check.id: check.message for check in trial.checks.values() if check.status != "passed"}
                    proof.messages[f"{exercise}: {answer.name}"] = told
                    short += _unfair(key, answer, told)
        for mutant in chosen:
            if mutant.exercise == exercise:
                if trials.run_mutant(mutant.source, own).accepted:
                    proof.survivors.append(mutant)
                else:
                    proof.mutants_killed += 1
        tell(f"answers and mutants of '{exercise}'")
        return short

    # Of its own, so that its warm processes, one for each exercise, end when they have nothing more to do.
    with _engine() as runner:
        imports = warm_imports(key, runner)
        for short in _in_parallel(try_all, [cell.id for cell in lesson.exercises], jobs):
            proof.problems += short
    lines = {cell.id: cell.line for cell in lesson.exercises}
    proof.survivors = sorted((replace(mutant, line=lines[mutant.exercise] + mutant.line)
                              for mutant in proof.survivors), key=lambda mutant: mutant.line)
    if proof.mutants_killed < _LEAST_KILLED * proof.mutants_total:
        proof.problems.append(f"{len(proof.survivors)} of {proof.mutants_total} mutants pass every check; at most "
                              f"{1 - _LEAST_KILLED:.0%} may")


def _check_independence(key: Key, lesson: Lesson, answers: tuple[Answer, ...], solution: NotebookNode,
                        proof: LessonProof, jobs: int) -> None:
    """Whole notebooks with one exercise wrong in turn: that must cost no other exercise anything."""
    first_wrong = {answer.exercise: answer for answer in reversed(answers) if not answer.right}
    imports = warm_imports(key, execution)

    def others(answer: Answer) -> list[str]:
        result = grade_notebook(key, with_answers(solution, {answer.exercise: answer.source}), imports=imports).result
        return [f"with the wrong answer '{answer.name}' to '{answer.exercise}' the solution of '{exercise.id}' loses "
                f"points: {check.id}: {check.message}"
                for exercise in result.exercises if exercise.id != answer.exercise
                for check in exercise.checks if check.status != "passed"
                if result.ended == "completed" or check.status != "not_run"]

    for short in _in_parallel(others, list(first_wrong.values()), jobs):
        proof.problems += short


def _hold_against(answer: Answer, trial: Trial, proof: LessonProof) -> list[str]:
    """What is not as the author of an answer says."""
    if answer.right:
        proof.right_accepted += trial.accepted
        return [f"the right answer '{answer.name}' (answers.py:{answer.line}) of '{answer.exercise}' fails check "
                f"'{check.id}': {check.message} {trial.problem}".rstrip()
                for check in trial.checks.values() if check.status != "passed"]
    missed = [check for check in answer.fails if trial.checks[check].status == "passed"]
    proof.wrong_rejected += not missed
    return [f"the wrong answer '{answer.name}' of '{answer.exercise}' (answers.py:{answer.line}) passes check '{check}'"
            for check in missed]


def _unfair(key: Key, answer: Answer, told: dict[str, str]) -> list[str]:
    """Messages that tell a learner nothing, or too much."""
    short = []
    for cell in key.of_kind("check"):
        message = told.get(cell.check, "-")
        hidden = [line.strip() for part in cell.parts[cell.hidden_from:] for line in part.splitlines()]
        where = f"check '{cell.check}' tells those who answer '{answer.name}' (answers.py:{answer.line})"
        if message in {NO_MESSAGE, "AssertionError", ""}:
            short.append(f"{where} nothing: its assert needs a message")
        if any(len(line) >= _LEAST_QUOTED and line in message for line in hidden):
            short.append(f"{where} its hidden source: {message}")
    return short


def _look_for_flakes(key: Key, answers: tuple[Answer, ...], solution: NotebookNode, proof: LessonProof, jobs: int,
                     seeds: int) -> None:
    """Runs the solution, and every right answer, with other random numbers and another order of sets."""
    groups: list[dict[str, Answer]] = [{}, *rounds(tuple(answer for answer in answers if answer.right))]
    notebooks = [with_answers(solution, {answer.exercise: answer.source for answer in group.values()})
                 for group in groups]

    def failing(seed: int) -> list[tuple[str, str]]:
        def run(job: Job) -> RunRecord:
            return runner.run(replace(job, hash_seed=seed % _HASH_SEEDS))

        found = []
        for group, notebook in zip(groups, notebooks, strict=True):
            result = grade_notebook(replace(key, seed=seed), notebook, execute=run, imports=imports).result
            for exercise in result.exercises:
                who = f"the right answer '{group[exercise.id].name}'" if exercise.id in group else "the solution"
                found += [(check.id, f"{who} of '{exercise.id}'") for check in exercise.checks
                          if check.status != "passed"]
        return found

    with _engine() as runner:
        imports = warm_imports(key, runner)
        # Neighbours share a warm process: the order of sets is settled when it starts.
        order = sorted({key.seed, *range(1, seeds + 1)}, key=lambda seed: seed % _HASH_SEEDS)
        failed: dict[tuple[str, str], list[int]] = {}
        for seed, found in zip(order, _in_parallel(failing, order, jobs), strict=True):
            for one in found:
                failed.setdefault(one, []).append(seed)
    for (check, who), which in sorted(failed.items()):
        if len(which) < len(order):  # what always fails is no flake, and was told of before
            proof.flaky.append(check)
            proof.problems.append(f"check '{check}' fails {who} with the seeds {', '.join(map(str, sorted(which)))}")


def _failed(trial: Trial) -> str:
    return "; ".join(f"{check.id}: {check.message}" for check in trial.checks.values() if check.status != "passed")


def _sample(mutants: list[Mutant], most: int | None, seed: str) -> list[Mutant]:
    """The same ones each time."""
    if most is None or len(mutants) <= most:
        return mutants
    return random.Random(seed).sample(mutants, most)


def _in_parallel(work: Callable[[Item], Outcome], items: list[Item], jobs: int) -> Iterator[Outcome]:
    pool = ThreadPoolExecutor(jobs)
    try:
        yield from [future.result() for future in [pool.submit(work, item) for item in items]]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        execution.stop_all()
        raise
    pool.shutdown()


@contextmanager
def _engine() -> Iterator[Runs]:
    """An engine for trials alone; where there is none, what runs notebooks on this system."""
    if execution.default_engine() is None:
        yield execution
        return
    from autograder.execution.engine import Engine

    with Engine(idle_seconds=_IDLE_SECONDS) as engine:
        yield engine
