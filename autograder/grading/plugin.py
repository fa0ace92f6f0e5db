"""Our grading as nbgrader preprocessors, so that `nbgrader autograde` and Formgrader's button give the same scores."""

from __future__ import annotations

import json
import os
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    GetGrades,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets.config import Config

from autograder.authoring import RemoveGraderNotes, configure_release
from autograder.errors import MleError
from autograder.grading.grade import grade_notebook
from autograder.grading.key import Key
from autograder.grading.reading import read_submission

RESULT_FILE = "result.json"


def configure(c: Config, root: str | os.PathLike[str] = ".") -> None:
    """Sets up nbgrader for a course: directories, generate step, grading and feedback.

    Args:
        c: the object that `get_config()` returns in an `nbgrader_config.py`.
        root: the course's folder.
    """
    root = Path(root).resolve()
    configure_release(c)
    c.CourseDirectory.root = str(root)
    # nbgrader's own default lies outside the course and is not writable for an ordinary user.
    c.Exchange.root = str(root / "exchange")
    c.Exchange.path_includes_course = False
    c.Autograde.exporter_class = SubmissionExporter
    c.Autograde.sanitize_preprocessors = []
    c.Autograde.autograde_preprocessors = [GradeNotebook, SaveScores, AssignLatePenalties, CheckCellMetadata]
    c.GenerateFeedback.preprocessors = [RemoveGraderNotes, GetGrades, CSSHTMLHeaderPreprocessor]


class SubmissionExporter(NotebookExporter):
    """Begins with an empty notebook: nbconvert stumbles over files that `GradeNotebook` can read, or explain."""

    def from_file(self, file_stream: object, resources: dict | None = None, **kw: object) -> tuple[str, dict]:
        return self.from_notebook_node(new_notebook(), resources=resources, **kw)


class GradeNotebook(NbGraderPreprocessor):
    """Restores, runs and judges a submission; leaves `result.json` beside the autograded notebook."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        directory = self.parent.parent.coursedir
        assignment, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        key = Key.load(_folder(directory, directory.source_directory, ".", assignment))
        submitted = _folder(directory, directory.submitted_directory, student, assignment)
        submission = read_submission(submitted / f"{resources['nbgrader']['notebook']}.ipynb", key)
        graded = grade_notebook(key, submission, submitted)
        for repair in graded.result.repairs:
            self.log.warning("%s, %s: %s", student, assignment, repair)
        autograded = _folder(directory, directory.autograded_directory, student, assignment)
        write_atomically(autograded / RESULT_FILE, json.dumps(graded.result.to_dict(), indent=1))
        resources["mle"] = graded.result
        return graded.notebook, resources


class SaveScores(SaveAutoGrades):
    """Writes the scores of checks from our result; answers graded by hand are nbgrader's own business."""

    def _add_score(self, cell: NotebookNode, resources: dict) -> None:
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        # An essay's id may be a check's: only the prefix tells them apart.
        check = resources["mle"].checks.get(grade_id.removeprefix("check-")) if grade_id.startswith("check-") else None
        try:
            if check is None:
                return super()._add_score(cell, resources)
            grade = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        except MissingEntry:
            raise MleError(f"The gradebook does not know the check '{grade_id}' of {self.assignment_id}: the lesson "
                           "has changed since it was registered. Run `mle init-course`.") from None
        grade.auto_score = check.earned
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


def write_atomically(path: Path, text: str) -> None:
    """Writes a file so that a reader sees either all of it or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _folder(directory: object, kind: str, student: str, assignment: str) -> Path:
    return Path(directory.format_path(kind, student, assignment))


