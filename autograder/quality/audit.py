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

from nbformat import NotebookNode

from autograder import execution
from autograder.course import Course, Limits
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
from autograder.quality.twin_proof import Proven, Test, names_read_in, prove_twins, with_tests
from autograder.quality.twins import TURNS, Site, Twins, held_of

_TIMES = 4  # as long as grading may take
_MOST_CONFIRMED = 3  # places of one check
_MOST_TRIED = 40  # of a check that cannot be asked
_FORGED = "A version of this check that always fails is reported as passed."
_MADE_UP = "What a version of this check was to report was made up: code of the answer has read it."


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

    def one(submission: Submission) -> _Found:
        return _audit_submission(grading, submission, outcome.proven[submission.lesson], runner, again)

    for done, (submission, found) in enumerate(_in_parallel(one, submissions, jobs), start=1):
        if isinstance(found, str):
            outcome.left_out.append((submission, found))
        else:
            if found.before:
                outcome.skipped += 1
            elif _kept(grading, submission, found, outcome.proven[submission.lesson].digest):
                outcome.audited += 1
            else:
                outcome.left_out.append((submission, _CHANGED))
                continue
            outcome.left_out += [(submission, f"check '{check}': {why}") for check, why in found.audit.left_out]
            outcome.flagged += [(submission, flag) for flag in found.audit.flags]
        tell(submission.lesson, done, len(submissions))
    outcome.flagged.sort(key=lambda one: (one[0].lesson, one[0].student))
    return outcome


_CHANGED = "it is not as it was graded, or its lesson is not. Run `mle grade`, then `mle audit` again."


@dataclass(frozen=True)
class _Found:
    """What is known of a submission.

    Attributes:
        record: the text of its result.json.
        before: whether an earlier audit found it.
    """

    record: str
    audit: Audit
    before: bool


def _audit_submission(grading: GradingCourse, submission: Submission, proven: Proven, runner: Runs,
                      again: bool) -> _Found:
    """What there is to say of it; nothing is written yet.

    Raises:
        MleError: it cannot be audited.
    """
    key = Key.load(grading.root / "solutions" / submission.lesson)
    path = _path(grading, submission)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MleError("it has not been graded yet. Run `mle grade`, then `mle audit` again.") from None
    try:
        record = json.loads(text)
        same = (record["submission_digest"], record["lesson_digest"]) == (digest_of(submission.folder), key.digest)
        passed = [check["id"] for exercise in record["exercises"] for check in exercise["checks"]
                  if check["status"] == "passed" and check["earned"]]
        before = record.get("audit")
        audited = Audit(before["checks"], [Flag(**flag) for flag in before["flags"]],
                        [(one["check"], one["why"]) for one in before["left_out"]]) if before else None
        twins_digest = before["twins_digest"] if before else ""
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MleError(f"its {RESULT_FILE} is damaged ({error!r}). Run `mle grade {submission.lesson} --student "
                       f"{submission.student} --regrade`, then `mle audit` again.") from None
    if not same:
        raise MleError(_CHANGED)
    if audited and not again and twins_digest == proven.digest:
        return _Found(text, audited, before=True)
    if not passed:
        return _Found(text, Audit(), before=False)
    notebook = restore(key, read_hand_in(submission.folder, key.lesson, key)).notebook
    return _Found(text, audit_notebook(key, notebook, passed, proven, runner, submission.folder), before=False)


def _kept(grading: GradingCourse, submission: Submission, found: _Found, twins_digest: str) -> bool:
    """Writes down what was found; not so where another run has graded it anew meanwhile.

    Raises:
        MleError: it cannot be written, as on a full disk.
    """
    path, audit = _path(grading, submission), found.audit
    try:
        if path.read_text(encoding="utf-8") != found.record:
            return False
        write_atomically(path, with_audit(json.loads(found.record), twins_digest, audit.checks, audit.flags,
                                          audit.left_out), make_folder=False)
    except FileNotFoundError:  # it is just being put in place anew
        return False
    except OSError as error:
        raise MleError(f"{path} could not be written: {error.strerror or error}. Everything that was audited before it "
                       "is kept; mend that, then run the same command again.") from None
    return True


def _path(grading: GradingCourse, submission: Submission) -> Path:
    return grading.root / "autograded" / submission.student / submission.lesson / RESULT_FILE


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
    return _Auditor(key, job, limits, proven, runner, names_read_in(key, notebook)).audit(list(passed))


class _Auditor:
    """One notebook, looked at twice if the first time leaves something to be asked."""

    def __init__(self, key: Key, job: Job, limits: Limits, proven: Proven, runner: Runs, read: frozenset[str]) -> None:
        self._job, self._limits, self._proven, self._runner, self._read = job, limits, proven, runner, read
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
            held = self._held(twins, ask)
            if ask.status == "passed":
                found.checks += 1
                found.flags.append(Flag(twins.check, "forged", _FORGED))
            elif held is None and self._token in ask.error[1]:
                found.checks += 1
                found.flags.append(Flag(twins.check, "forged", _MADE_UP))
            elif held or held is None or (names and names.status != "passed"):
                # What cannot be asked is tried place by place.
                suspects.append((twins, held if held is not None else [
                    (site, 0) for site in self._proven.sites[twins.check]][:_MOST_TRIED]))
            else:
                found.checks += 1
        if suspects:
            self._confirm(suspects, found)
        return found

    def _confirm(self, suspects: list[tuple[Twins, list[tuple[Site, int]]]], found: Audit) -> None:
        """Runs again, each in a process of its own, what was not as it should be; only what stays so is told."""
        tests = []
        for twins, places in suspects:
            tests += self._tests(twins, alone="alone ")
            tests.append(self._test(twins, f"~itself {twins.check}", self._sources[twins.check], "alone"))
            tests += [self._test(twins, self._name(twins, site, evaluation, turn),
                                 twins.twin(site, evaluation, turn), "alone")
                      for site, evaluation in places for turn in TURNS]
        facts = self._run(tests)
        for twins, places in suspects:
            check = twins.check
            ask, names = facts[f"~alone ask {check}"], facts.get(f"~alone names {check}")
            if ask.status == "passed":
                found.checks += 1
                found.flags.append(Flag(check, "forged", _FORGED))
                continue
            if facts[f"~itself {check}"].status != "passed":
                # Then the others say nothing: it may pass by chance, or only after another check has run.
                found.left_out.append((check, "it did not pass when it was run again by itself"))
                continue
            texts = list(dict.fromkeys(site.text for site, evaluation in places if all(
                facts[self._name(twins, site, evaluation, turn)].status == "passed" for turn in TURNS)))
            flags = [Flag(check, "any value", f"This holds with other values in it as well: {text}")
                     for text in texts[:_MOST_CONFIRMED]]
            if len(texts) > _MOST_CONFIRMED:
                more = f", and {len(texts) - _MOST_CONFIRMED} more of this check"
                flags[-1] = replace(flags[-1], evidence=flags[-1].evidence + more)
            if names and names.status in {"failed", "error"}:
                flags.append(Flag(check, "names", "It does not pass once the check's own variables have other names: "
                                                  "the answer changes them."))
            found.flags += flags
            if flags or self._held(twins, ask) is not None:
                found.checks += 1
            elif ask.reason:  # such as out of time
                found.left_out.append((check, f"it could not be run with its comparisons asked: {ask.reason}"))
            else:
                found.left_out.append((check, "comparing twice disturbs this answer, as it would an iterator that can "
                                              "be read once"))

    def _held(self, twins: Twins, fact: StepFact) -> list[tuple[Site, int]] | None:
        return held_of(fact.error[1], self._token, self._proven.sites[twins.check])

    def _tests(self, twins: Twins, alone: str) -> list[Test]:
        asking = twins.asking(self._proven.sites[twins.check], self._token)
        tests = [self._test(twins, f"~{alone}ask {twins.check}", asking, alone)]
        if twins.check in self._proven.renamed:
            tests.append(self._test(twins, f"~{alone}names {twins.check}", twins.renamed(self._read), alone))
        return tests

    def _test(self, twins: Twins, identity: str, source: str, alone: str) -> Test:
        return Test(identity, twins.exercise, identity if alone else f"~{twins.exercise}", source)

    @staticmethod
    def _name(twins: Twins, site: Site, evaluation: int, turn: int) -> str:
        return f"~twin{turn} {twins.check} {site.number}.{site.side}.{evaluation}"

    def _run(self, tests: list[Test]) -> dict[str, StepFact]:
        record: RunRecord = self._runner.run(with_tests(self._job, tests, self._limits))
        return record.facts


def _in_parallel(work: Callable[[Submission], _Found], submissions: list[Submission],
                 jobs: int) -> Iterator[tuple[Submission, _Found | str]]:
    """Results as they come; what goes wrong with one submission is told of that one."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="audit")
    todo, running = iter(submissions), {}
    try:
        while True:
            while len(running) < jobs + 2 and (following := next(todo, None)):
                running[pool.submit(work, following)] = following
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), _outcome(future)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[_Found]) -> _Found | str:
    try:
        return future.result()
    except MleError as error:
        return str(error)
    except Exception as error:  # whatever it is, it is this submission's and stops no other
        return f"it could not be audited: {error!r}"
