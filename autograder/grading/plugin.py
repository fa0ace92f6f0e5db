"""Our grading as nbgrader preprocessors, so that `nbgrader autograde` and Formgrader's button give the same scores."""

from __future__ import annotations

import os
from contextlib import suppress
from copy import deepcopy
from dataclasses import fields
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    Execute,
    GetGrades,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets import Dict, Enum, TraitError, validate
from traitlets.config import Config

from autograder import execution
from autograder.authoring import RemoveGraderNotes, configure_release
from autograder.course import Limits
from autograder.errors import MleError
from autograder.grading.foreign import Rules, gradebook_notebook, is_python, key_of
from autograder.grading.grade import Graded, grade_hand_in, ungraded
from autograder.grading.gradebook import gradebook_of
from autograder.grading.key import Key
from autograder.grading.late import AssignPenalties
from autograder.grading.policy import POLICY_FILE
from autograder.grading.reading import UnreadableNotebook, read_hand_in, restore
from autograder.grading.stored import RESULT_FILE, digest_of, result_json, write_atomically
from autograder.grading.validation import validate_with_our_engine
from autograder.grading.warm import warm_imports

# nbgrader sets no other limit than one for a cell: these only keep one submission from taking a whole machine.
_GENEROUS = {"notebook_seconds": 1800, "memory_mb": 4096, "output_kb": 2048, "disk_mb": 1024, "processes": 128}
_NO_TIMEOUT = 3600


def configure(c: Config, root: str | os.PathLike[str] | None = None) -> None:
    """Makes nbgrader grade as we do, in any course. Goes last in an `nbgrader_config.py`.

    A course keeps its own settings. One that was made with this kit (it has `course/syllabus.toml`) also gets our
    directories, generate step and feedback.

    Args:
        c: the object that `get_config()` returns there.
        root: the course's folder, if the settings do not say it.
    """
    if root is not None and (Path(root) / "course" / "syllabus.toml").is_file():
        configure_kit(c, root)
        return
    if root is not None:
        c.CourseDirectory.root = str(Path(root).resolve())
    stock = c.Autograde.get("autograde_preprocessors") or Autograde.autograde_preprocessors.default()
    ours = {Execute: GradeSubmission, SaveAutoGrades: SaveScores}
    c.Autograde.autograde_preprocessors = [ours.get(one, one) for one in stock]
    _configure_any(c)


def configure_kit(c: Config, root: str | os.PathLike[str]) -> None:
    """The same for a folder laid out as courses of this kit are: directories, generate step, grading and feedback.

    Raises:
        MleError: the settings name another gradebook than the rest of the kit would use.
    """
    root = Path(root).resolve()
    store = gradebook_of(root)
    own = c.CourseDirectory.get("db_url")
    if isinstance(own, str) and own not in {store.url, str(store)}:
        raise MleError(f"{root / 'nbgrader_config.py'} sets CourseDirectory.db_url, but the other commands would use "
                       f"{store}. Take it out there, and name the gradebook in {POLICY_FILE}, above the first [table]: "
                       'gradebook = "URL".')
    c.CourseDirectory.db_url = store.url
    if store.file is None:
        # On a server nbgrader would make its tables itself, but not the row that they refer to; see `Store.make`.
        with suppress(MleError):  # told when it is used
            store.make()
    configure_release(c)
    c.CourseDirectory.root = str(root)
    # nbgrader's own default lies outside the course and is not writable for an ordinary user.
    c.Exchange.root = str(root / "exchange")
    c.Exchange.path_includes_course = False
    c.Autograde.autograde_preprocessors = [GradeNotebook, SaveScores, AssignPenalties, CheckCellMetadata]
    c.GenerateFeedback.preprocessors = [RemoveGraderNotes, GetGrades, CSSHTMLHeaderPreprocessor]
    _configure_any(c)


def _configure_any(c: Config) -> None:
    c.Autograde.exporter_class = SubmissionExporter
    # Restoring a submission takes the place of nbgrader's own repairs, which stop at what they do not expect.
    c.Autograde.sanitize_preprocessors = []
    validate_with_our_engine()


class SubmissionExporter(NotebookExporter):
    """Begins with an empty notebook: nbconvert stumbles over files that our preprocessors can read, or explain."""

    def from_filename(self, filename: str, resources: dict | None = None, **kw: object) -> tuple[str, dict]:
        resources = deepcopy(resources or {})
        folder, name = os.path.split(filename)
        resources["metadata"] = {"name": os.path.splitext(name)[0], "path": folder}
        return self.from_notebook_node(new_notebook(), resources=resources, **kw)


class GradeNotebook(NbGraderPreprocessor):
    """Restores, runs and judges a submission of one of our lessons; leaves `result.json` beside it."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        directory, (assignment, student, notebook) = _course(self), _names(resources)
        key = Key.load(_folder(directory, directory.source_directory, ".", assignment))
        submitted = _folder(directory, directory.submitted_directory, student, assignment)
        graded = grade_hand_in(key, submitted, notebook, imports=self._warm_imports(key, directory))
        return self._keep(key, graded, resources, RESULT_FILE), resources

    def _warm_imports(self, key: Key, directory: CourseDirectory) -> tuple[str, ...]:
        """What a warm process should have loaded; nothing where the solution does not tell, which costs time alone."""
        assignment, _, notebook = key.lesson.partition("/")
        solution = _folder(directory, directory.source_directory, ".", assignment) / f"{notebook or assignment}.ipynb"
        try:
            return warm_imports(key, execution, solution)
        except (OSError, ValueError, MleError) as error:
            self.log.info("%s tells no imports to begin with: %s", solution, error)
            return ()

    def _keep(self, key: Key, graded: Graded, resources: dict, file: str) -> NotebookNode:
        directory, (assignment, student, notebook) = _course(self), _names(resources)
        for repair in graded.result.repairs:
            self.log.warning("%s, %s: %s", student, assignment, repair)
        if graded.result.ended != "completed":
            self.log.warning("%s, %s, %s: somebody should look: %s", student, assignment, notebook, graded.result.ended)
            _flag(resources)
        autograded = _folder(directory, directory.autograded_directory, student, assignment)
        submitted = _folder(directory, directory.submitted_directory, student, assignment)
        write_atomically(autograded / file, result_json(graded.result, digest_of(submitted)))
        resources["mle"] = (key, graded.result)
        return graded.notebook


class GradeSubmission(GradeNotebook):
    """The same for a notebook of any nbgrader course, held against what the course's gradebook has of it."""

    check_isolation = Enum(
        ("auto", "fork", "in_place"), "auto",
        help="Which state checks see. 'fork': what the cells above did, but not what other checks did. 'in_place': "
             "check cells also run as cells of the notebook. 'auto': those do whose names later cells use.",
    ).tag(config=True)

    limits = Dict(
        {}, help="Limits other than ours, by name: " + ", ".join(field.name for field in fields(Limits)) + ". "
                 "cell_seconds is Execute.timeout if not set here.",
    ).tag(config=True)

    @validate("limits")
    def _known_limits(self, proposal: dict) -> dict:
        unknown = set(proposal["value"]) - {field.name for field in fields(Limits)}
        if unknown:
            raise TraitError(f"GradeSubmission.limits: there is no {', '.join(sorted(unknown))}. "
                             f"There are: {', '.join(field.name for field in fields(Limits))}.")
        return proposal["value"]

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        directory, (assignment, student, notebook) = _course(self), _names(resources)
        keys = self._keys(directory, assignment)
        for other, key in keys.items():
            if not (_folder(directory, directory.submitted_directory, student, assignment) / f"{other}.ipynb").exists():
                # nbgrader gives it no points by itself; this is to have it written down.
                self._keep(key, ungraded(key, f"{other}.ipynb was not handed in."),
                           {"nbgrader": resources["nbgrader"] | {"notebook": other}}, _result_file(keys, other))
        key = keys[notebook]
        submitted = _folder(directory, directory.submitted_directory, student, assignment)
        file = _result_file(keys, notebook)
        if not is_python(NotebookNode(metadata=key.notebook_metadata)):
            try:
                submission = read_hand_in(submitted, notebook, key)
            except UnreadableNotebook as error:
                return self._keep(key, ungraded(key, str(error)), resources, file), resources
            return self._as_nbgrader_does(key, submission, resources)
        autograded = _folder(directory, directory.autograded_directory, student, assignment)
        graded = grade_hand_in(key, submitted, notebook, autograded, imports=self._warm_imports(key, directory))
        return self._keep(key, graded, resources, file), resources

    def _keys(self, directory: CourseDirectory, assignment: str) -> dict[str, Key]:
        """The keys of an assignment's notebooks, by name."""
        timeout = Execute(parent=self.parent).timeout
        seconds = timeout if timeout and timeout > 0 else _NO_TIMEOUT
        marks = ClearHiddenTests(parent=self.parent)
        rules = Rules(Limits(**{"cell_seconds": seconds, **_GENEROUS, **self.limits}), self.check_isolation,
                      (marks.begin_test_delimeter, marks.end_test_delimeter))
        keys = {}
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            for entry in gradebook.find_assignment(assignment).notebooks:
                handed_out = tuple(_folder(directory, kind, ".", assignment) / f"{entry.name}.ipynb"
                                   for kind in (directory.release_directory, directory.source_directory))
                lesson = assignment if entry.name == assignment else f"{assignment}/{entry.name}"
                keys[entry.name] = key_of(lesson, gradebook_notebook(entry, handed_out), rules)
        return keys

    def _as_nbgrader_does(self, key: Key, submission: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Leaves a notebook to nbgrader's own Execute and its own scores, because our engine runs only Python."""
        assignment, student, notebook = _names(resources)
        spec = key.notebook_metadata.get("kernelspec", {})
        self.log.warning("%s, %s: %s is for the kernel '%s', so nbgrader's own Execute runs it, without isolation, and "
                         "nbgrader's own rules score it.", student, assignment, notebook, spec.get("name"))
        restored = restore(key, submission)
        for repair in restored.repairs:
            self.log.warning("%s, %s: %s", student, assignment, repair)
        return Execute(parent=self.parent).preprocess(restored.notebook, resources)


class SaveScores(SaveAutoGrades):
    """Writes the scores of checks from our result; answers graded by hand are nbgrader's own business."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        self._checks = {}
        if "mle" in resources:
            key, result = resources["mle"]
            self._checks = {cell.grade_id: result.checks[cell.check] for cell in key.of_kind("check")}
        return super().preprocess(nb, resources)

    def _add_score(self, cell: NotebookNode, resources: dict) -> None:
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        check = self._checks.get(grade_id)
        try:
            if check is None:
                return super()._add_score(cell, resources)
            grade = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        except MissingEntry:
            raise MleError(f"The gradebook does not know the check '{grade_id}' of {self.assignment_id}: the lesson "
                           "has changed since it was registered. Run `mle migrate`, or `mle init-course` where nobody "
                           "has scores yet.") from None
        grade.auto_score = check.earned
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


def _course(preprocessor: NbGraderPreprocessor) -> CourseDirectory:
    return preprocessor.parent.parent.coursedir


def _names(resources: dict) -> tuple[str, str, str]:
    """Assignment, student and notebook."""
    return tuple(resources["nbgrader"][name] for name in ("assignment", "student", "notebook"))


def _flag(resources: dict) -> None:
    """Has Formgrader show a submission as one to look at."""
    assignment, student, notebook = _names(resources)
    with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
        gradebook.find_submission_notebook(notebook, assignment, student).flagged = True
        gradebook.db.commit()


def _result_file(keys: dict[str, Key], notebook: str) -> str:
    """An assignment's only notebook has `result.json`; of several each has its own."""
    return RESULT_FILE if len(keys) == 1 else f"result-{notebook}.json"


def _folder(directory: CourseDirectory, kind: str, student: str, assignment: str) -> Path:
    return Path(directory.format_path(kind, student, assignment))
