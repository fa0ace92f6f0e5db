"""A gradebook with scores follows a lesson whose checks came, went or changed points; and there is a way back."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from stub_engine import EveryCheckPasses

from autograder.authoring import build
from autograder.cli import main
from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import CellChange, GradingCourse, ScoreChange, grade_cohort

LESSON, OTHER = "1-1-means", "1-2-loops"
NEW_CHECK = '''
# %% check="mean-one" points=4
assert mean([7]) == 7, "mean([7]) is not 7"

'''


@pytest.fixture(scope="module")
def _graded(_built_mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with full automatic marks; of two of them a person has graded something."""
    root = tmp_path_factory.mktemp("migrate") / "mini"
    shutil.copytree(_built_mini, root)
    (root / "course" / LESSON / "answers.py").unlink()  # it names checks that go
    for student in ("ada", "ben", "cy"):
        shutil.copytree(root / "solutions" / LESSON, root / "submitted" / student / LESSON)
        (root / "submitted" / student / LESSON / "timestamp.txt").write_text("2026-03-01 08:00:00 UTC\n")
    shutil.copytree(root / "solutions" / OTHER, root / "submitted" / "ada" / OTHER)
    course = GradingCourse(root)
    grade_cohort(course, [LESSON, OTHER], engine=EveryCheckPasses(), jobs=1)
    with Gradebook(course.gradebook.url) as book:
        for student, cell, points, extra in (("ada", "check-mean-values", 1.5, 0.5), ("ada", "memo", 3, None),
                                             ("ben", "memo", 4, 1), ("ben", "check-geometric", 0, None)):
            grade = book.find_grade(cell, LESSON, LESSON, student)
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, extra, False
        book.find_comment("memo", LESSON, LESSON, "ada").manual_comment = "well said"
        book.find_comment("mean", LESSON, LESSON, "ben").manual_comment = "nearly"
        book.db.commit()
    return root


@pytest.fixture
def course(_graded: Path, tmp_path: Path) -> GradingCourse:
    shutil.copytree(_graded, tmp_path / "mini")
    return GradingCourse(tmp_path / "mini")


def change(course: GradingCourse, *replacements: tuple[str, str]) -> None:
    """Edits the lesson as an author would, and builds it."""
    path = course.root / "course" / LESSON / "lesson.py"
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    build(Course(course.root), [LESSON])


REMOVED = ('"mean-values"', '"mean-list"')
ADDED = ('# %% check="mean-edges"', NEW_CHECK + '# %% check="mean-edges"')
DEARER = ('check="geometric-edges" points=2', 'check="geometric-edges" points=5')


def rows(path: Path) -> dict[str, list]:
    """Every row of nbgrader's tables, and which submissions count as graded."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for name, in db.execute("select name from sqlite_master where type = 'table' order by 1")]
        return {name: sorted(map(repr, db.execute(f"select * from {name}"))) for name in names
                if name not in {"mle_migration"}}


def scores(course: GradingCourse) -> dict[str, float]:
    return {score.student: score.earned for score in course.scores() if score.lesson == LESSON}


def marks(course: GradingCourse, student: str) -> dict[str, tuple]:
    of, = course.marks([LESSON], student)
    return {name: (mark.points, mark.auto, mark.manual, mark.extra, mark.waiting) for name, mark in of.marks.items()}


def copies(course: GradingCourse) -> list[str]:
    return sorted(path.name for path in course.root.iterdir() if ".before-" in path.name or path.name.endswith(".tmp"))


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_grading_says_that_the_gradebook_has_to_be_migrated_first(course):
    change(course, DEARER)
    before = everything(course.root)
    with pytest.raises(MleError, match=f"{LESSON} has other checks or points .* `mle migrate {LESSON} --dry-run`"):
        grade_cohort(course, [LESSON, OTHER], engine=EveryCheckPasses(), jobs=1)
    assert everything(course.root) == before
    change(course, ADDED)
    with pytest.raises(MleError, match=f"`mle migrate {LESSON} --dry-run`"):
        course.register([LESSON])


def test_a_check_that_was_only_mended_needs_no_migration(course):
    change(course, ("got == expected, ", "got == expected or True, "))
    assert course.migrate([LESSON, OTHER]).lessons == []
    assert grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1).graded == 3
    assert copies(course) == []


def test_a_dry_run_says_what_changes_and_for_whom_and_changes_not_a_byte(course):
    change(course, REMOVED, ADDED, DEARER)
    before = everything(course.root)
    migration, = course.migrate([LESSON, OTHER], dry_run=True).lessons
    assert everything(course.root) == before
    assert migration.cells == [
        CellChange("check-mean-values", 2, None), CellChange("check-mean-list", None, 2),
        CellChange("check-mean-one", None, 4), CellChange("check-geometric-edges", 2, 5)]
    assert migration.scores == [ScoreChange("ada", 9, 10), ScoreChange("ben", 10, 11), ScoreChange("cy", 6, 7)]
    assert (migration.submissions, migration.unknown) == (3, 6)
    assert migration.by_hand == ["ada: 1.5 points and 0.5 extra for 'check-mean-values' go with it"]


def test_points_comments_and_extra_credit_given_by_hand_stay_and_a_new_check_waits_to_be_run(course):
    change(course, REMOVED, ADDED, DEARER)
    done = course.migrate([LESSON])
    assert scores(course) == {"ada": 10, "ben": 11, "cy": 7}
    assert marks(course, "ada") == {
        "check-mean-list": (2, None, None, 0, True), "check-mean-one": (4, None, None, 0, True),
        "check-mean-edges": (1, 1, None, 0, False), "check-geometric": (1, 1, None, 0, False),
        "check-geometric-edges": (5, 5, None, 0, False), "memo": (4, None, 3, 0, False)}
    assert marks(course, "ben")["memo"] == (4, None, 4, 1, False)
    assert marks(course, "ben")["check-geometric"] == (1, 1, 0, 0, False)
    comments = {student: of.comments for student in ("ada", "ben") for of in course.marks([LESSON], student)}
    assert comments == {"ada": {"memo": "well said"}, "ben": {"mean": "nearly"}}
    assert [score.earned for score in course.scores() if score.lesson == OTHER] == [2]
    assert [done.backup.name] == copies(course)
    assert course.migrate([LESSON]).lessons == []


def test_the_next_grading_runs_every_submission_of_it_and_leaves_essays_as_they_were_graded(course):
    change(course, REMOVED, ADDED)
    course.migrate([LESSON])
    outcome = grade_cohort(course, [LESSON, OTHER], engine=EveryCheckPasses(), jobs=1)
    assert (outcome.graded, outcome.skipped) == (3, 1)
    assert scores(course) == {"ada": 13, "ben": 14, "cy": 10}
    assert marks(course, "ada")["memo"] == (4, None, 3, 0, False)
    assert marks(course, "ben")["memo"] == (4, None, 4, 1, False)
    assert marks(course, "cy")["memo"] == (4, None, None, 0, True)


def test_an_essay_whose_text_changed_is_to_be_read_again_but_keeps_its_points(course):
    path = course.root / "submitted" / "ada" / LESSON / f"{LESSON}.ipynb"
    path.write_text(path.read_text().replace("suits rates of growth", "suits rates of growth, as of money"))
    grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1)
    assert marks(course, "ada")["memo"] == (4, None, 3, 0, True)
    grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1, regrade=True)
    assert marks(course, "ada")["memo"] == (4, None, 3, 0, True)
    assert marks(course, "ben")["memo"] == (4, None, 4, 1, False)


def test_exercises_and_essays_come_and_go_as_well(course):
    text = (course.root / "course" / LESSON / "lesson.py").read_text(encoding="utf-8")
    start, end = text.index('# %% exercise="mean"'), text.index('# %% exercise="geometric"')
    change(course, (text[start:end], ""), ('essay="memo" points=4', 'essay="essay" points=6'),
           ('rubric="memo"', 'rubric="essay"'))
    migration, = course.migrate([LESSON]).lessons
    assert [(cell.name, cell.after) for cell in migration.cells] == [
        ("check-mean-edges", None), ("check-mean-values", None), ("memo", None), ("essay", 6)]
    assert migration.others == ["mean"]
    assert set(migration.by_hand) == {
        "ada: 1.5 points and 0.5 extra for 'check-mean-values' go with it", "ada: 3 points for 'memo' go with it",
        "ben: 4 points and 1 extra for 'memo' go with it", "ada: the comment on 'memo' goes with it: well said",
        "ben: the comment on 'mean' goes with it: nearly"}
    grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1)
    assert scores(course) == {"ada": 3, "ben": 2, "cy": 3}


def test_fewer_points_keep_what_a_person_gave_and_say_so_and_a_failed_check_stays_at_nothing(course):
    record = course.root / "autograded" / "cy" / LESSON / "result.json"
    record.write_text(record.read_text().replace('"status": "passed"', '"status": "failed"'))
    change(course, ('essay="memo" points=4', 'essay="memo" points=2'), DEARER)
    migration, = course.migrate([LESSON]).lessons
    assert migration.by_hand == ["ada: keeps 3 points for 'memo', which is now worth 2",
                                 "ben: keeps 4 points for 'memo', which is now worth 2"]
    assert marks(course, "ada")["memo"] == (2, None, 3, 0, False)
    assert marks(course, "cy")["check-geometric-edges"] == (5, 0, None, 0, False)
    assert marks(course, "ada")["check-geometric-edges"] == (5, 5, None, 0, False)


def test_what_is_told_goes_by_learner_in_whatever_order_the_database_gives_its_rows(course):
    def turned_round(connection, _record):
        connection.execute("PRAGMA reverse_unordered_selects = on")

    change(course, REMOVED, ('essay="memo" points=4', 'essay="memo" points=2'), DEARER)
    told = course.migrate([LESSON], dry_run=True).lessons
    event.listen(Engine, "connect", turned_round)
    try:
        assert course.migrate([LESSON], dry_run=True).lessons == told
    finally:
        event.remove(Engine, "connect", turned_round)
    assert [line.split(":")[0] for line in told[0].by_hand] == ["ada", "ada", "ben"]


def test_late_penalties_follow_the_scores_in_the_same_step(course):
    (course.root / "grading.toml").write_text(
        f"[late]\npercent_per_day = 10\n[due]\n{LESSON} = 2026-02-28T09:00:00Z\n", encoding="utf-8")
    course.due()
    change(course, DEARER)
    course.migrate([LESSON])
    late = {score.student: score.penalty for score in course.scores() if score.lesson == LESSON}
    assert late == pytest.approx({"ada": 1.2, "ben": 1.3, "cy": 0.9})
    assert course.due().changes == []


def test_a_lesson_that_nobody_handed_in_is_brought_up_to_date_too(course, tmp_path):
    course = GradingCourse(shutil.copytree(course.root, tmp_path / "fresh"))
    (course.root / "gradebook.db").unlink()
    assert course.migrate([LESSON]).lessons == []  # there is no gradebook, and none is made
    assert not (course.root / "gradebook.db").exists()
    course.register([LESSON])
    change(course, ADDED)
    migration, = course.migrate([LESSON]).lessons
    assert (migration.submissions, migration.scores) == (0, [])


# --- nbgrader takes it


@pytest.mark.slow
def test_nbgraders_own_commands_and_formgrader_take_a_migrated_lesson(course):
    change(course, REMOVED, ADDED, DEARER)
    course.migrate([LESSON])
    course.register([LESSON])
    assert course.autograde(LESSON, "ada") == ""
    grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1)
    api = course._api(LESSON)
    submissions = {one["student"]: one for one in api.get_submissions(LESSON)}
    assert {student: (one["score"], one["max_score"]) for student, one in submissions.items()} == {
        "ada": (submissions["ada"]["score"], 17), "ben": (17, 17), "cy": (13, 17)}
    assert len(api.get_notebook_submissions(LESSON, LESSON)) == 3
    with Gradebook(course.gradebook.url) as book:
        for student in ("ada", "ben", "cy"):
            assert book.find_grade("check-mean-one", LESSON, LESSON, student).max_score == 4
            with pytest.raises(MissingEntry):
                book.find_grade("check-mean-values", LESSON, LESSON, student)
        assert book.find_assignment(LESSON).max_score == 17


# --- back again


def test_undone_the_gradebook_is_row_for_row_as_it_was_and_the_other_is_kept(course):
    before = rows(course.root / "gradebook.db")
    change(course, REMOVED, ADDED, DEARER)
    course.migrate([LESSON])
    migrated = rows(course.root / "gradebook.db")
    undone = course.undo_migration()
    assert rows(course.root / "gradebook.db") == before
    assert rows(undone.kept) == migrated
    assert [undone.kept.name] == copies(course)
    with pytest.raises(MleError, match="There is no migration to undo"):
        course.undo_migration()


def test_what_was_graded_after_a_migration_is_graded_again_once_it_is_undone(course):
    change(course, ADDED)
    course.migrate([LESSON])
    grade_cohort(course, [LESSON, OTHER], engine=EveryCheckPasses(), jobs=1)
    course.undo_migration()
    change(course, (NEW_CHECK, ""))
    assert grade_cohort(course, [LESSON, OTHER], engine=EveryCheckPasses(), jobs=1).graded == 3
    assert scores(course) == {"ada": 9, "ben": 10, "cy": 6}


def test_migrations_are_undone_one_after_the_other(course):
    first = rows(course.root / "gradebook.db")
    change(course, ADDED)
    course.migrate([LESSON])
    second = rows(course.root / "gradebook.db")
    change(course, DEARER)
    course.migrate([LESSON])
    course.undo_migration()
    assert rows(course.root / "gradebook.db") == second
    course.undo_migration()
    assert rows(course.root / "gradebook.db") == first


def test_a_copy_that_is_gone_is_named(course):
    change(course, ADDED)
    done = course.migrate([LESSON])
    done.backup.unlink()
    with pytest.raises(MleError, match=f"{done.backup.name}, the gradebook as it was .* is gone"):
        course.undo_migration()
    assert marks(course, "ada")["check-mean-one"][0] == 4


# --- all of it or nothing


def _killed(course: GradingCourse, *, after: bool) -> int:
    """Migrates in a process that is killed just before its commit takes effect, or just after."""
    def commit(self: Session, real: Callable = Session.commit) -> None:
        self.flush()
        if after:
            real(self)
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()  # not a new Python: that would spend most of its time on imports
    if child == 0:
        try:
            from autograder.grading import migrate as module

            with pytest.MonkeyPatch.context() as patch:
                carried = module._Carrier.carry

                def carry(self, wanted) -> None:
                    carried(self, wanted)
                    patch.setattr(Session, "commit", commit)  # from here on: nbgrader commits elsewhere before

                patch.setattr(module._Carrier, "carry", carry)
                course.migrate([LESSON])
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_its_commit_the_gradebook_is_as_before_or_as_after_and_can_be_undone_only_then(after, course):
    before = rows(course.root / "gradebook.db")
    change(course, REMOVED, ADDED)
    assert _killed(course, after=after) == -signal.SIGKILL
    if after:
        assert course.migrate([LESSON]).lessons == []
        course.undo_migration()
        assert rows(course.root / "gradebook.db") == before
        return
    assert rows(course.root / "gradebook.db") == before
    with pytest.raises(MleError, match="There is no migration to undo"):
        course.undo_migration()
    assert len(course.migrate([LESSON]).lessons) == 1


def test_a_full_disk_leaves_the_gradebook_and_no_copy(course, monkeypatch):
    change(course, REMOVED, ADDED)
    before = rows(course.root / "gradebook.db")

    def full(self: object, copy: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.grading.migrate.record", full)
    with pytest.raises(OSError, match="No space left"):
        course.migrate([LESSON])
    assert rows(course.root / "gradebook.db") == before
    assert copies(course) == []


@pytest.mark.slow
def test_while_another_program_writes_nothing_is_migrated(course):
    change(course, ADDED)
    with closing(sqlite3.connect(course.root / "gradebook.db")) as other:
        other.execute("begin immediate")
        with pytest.raises(MleError, match="Another program is writing to gradebook"):
            course.migrate([LESSON])
    assert copies(course) == []


# --- the verb


def test_mle_migrate_lists_changes_and_goes_there_and_back(course, monkeypatch, capsys):
    def typed(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(course.root)
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        return left.value.code, *capsys.readouterr()

    assert "Nothing to migrate" in typed("migrate")[1]
    assert "no migration to undo" in typed("migrate", "--undo")[2]
    change(course, REMOVED, ADDED, DEARER)
    before = rows(course.root / "gradebook.db")
    code, said, _ = typed("migrate", "--dry-run")
    assert code == 0 and "Nothing was changed (--dry-run)." in said
    for line in ("check-mean-values: goes (2 points)", "check-mean-one: comes (4 points)", "ben: 10 → 11 points",
                 "check-geometric-edges: 2 → 5 points", "6 points are of new checks", "by hand: ada: 1.5 points"):
        assert line in said
    assert rows(course.root / "gradebook.db") == before
    code, said, _ = typed("migrate", LESSON)
    assert code == 0 and f"mle grade {LESSON}" in said and "gradebook.db.before-migrate-" in said
    code, _, complaint = typed("migrate", "--undo", "--dry-run")
    assert code == 1 and "without LESSON and --dry-run" in complaint
    code, said, _ = typed("migrate", "--undo")
    assert code == 0 and "gradebook.db.before-undo-" in said
    assert rows(course.root / "gradebook.db") == before
