"""Proves a lesson: its solution, its untouched notebook, its right answers, its wrong ones and its mutants."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from nbformat import NotebookNode

from autograder import execution
from autograder.authoring import check as check_build
from autograder.course import Answer, Course, Judged, Lesson
from autograder.execution import Job, RunRecord
from autograder.grading import GradingCourse, Key, Runs, grade_notebook, names_of, warm_imports
from autograder.quality.exercises import ExerciseProof, Tried, in_parallel, try_exercise
from autograder.quality.mutants import Mutant, mutants_of
from autograder.quality.proof import LessonProof, NamedAssert, named
from autograder.quality.variants import read_notebook, rounds, with_answers

_LEAST_RIGHT, _LEAST_WRONG = 2, 4
_LEAST_KILLED = 0.95
_SPARE_IN_A_SAMPLE = 1
_IDLE_SECONDS = 1.0

Item = TypeVar("Item")


def verify(course: Course, lesson_id: str, jobs: int, most_mutants: int | None = None, seeds: int = 20,
           tell: Callable[[str], None] = lambda text: None, most_answers: int | None = None) -> LessonProof:
    """Runs every proof of one lesson.

    Args:
        jobs: how many notebooks to run at a time.
        most_mutants: how many mutants to try, a sample that is the same each time; None for all, and then every assert
            of the checks is taken out in turn as well.
        seeds: with how many the solution and the right answers are run.
        tell: called with a few words whenever a step begins.
        most_answers: how many right and how many wrong answers to each exercise to try, a sample too; then one round of
            the right ones is run with the seeds. None for all.

    Raises:
        MleError: the lesson's source is wrong, or it was never built.
    """
    lesson = course.lesson(lesson_id)
    proof = LessonProof(lesson.id)
    for problem in check_build(course, [lesson.id]):
        if lesson.id in problem:
            proof.problems.append(problem)
    key = Key.load(course.solutions / lesson.id)
    answers = _chosen_answers(course.answers(lesson), lesson, proof, most_answers)
    proof.points = sum(check.points for check in lesson.checks())
    solution = read_notebook(course.solutions / lesson.id)
    tell("solution and untouched notebook through nbgrader")
    _through_nbgrader(course, lesson, proof)
    proof.problems += _names_that_leak(solution)
    with _engine() as runner:
        imports = warm_imports(key, runner)
        _judge_answers(key, lesson, answers, solution, course.inputs(lesson), course.judged(lesson), proof, imports,
                       runner, jobs, most_mutants, tell)
        tell(f"solution and right answers with {seeds} seeds")
        groups: list[dict[str, Answer]] = [{}, *rounds(tuple(answer for answer in answers if answer.right))]
        if most_answers is None:
            _look_for_flakes(key, groups, solution, proof, imports, runner, jobs, seeds)
        else:  # in the warm process that nbgrader's runs were forked from: with one order of sets
            _look_for_flakes(key, groups[-1:], solution, proof, imports, execution, jobs, seeds, hash_seeds=1)
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


def _chosen_answers(answers: tuple[Answer, ...], lesson: Lesson, proof: LessonProof,
                    most: int | None) -> tuple[Answer, ...]:
    """Counts the answers to each exercise, and takes a sample of them."""
    chosen: list[Answer] = []
    for exercise in lesson.exercises:
        for what, right, least in (("right", True, _LEAST_RIGHT), ("wrong", False, _LEAST_WRONG)):
            own = [answer for answer in answers if answer.exercise == exercise.id and answer.right == right]
            if len(own) < least:
                proof.problems.append(f"exercise '{exercise.id}' has {len(own)} {what} answers; {least} are needed")
            chosen += _sample(own, most, f"{lesson.id} {exercise.id}")
    return tuple(chosen)


def _judge_answers(key: Key, lesson: Lesson, answers: tuple[Answer, ...], solution: NotebookNode, inputs: Mapping[str,
                   str], judged: Judged, proof: LessonProof, imports: tuple[str, ...], runner: Runs, jobs: int,
                   most_mutants: int | None, tell: Callable[[str], None]) -> None:
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
    # What a sample leaves out says nothing about the list; what no mutant is like any more is always wrong.
    left_out = {(one.exercise, one.before, one.after) for one in mutants} - {
        (one.exercise, one.before, one.after) for one in chosen}
    listed = [one for one in judged.equivalents if (one.exercise, one.before, one.after) not in left_out]

    # A wrong service mostly has its checks wait for it.
    at_a_time = 2 * jobs if lesson.services else jobs
    begun, found = time.monotonic(), []
    # In their order: then one warm process goes from exercise to exercise.
    for exercise in (cell.id for cell in solution.cells if cell.metadata.get("mle", {}).get("kind") == "exercise"):
        tell(f"answers and mutants of '{exercise}'")
        tried = Tried(exercise, [answer for answer in answers if answer.exercise == exercise],
                      [mutant for mutant in chosen if mutant.exercise == exercise],
                      [entry for entry in listed if entry.exercise == exercise], inputs.get(exercise, ""),
                      without_asserts=most_mutants is None)
        found.append(try_exercise(key, lesson, solution, tried, imports, runner, at_a_time))
    proof.trial_seconds = time.monotonic() - begun
    _add_up(found, lesson, judged, proof, sampled=len(chosen) < len(mutants))


def _add_up(found: list[ExerciseProof], lesson: Lesson, judged: Judged, proof: LessonProof, sampled: bool) -> None:
    lines = {cell.id: cell.line for cell in lesson.exercises}
    for one in found:
        proof.problems += one.problems
        proof.messages |= one.messages
        proof.right_accepted += one.right_accepted
        proof.wrong_rejected += one.wrong_rejected
        proof.mutants_killed += len(one.killed)
        proof.trials += one.trials
        proof.survivors += [named(mutant, lines[one.exercise]) for mutant in one.survivors]
        proof.equivalents += [named(mutant, lines[one.exercise], reason) for mutant, reason in one.equivalents]
        proof.asserts_noticed += len(one.noticed)
        proof.asserts_total += len(one.noticed) + len(one.unnoticed)
    # A sample may hold more of the survivors and equivalents than its share, without the lesson having too many.
    spare = _SPARE_IN_A_SAMPLE if sampled else 0
    if len(proof.survivors) > (1 - _LEAST_KILLED) * (proof.mutants_total - len(proof.equivalents)) + spare:
        proof.problems.append(f"{len(proof.survivors)} of {proof.mutants_total} mutants pass every check; at most "
                              f"{1 - _LEAST_KILLED:.0%} may")
    if not sampled and len(proof.equivalents) > (1 - _LEAST_KILLED) * proof.mutants_total:
        proof.problems.append(f"{len(proof.equivalents)} of {proof.mutants_total} mutants are listed as equivalent; at "
                              f"most {1 - _LEAST_KILLED:.0%} may be")
    if proof.asserts_total:
        _hold_kept(found, judged, proof)


def _hold_kept(found: list[ExerciseProof], judged: Judged, proof: LessonProof) -> None:
    """Each reason to keep an assert that nothing needs is to be about such an assert."""
    reasons = {(entry.check, text): entry.reason for entry in judged.kept for text in entry.asserts}
    unnoticed = [assertion for one in found for assertion in one.unnoticed]
    for assertion in sorted(unnoticed, key=lambda assertion: assertion.line):
        reason = reasons.get((assertion.check, assertion.text), "")
        proof.unnoticed.append(NamedAssert(assertion.check, assertion.line, assertion.text, reason))
    for check, text in sorted(set(reasons) - {(assertion.check, assertion.text) for assertion in unnoticed}):
        proof.problems.append(f"judged.toml keeps '{text}' of check '{check}', which is needed or not there: take the "
                              "entry out")


def _names_that_leak(solution: NotebookNode) -> list[str]:
    """Names that a check makes and a later cell uses: in grading, unlike in JupyterLab, that cell does not see them."""
    problems = []
    cells = [cell for cell in solution.cells if cell.cell_type == "code"]
    for place, cell in enumerate(cells):
        if cell.metadata.get("mle", {}).get("kind") != "check":
            continue
        for later in cells[place + 1:]:
            if leaked := names_of(cell.source).gives(set(names_of(later.source).needed)):
                problems.append(f"check '{cell.id}' defines {', '.join(sorted(leaked))}, which cell '{later.id}' uses: "
                                "a check must leave nothing behind that a later cell needs")
    return problems


def _look_for_flakes(key: Key, groups: list[dict[str, Answer]], solution: NotebookNode, proof: LessonProof,
                     imports: tuple[str, ...], runner: Runs, jobs: int, seeds: int, hash_seeds: int = 4) -> None:
    """Runs the solution, and groups of right answers, with other random numbers and another order of sets."""
    notebooks = [with_answers(solution, {answer.exercise: answer.source for answer in group.values()})
                 for group in groups]

    def failing(seed: int) -> list[tuple[str, str]]:
        def run(job: Job) -> RunRecord:
            return runner.run(replace(job, hash_seed=seed % hash_seeds))

        found = []
        for group, notebook in zip(groups, notebooks, strict=True):
            result = grade_notebook(replace(key, seed=seed), notebook, execute=run, imports=imports).result
            for exercise in result.exercises:
                who = f"the right answer '{group[exercise.id].name}'" if exercise.id in group else "the solution"
                found += [(check.id, f"{who} of '{exercise.id}'") for check in exercise.checks
                          if check.status != "passed"]
        return found

    # Neighbours share a warm process: the order of sets is settled when it starts.
    order = sorted({key.seed, *range(1, seeds + 1)}, key=lambda seed: seed % hash_seeds)
    failed: dict[tuple[str, str], list[int]] = {}
    for seed, found in zip(order, in_parallel(jobs, [partial(failing, seed) for seed in order]), strict=True):
        for one in found:
            failed.setdefault(one, []).append(seed)
    for (check, who), which in sorted(failed.items()):
        if len(which) < len(order):  # what always fails is no flake, and was told of before
            proof.flaky.append(check)
            proof.problems.append(f"check '{check}' fails {who} with the seeds {', '.join(map(str, sorted(which)))}")


def _sample(items: list[Item], most: int | None, seed: str) -> list[Item]:
    """The same ones each time."""
    if most is None or len(items) <= most:
        return items
    return random.Random(seed).sample(items, most)


@contextmanager
def _engine() -> Iterator[Runs]:
    """An engine of this lesson's own, whose warm processes soon end; where there is none, what runs notebooks here."""
    if execution.default_engine() is None:
        try:
            yield execution
        except BaseException:
            execution.stop_all()
            raise
        return
    from autograder.execution.engine import Engine

    with Engine(idle_seconds=_IDLE_SECONDS) as engine:
        yield engine
