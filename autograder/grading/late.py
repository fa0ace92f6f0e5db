"""Due dates and late penalties in the gradebook, worked out from it alone: no notebook is run for them.

nbgrader keeps a penalty as a number beside the grades, and that number is wrong as soon as a date changes or somebody
gives points by hand. So it is worked out again whenever scores are entered, shown to learners or exported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Assignment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, load_only
from traitlets.config import Config

from autograder.grading.policy import GradingPolicy, read_policy

# Points taken off for so many earned, handed in so many seconds late by somebody; None for nothing.
Rule = Callable[[str, float, float], float | None]


@dataclass(frozen=True)
class DateChange:
    """A due date, or with a student an extension, that comes, goes or changes; in UTC, without a zone."""

    lesson: str
    student: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class Change:
    """A late penalty that changes, in points.

    Attributes:
        why: what the new one comes from, in words for the learner.
    """

    student: str
    lesson: str
    before: float
    after: float
    why: str


@dataclass
class Dues:
    """What is to change in a gradebook for its dates and penalties to be right.

    Attributes:
        untimed: per lesson with a due date, of how many submissions nobody knows when they were handed in.
        waiting: lessons with a date that the gradebook does not have yet.
        kept: what the gradebook alone says of lessons that [due] does not name: their dates, in UTC without a zone.
    """

    dates: list[DateChange] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    untimed: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    kept: dict[str, datetime] = field(default_factory=dict)
    _writes: list[tuple[object, str, Any]] = field(default_factory=list, repr=False)

    def enter(self) -> None:
        """Writes it into the objects of the session it was worked out in."""
        for row, column, value in self._writes:
            setattr(row, column, value)


class AssignPenalties(AssignLatePenalties):
    """nbgrader's step of this name: with the course's `grading.toml` where that has a [late], else with its plug-in."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        names = resources["nbgrader"]
        policy = read_policy(Path(self.parent.parent.coursedir.root))
        rule = policy_rule(policy)
        if rule is None:
            self.init_plugin()
            rule = self.plugin_inst.late_submission_penalty
        with Gradebook(names["db_url"]) as gradebook:
            submission = gradebook.find_submission(names["assignment"], names["student"])
            due = work_out(gradebook.db, policy, rule, [submission.id])
            for change in due.changes:
                self.log.warning("%s, %s: %s points are taken off: %s", change.student, change.lesson, change.after,
                                 change.why)
            due.enter()
            gradebook.db.commit()
        return nb, resources


def policy_rule(policy: GradingPolicy) -> Rule | None:
    """The rule of a course's own `grading.toml`; None where that leaves it to nbgrader's plug-in."""
    late = policy.late
    return None if late is None else lambda student, earned, seconds: late.penalty(earned, seconds)


def plugin_rule(config: Config) -> Rule:
    """The rule of the plug-in that nbgrader's configuration names."""
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    return step.plugin_inst.late_submission_penalty


def work_out(session: Session, policy: GradingPolicy, rule: Rule,
             submissions: Collection[str] | None = None) -> Dues:
    """What dates and penalties should be, by the scores that the gradebook has now.

    Args:
        submissions: the ids of these alone, if given, and their lessons' due dates.
    """
    dues = Dues()
    session.flush()
    chosen = select(Assignment).order_by(Assignment.name)
    if submissions is not None:
        chosen = chosen.where(Assignment.id.in_(
            select(SubmittedAssignment.assignment_id).where(SubmittedAssignment.id.in_(submissions))))
    assignments = session.scalars(chosen).all()
    due_of, named = {}, policy.due or {}
    for assignment in assignments:
        due = named.get(assignment.name, assignment.duedate)
        due_of[assignment.id] = due
        if due and policy.due is not None and assignment.name not in named:
            dues.kept[assignment.name] = due
        if due != assignment.duedate:
            dues.dates.append(DateChange(assignment.name, "", assignment.duedate, due))
            dues._writes.append((assignment, "duedate", due))
    known = {assignment.name for assignment in assignments}
    dues.waiting = [] if submissions is not None else [lesson for lesson in named if lesson not in known]
    for submitted, notebooks in _submissions(session, submissions):
        _of_submission(dues, policy, rule, submitted, notebooks, due_of[submitted.assignment_id])
    return dues


def lateness(policy: GradingPolicy, submission: SubmittedAssignment) -> str:
    """Why something is taken off a submission, in words for the learner; empty if it was in time."""
    due, seconds = submission.assignment.duedate and submission.duedate, submission.total_seconds_late
    return _why(policy, submission, due, seconds) if seconds > 0 else ""


def points_of(notebook: SubmittedNotebook) -> float:
    """The points for a notebook as nbgrader sums them up, of its grades as they are in this session."""
    given = ((grade.auto_score if grade.manual_score is None else grade.manual_score, grade.extra_credit or 0.0)
             for grade in notebook.grades)
    return sum(points + extra for points, extra in given if points is not None)


def _submissions(session: Session, chosen_ids: Collection[str] | None,
                 ) -> list[tuple[SubmittedAssignment, list[tuple[SubmittedNotebook, float]]]]:
    """Submissions with their notebooks and the points of each. nbgrader's own sums read all grades for each."""
    sums = select(Grade.notebook_id, func.sum(Grade.score)).group_by(Grade.notebook_id)
    if chosen_ids is not None:
        sums = sums.join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id).where(
            SubmittedNotebook.assignment_id.in_(chosen_ids))
    points = dict(session.execute(sums).all())
    # Named columns, because some that nbgrader computes come along otherwise, row by row.
    submission = contains_eager(SubmittedNotebook.assignment).load_only(
        SubmittedAssignment.assignment_id, SubmittedAssignment.student_id, SubmittedAssignment.timestamp,
        SubmittedAssignment.extension)
    assignment = submission.contains_eager(SubmittedAssignment.assignment).load_only(
        Assignment.name, Assignment.duedate)
    chosen = (select(SubmittedNotebook).join(SubmittedNotebook.assignment).join(SubmittedAssignment.assignment)
              .options(load_only(SubmittedNotebook.late_submission_penalty), submission, assignment)
              .order_by(Assignment.name, SubmittedAssignment.student_id))
    if chosen_ids is not None:
        chosen = chosen.where(SubmittedAssignment.id.in_(chosen_ids))
    grouped: dict[str, tuple[SubmittedAssignment, list[tuple[SubmittedNotebook, float]]]] = {}
    for notebook in session.scalars(chosen):
        entry = grouped.setdefault(notebook.assignment.id, (notebook.assignment, []))
        entry[1].append((notebook, points.get(notebook.id, 0.0)))
    return list(grouped.values())


def _of_submission(dues: Dues, policy: GradingPolicy, rule: Rule, submitted: SubmittedAssignment,
                   notebooks: list[tuple[SubmittedNotebook, float]], due: datetime | None) -> None:
    student, lesson = submitted.student_id, submitted.assignment.name
    extension = submitted.extension
    if due and lesson in (policy.due or {}):
        later = policy.extensions.get((student, lesson))
        extension = later - due if later else None
    if (extension or None) != (submitted.extension or None):
        before = submitted.assignment.duedate and submitted.assignment.duedate + (submitted.extension or timedelta())
        dues.dates.append(DateChange(lesson, student, before if submitted.extension else None,
                                     due + extension if due and extension else None))
        dues._writes.append((submitted, "extension", extension))
    until = due and due + (extension or timedelta())
    if until and submitted.timestamp is None:
        dues.untimed[lesson] = dues.untimed.get(lesson, 0) + 1
    seconds = (submitted.timestamp - until).total_seconds() if until and submitted.timestamp else 0.0
    for notebook, earned in notebooks:
        off = rule(student, earned, seconds) if seconds > 0 else None
        # No more than there is, as nbgrader has it.
        off = None if off is None else min(max(off, 0.0), max(earned, 0.0))
        before, after = notebook.late_submission_penalty or 0.0, off or 0.0
        if abs(before - after) > 1e-9:
            why = _why(policy, submitted, until, seconds)
            dues.changes.append(Change(student, lesson, before, after, why))
            dues._writes.append((notebook, "late_submission_penalty", off))


def _why(policy: GradingPolicy, submitted: SubmittedAssignment, until: datetime | None, seconds: float) -> str:
    if until is None:
        return "no due date"
    lesson, student = submitted.assignment.name, submitted.student_id
    when = policy.shown(until, lesson, student)
    if seconds <= 0:
        return f"in time for {when}"
    said = f"handed in {policy.shown(submitted.timestamp, lesson, student)}, due {when}"
    if policy.late is None:
        return said
    if not policy.late.days(seconds):
        return f"{said}, within the {policy.late.grace_minutes:g} minutes of grace"
    days = policy.late.days(seconds)
    return f"{said}: {days} day{'s' if days > 1 else ''} begun, {policy.late.percent(seconds):g} % of the points earned"
