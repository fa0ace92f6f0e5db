"""Due dates, extensions and what lateness costs: read from grading.toml, and applied without running anything again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from sqlalchemy.orm import Session
from stub_engine import EveryCheckPasses
from systems import on_linux

from autograder.cli import main
from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import GradingCourse, LatePolicy, grade_cohort
from autograder.grading.policy import check_names, read_policy
from autograder.grading.times import moment_of

LESSON = "1-1-means"
POLICY = f"""
[late]
percent_per_day = 10
grace_minutes = 15
most_percent = 50
[due]
{LESSON} = 2026-03-01T10:00:00+01:00
"""


def policy_of(folder: Path, text: str):
    (folder / "grading.toml").write_text(text, encoding="utf-8")
    return read_policy(folder)


# --- the rule


@pytest.mark.parametrize(("minutes", "percent"), [
    (0, 0), (15, 0), (15.1, 10), (24 * 60, 10), (24 * 60 + 1, 20), (4 * 24 * 60 + 1, 50), (40 * 24 * 60, 50)])
def test_each_day_begun_after_the_due_date_costs_its_percentage(minutes, percent):
    policy = LatePolicy(percent_per_day=10, grace_minutes=15, most_percent=50)
    assert policy.percent(minutes * 60) == percent
    assert policy.penalty(6, minutes * 60) == pytest.approx(6 * percent / 100)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e4), st.floats(0, 100), st.floats(0, 1e6), st.floats(0, 100))
def test_later_never_costs_less_and_never_more_than_was_earned(seconds, more, earned, per_day, grace, most):
    policy = LatePolicy(per_day, grace, most)
    off = policy.penalty(earned, seconds)
    assert 0 <= off <= earned + 1e-6 and off <= earned * most / 100 + 1e-6
    assert policy.penalty(earned, seconds + more) >= off
    assert seconds > grace * 60 or off == 0


# --- the file


@given(st.dictionaries(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True), st.datetimes(
    datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: timezone(timedelta(minutes=minutes)))).map(lambda moment: moment.replace(microsecond=0)),
    max_size=5))
def test_dates_with_an_offset_are_read_as_the_moments_they_are(tmp_path_factory, dates):
    folder = tmp_path_factory.mktemp("policy")
    policy = policy_of(folder, "[due]\n" + "".join(f"{name} = {date.isoformat()}\n" for name, date in dates.items()))
    assert {name: moment.replace(tzinfo=UTC) for name, moment in policy.due.items()} == dates
    assert policy.local == ()
    for name, date in dates.items():
        assert policy.shown(policy.due[name], name).startswith(f"{date:%Y-%m-%d %H:%M}")


def test_without_a_file_everything_is_left_to_nbgrader(tmp_path):
    assert read_policy(tmp_path).empty


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    (tmp_path / "grading.toml").write_bytes(b"\xef\xbb\xbf" + POLICY.replace("\n", "\r\n").encode())
    assert read_policy(tmp_path).due == {LESSON: datetime(2026, 3, 1, 9)}


@pytest.mark.parametrize(("text", "says"), [
    ("[late\n", "is not valid TOML"),
    ("[extensions.ada@school.org]\n", 'needs quotes: [extensions."ada@school.org"]'),
    ("[laet]\n", "'laet' is unknown. Tables are: [late], [due] and [extensions.STUDENT]; above"),
    ("late = 3\n", "'late' has to be a table: write [late] on a line of its own"),
    ("[late]\ngrace = 3\n", "[late] 'grace' is unknown"),
    ("[late]\ngrace_minutes = 3\n", "[late] has no percent_per_day. Write for example `percent_per_day = 10`"),
    ("[late]\npercent_per_day = 'ten'\n", "[late] percent_per_day is 'ten', which is no number"),
    ("[late]\npercent_per_day = true\n", "[late] percent_per_day is True, which is no number"),
    ("[late]\npercent_per_day = nan\n", "[late] percent_per_day is nan; it has to be between 0 and 100"),
    ("[late]\npercent_per_day = 110\n", "[late] percent_per_day is 110; it has to be between 0 and 100"),
    ("[late]\npercent_per_day = 1\ngrace_minutes = -1\n", "[late] grace_minutes is -1; it has to be 0 or more"),
    ("[due]\nx = '2026-12-01'\n", '[due] x is "2026-12-01", which is no date with a time. Write it without quotes'),
    ("[due]\nx = 2026-12-01\n", "[due] x is 2026-12-01, which is no date with a time"),
    ("[due]\nx = 12:00:00\n", "which is no date with a time"),
    ("[due]\nx = 0001-01-01T00:00:00+14:00\n", "too far away for a date"),
    ("[extensions]\nada = 3\n", "'extensions.ada' has to be a table"),
    ("[extensions.ada.lovelace]\nx = 2026-12-01T00:00:00Z\n", "[extensions.ada.lovelace] has one name too many"),
])
def test_what_cannot_be_meant_is_refused_with_file_key_and_cure(text, says, tmp_path):
    with pytest.raises(MleError) as error:
        policy_of(tmp_path, text)
    assert str(tmp_path / "grading.toml") in str(error.value) and says in str(error.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "grading.toml").write_bytes(b"# \xe4\n")
    with pytest.raises(MleError, match="not UTF-8"):
        read_policy(tmp_path)


@pytest.mark.parametrize(("text", "says"), [
    ("[due]\n1-1-maens = 2026-12-01T00:00:00Z\n", "a lesson '1-1-maens', and there is none. Did you mean '1-1-means'?"),
    ("[due]\n1-1-means = 2026-12-01T00:00:00Z\n[extensions.adda]\n1-1-means = 2026-12-02T00:00:00Z\n",
     "[extensions.adda] names a student of whom there is nothing in submitted/, the gradebook or roster.csv. Did you "
     "mean 'ada'?"),
    ("[extensions.ada]\n1-1-means = 2026-12-02T00:00:00Z\n", "extends '1-1-means', which has no date in [due]"),
    ("[due]\n1-1-means = 2026-12-01T00:00:00Z\n[extensions.ada]\n1-1-means = 2026-11-30T00:00:00Z\n",
     "lets 1-1-means end before its date in [due]"),
])
def test_unknown_names_and_senseless_extensions_are_refused(text, says, tmp_path):
    policy = policy_of(tmp_path, text)
    with pytest.raises(MleError) as error:
        check_names(tmp_path, policy, [LESSON], ["ada"])
    assert says in str(error.value)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock goes by Berlin's time, with its two changes a year."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


@on_linux
@pytest.mark.parametrize(("local", "moment"), [
    ("2026-01-15T12:00:00", datetime(2026, 1, 15, 11)),
    ("2026-07-15T12:00:00", datetime(2026, 7, 15, 10)),
    ("2026-10-25T02:30:00", datetime(2026, 10, 25, 1, 30)),  # there twice: the later one
    ("2026-10-25T03:00:00", datetime(2026, 10, 25, 2)),
])
def test_a_date_without_an_offset_is_one_on_this_machines_clock_and_that_is_said(local, moment, berlin, tmp_path):
    policy = policy_of(tmp_path, f"[due]\nx = {local}\ny = 2026-01-01T00:00:00Z\n")
    assert policy.due["x"] == moment
    assert policy.local == ("[due] x",)


@on_linux
def test_a_time_that_the_clocks_skip_is_refused(berlin, tmp_path):
    with pytest.raises(MleError, match=r"\[due\] x is 2026-03-29 02:30:00, a time that does not exist"):
        policy_of(tmp_path, "[due]\nx = 2026-03-29T02:30:00\n")


# --- the gradebook


class MustNotRun:
    """An engine that nothing may use."""

    def run(self, job):
        raise AssertionError("a notebook was run")

    imports_of = run


@pytest.fixture(scope="module")
def _graded(_built_mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four hand-ins of one lesson, all with full marks: in time, within the grace, 26 hours late, and with no time."""
    root = tmp_path_factory.mktemp("late") / "mini"
    shutil.copytree(_built_mini, root)
    for student, when in {"ada": "2026-03-01 08:00:00", "ben": "2026-03-01 09:10:00", "cy": "2026-03-02 11:00:00",
                          "dee": ""}.items():
        folder = root / "submitted" / student / LESSON
        shutil.copytree(root / "solutions" / LESSON, folder)
        if when:
            (folder / "timestamp.txt").write_text(f"{when} UTC\n")
    grade_cohort(GradingCourse(root), [LESSON], engine=EveryCheckPasses(), jobs=1)
    return root


@pytest.fixture
def course(_graded: Path, tmp_path: Path) -> GradingCourse:
    shutil.copytree(_graded, tmp_path / "mini")
    return GradingCourse(tmp_path / "mini")


def say(course: GradingCourse, text: str = POLICY) -> None:
    (course.root / "grading.toml").write_text(text, encoding="utf-8")


def penalties(course: GradingCourse) -> dict[str, float]:
    return {score.student: round(score.penalty, 9) for score in course.scores()}


def by_hand(course: GradingCourse, student: str, cell: str, points: float) -> None:
    with Gradebook(course.gradebook.url) as book:
        grade = book.find_grade(cell, LESSON, LESSON, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_penalty_is_a_share_of_what_was_earned_and_changes_with_dates_rates_and_extensions(course):
    assert set(penalties(course).values()) == {0}
    say(course)
    changes = course.recompute_penalties()
    assert [(change.student, change.before, change.after) for change in changes] == [("cy", 0, 1.2)]
    assert "handed in 2026-03-02 12:00 UTC+01:00, due 2026-03-01 10:00 UTC+01:00: 2 days begun, 20 %" in changes[0].why
    assert penalties(course) == {"ada": 0, "ben": 0, "cy": 1.2, "dee": 0}
    assert course.recompute_penalties() == []
    say(course, POLICY.replace("percent_per_day = 10", "percent_per_day = 30"))
    assert penalties(course)["cy"] == 1.2  # nothing changes by itself
    assert [change.after for change in course.recompute_penalties()] == [3]  # at most half
    say(course, POLICY.replace("T10:00", "T08:00") + f"[extensions.cy]\n{LESSON} = 2026-03-03T00:00:00+01:00\n")
    assert {c.student: c.after for c in course.recompute_penalties()} == {"ada": 0.6, "ben": 0.6, "cy": 0}


def dates_of(course: GradingCourse) -> tuple[datetime | None, datetime | None]:
    """The lesson's date, and Ada's."""
    with Gradebook(course.gradebook.url) as book:
        return book.find_assignment(LESSON).duedate, book.find_submission(LESSON, "ada").duedate


def test_an_extension_that_is_removed_is_gone_and_a_date_that_is_removed_stays(course):
    say(course, POLICY + f"[extensions.ada]\n{LESSON} = 2026-03-03T00:00:00Z\n")
    course.due()
    both = (datetime(2026, 3, 1, 9), datetime(2026, 3, 3))
    assert dates_of(course) == both
    for text in (POLICY[:POLICY.index("[due]")], POLICY.replace(LESSON, "# ")):
        say(course, text)
        dues = course.due()
        assert (dues.dates, dues.changes, dates_of(course)) == ([], [], both)
    assert dues.kept == {LESSON: both[0]}
    say(course)
    assert [(date.student, date.after) for date in course.due().dates] == [("ada", None)]
    assert dates_of(course) == (both[0], both[0])


@pytest.mark.parametrize("due", ["", "[due]\n"])
@pytest.mark.parametrize(("name", "says"), [("ada", "extends '1-1-means', which has no date in \\[due\\]"),
                                           ("adda", "Did you mean 'ada'")])
def test_extensions_without_dates_are_refused_and_change_nothing(due, name, says, course):
    say(course)
    course.due()
    before = dates_of(course)
    say(course, f"{due}[extensions.{name}]\n{LESSON} = 2026-03-08T00:00:00Z\n")
    with pytest.raises(MleError, match=says):
        course.due()
    assert dates_of(course) == before


def test_points_given_later_by_hand_count_as_soon_as_grading_goes_on(course):
    say(course)
    course.due()
    by_hand(course, "cy", "memo", 4)
    outcome = grade_cohort(course, [LESSON], engine=MustNotRun(), jobs=1)
    assert (outcome.skipped, [(c.student, c.before, c.after) for c in outcome.penalties]) == (4, [("cy", 1.2, 2.0)])
    by_hand(course, "cy", "check-mean-values", 0)
    assert [change.after for change in course.recompute_penalties()] == [1.6]


def test_a_hand_in_graded_under_a_policy_has_its_penalty_and_extension_at_once(course):
    say(course, POLICY + f"[extensions.dee]\n{LESSON} = 2026-03-02T00:00:00+01:00\n")
    for student in ("cy", "dee"):
        (course.root / "submitted" / student / LESSON / "timestamp.txt").write_text("2026-03-02 02:00:00 UTC\n")
    grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1)
    assert penalties(course) == {"ada": 0, "ben": 0, "cy": 0.6, "dee": 0.6}
    assert course.due().changes == []


def test_a_dry_run_changes_not_a_byte(course):
    say(course)
    before = everything(course.root)
    dues = course.due(dry_run=True)
    assert [change.student for change in dues.changes] == ["cy"] and len(dues.dates) == 1
    assert dues.untimed == {LESSON: 1}
    assert everything(course.root) == before


def test_all_of_it_is_changed_or_nothing(course, monkeypatch):
    say(course)
    before = everything(course.root)

    def full(self: Session) -> None:
        self.flush()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Session, "commit", full)
    with pytest.raises(OSError, match="No space left"):
        course.due()
    assert everything(course.root) == before


@pytest.mark.slow
def test_a_gradebook_that_another_program_is_writing_to_is_left_alone(course):
    say(course)
    with closing(sqlite3.connect(course.root / "gradebook.db")) as other:
        other.execute("begin immediate")
        with pytest.raises(MleError, match="Another program is writing to gradebook"):
            course.due()
    assert penalties(course)["cy"] == 0


def _with_plugin(course: GradingCourse) -> None:
    (course.root / "nbgrader_config.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\n\nclass HalfAPoint(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return 0.5\n\n\n"
        "get_config().AssignLatePenalties.plugin_class = HalfAPoint\n")


def test_a_plugin_of_the_courses_own_decides_unless_there_is_a_late_policy(course):
    _with_plugin(course)
    say(course, POLICY[POLICY.index("[due]"):])
    course.due()
    assert penalties(course) == {"ada": 0, "ben": 0.5, "cy": 0.5, "dee": 0}
    grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1, regrade=True)
    assert penalties(course) == {"ada": 0, "ben": 0.5, "cy": 0.5, "dee": 0}
    say(course)
    course.due()
    assert penalties(course) == {"ada": 0, "ben": 0, "cy": 1.2, "dee": 0}


def test_a_configuration_that_does_not_run_is_named(course):
    (course.root / "nbgrader_config.py").write_text("1 / 0\n")
    say(course, POLICY[POLICY.index("[due]"):])
    with pytest.raises(MleError, match=r"nbgrader_config.py stopped with ZeroDivisionError"):
        course.due()


def test_somebody_on_the_roster_may_have_an_extension_before_handing_in(course):
    say(course, POLICY + f"[extensions.zoé]\n{LESSON} = 2026-03-09T00:00:00Z\n".replace("zoé", '"zoé"'))
    with pytest.raises(MleError, match="belongs into roster"):
        course.due()
    (course.root / "roster.csv").write_text("id,first_name\nzoé,Zoé\n", encoding="utf-8")
    assert [change.student for change in course.due().changes] == ["cy"]


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-03-01 10:00:00.25 UTC\n", datetime(2026, 3, 1, 10, 0, 0, 250_000)),
    ("2026-03-01 10:00:00", datetime(2026, 3, 1, 10)),
    ("\ufeff2026-03-01T10:00Z", datetime(2026, 3, 1, 10)), ("2026-03-01 10.00.00 UTC", datetime(2026, 3, 1, 10)),
    ("2026-03-01 10:00:00 +0100", datetime(2026, 3, 1, 9)), ("2026-03-01 10:00-05:30", datetime(2026, 3, 1, 15, 30)),
    *((text, None) for text in ("", "2026-03-01 10:00:00 CEST", "2026-03-01", "2026-02-30 10:00:00 UTC", "10:00",
                                "01.03.2026 10:00", "2026-03-01 10:00:00 +1", "0001-01-01 00:00:00 +01:00"))])
def test_a_time_is_read_as_the_moment_it_is_or_not_at_all(text, moment):
    assert moment_of(text) == (moment and moment.replace(tzinfo=UTC))


def test_a_time_with_an_offset_counts_and_one_that_cannot_be_read_is_pointed_out(course):
    for student, text in {"ada": "2026-03-01 10:00:00 +0100", "ben": "2026-03-01 10:00:00 CEST"}.items():
        (course.root / "submitted" / student / LESSON / "timestamp.txt").write_text(text)
    for graded in (2, 0):
        outcome = grade_cohort(course, [LESSON], engine=EveryCheckPasses(), jobs=1)
        assert outcome.graded == graded
        (submission, why), = outcome.attention
        assert submission.student == "ben" and "its timestamp.txt says '2026-03-01 10:00:00 CEST'" in why
    with Gradebook(course.gradebook.url) as book:
        assert book.find_submission(LESSON, "ada").timestamp == datetime(2026, 3, 1, 9)
        assert book.find_submission(LESSON, "ben").timestamp is None


@pytest.mark.slow
def test_nbgraders_own_autograde_takes_off_the_same(course):
    say(course, POLICY + f"[extensions.ben]\n{LESSON} = 2026-03-01T10:05:00+01:00\n")
    for student in ("ben", "cy"):
        assert course.autograde(LESSON, student) == ""
    with Gradebook(course.gradebook.url) as book:
        assert book.find_submission(LESSON, "cy").late_submission_penalty == pytest.approx(1.2)
        assert book.find_submission(LESSON, "ben").extension == timedelta(minutes=5)
    assert course.due().changes == []


# --- the verb


@pytest.fixture
def typed(course, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Types a command in the course's folder; gives exit code, output and complaints."""
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(course.root)
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        return left.value.code, *capsys.readouterr()

    return run


def test_mle_due_says_what_it_does_and_does_it(course, typed):
    say(course, POLICY + f"[extensions.ada]\n{LESSON} = 2026-03-03T00:00:00\n")
    code, said, _ = typed("due", "--dry-run")
    assert code == 0 and f"{LESSON}, cy: penalty 0 → 1.2 points" in said
    assert "this machine's clock (" in said and "[extensions.ada] 1-1-means" in said
    assert "1 submissions have no timestamp.txt" in said and "Nothing was changed" in said
    assert penalties(course)["cy"] == 0
    assert "Changed: dates 2, penalties 1." in typed("due")[1]
    assert "Nothing changes" in typed("due")[1]
    say(course, POLICY.replace(LESSON, "# "))
    assert "not in [due], so it keeps what the gradebook says: due 2026-03-01 09:00 UTC." in typed("due")[1]
    assert penalties(course)["cy"] == 1.2


def test_a_mistake_in_the_file_stops_grading_before_it_begins_and_a_missing_file_is_explained(course, typed):
    say(course, POLICY.replace(LESSON, "1-1-maens"))
    code, said, complaint = typed("grade")
    assert (code, said) == (1, "") and "Did you mean '1-1-means'?" in complaint
    (course.root / "grading.toml").unlink()
    code, said, complaint = typed("due")
    assert (code, said) == (1, "") and "Write one, such as" in complaint


def test_without_a_gradebook_a_policy_is_checked_and_waits(mini: Course):
    course = GradingCourse(mini.root)
    say(course)
    assert course.due().changes == []
    say(course, POLICY.replace(LESSON, "nothing"))
    with pytest.raises(MleError, match="a lesson 'nothing'"):
        course.due()


def test_mle_export_takes_off_what_points_given_by_hand_make_it(course, typed):
    say(course)
    course.due()
    by_hand(course, "cy", "memo", 4)
    code, _, complaint = typed("export", "--to", "csv")
    assert code == 0, complaint
    row = next(line for line in (course.root / "grades.csv").read_text().splitlines() if line.startswith("cy,"))
    assert ",2," in row and ",8," in row
    assert penalties(course)["cy"] == 2
