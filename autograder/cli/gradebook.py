"""Verbs for instructors around a gradebook that has scores: dates, changed checks, what learners get back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from autograder.cli.console import chosen_lessons, console, find_course, steps
from autograder.errors import MleError

if TYPE_CHECKING:
    from autograder.grading import DateChange, Dues, GradingPolicy, Migration, Store

_EXAMPLE = """[late]
grace_minutes = 15
percent_per_day = 10
most_percent = 50

[due]
{lesson} = 2026-12-01T23:59:00+01:00

[extensions.STUDENT]
{lesson} = 2026-12-08T23:59:00+01:00
"""


@click.command()
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would change.")
def due(dry_run: bool) -> None:
    """Apply the dates and the late policy in grading.toml to the gradebook.

    It lists whose late penalty changes and by how much. No notebook is run again, and whatever grading.toml says is
    done in one transaction, or not at all.
    """
    course = find_course()

    from autograder.grading import POLICY_FILE, GradingCourse

    grading = GradingCourse(course.root)
    path = course.root / POLICY_FILE
    if not path.is_file():
        raise MleError(f"There is no {path}, so dates and penalties are as nbgrader has them. Write one, such as:\n\n"
                       + _EXAMPLE.format(lesson=course.lesson_ids[0] if course.lesson_ids else "LESSON"))
    policy = grading.policy()
    dues = grading.due(dry_run=dry_run)
    _say_policy(policy)
    for change in dues.dates:
        _say(_date_change(policy, change))
    for change in dues.changes:
        _say(f"{change.lesson}, {change.student}: penalty {change.before:g} → {change.after:g} points ({change.why})")
    _say_result(dues, dry_run, grading.gradebook)


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would change, and for whom.")
@click.option("--undo", is_flag=True, help="Put the gradebook back as it was before the last migration.")
def migrate(lessons: tuple[str, ...], dry_run: bool, undo: bool) -> None:
    """Bring the gradebook to a lesson's present checks, after some came, went or changed points.

    Points and comments given by hand stay. A copy of the gradebook is kept beside it, and everything is changed in one
    transaction. Afterwards `mle grade` grades the submissions again.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.grading import GradingCourse

    grading = GradingCourse(course.root)
    if undo:
        if lessons or dry_run:
            raise MleError("--undo takes back the whole of the last migration: give it without LESSON and --dry-run.")
        done = grading.undo_migration()
        _say(f"The gradebook is again as it was before the migration, from {done.restored.name}. As it was until now, "
             f"it is kept in {done.kept}. Put the lesson's checks back as they were, too, before you grade.")
        return
    with steps("migrate") as show:
        done = grading.migrate(chosen, dry_run=dry_run, tell=show)
    for migration in done.lessons:
        _say_migration(migration)
    if not done.lessons:
        _say("Nothing to migrate: the gradebook has the checks that the lessons have now.")
    elif dry_run:
        _say("Nothing was changed (--dry-run).")
    else:
        again = " ".join(migration.lesson for migration in done.lessons)
        _say(f"The gradebook is migrated. As it was before, it is kept in {done.backup}; `mle migrate --undo` goes "
             f"back to that. Now run `mle grade {again}`.")


@click.command("migrate-gradebook")
@click.argument("url")
@click.option("--from", "source", metavar="URL", help="The gradebook to carry over, where it is not the course's own; "
                                                      "for example sqlite:///gradebook.db")
def migrate_gradebook(url: str, source: str | None) -> None:
    """Carry the gradebook over into the empty database at URL, for example postgresql://mle@db.example.org/course.

    It is done in one transaction, in which every row is read back and compared. The gradebook of before stays as it
    is; grading.toml says which one the course uses.
    """
    course = find_course()

    from autograder.grading import POLICY_FILE, carry_gradebook, gradebook_of, store_at

    target = store_at(url, "URL", course.root)
    before = store_at(source, "--from", course.root) if source else gradebook_of(course.root)
    if before.url == target.url:
        raise MleError(f"The course uses {target} already. To carry an earlier gradebook over into it, name that one: "
                       "--from sqlite:///gradebook.db")
    with steps("migrate-gradebook") as show:
        carried = carry_gradebook(before, target, tell=show)
    _say(f"{before} → {target}")
    for table, number in carried.rows.items():
        if number:
            _say(f"  {table}: {number} rows")
    _say(f"All rows were read back and compared: {carried.submissions} submissions with {carried.points:g} points in "
         f"all, the same in both.")
    if gradebook_of(course.root).url != target.url:
        _say(f"The course still uses {before}. To use the new one, write into {POLICY_FILE}, above the first [table]:"
             f"\n\n  gradebook = \"{target.public}\"\n")


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--student", metavar="ID", help="Only for this student.")
def feedback(lessons: tuple[str, ...], student: str | None) -> None:
    """Write a page for each learner and lesson: feedback/STUDENT/LESSON/LESSON.html.

    Pages of which nothing has changed are left as they are.
    """
    course = find_course()
    chosen = chosen_lessons(course, lessons)

    from autograder.grading import GradingCourse
    from autograder.reports.feedback_page import write_feedback

    with steps("feedback") as show:
        done = write_feedback(GradingCourse(course.root), chosen, student, show)
    for lesson, somebody, why in done.failures:
        _say(f"{lesson} of {somebody}: no page could be written: {why}")
    _say(f"{len(done.written)} pages written, {done.unchanged} unchanged, in {course.root / 'feedback'}")
    if done.failures:
        raise click.exceptions.Exit(1)


def _say_policy(policy: GradingPolicy) -> None:
    late = policy.late
    if late is None:
        _say("There is no [late] in grading.toml: nbgrader's own late plug-in decides; by default, it takes nothing "
             "off.")
    else:
        grace = f"nothing within {late.grace_minutes:g} minutes; then " if late.grace_minutes else ""
        _say(f"Lateness costs: {grace}{late.percent_per_day:g} % of the points earned for each day begun, at most "
             f"{late.most_percent:g} %.")
    for lesson, moment in sorted((policy.due or {}).items()):
        _say(f"{lesson} is due {policy.shown(moment, lesson)}")
        for (student, extended), later in sorted(policy.extensions.items()):
            if extended == lesson:
                _say(f"  for {student}: {policy.shown(later, lesson, student)}")
    if policy.due is None:
        _say("There is no [due] in grading.toml: dates are those set in Formgrader.")
    if policy.local:
        _say(f"Without an offset, and so read on this machine's clock ({datetime.now().astimezone():%Z, UTC%z}): "
             f"{', '.join(policy.local)}")


def _date_change(policy: GradingPolicy, change: DateChange) -> str:
    before, after = (policy.shown(moment, change.lesson, change.student) if moment else "none"
                     for moment in (change.before, change.after))
    what = f"extension of {change.student}" if change.student else "due date"
    return f"{change.lesson}: {what} {before} → {after}"


def _say_result(dues: Dues, dry_run: bool, gradebook: Store) -> None:
    for lesson, moment in dues.kept.items():
        _say(f"{lesson} is not in [due], so it keeps what the gradebook says: due {moment:%Y-%m-%d %H:%M} UTC. Change "
             "that in Formgrader, or name the lesson in [due].")
    for lesson, number in dues.untimed.items():
        _say(f"{lesson}: {number} submissions have no timestamp.txt, so nobody knows when they were handed in; they "
             "count as in time.")
    if dues.waiting:
        _say(f"Not in the gradebook yet: {', '.join(dues.waiting)}. `mle grade` or `mle init-course` enters them, with "
             "their dates.")
    if not gradebook.exists():
        _say(f"There is no gradebook {gradebook} yet: `mle grade` applies this to what it grades.")
    elif not dues.dates and not dues.changes:
        _say("Nothing changes: the gradebook says so already.")
    else:
        done = "Nothing was changed (--dry-run). Would change" if dry_run else "Changed"
        _say(f"{done}: dates {len(dues.dates)}, penalties {len(dues.changes)}.")


def _say_migration(migration: Migration) -> None:
    _say(f"{migration.lesson}: {migration.submissions} submissions, to be graded again")
    for cell in migration.cells:
        what = (f"comes ({cell.after:g} points)" if cell.before is None else
                f"goes ({cell.before:g} points)" if cell.after is None else
                f"{cell.before:g} → {cell.after:g} points")
        _say(f"  {cell.name}: {what}")
    if migration.others:
        _say(f"  other cells that come or go: {', '.join(migration.others)}")
    for change in migration.scores:
        _say(f"  {change.student}: {change.before:g} → {change.after:g} points")
    if not migration.scores and migration.submissions:
        _say("  nobody's points change by what is known now")
    if migration.unknown and migration.submissions:
        _say(f"  {migration.unknown:g} points are of new checks: nobody has them before `mle grade` has run them")
    for sentence in migration.by_hand:
        _say(f"  by hand: {sentence}")


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
