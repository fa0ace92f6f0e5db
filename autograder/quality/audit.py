"""Looks at graded submissions for answers that pass a check and its twin as well; it changes no score.

For each check that a submission passed, it runs the check with all its proven places asked, which has to fail, and the
check with other names of its own, which has to pass. What is not as it should be is run once more, alone, before it is
told; but where a check that has to fail is reported as passed, once is enough.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder import execution
from autograder.course import Course
from autograder.errors import MleError
from autograder.execution import EngineError, Job, RunRecord, StepFact
from autograder.grading import (
    RESULT_FILE,
    Flag,
    GradingCourse,
    Key,
    Runs,
    Submission,
    digest_of,
    find_submissions,
    job_of,
    read_hand_in,
    restore,
    warm_imports,
    with_audit,
    write_atomically,
)
from autograder.quality.twin_proof import Proven, Test, prove_twins, with_tests
from autograder.quality.twins import Twins, held_of

_TIMES = 4  # as long as grading may take
_MOST_CONFIRMED = 3  # places of one check


@dataclass
class Audit:
    """What was found of one notebook.

    Attributes:
        checks: how many of those that it passed were looked at.
        left_out: passed checks of which nothing can be said, with the reason.
    """

    checks: int = 0
    flags: list[Flag] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class AuditOutcome:
    """What an audit did.

    Attributes:
        audited, skipped: how many submissions; those that were audited before with the same twins are skipped.
        flagged: submissions that a person should look at, now or before.
        left_out: submissions, or checks of them, that could not be audited, with the reason.
        proven: the twins of each lesson.
    """

    audited: int = 0
    skipped: int = 0
    flagged: list[tuple[Submission, Flag]] = field(default_factory=list)
    left_out: list[tuple[Submission, str]] = field(default_factory=list)
    proven: dict[str, Proven] = field(default_factory=dict)


def audit_cohort(course: Course, lessons: Iterable[str], *, student: str | None = None, jobs: int = 1,
                 again: bool = False, engine: Runs | None = None,
                 tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> AuditOutcome:
    """Audits every graded submission, and notes what was found in its `result.json`.

    Args:
        lessons: which to audit.
        student: only this one's, if given.
        jobs: submissions at a time.
        again: also those that were audited before.
        engine: what runs notebooks; by default this process's own.
        tell: called with a few words, how many are done, and of how many.

    Raises:
        MleError: there is nothing to audit, or no isolation on this system.
    """
    submissions = find_submissions(course.root, lessons, student)
    runner = engine or execution.default_engine()
    if runner is None:
        raise MleError("This system offers neither namespaces nor Landlock, so submissions cannot be isolated, and "
                       "checks cannot be run in forks of them. Audit on Linux; a virtual machine will do.")
    grading, outcome, total = GradingCourse(course.root), AuditOutcome(), len(submissions)
    for lesson in dict.fromkeys(submission.lesson for submission in submissions):
        key = Key.load(course.solutions / lesson)
        try:
            outcome.proven[lesson] = prove_twins(
                key, course.solutions / lesson, course.answers(course.lesson(lesson)), warm_imports(key, runner),
                runner, jobs, lambda text, lesson=lesson: tell(f"{lesson}, {text}", 0, total))
        except EngineError as error:  # such as a lesson with services, where there is no network for them
            outcome.left_out += [(submission, str(error)) for submission in submissions if submission.lesson == lesson]
            submissions = [submission for submission in submissions if submission.lesson != lesson]

    def one(submission: Submission) -> Audit | str:
        return _audit_submission(grading, submission, outcome.proven[submission.lesson], runner, again)

    for done, (submission, found) in enumerate(_in_parallel(one, submissions, jobs), start=1):
        if found == _AUDITED_BEFORE:
            outcome.skipped += 1
        elif isinstance(found, str):
            outcome.left_out.append((submission, found))
        else:
            outcome.audited += 1
            outcome.left_out += [(submission, f"check '{check}': {why}") for check, why in found.left_out]
        outcome.flagged += [(submission, flag) for flag in _flags_of(grading, submission)]
        tell(submission.lesson, done, len(submissions))
    outcome.flagged.sort(key=lambda one: (one[0].lesson, one[0].student))
    return outcome


_AUDITED_BEFORE = "audited before"


def _audit_submission(grading: GradingCourse, submission: Submission, proven: Proven, runner: Runs,
                      again: bool) -> Audit | str:
    """What was found, which then stands in its record; or why it was not audited."""
    key = Key.load(grading.root / "solutions" / submission.lesson)
    try:
        record = grading.result(submission.lesson, submission.student)
    except MleError:
        raise MleError("it has not been graded yet. Run `mle grade`, then `mle audit` again.") from None
    if record["submission_digest"] != digest_of(submission.folder) or record["lesson_digest"] != key.digest:
        raise MleError("it is not as it was graded, or its lesson is not. Run `mle grade`, then `mle audit` again.")
    if not again and record.get("audit", {}).get("twins_digest") == proven.digest:
        return _AUDITED_BEFORE
    passed = [check["id"] for exercise in record["exercises"] for check in exercise["checks"]
              if check["status"] == "passed" and check["earned"]]
    found = Audit()
    if passed:
        notebook = restore(key, read_hand_in(submission.folder, key.lesson, key)).notebook
        found = audit_notebook(key, notebook, passed, proven, runner, submission.folder)
    path = grading.root / "autograded" / submission.student / submission.lesson / RESULT_FILE
    # Another run may have graded it anew meanwhile; then this says nothing of what stands there now.
    if (now := json.loads(path.read_text(encoding="utf-8")))["submission_digest"] == record["submission_digest"]:
        write_atomically(path, with_audit(now, proven.digest, found.checks, found.flags))
    return found


def audit_notebook(key: Key, notebook: NotebookNode, passed: Iterable[str], proven: Proven, runner: Runs,
                   folder: Path | None = None) -> Audit:
    """Audits a restored notebook.

    Args:
        passed: the checks that it passed when it was graded.
        folder: the learner's, whose files it may open.

    Raises:
        EngineError: it could not be run at all.
    """
    job = replace(job_of(key, notebook, folder), imports=warm_imports(key, runner))
    limits = replace(key.limits, notebook_seconds=_TIMES * key.limits.notebook_seconds)
    return _Auditor(key, job, limits, proven, runner).audit(list(passed))


class _Auditor:
    """One notebook, looked at twice if the first time leaves something to be asked."""

    def __init__(self, key: Key, job: Job, limits: Any, proven: Proven, runner: Runs) -> None:
        self._job, self._limits, self._proven, self._runner = job, limits, proven, runner
        self._sources = {cell.check: "\n".join(cell.parts) for cell in key.of_kind("check")}
        self._token = secrets.token_hex(8)

    def audit(self, passed: list[str]) -> Audit:
        found = Audit()
        looked_at = []
        for check in passed:
            if check in self._proven.asked:
                looked_at.append(self._proven.twins[check])
            else:
                found.left_out.append((check, "its twins could not be proven"))
        if not looked_at:
            return found
        facts = self._run([test for twins in looked_at for test in self._tests(twins, alone="")])
        suspects = []
        for twins in looked_at:
            ask, names = facts[f"~ask {twins.check}"], facts.get(f"~names {twins.check}")
            held = held_of(ask.error[1], self._token)
            if ask.status == "passed":
                found.checks += 1
                found.flags.append(Flag(twins.check, "forged", "A version of this check that always fails is reported "
                                                               "as passed."))
            elif held or held is None or (names and names.status != "passed"):
                places = held[:_MOST_CONFIRMED] if held is not None else [
                    (site.number, site.side, 0) for site in self._proven.sites[twins.check]]
                suspects.append((twins, places))
            else:
                found.checks += 1
        if suspects:
            self._confirm(suspects, found)
        return found

    def _confirm(self, suspects: list[tuple[Twins, list[tuple[int, int, int]]]], found: Audit) -> None:
        """Runs again, each in a process of its own, what was not as it should be; only what stays so is told."""
        tests = []
        for twins, places in suspects:
            tests += self._tests(twins, alone="alone ")
            tests.append(self._test(twins, f"~itself {twins.check}", self._sources[twins.check], "alone"))
            for number, side, evaluation in places:
                site = next(site for site in twins.sites if (site.number, site.side) == (number, side))
                tests.append(self._test(twins, f"~twin {twins.check} {number}.{side}.{evaluation}",
                                        twins.twin(site, evaluation), "alone"))
        facts = self._run(tests)
        for twins, places in suspects:
            check = twins.check
            ask, names = facts[f"~alone ask {check}"], facts.get(f"~alone names {check}")
            before = len(found.flags)
            if facts[f"~itself {check}"].status != "passed":
                # Then the others say nothing: it may pass by chance, or only after another check has run.
                found.left_out.append((check, "it did not pass when it was run again by itself"))
                continue
            texts = [site.text for number, side, evaluation in places for site in twins.sites
                     if (site.number, site.side) == (number, side)
                     and facts[f"~twin {check} {number}.{side}.{evaluation}"].status == "passed"]
            found.flags += [Flag(check, "any value", f"It passes with another value expected, too: {text}")
                            for text in dict.fromkeys(texts)]
            if names and names.status in {"failed", "error"}:
                found.flags.append(Flag(check, "names", "It does not pass once the check's own variables have other "
                                                        "names: the answer reaches into them."))
            if len(found.flags) > before or held_of(ask.error[1], self._token) == []:
                found.checks += 1
            else:
                found.left_out.append((check, f"it could not be asked: {ask.reason or ask.error[0] or ask.status}"))

    def _tests(self, twins: Twins, alone: str) -> list[Test]:
        asking = twins.asking(self._proven.sites[twins.check], self._token)
        tests = [self._test(twins, f"~{alone}ask {twins.check}", asking, alone)]
        if twins.check in self._proven.renamed:
            tests.append(self._test(twins, f"~{alone}names {twins.check}", twins.renamed(), alone))
        return tests

    def _test(self, twins: Twins, identity: str, source: str, alone: str) -> Test:
        return Test(identity, twins.exercise, identity if alone else f"~{twins.exercise}", source)

    def _run(self, tests: list[Test]) -> dict[str, StepFact]:
        record: RunRecord = self._runner.run(with_tests(self._job, tests, self._limits))
        return record.facts


def _flags_of(grading: GradingCourse, submission: Submission) -> list[Flag]:
    try:
        flags = grading.result(submission.lesson, submission.student).get("audit", {}).get("flags", [])
        return [Flag(**flag) for flag in flags]
    except (MleError, ValueError, TypeError, AttributeError):
        return []


def _in_parallel(work: Callable[[Submission], Audit | str], submissions: list[Submission],
                 jobs: int) -> Iterator[tuple[Submission, Audit | str]]:
    """Results as they come; what goes wrong with one submission is told of that one."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="audit")
    try:
        running: dict[Future[Audit | str], Submission] = {pool.submit(work, one): one for one in submissions}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), _outcome(future)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[Audit | str]) -> Audit | str:
    try:
        return future.result()
    except EngineError:
        raise
    except (MleError, OSError, ValueError, KeyError, TypeError) as error:  # such as a record that is damaged
        return str(error) if isinstance(error, MleError) else f"its record cannot be read: {error!r}"
