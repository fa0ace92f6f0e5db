"""Grades everything that was handed in: in parallel, in jails, with one writer to the gradebook.

A submission is done when the gradebook says so. Its files are put in place first, as a whole, and its scores follow in
one transaction together with the digest of what was graded. So a run that is killed anywhere is finished by the next.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder import execution
from autograder.errors import MleError
from autograder.execution import folders
from autograder.execution.temporary import TemporaryFolder, clear_left
from autograder.grading.cluster import Cluster
from autograder.grading.course import GradingCourse
from autograder.grading.finished import Finished, finished
from autograder.grading.grade import grade_hand_in, ungraded
from autograder.grading.key import Key
from autograder.grading.late import Change
from autograder.grading.ledger import Entry, Ledger
from autograder.grading.stored import MOST_FILES, MOST_MB, RESULT_FILE, digest_of, environment_digest, result_json
from autograder.grading.times import moment_of
from autograder.grading.warm import Runs, warm_imports

_STAGING = ".mle-grading-"
_MOST_THREADS = 2048  # that wait for a cluster; made only when wanted


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lesson."""

    student: str
    lesson: str
    folder: Path


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        graded, skipped: how many submissions.
        failures: submissions that could not be graded at all, with the reason.
        attention: graded, now or before, but a person should look: (submission, why).
        penalties: late penalties of earlier submissions that changed, because of dates or of points given by hand.
    """

    graded: int
    skipped: int
    failures: list[tuple[Submission, str]]
    attention: list[tuple[Submission, str]]
    penalties: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class _Done:
    submission: Submission
    digest: str
    finished: Finished
    staged: Path


@dataclass(frozen=True)
class _Pool:
    """How many threads there may be, and how many submissions to have under way at the moment."""

    threads: int
    at_a_time: Callable[[], int]


@dataclass(frozen=True)
class _Unchanged:
    """The gradebook has this very submission's scores already; `ended` is as its record says."""

    ended: str


def find_submissions(root: Path, lessons: Iterable[str], student: str | None = None) -> list[Submission]:
    """What lies in `submitted/STUDENT/LESSON`, by lesson and student.

    Raises:
        MleError: there is nothing, or nothing of that student.
    """
    submitted = root / "submitted"
    found = [Submission(folder.parent.name, lesson, folder)
             for lesson in lessons for folder in sorted(submitted.glob(f"*/{lesson}")) if folder.is_dir()]
    if student is not None:
        known = {submission.student for submission in found}
        found = [submission for submission in found if submission.student == student]
        if not found:
            has = f"It has: {', '.join(sorted(known))}." if known else "It has nothing of anybody."
            raise MleError(f"{submitted} has nothing of a student '{student}'. {has}")
    if not found:
        raise MleError(f"Nothing to grade: there is no {submitted / 'STUDENT' / 'LESSON'}. Put each hand-in there, or "
                       "collect them with `mle collect`.")
    return found


def grade_cohort(course: GradingCourse, lessons: Iterable[str], *, student: str | None = None, jobs: int = 0,
                 regrade: bool = False, trust_submissions: bool = False, engine: Runs | Cluster | None = None,
                 tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> Outcome:
    """Grades every submission whose scores the gradebook does not have yet.

    Args:
        lessons: which to grade.
        student: only this one's, if given.
        jobs: submissions at a time; 0 for one per core, or for as many as a cluster takes.
        regrade: grade again what was graded; points and comments given by hand stay.
        trust_submissions: whether to run them without isolation where the system grants none.
        engine: what runs notebooks, or a cluster that does; by default this process's own.
        tell: called with a few words, how many are done, and of how many.

    Raises:
        MleError: nothing to grade, or no isolation on this system and submissions not trusted.
    """
    submissions = find_submissions(course.root, lessons, student)
    runner = engine or _isolating_runner(trust_submissions)
    if jobs or not isinstance(runner, Cluster):
        threads = jobs or os.cpu_count() or 1
        pool = _Pool(threads, lambda: threads)
    else:
        pool = _Pool(_MOST_THREADS, lambda: runner.jobs)  # workers come and go
    done, outcome = 0, Outcome(0, 0, [], [])

    def say(text: str) -> None:
        tell(text, done, len(submissions))

    ledger = course.ledger(say)
    try:
        # A lesson that was registered half, or before it gained a check, is registered again.
        missing = [lesson for lesson in dict.fromkeys(s.lesson for s in submissions)
                   if not ledger.knows(Key.load(course.root / "solutions" / lesson))]
        if missing:
            course.register(missing)
        # Dates for what was just registered, and penalties for what was graded by hand since the last run.
        outcome.penalties = course.recompute_penalties()
        known = {} if regrade else ledger.graded()
        with _staging(course.root) as staging:
            grader = _Grader(course, runner, staging, known)
            for results in _in_parallel(grader.grade, submissions, pool):
                for submission, result in results:
                    if isinstance(result, MleError):
                        outcome.failures.append((submission, str(result)))
                    elif isinstance(result, _Unchanged):
                        outcome.skipped += 1
                        _point_out(submission, result.ended, outcome)
                _keep(course, ledger, [result for _, result in results if isinstance(result, _Done)], outcome)
                done += len(results)
                say(f"{len(outcome.failures)} failed" if outcome.failures else results[-1][0].lesson)
    finally:
        ledger.close()
    return outcome


def _keep(course: GradingCourse, ledger: Ledger, results: list[_Done], outcome: Outcome) -> None:
    """Puts graded submissions where they belong; one that cannot be is a failure of its own."""
    entries = []
    for done in results:
        try:
            entry = _entry(done)
            _put_in_place(course.root, done)
        except (MleError, OSError, ValueError) as error:  # such as a name that is no text
            outcome.failures.append((done.submission, f"Its scores could not be entered: {error}"))
        else:
            entries.append((done, entry))
    for (done, _), why in zip(entries, ledger.enter([entry for _, entry in entries]), strict=True):
        if why:
            outcome.failures.append((done.submission, f"Its scores could not be entered: {why}"))
            continue
        outcome.graded += 1
        _point_out(done.submission, done.finished.result.ended, outcome)


def _point_out(submission: Submission, ended: str, outcome: Outcome) -> None:
    if ended != "completed":
        outcome.attention.append((submission, ended))
    if (text := _time_text(submission.folder)) and moment_of(text) is None:
        outcome.attention.append((submission, f"its timestamp.txt says {text[:40]!r}, so it counts as in time; write "
                                              "the time like 2026-03-01 10:00:00 UTC, or with an offset like +01:00"))


class _Staging:
    """A folder in which threads put results together. Once it is closed none of them makes it anew."""

    def __init__(self, root: Path) -> None:
        self._folder = TemporaryFolder(_STAGING, str(root))
        self._writing, self._closed = threading.Lock(), False

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A path in it for one result, which is not there yet; one thread at a time.

        Raises:
            MleError: the run has been stopped.
        """
        with self._writing:
            if self._closed:
                raise MleError("The run was stopped.")
            yield Path(tempfile.mkdtemp(dir=self._folder.path)) / "files"

    def close(self) -> None:
        with self._writing:
            self._closed = True
            self._folder.remove()


class _Grader:
    """Grades one submission at a time per thread; touches nothing but its staging folder."""

    def __init__(self, course: GradingCourse, runner: Runs | Cluster, staging: _Staging,
                 known: dict[tuple[str, str], str]) -> None:
        self._course, self._staging, self._known = course, staging, known
        self._cluster, self._runner = (runner, None) if isinstance(runner, Cluster) else (None, runner)
        self._imports: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, str] = {}
        self._lock = threading.Lock()

    def grade(self, submission: Submission) -> _Done | _Unchanged:
        key = Key.load(self._course.root / "solutions" / submission.lesson)
        handed_in = digest_of(submission.folder)
        # Of everything that decides about the result: submission, lesson with its files, and the libraries.
        parts = (handed_in, key.digest, self._files_of(key), environment_digest())
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        if self._known.get((submission.student, submission.lesson)) == digest and (
                ended := self._ended(submission)):
            return _Unchanged(ended)
        done = self._finished(key, submission)
        with self._staging.place() as staged:
            try:
                _copy_files(staged, submission.folder, key.files)
            except folders.Unfit as error:
                done = finished(ungraded(key, _sentence(error)))
                shutil.rmtree(staged)
                _copy_files(staged, key.files)
            for name in (f"{key.lesson}.ipynb", RESULT_FILE):
                folders.clear(str(staged / name))
            (staged / f"{key.lesson}.ipynb").write_text(done.notebook, encoding="utf-8")
            (staged / RESULT_FILE).write_text(result_json(done.result, handed_in), encoding="utf-8")
            os.chmod(staged, 0o755)
        return _Done(submission, digest, done, staged)

    def _finished(self, key: Key, submission: Submission) -> Finished:
        if self._cluster is not None:
            return self._cluster.grade(key, submission.folder)
        return finished(grade_hand_in(key, submission.folder, key.lesson, None, self._runner.run,
                                      self._imports_of(key)))

    def _ended(self, submission: Submission) -> str:
        """How the run of a graded submission ended; empty where its record is gone or damaged."""
        try:
            ended = self._course.result(submission.lesson, submission.student)["ended"]
        except (MleError, OSError, ValueError, TypeError, KeyError):
            return ""
        return ended if isinstance(ended, str) else ""

    def _files_of(self, key: Key) -> str:
        """A digest of a lesson's files, which may be large, as they are when the run comes to them."""
        with self._lock:
            if key.digest not in self._files:
                self._files[key.digest] = digest_of(key.files)
            return self._files[key.digest]

    def _imports_of(self, key: Key) -> tuple[str, ...]:
        with self._lock:
            if key.lesson not in self._imports:
                self._imports[key.lesson] = warm_imports(key, self._runner)
            return self._imports[key.lesson]


def _in_parallel(work: Callable[[Submission], _Done | _Unchanged], submissions: list[Submission],
                 size: _Pool) -> Iterator[list[tuple[Submission, _Done | _Unchanged | MleError]]]:
    """Results as they come, never many more than are being worked on: a thousand notebooks do not wait in memory.

    All that have come since the last are handed out at once.
    """
    pool = ThreadPoolExecutor(size.threads, thread_name_prefix="grade")
    todo = iter(submissions)
    running: dict[Future[_Done | _Unchanged], Submission] = {}
    try:
        while True:
            while len(running) < size.at_a_time() + 2 and (following := next(todo, None)):
                running[pool.submit(work, following)] = following
            if not running:
                break
            yield [(running.pop(future), _outcome(future))
                   for future in wait(running, return_when=FIRST_COMPLETED).done]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[_Done | _Unchanged]) -> _Done | _Unchanged | MleError:
    try:
        return future.result()
    except execution.EngineError:
        raise
    except MleError as error:
        return error
    except Exception as error:  # whatever it is, it is this submission's and stops no other
        return MleError(f"It could not be graded: {error!r}")


def _put_in_place(root: Path, done: _Done) -> None:
    target = root / "autograded" / done.submission.student / done.submission.lesson
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        aside = Path(tempfile.mkdtemp(dir=done.staged.parent)) / "old"
        os.replace(target, aside)
    os.replace(done.staged, target)


def _entry(done: _Done) -> Entry:
    return Entry(done.submission.student, done.submission.lesson, done.finished.result, done.digest,
                 _timestamp(done.submission.folder), done.finished.essays)


def _timestamp(folder: Path) -> datetime | None:
    """When something was handed in, in UTC and without a zone, as nbgrader has it."""
    moment = moment_of(_time_text(folder))
    return moment and moment.replace(tzinfo=None)


def _time_text(folder: Path) -> str:
    try:
        return folders.read(folder / "timestamp.txt", 1000).decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""


def _copy_files(target: Path, *sources: Path) -> None:
    """Copies what is beside a notebook. Links are left out: what they point to is not part of the hand-in."""
    folders.lay_out(str(target), tuple(map(str, sources)), MOST_MB * 2**20, MOST_FILES, links=False)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _isolating_runner(trust_submissions: bool) -> Runs:
    engine = execution.default_engine()
    if engine is None and not trust_submissions:
        raise MleError("This system offers neither namespaces nor Landlock, so what other people hand in would run "
                       "with your own rights. Grade on Linux (a virtual machine will do), or add --trust-submissions "
                       "if you trust everybody who handed in.")
    return execution if engine is None else engine


@contextmanager
def _staging(root: Path) -> Iterator[_Staging]:
    """A folder beside the finished ones, so that renaming puts results in place. Clears what a killed run left."""
    autograded = root / "autograded"
    autograded.mkdir(exist_ok=True)
    clear_left(_STAGING, str(root))
    staging = _Staging(root)
    try:
        yield staging
    finally:
        staging.close()
