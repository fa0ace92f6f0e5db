"""Verbs for instructors around grading: what learners receive, what they hand in, what goes back."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

import click

from autograder.cli.console import chosen_lessons, console, find_course, steps
from autograder.errors import MleError

_WHAT = {"new": "new", "newer": "in place of an earlier one", "unchanged": "there already",
         "older": "older than what is there"}


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False),
              help="Where to put the kit, instead of release/.")
def release(lessons: tuple[str, ...], folder: Path | None) -> None:
    """Make the kit that learners receive, as a folder and as a zip.

    It holds the lessons as learners see them, `mle` and what it needs; no solutions, hidden checks, rubrics or answers,
    and nothing of a cohort.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.authoring import make_kit
    from autograder.setup.extras import ROOT

    with steps("release") as show:
        done = iter(range(len(chosen)))

        def tell(lesson: str) -> None:
            show(lesson, next(done), len(chosen))

        kit = make_kit(course, chosen, ROOT, (folder or course.root / "release").absolute(), tell)
    size = f"{kit.size / 2**20:.1f} MiB" if kit.size > 2**20 else f"{kit.size / 2**10:.0f} KiB"
    lessons_in_words = f"{len(chosen)} lesson{'' if len(chosen) == 1 else 's'}"
    there = "" if kit.new else ", was there already"
    _say(f"Kit {kit.version} with {lessons_in_words}, {kit.files} files{there}:\n"
         f"  folder  {kit.folder}\n"
         f"  zip     {kit.archive} ({size})")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--lesson", metavar="LESSON", help="The lesson of files that do not say so; others are left out.")
@click.option("--student", metavar="ID", help="Whose files are that nbgrader, Moodle or Canvas did not name.")
@click.option("--roster", type=click.Path(path_type=Path, dir_okay=False),
              help="Who is in the cohort; by default roster.csv in the course's folder.")
@click.option("--times", type=click.Path(path_type=Path, dir_okay=False),
              help="The grading worksheet of the Moodle assignment, which says when each hand-in came.")
@click.option("--timezone", metavar="NAME", help="Of the times in Moodle's files, such as Europe/Berlin; by default "
                                                 "this machine's.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be collected.")
def collect(paths: tuple[Path, ...], lesson: str | None, student: str | None, roster: Path | None,
            times: Path | None, timezone: str | None, dry_run: bool) -> None:
    """Put hand-ins into submitted/STUDENT/LESSON, where `mle grade` looks for them.

    PATH is a bulk download of Moodle or Canvas (the zip, or a folder of what was in it), a zip of `mle submit`, a
    notebook, or the `inbound` folder of nbgrader's exchange. Without PATH the course's own exchange is collected.
    Whatever cannot be told whose it is stays where it is, and is listed.
    """
    course = find_course()
    chosen = course.resolve(lesson) if lesson else ""
    inbound = course.root / "exchange" / "inbound"
    if not paths and not inbound.is_dir():
        raise MleError(f"There is nothing to collect: {inbound} does not exist. Name a zip that Moodle or Canvas gave "
                       "you, or a folder of hand-ins.")
    zone = _zone(timezone)

    from autograder.grading.collect import collect as collect_hand_ins

    with steps("collect") as show:
        done = collect_hand_ins(course.root, course.lesson_ids, paths or [inbound], roster=roster, lesson=chosen,
                                student=student or "", times=times, zone=zone, dry_run=dry_run, tell=show)
    for one in done.collected:
        if one.what in {"new", "newer"}:
            _say(f"{one.student}, {one.lesson}: {_WHAT[one.what]} ({one.came_from})")
    for note in done.notes:
        _say(f"Note: {note}.")
    if done.roster:
        _say(f"There was no roster, so one was made of the names found: {done.roster}. Correct names and ids in it "
             "before you collect more.")
    if done.late:
        _say(f"Canvas marks as late, without saying when: {_listed(done.late)}. They count as in time until you write "
             "the time into submitted/STUDENT/LESSON/timestamp.txt, such as 2026-03-01 10:00:00 UTC.")
    if done.untimed:
        _say(f"Nothing says when these were handed in, so they count as in time: {_listed(done.untimed)}. In Moodle, "
             "the assignment's grading worksheet says it: run the same command again with --times and that file.")
    counts = {what: sum(one.what == what for one in done.collected) for what in _WHAT}
    if done.collected and not counts["new"] + counts["newer"]:
        _say("Nothing has changed.")
    told = ", ".join(f"{counts[what]} {words}" for what, words in _WHAT.items())
    _say(f"{'Would be collected' if dry_run else 'Collected'}: {told}.")
    if done.students:
        _say(f"{done.students} students entered in the gradebook.")
    for one in done.unmatched:
        _say(f"Not collected: {one.file or one.source}: {one.why}.".replace("..", "."))
    if done.unmatched:
        listed = f" They are listed in {done.listed}." if done.listed else ""
        _say(f"{len(done.unmatched)} not collected; they stay where they are.{listed} For a name that the roster does "
             "not have, add it there: in the column other_names of its person, or as a person of its own. Then run "
             "the same command again.")
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "kind", type=click.Choice(["canvas", "moodle", "csv"]), required=True,
              help="Who is to read it; csv is a plain table.")
@click.option("--lesson", "lessons", multiple=True, metavar="LESSON",
              help="Only this lesson; may be given more than once.")
@click.option("--template", type=click.Path(path_type=Path, dir_okay=False),
              help="A gradebook that Canvas exported, or the grading worksheet of a Moodle assignment, to fill in.")
@click.option("--column", metavar="NAME", help="The lesson's column in the template, if it has another name.")
@click.option("--scale", is_flag=True, help="Where the template has other points for a lesson: write in proportion.")
def export(file: Path | None, kind: str, lessons: tuple[str, ...], template: Path | None, column: str | None,
           scale: bool) -> None:
    """Write grades to FILE as Canvas or Moodle imports them, or as a plain table.

    With --template, what Canvas or Moodle wrote is filled in: every grade then finds its person and its assignment.
    Submissions that wait for a person are left out; the plain table marks them.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)
    if template and kind == "csv":
        raise MleError("A plain table needs no template. Leave out --template, or say --to canvas or --to moodle.")
    if (column or scale) and not template:
        raise MleError("--column and --scale say how to fill in a --template, and there is none.")
    if len(chosen) > 1 and (column or (template and kind == "moodle")):
        raise MleError("This is about one lesson: name it with --lesson.")
    target = _target(course.root, file, kind, template)

    from autograder.grading import GradingCourse, write_atomically
    from autograder.grading.spreadsheet import read_table
    from autograder.grading.totals import read_totals
    from autograder.reports import lms

    GradingCourse(course.root).recompute_penalties()  # points may have been given by hand since `mle grade`
    results = read_totals(course.root, chosen)
    if not results.totals:
        raise MleError(f"The gradebook has no grades for {', '.join(chosen[:3])}{' …' if len(chosen) > 3 else ''}. Run "
                       "`mle grade` first.")
    graded = {total.lesson for total in results.totals}
    titles = {lesson_id: lesson_id for lesson_id in chosen if lesson_id in graded}
    if kind == "csv":
        exported = lms.plain_table(results)
    elif template is None:
        exported = (lms.canvas_table if kind == "canvas" else lms.moodle_table)(results, titles)
    elif kind == "canvas":
        named = {lesson_id: course.lesson(lesson_id).title for lesson_id in titles}
        exported = lms.fill_canvas(read_table(template), results, named, column or "", scale)
    else:
        exported = lms.fill_moodle(read_table(template), results, chosen[0], scale)
    write_atomically(target, exported.table.text)
    for note in exported.notes:
        _say(f"Note: {note}.")
    if exported.waiting:
        _say(f"Left out, because a person has still to grade part of it: "
             f"{_listed([(total.student, total.lesson) for total in exported.waiting])}.")
    if silent := {one.id for one in results.learners.learners} - {total.student for total in results.totals}:
        _say(f"{len(silent)} of {len(results.learners.learners)} people have handed in nothing of this; they get no "
             "grade.")
    _say(f"{exported.written} grades written to {target}.")


def _target(root: Path, file: Path | None, kind: str, template: Path | None) -> Path:
    """The file to write: one that is not there yet."""
    if file is None:
        folder, stem = (template.parent, f"{template.stem} with grades") if template else (
            root, "grades" if kind == "csv" else f"grades-{kind}")
        path, number = folder / f"{stem}.csv", 1
        while path.exists():
            number += 1
            path = folder / f"{stem} ({number}).csv"
        return path
    if file.exists():
        raise MleError(f"{file} is there already, and nothing is overwritten. Name another file, or move it away.")
    if not file.absolute().parent.is_dir():
        raise MleError(f"There is no folder {file.absolute().parent} to write {file.name} into.")
    return file


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise MleError(f"There is no time zone '{name}'. It is written like Europe/Berlin or UTC.") from None


def _listed(keys: list[tuple[str, str]]) -> str:
    shown = ", ".join(f"{student} ({lesson})" for student, lesson in keys[:10])
    return f"{shown} and {len(keys) - 10} more" if len(keys) > 10 else shown


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
