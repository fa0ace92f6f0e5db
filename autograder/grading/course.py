"""A course's gradebook: registering assignments, grading what was handed in, reading the scores."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Student
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import select
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session
from traitlets.config import Config, PyFileConfigLoader

from autograder.authoring import generate
from autograder.course import Course
from autograder.errors import MleError
from autograder.execution.temporary import temporary_folder
from autograder.grading.backup import Undone, latest_backup, put_back
from autograder.grading.gradebook import gradebook_of
from autograder.grading.key import Key
from autograder.grading.late import Change, Dues, Rule, plugin_rule, policy_rule, work_out
from autograder.grading.ledger import Ledger, digests, forget, needs_migration
from autograder.grading.marks import Marks, read_marks
from autograder.grading.migrate import Migrated, is_stale, migrate
from autograder.grading.plugin import configure_kit
from autograder.grading.policy import GradingPolicy, check_names, read_policy
from autograder.grading.roster import ROSTER, Roster
from autograder.grading.scores import Score, read_scores
from autograder.grading.stored import RESULT_FILE

_AFTER_TRACEBACK = ("[WARNING] Removing failed assignment", "[ERROR] There was an error processing assignment '")


class GradingCourse:
    """nbgrader's side of a course folder: `solutions/`, `submitted/`, `autograded/`, `feedback/` and a gradebook.

    Attributes:
        gradebook: where the scores are.

    Raises:
        MleError: what the course names as its gradebook cannot be one.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.gradebook = gradebook_of(self.root)

    def register(self, lesson_ids: Iterable[str]) -> None:
        """Enters assignments and their checks in the gradebook; doing it again brings them up to date.

        Raises:
            MleError: nbgrader refuses, because a check was added or removed that there are submissions for.
        """
        self.gradebook.make()
        with _nbgrader_environment(), temporary_folder("mle-assignment-") as nowhere:
            for lesson_id in lesson_ids:
                try:
                    generate(self.root, lesson_id, self.gradebook.url, Path(nowhere))
                except MleError:
                    # nbgrader's own words do not say how to mend this.
                    with self._session() as session:
                        if is_stale(session, Key.load(self.root / "solutions" / lesson_id)):
                            raise needs_migration(lesson_id) from None
                    raise
        self.due()

    def autograde(self, lesson_id: str, student: str) -> str:
        """Grades one submission through nbgrader, replacing earlier automatic scores.

        Returns:
            An empty string, or why it could not be graded.
        """
        with _nbgrader_environment():
            outcome = self._api(lesson_id).autograde(lesson_id, student, force=True, create=True)
        return "" if outcome["success"] else _reason(outcome)

    def scores(self) -> list[Score]:
        """Every submission in the gradebook, by lesson and student."""
        with self._session() as session:
            return read_scores(session)

    def marks(self, lessons: Iterable[str], student: str | None = None) -> list[Marks]:
        """What the gradebook says of the submissions of lessons, or of one student's, check by check."""
        if not self.gradebook.exists():
            return []
        policy = self.policy()
        with self._session() as session:
            return list(read_marks(session, policy, lessons, student))

    def ledger(self, tell: Callable[[str], None] = lambda text: None) -> Ledger:
        """The gradebook, opened for writing scores; made if there is none.

        Args:
            tell: called with a few words when it has to be waited for.

        Raises:
            MleError: `grading.toml` or `nbgrader_config.py` says something that cannot be meant.
        """
        policy = self.policy()
        self.gradebook.make()
        with _nbgrader_environment():
            return Ledger(self.gradebook, policy, self._rule(policy), tell)

    def policy(self) -> GradingPolicy:
        """The course's due dates, extensions and late policy.

        Raises:
            MleError: `grading.toml` says something that cannot be meant, or names an unknown lesson or student.
        """
        policy = read_policy(self.root)
        if policy.due or policy.extensions:
            lessons = set(Course(self.root).lesson_ids)
            students = _handed_in(self.root) | _on_roster(self.root / ROSTER)
            if self.gradebook.exists():
                with self._session() as session:
                    lessons |= set(session.scalars(select(Assignment.name)))
                    students |= set(session.scalars(select(Student.id)))
            check_names(self.root, policy, sorted(lessons), sorted(students))
        return policy

    def due(self, *, dry_run: bool = False) -> Dues:
        """Brings the gradebook's due dates, extensions and late penalties to what `grading.toml` and the scores say.

        It runs nothing again and is done in one transaction. Without a `grading.toml` it leaves all as it is.

        Args:
            dry_run: only say what would change.

        Raises:
            MleError: `grading.toml` or `nbgrader_config.py` says something that cannot be meant.
        """
        policy = self.policy()
        if policy.empty or not self.gradebook.exists():
            return Dues()
        with self._session() as session:
            dues = work_out(session, policy, self._rule(policy))
            if not dry_run and (dues.dates or dues.changes):
                dues.enter()
                session.commit()
        return dues

    def migrate(self, lessons: Iterable[str], *, dry_run: bool = False,
                tell: Callable[[str, int, int], None] = lambda text, done, of: None) -> Migrated:
        """Brings the gradebook to the present checks of lessons, in one transaction; scores given by hand stay.

        Args:
            lessons: those that need none are left alone.
            dry_run: only say what would change.
            tell: called with a few words, how many lessons are done, and of how many.

        Raises:
            MleError: a lesson is not built, or another program is writing to the gradebook.
        """
        keys = [Key.load(self.root / "solutions" / lesson) for lesson in lessons]
        if not self.gradebook.exists():
            return Migrated([])
        policy = self.policy()
        with self._session() as session:
            def settle() -> None:
                if not policy.empty:
                    work_out(session, policy, self._rule(policy)).enter()

            return migrate(session, self.gradebook, self.root, keys, self.result, settle, dry_run=dry_run, tell=tell)

    def undo_migration(self) -> Undone:
        """Puts the gradebook back as it was before the last migration; the present one is kept beside it.

        Raises:
            MleError: there is none to undo, or another program is writing to the gradebook.
        """
        if not self.gradebook.exists():
            raise MleError(f"There is no gradebook {self.gradebook}, so there is no migration to undo.")
        with self._session() as session:
            before, now = latest_backup(session, self.gradebook), digests(session)
        with before.session() as session:
            # What was graded since has other files beside it: with the scores of before it has to be graded again.
            for (student, lesson), digest in digests(session).items():
                if now.get((student, lesson), digest) != digest:
                    forget(session, lesson, student)
            session.commit()
        return put_back(before, self.gradebook)

    def recompute_penalties(self) -> list[Change]:
        """The late penalties that had to change for the scores and dates there are now; see `due`."""
        return self.due().changes

    def result(self, lesson_id: str, student: str) -> dict[str, Any]:
        """The record of a graded submission, as `Result.to_dict` wrote it.

        Raises:
            MleError: it has not been graded.
        """
        path = self.root / "autograded" / student / lesson_id / RESULT_FILE
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise MleError(f"{path} is missing: {lesson_id} of {student} has not been graded yet.") from None

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """The gradebook's rows; what is not committed at the end is rolled back."""
        with _nbgrader_environment(), self.gradebook.session() as session:
            yield session

    def _rule(self, policy: GradingPolicy) -> Rule:
        return policy_rule(policy) or plugin_rule(_own_config(self.root))

    def _config(self) -> Config:
        config = Config()
        configure_kit(config, self.root)
        return config

    def _api(self, lesson_id: str) -> NbGraderAPI:
        config = self._config()
        directory = CourseDirectory(config=config)
        directory.assignment_id = lesson_id
        api = NbGraderAPI(directory, config=config)
        api.log_level = logging.WARNING
        return api


def _handed_in(root: Path) -> set[str]:
    return {folder.name for folder in (root / "submitted").glob("*") if folder.is_dir()}


def _on_roster(path: Path) -> set[str]:
    return {learner.id for learner in Roster.read(path).learners} if path.is_file() else set()


def _own_config(root: Path) -> Config:
    """What a course's `nbgrader_config.py` sets, for the late plug-in that it may name."""
    name = "nbgrader_config.py"
    if not (root / name).is_file():
        return Config()
    try:
        return PyFileConfigLoader(name, path=str(root)).load_config()
    except Exception as error:  # it is a program of the course's own
        raise MleError(f"{root / name} stopped with {type(error).__name__}: {error}. Its late plug-in decides about "
                       "penalties, unless grading.toml has a [late]. Mend it, then run the same command again."
                       ) from error


def _reason(outcome: dict) -> str:
    """nbgrader's words for what went wrong: the last line of the traceback that it logs for the submission."""
    lines = [line.strip() for line in (outcome.get("log") or outcome.get("error") or "").splitlines() if line.strip()]
    told = next((before for before, line in pairwise(lines) if line.startswith(_AFTER_TRACEBACK)), None)
    told = told or next((line for line in reversed(lines) if "rror" in line), "nbgrader gave no reason")
    return re.sub(r"^([\w.]+: |\[\w+\] )", "", told)


@contextmanager
def _nbgrader_environment():
    before = os.environ.get("PATH", "")
    # nbgrader starts `alembic` by its bare name, so it must be found even where no environment was activated.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        with warnings.catch_warnings():
            # From nbgrader's own use of its database; nothing a reader of our output could do about it.
            warnings.simplefilter("ignore", category=SAWarning)
            yield
    finally:
        os.environ["PATH"] = before
