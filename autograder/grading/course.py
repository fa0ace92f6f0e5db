"""A course's gradebook: registering assignments, grading what was handed in, reading the scores."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.authoring import generate
from autograder.errors import MleError
from autograder.execution.temporary import temporary_folder
from autograder.grading.gradebook import make_gradebook
from autograder.grading.ledger import Ledger
from autograder.grading.plugin import configure_kit
from autograder.grading.stored import RESULT_FILE

_AFTER_TRACEBACK = ("[WARNING] Removing failed assignment", "[ERROR] There was an error processing assignment '")


@dataclass(frozen=True)
class Score:
    """What the gradebook says of one submission.

    Attributes:
        earned: points so far, late penalty not taken off.
        points: the most that can be had, essays included.
        waiting: whether a person still has to grade part of it.
    """

    student: str
    lesson: str
    earned: float
    points: float
    waiting: bool


class GradingCourse:
    """nbgrader's side of a course folder: `solutions/`, `submitted/`, `autograded/`, `feedback/` and a gradebook."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._gradebook = self.root / "gradebook.db"
        self.db_url = f"sqlite:///{self._gradebook}"

    def register(self, lesson_ids: Iterable[str]) -> None:
        """Enters assignments and their checks in the gradebook; doing it again brings them up to date.

        Raises:
            MleError: nbgrader refuses, because a check was added or removed that there are submissions for.
        """
        make_gradebook(self._gradebook)
        with _nbgrader_environment(), temporary_folder("mle-assignment-") as nowhere:
            for lesson_id in lesson_ids:
                generate(self.root, lesson_id, self.db_url, Path(nowhere))

    def autograde(self, lesson_id: str, student: str) -> str:
        """Grades one submission through nbgrader, replacing earlier automatic scores.

        Returns:
            An empty string, or why it could not be graded.
        """
        with _nbgrader_environment():
            outcome = self._api(lesson_id).autograde(lesson_id, student, force=True, create=True)
        return "" if outcome["success"] else _reason(outcome)

    def feedback(self, lesson_id: str, student: str | None = None) -> None:
        """Writes feedback HTML for one student's submission, or for all of a lesson.

        Raises:
            MleError: nbgrader could not.
        """
        with _nbgrader_environment():
            outcome = self._api(lesson_id).generate_feedback(lesson_id, student_id=student, force=True)
        if not outcome["success"]:
            raise MleError(f"No feedback could be written for {lesson_id}: {_reason(outcome)}")

    def scores(self) -> list[Score]:
        """Every submission in the gradebook, by lesson and student."""
        with _nbgrader_environment(), Gradebook(self.db_url) as gradebook:
            return [Score(submission.student.id, assignment.name, submission.score, submission.max_score,
                          submission.needs_manual_grade)
                    for assignment in gradebook.assignments
                    for submission in sorted(assignment.submissions, key=lambda s: s.student.id)]

    def ledger(self) -> Ledger:
        """The gradebook, opened for writing scores; made if there is none."""
        make_gradebook(self._gradebook)
        with _nbgrader_environment():
            return Ledger(self.db_url, self._config())

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

    def _config(self) -> Config:
        config = Config()
        configure_kit(config, self.root)
        config.CourseDirectory.db_url = self.db_url
        return config

    def _api(self, lesson_id: str) -> NbGraderAPI:
        config = self._config()
        directory = CourseDirectory(config=config)
        directory.assignment_id = lesson_id
        api = NbGraderAPI(directory, config=config)
        api.log_level = logging.WARNING
        return api


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
