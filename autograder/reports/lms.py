"""Results as the CSV files that Canvas and Moodle import, and as a plain table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.errors import MleError
from autograder.grading.lms_names import Owner, lesson_in
from autograder.grading.roster import Learner
from autograder.grading.spreadsheet import Table, defused
from autograder.grading.totals import Results, Total

_PLAIN = ("id", "last_name", "first_name", "email", "lesson", "automatic", "by_hand", "penalty", "total", "points",
          "waiting", "handed_in", "seconds_late")
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_CANVAS_OTHERS = {*_CANVAS, "LastName", "FirstName", "Integration ID", "Root Account"}
_CANVAS_OWN = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)")
_CANVAS_ID = re.compile(r"\s*\(\d+\)\s*$")
_MOODLE = ("First name", "Last name", "ID number", "Email address")


@dataclass
class Exported:
    """A file for somebody else's program.

    Attributes:
        written: how many grades are in it.
        waiting: submissions left out because a person has still to grade part of them.
        notes: sentences for a person to read.
    """

    table: Table
    written: int = 0
    waiting: list[Total] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plain_table(results: Results) -> Exported:
    """One row for each student and lesson, with everything that makes up the total."""
    people = {one.id: one for one in results.learners.learners}
    rows = [list(_PLAIN)]
    for total in results.totals:
        one = people[total.student]
        rows.append([*map(defused, (one.id, one.last_name, one.first_name, one.email)), total.lesson,
                     *map(_number, (total.automatic, total.by_hand, total.penalty, total.total, total.points)),
                     "yes" if total.waiting else "no",
                     f"{total.handed_in:%Y-%m-%d %H:%M:%S} UTC" if total.handed_in else "",
                     f"{total.seconds_late:.0f}"])
    return Exported(Table(rows), len(results.totals))


def canvas_table(results: Results, titles: Mapping[str, str]) -> Exported:
    """A gradebook file for Canvas, made without one of Canvas's own.

    Args:
        titles: the name of each lesson's assignment there; Canvas makes a new assignment of a name it does not have.
    """
    most = {total.lesson: total.points for total in results.totals}
    head = [[*_CANVAS, *map(defused, titles.values())],
            ["    Points Possible", *[""] * (len(_CANVAS) - 1), *(_number(most.get(lesson, 0)) for lesson in titles)]]

    def person(one: Learner) -> list[str]:
        name = ", ".join(part for part in (one.last_name, one.first_name) if part) or one.id
        return [name, one.lms_user_id, "", one.id, ""]

    return _grid(head, results, tuple(titles), person)


def moodle_table(results: Results, titles: Mapping[str, str]) -> Exported:
    """A file for Moodle's grade import, which asks which column names the person and which grade item is meant.

    Args:
        titles: the column of each lesson.
    """
    return _grid([[*_MOODLE, *map(defused, titles.values())]], results, tuple(titles),
                 lambda one: [one.first_name, one.last_name, one.id, one.email])


def fill_canvas(table: Table, results: Results, titles: Mapping[str, str], column: str = "",
                scale: bool = False) -> Exported:
    """Puts grades into a gradebook that Canvas has exported; all else in it stays as it is.

    Args:
        titles: of each lesson, by its id.
        column: of the only lesson; by default the one whose name is the lesson's id or title.
        scale: write grades in proportion where Canvas has another number of points for a lesson.

    Raises:
        MleError: it is no such file, or a lesson has no column in it, or other points there.
    """
    head = table.rows[0] if table.rows else []
    if "ID" not in head or not {"Student", "LastName"} & set(head) or "Section" not in head:
        raise MleError("This is no gradebook of Canvas: its first row must have the columns Student, ID and Section. "
                       "In Canvas, open Grades and choose Export.")
    columns = {lesson: _canvas_column(head, lesson, title, column) for lesson, title in titles.items()}
    possible = next((row for row in table.rows[1:4] if row and "Points Possible" in row[0]), None)
    scales = {lesson: _scale(possible[place] if possible else "", lesson, results, scale)
              for lesson, place in columns.items()}
    filled = Exported(table)

    def person(row: list[str]) -> list[Owner]:
        cells = dict(zip(head, row, strict=False))
        name = cells.get("Student") or f"{cells.get('LastName', '')}, {cells.get('FirstName', '')}"
        ids = (cells.get("SIS Login ID"), cells.get("SIS User ID"))
        return [*(Owner("given", (text,)) for text in ids if text), Owner("canvas", (name,), cells.get("ID") or "-")]

    rows = [row for row in table.rows[1:] if row is not possible and row and row[0].strip()]
    _fill(filled, rows, results, columns, scales, person)
    return filled


def fill_moodle(table: Table, results: Results, lesson: str, scale: bool = False) -> Exported:
    """Puts a lesson's grades into the grading worksheet of a Moodle assignment; all else in it stays as it is.

    Raises:
        MleError: it is no such file, or has other points.
    """
    head = table.rows[0] if table.rows else []
    if not {"Identifier", "Grade"} <= set(head):
        raise MleError("This is no grading worksheet of a Moodle assignment: its first row must have the columns "
                       "Identifier and Grade. In Moodle, set your language to English, open the assignment's "
                       "submissions and choose to download the grading worksheet.")
    if not {"Full name", "Email address", "ID number"} & set(head):
        raise MleError("This worksheet has no names: its assignment is marked anonymously. Reveal the identities in "
                       "Moodle, then download it again.")
    filled = Exported(table)
    place = {name: number for number, name in enumerate(head)}
    rows = []
    for row in table.rows[1:]:
        row += [""] * (len(head) - len(row))
        if row[place.get("Grade can be changed", 0)] == "No":
            filled.notes.append(f"{row[0]}: Moodle does not let this grade be changed")
        else:
            rows.append(row)
    most = rows[0][place["Maximum Grade"]] if rows and "Maximum Grade" in place else ""
    columns, scales = {lesson: place["Grade"]}, {lesson: _scale(most, lesson, results, scale)}

    def person(row: list[str]) -> list[Owner]:
        told = [("given", "Email address"), ("given", "ID number"), ("moodle", "Full name")]
        return [Owner(by, (row[place[name]],)) for by, name in told if name in place and row[place[name]]]

    def comment(row: list[str], total: Total) -> None:
        if "Feedback comments" in place and not row[place["Feedback comments"]].strip():
            row[place["Feedback comments"]] = _in_words(total)

    _fill(filled, rows, results, columns, scales, person, comment)
    return filled


def _grid(head: list[list[str]], results: Results, lessons: tuple[str, ...],
          person: Callable[[Learner], list[str]]) -> Exported:
    """A row for each student who has a grade, and a column for each lesson."""
    exported = Exported(Table(head))
    grades: dict[str, dict[str, str]] = {}
    for total in results.totals:
        if total.waiting:
            exported.waiting.append(total)
        else:
            grades.setdefault(total.student, {})[total.lesson] = _number(total.total)
            exported.written += 1
    for one in results.learners.learners:
        if one.id in grades:
            exported.table.rows.append([*map(defused, person(one)),
                                        *(grades[one.id].get(lesson, "") for lesson in lessons)])
    if any(len(row) < len(lessons) for row in grades.values()):
        exported.notes.append("an empty cell may take away a grade that is there already: where grades are in place, "
                              "export lesson by lesson, or with --template")
    return exported


def _fill(filled: Exported, rows: Iterable[list[str]], results: Results, columns: Mapping[str, int],
          scales: Mapping[str, float], person: Callable[[list[str]], list[Owner]],
          comment: Callable[[list[str], Total], None] = lambda row, total: None) -> None:
    """Writes grades into the rows of those whom they are of."""
    totals: dict[str, list[Total]] = {}
    for total in results.totals:
        totals.setdefault(total.student, []).append(total)
    found: dict[str, str] = {}
    for row in rows:
        row += [""] * (1 + max(columns.values()) - len(row))
        owners = person(row)
        matches = [results.learners.find(owner) for owner in owners]
        meant = {match.learner.id: match.learner for match in matches if match.learner}
        learner = next(iter(meant.values()), None)
        name = owners[-1].names[0] if owners else ""
        if doubt := _doubt(meant, owners):
            filled.notes.append(f"{name}: {doubt}; the row stays as it is")
            continue
        if learner is None:
            filled.notes += [f"{name}: {matches[-1].why}; the row stays as it is"] if owners else []
            continue
        if learner.id in found:
            filled.notes.append(f"{name} and {found[learner.id]} would both be {learner.id}; the second row stays as "
                                "it is")
            continue
        found[learner.id] = name
        for total in totals.get(learner.id, []):
            if total.waiting:
                filled.waiting.append(total)
                continue
            row[columns[total.lesson]] = _number(total.total * scales[total.lesson])
            comment(row, total)
            filled.written += 1
    if missing := sorted(totals.keys() - found.keys()):
        filled.notes.append(f"no row for {', '.join(missing)}, who handed in")


def _doubt(meant: Mapping[str, Learner], owners: Sequence[Owner]) -> str:
    """Why a row may be somebody else's than the learner's whom it names; empty if nothing speaks for that."""
    if len(meant) > 1:
        return f"its columns name {' and '.join(meant)}"
    for learner in meant.values():
        number = next((owner.number for owner in owners if owner.by == "canvas"), "-")
        if learner.lms_user_id and number not in {"-", learner.lms_user_id}:
            return f"it names {learner.id}, who has the lms_user_id {learner.lms_user_id} and not {number}"
    return ""


def _canvas_column(head: Sequence[str], lesson: str, title: str, column: str) -> int:
    """The place of a lesson's column."""
    names = {place: _CANVAS_ID.sub("", name) for place, name in enumerate(head)
             if name and name not in _CANVAS_OTHERS and not _CANVAS_OWN.search(name)}
    wanted = (lambda name, whole: column in (name, whole)) if column else (
        lambda name, whole: name.casefold() == title.casefold() or lesson_in(name, (lesson,)) == lesson)
    found = [place for place, name in names.items() if wanted(name, head[place])]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(head[place]) for place in names) or "none at all"
    raise MleError(f"{'More than one' if found else 'No'} column of the template is {(column or lesson)!r}. Its "
                   f"columns: {listed}. Name the right one with --column, with one lesson at a time.")


def _scale(there: str, lesson: str, results: Results, scale: bool) -> float:
    """What our points are to be multiplied by, where the other program has other points for a lesson."""
    ours = next((total.points for total in results.totals if total.lesson == lesson), 0.0)
    try:
        theirs = float(there.replace(",", "."))
    except ValueError:  # a scale of words, or nothing
        return 1.0
    if not ours or not theirs or abs(ours - theirs) < 0.005:
        return 1.0
    if not scale:
        raise MleError(f"{lesson} has {_number(ours)} points here and {_number(theirs)} there. Set its points there to "
                       f"{_number(ours)} and export the template again, or add --scale to write grades in proportion.")
    return theirs / ours


def _in_words(total: Total) -> str:
    parts = [f"{_number(total.automatic)} points from checks"]
    if total.by_hand:
        parts.append(f"{_number(total.by_hand)} by hand")
    if total.penalty:
        parts.append(f"{_number(total.penalty)} taken off for lateness")
    return f"{', '.join(parts)}: {_number(total.total)} of {_number(total.points)}."


def _number(value: float) -> str:
    """With two decimals at most, as both programs show them, and a point whatever the country."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
