"""The cohort's page: what it says of a cohort, that it is one safe file, and what it does with less than a cohort."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from systems import on_linux

from autograder.course import Course
from autograder.errors import MleError
from autograder.execution import Job, RunRecord, StepFact
from autograder.grading import GradingCourse, grade_cohort
from autograder.quality import read_notebook, with_answers, wrong_answers
from autograder.quality.wrong_answers import WrongAnswer, known_wrong_answers
from autograder.reports import cohort_answers, cohort_findings, workers
from autograder.reports.cohort_data import CheckSeen, Cohort, Record, read_cohort, read_records
from autograder.reports.cohort_findings import Findings, study
from autograder.reports.cohort_page import cohort_page, write_page
from autograder.reports.cohort_progress import stopped_in
from autograder.reports.item_analysis import ENOUGH, items_of, point_biserial
from autograder.reports.misconceptions import misconceptions_of

MEANS, LOOPS = "1-1-means", "1-2-loops"
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
RIGHT = "def mean(values):\n    return sum(values) / len(values)"
HALF = "def mean(values):\n    return sum(values) / 2  # fails mean-values: mean([1, 2, 3]) returned 3.0, expected 2"


class AsTheySay:
    """An engine that runs nothing: an answer says itself, in comments, which checks it fails and how its run ends."""

    def run(self, job: Job) -> RunRecord:
        answers = {step.id: step.parts[0] for step in job.steps if not step.check}
        facts = {}
        for step in job.steps:
            said = re.search(rf"# fails {step.id.removeprefix('check-')}: (.*)", answers.get(step.group, ""))
            facts[step.id] = StepFact(step.id, "failed", error=("AssertionError", said[1])) if said else (
                StepFact(step.id, "passed", seconds=0.25))
        ended = re.search("# ended: (.*)", "\n".join(answers.values()))
        return RunRecord(facts, ended=ended[1] if ended else "completed")

    def imports_of(self, job: Job) -> tuple[str, ...]:
        return ()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache for this test alone."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    for module in (cohort_answers, wrong_answers):
        monkeypatch.setattr(module, "user_cache_path", lambda name: folder / name)
    return folder / "mle-path"


def hand_in(course: Course, student: str, lesson: str = MEANS, when: datetime = NOW, **answers: str) -> None:
    folder = course.root / "submitted" / student / lesson
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nbformat.write(with_answers(read_notebook(course.notebooks / lesson), answers), folder / f"{lesson}.ipynb")
    (folder / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC\n")


def grade(course: Course, *lessons: str) -> GradingCourse:
    grading = GradingCourse(course.root)
    grade_cohort(grading, lessons or [MEANS], jobs=1, engine=AsTheySay())
    return grading


def look(course: Course, *lessons: str, wrong: dict[str, tuple[WrongAnswer, ...]] | None = None) -> Findings:
    return study(course, read_cohort(GradingCourse(course.root), lessons or (MEANS,)), wrong or {})


def page_of(findings: Findings) -> str:
    return cohort_page(findings, "a course", NOW)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", html, flags=re.DOTALL).split())


# --- what it says


def test_a_lessons_row_counts_hand_ins_marks_and_what_waits(mini):
    hand_in(mini, "ada", mean=RIGHT, geometric="geometric = 1")
    hand_in(mini, "ben", mean=HALF, memo="An essay.")
    hand_in(mini, "cy")
    hand_in(mini, "dee", mean=RIGHT)
    (mini.root / "submitted/eve" / MEANS).mkdir(parents=True)
    grading = grade(mini)
    with Gradebook(grading.gradebook.url) as book:
        book.find_submission_notebook(MEANS, MEANS, "ada").late_submission_penalty = 0.5
        essay = book.find_grade("memo", MEANS, MEANS, "ada")
        essay.manual_score, essay.needs_manual_grade = 4, False
        book.db.commit()
    (mini.root / "submitted/fay" / MEANS).mkdir(parents=True)  # after the grading
    row, = look(mini).progress
    assert (row.handed_in, row.graded, row.full, row.waiting, row.late, row.outdated) == (6, 5, 1, 1, 1, 0)
    assert row.bins == (1, 0, 0, 0, 1, 0, 2, 0, 0, 1)  # eve, ben, cy and dee, ada: of 10 points, 4 for the essay
    assert row.median == 0.6
    path = mini.solutions / MEANS / f"{MEANS}.ipynb"
    path.write_text(path.read_text() + "\n")
    assert look(mini).progress[0].outdated == 5


def test_scores_are_those_of_the_gradebook(mini):
    hand_in(mini, "ada", mean=RIGHT)
    hand_in(mini, "ben", mean=HALF)
    grading = grade(mini)
    cohort = read_cohort(grading, (MEANS,))
    for score in grading.scores():
        standing = cohort.standings[score.lesson][score.student]
        assert (standing.earned, standing.points, standing.waiting) == (score.earned, score.points, score.waiting)
    assert cohort.handed_in[MEANS]["ada"] == NOW


def test_the_page_tells_all_of_it(mini, mle):
    hand_in(mini, "ada", mean=RIGHT)
    hand_in(mini, "ben", mean=HALF)
    hand_in(mini, "cy", mean=HALF + "\n# ended: the notebook took longer than 20 s")
    grade(mini)
    wrong = {MEANS: (WrongAnswer("mean", "divides by two", {
        "mean-values": "mean([1, 2, 3]) returned 3.0, expected 2"}),)}
    said = text_of(page_of(look(mini, MEANS, LOOPS, wrong=wrong)))
    for words in ("3 learners · 2 lessons", "the notebook took longer than 20 s", "divides by two same 2 67 % ben, cy",
                  "mean-values mean([1, 2, 3]) returned 3.0, expected 2", "too few to judge",
                  "This is a list to look at and not a verdict", f"as far as {MEANS}"):
        assert words in said, words


def test_similar_answers_stand_side_by_side(mini):
    long = "def mean(values):\n    total, count = 0, 0\n    for value in values:\n        total += value\n" + (
        "        count += 1\n    if count == 0:\n        raise ValueError('no values')\n    return total / count")
    copy = long.replace("total", "s").replace("count", "n").replace("\n    if", "  # here\n    if")
    hand_in(mini, "ada", mean=long)
    hand_in(mini, "ben", mean=copy)
    hand_in(mini, "cy", mean="import statistics\nmean = statistics.fmean\nprint([mean([n, 2]) for n in range(9) if n])")
    grade(mini)
    findings = look(mini)
    pair, = findings.pairs
    assert (pair.alike.first, pair.alike.second, pair.alike.exercise, pair.alike.share) == ("ada", "ben", "mean", 1)
    assert (pair.first, pair.second) == (long, copy)
    html = page_of(findings)
    assert text_of(html).count("raise ValueError(&#39;no values&#39;)") == 2


# --- checks


def seen(check: str, passed: bool, points: float = 1, **other) -> CheckSeen:
    return CheckSeen(**{"id": check, "exercise": "e", "attempted": True, "status": "passed" if passed else "failed",
                        "message": "" if passed else f"{check} says no", "hidden": False, "points": points,
                        "earned": points if passed else 0, "seconds": 0.1} | other)


def record(*checks: CheckSeen) -> Record:
    return Record("0" * 64, "0" * 64, "completed", (), checks)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60))
def test_discrimination_is_the_difference_of_means_in_standard_deviations(rows):
    passed, rest = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    found = point_biserial(passed, rest)
    if passed.all() or not passed.any() or rest.std() == 0:
        assert found is None
        return
    share = passed.mean()
    expected = (rest[passed].mean() - rest[~passed].mean()) / rest.std() * (share * (1 - share)) ** 0.5
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_check_is_held_against_all_other_checks_and_not_itself():
    # By itself the first check would agree with the sum; the rest says the opposite.
    records = [record(seen("a", n % 2 == 0, 10), seen("b", n % 2 == 1)) for n in range(ENOUGH)]
    first, second = items_of("lesson", records)
    assert (first.check, first.difficulty, first.tried) == ("a", 0.5, ENOUGH)
    assert first.discrimination == pytest.approx(-1) == second.discrimination
    assert first.flags == ("negative",)


def test_few_learners_nobody_and_no_difference_are_said_so():
    few = items_of("lesson", [record(seen("a", n == 0), seen("b", n > 0)) for n in range(ENOUGH - 1)])
    assert {item.flags for item in few} == {("too few to judge",)}
    item, _ = items_of("lesson", [record(seen("a", False), seen("b", n > 3)) for n in range(ENOUGH)])
    assert (item.difficulty, item.discrimination, item.flags) == (0, None, ("nobody passes",))
    untouched = items_of("lesson", [record(seen("a", False, attempted=False)),
                                    record(seen("a", False, status="not_run"))])
    assert [(item.tried, item.difficulty, item.flags) for item in untouched] == [(0, None, ("nobody tried it",))]


def test_seconds_are_median_and_most():
    item, = items_of("lesson", [record(seen("a", True, seconds=seconds)) for seconds in (0.1, 0.3, 5)])
    assert (item.seconds, item.most_seconds) == (0.3, 5)


# --- misconceptions


WRONG = (WrongAnswer("e", "one way", {"a": "a says no"}),
         WrongAnswer("e", "both", {"a": "a says no", "b": "b says no"}),
         WrongAnswer("e", "both too", {"b": "b says no", "a": "a says no"}),
         WrongAnswer("e", "another", {"b": "object at 0x7f01"}), WrongAnswer("other", "elsewhere", {"a": "a says no"}))


def met(*checks: CheckSeen) -> tuple[str, tuple[str, ...]]:
    found = misconceptions_of("lesson", {"ada": record(*checks)}, WRONG)
    return (found[0].match, found[0].names) if found else ("", ())


def test_the_same_messages_of_the_same_checks_are_a_match():
    assert met(seen("a", False), seen("b", True)) == ("all", ("one way",))
    assert met(seen("a", False), seen("b", False)) == ("all", ("both", "both too"))
    assert met(seen("b", False, message="object at 0x5abc"), seen("a", True)) == ("all", ("another",))
    assert met(seen("a", True), seen("b", True)) == ("", ())


def test_some_of_the_messages_match_in_part_and_a_sentence_about_a_hidden_test_does_not():
    assert met(seen("a", True), seen("b", False)) == ("some", ("both", "both too"))
    assert met(seen("a", True), seen("b", False, hidden=True)) == ("none", ())
    assert met(seen("a", False), seen("c", False)) == ("some", ("one way", "both", "both too"))
    assert met(seen("a", False, message="something else")) == ("none", ())


def test_what_was_not_attempted_or_did_not_run_is_no_misconception():
    assert met(seen("a", False, attempted=False)) == ("", ())
    assert met(seen("a", False), seen("b", False, status="not_run")) == ("", ())


def test_learners_who_fail_alike_are_counted_together():
    records = {who: record(seen("a", False)) for who in ("cy", "ada")} | {"ben": record(seen("a", True))}
    found, = misconceptions_of("lesson", records, WRONG)
    assert (found.learners, found.tried, found.told) == (("ada", "cy"), 3, (("a", "a says no"),))


def test_wrong_answers_are_run_once_for_each_text_of_a_lesson(mini, cache):
    path = mini.sources / MEANS / "answers.py"
    path.write_text(path.read_text().replace("sum(values) / 2", "sum(values) / 2  # fails mean-values: no"))
    assert known_wrong_answers(mini, MEANS) is None
    found = wrong_answers.wrong_answers(mini, MEANS, 1, AsTheySay())
    assert len(found) == 8
    assert [one for one in found if one.told] == [WrongAnswer("mean", "divides by two", {"mean-values": "no"})]
    assert known_wrong_answers(mini, MEANS) == found
    kept, = (cache / "wrong-answers").iterdir()
    kept.write_text("[{")
    assert known_wrong_answers(mini, MEANS) is None
    wrong_answers.wrong_answers(mini, MEANS, 1, AsTheySay())
    path.write_text(path.read_text() + "\n# more\n")
    assert known_wrong_answers(mini, MEANS) is None


# --- who has stopped


def cohort(**furthest: tuple[int, int]) -> Cohort:
    """Learners by how many of ten lessons they have handed in, and how many days ago the last was."""
    lessons = tuple(f"l{number}" for number in range(10))
    handed_in = {lesson: {who: NOW - timedelta(days=days) for who, (count, days) in furthest.items() if place < count}
                 for place, lesson in enumerate(lessons)}
    return Cohort(dict.fromkeys(furthest, ""), lessons, handed_in, {lesson: {} for lesson in lessons})


def test_somebody_two_lessons_behind_half_of_the_others_has_stopped():
    found = stopped_in(cohort(ada=(6, 0), ben=(6, 1), cy=(4, 1), dee=(5, 1), eve=(0, 0)))
    assert found.frontier == "l5"
    assert [(one.learner, one.behind, one.last_lesson, one.handed_in) for one in found.learners] == [("cy", 2, "l3", 4)]
    assert found.never_began == ("eve",)


def test_somebody_one_lesson_behind_has_stopped_after_two_weeks():
    found = stopped_in(cohort(ada=(6, 0), ben=(6, 30), cy=(5, 14), dee=(5, 15)))
    assert [one.learner for one in found.learners] == ["dee"]


def test_without_times_only_lessons_count_and_without_hand_ins_nobody_has_stopped():
    known = cohort(ada=(6, 0), ben=(6, 0), cy=(5, 99), dee=(4, 99))
    for learners in known.handed_in.values():
        learners.update(dict.fromkeys(learners))
    found = stopped_in(known)
    assert ([one.learner for one in found.learners], found.newest) == (["dee"], None)
    assert stopped_in(cohort(ada=(0, 0))).learners == ()


# --- what is to be looked at, and what is missing or damaged


def test_submissions_are_pointed_out_with_every_reason(mini):
    for student in ("ada", "ben", "cy", "dee"):
        hand_in(mini, student, mean=RIGHT)
    notebook = read_notebook(mini.root / "submitted/ada" / MEANS)
    next(cell for cell in notebook.cells if cell.id == "given-setup").source = "import cmath"
    nbformat.write(notebook, mini.root / "submitted/ada" / MEANS / f"{MEANS}.ipynb")
    hand_in(mini, "ben", mean=RIGHT + "\n# ended: the process was killed")
    grade(mini)
    (mini.root / "autograded/cy" / MEANS / "result.json").write_text('{"exercises": [')
    (mini.root / "autograded/dee" / MEANS / "result.json").unlink()
    hand_in(mini, "eve")
    why = {one.learners: "; ".join(one.reasons) for one in look(mini).attention}
    assert "given-setup" in why["ada",] and "killed" in why["ben",] and "damaged" in why["cy",]
    assert "cannot be read" in why["dee",] and why["eve",] == "handed in, and not graded yet"
    assert "the process was killed" in text_of(page_of(look(mini)))


DAMAGES = (
    lambda data: data | {"exercises": None}, lambda data: data | {"repairs": [3]}, lambda data: [data],
    lambda data: data | {"ended": None}, lambda data: {}, lambda data: data["exercises"][0]["checks"][0].update(
        points=float("nan")) or data, lambda data: data["exercises"][0]["checks"][0].pop("seconds") and data)


def test_a_damaged_record_is_pointed_out_and_stops_nothing(mini):
    for student in ("ada", "ben"):
        hand_in(mini, student, mean=RIGHT)
    grade(mini)
    path = mini.root / "autograded/ada" / MEANS / "result.json"
    whole = path.read_text()
    for damage in DAMAGES:
        path.write_text(json.dumps(damage(json.loads(whole))))
        records = read_records(mini.root, MEANS, ["ada", "ben"])
        assert list(records.read) == ["ben"] and "damaged" in records.unreadable["ada"]
    assert "damaged" in page_of(look(mini))


def test_a_learner_without_files_and_a_lesson_without_hand_ins_have_their_place(mini):
    hand_in(mini, "ada", mean=RIGHT)
    grading = grade(mini)
    with Gradebook(grading.gradebook.url) as book:
        book.add_student("zoe", first_name="Zoë", last_name="Ångström")
    shutil.rmtree(mini.root / "autograded")
    shutil.rmtree(mini.root / "submitted")
    findings = look(mini, MEANS, LOOPS)
    assert [(row.handed_in, row.graded) for row in findings.progress] == [(1, 1), (0, 0)]
    said = text_of(page_of(findings))
    assert "2 learners" in said and "Zoë Ångström (zoe)" in said and "1 has handed in nothing at all" in said


def test_hand_ins_alone_make_a_page(mini):
    hand_in(mini, "ada")
    html = page_of(look(mini))
    assert "handed in, and not graded yet" in html
    assert not (mini.root / "gradebook.db").exists()


def test_a_file_that_is_no_gradebook_is_a_clear_error(mini):
    (mini.root / "gradebook.db").write_text("something else, " * 100)
    with pytest.raises(MleError, match="cannot be read as a gradebook"):
        look(mini)
    (mini.root / "gradebook.db").unlink()
    sqlite3.connect(mini.root / "gradebook.db").execute("create table x (y)").connection.close()
    with pytest.raises(MleError, match="nbgrader db upgrade"):
        look(mini)


# --- notebooks are read once


def test_a_notebook_is_read_again_only_when_something_else_was_handed_in(mini, monkeypatch, cache):
    long = "def mean(values):\n" + "".join(f"    x{n} = values[{n}] + {n}\n" for n in range(9)) + "    return x0"
    for student in ("ada", "ben"):
        hand_in(mini, student, mean=long + f"  # {student}")
    grade(mini)
    read = []
    before = cohort_answers.answers_in
    monkeypatch.setattr(cohort_answers, "answers_in", lambda root, lesson, who, which: read.append(who) or before(
        root, lesson, who, which))
    expected = look(mini).pairs
    assert (len(expected), Counter(read)) == (1, Counter(["ada", "ben"]))
    assert look(mini).pairs == expected and len(read) == 2
    hand_in(mini, "ben", mean=RIGHT)
    grade(mini)
    assert look(mini).pairs == [] and read[2:] == ["ben"]
    for kept in (cache / "answers").iterdir():
        kept.write_text('{"x": {"mean": "no digits"}}')
    assert look(mini).pairs == [] and len(read) == 5


@pytest.mark.slow
def test_other_processes_give_what_this_one_would(monkeypatch):
    monkeypatch.setattr(workers, "_WORTH_IT", 2)
    with workers.Workers() as some:
        assert some.map(abs, range(-40, 40)) == list(map(abs, range(-40, 40)))
        assert some.map(len, ["a", "bb"]) == [1, 2]


# --- the page is one safe file


class Seen(HTMLParser):
    """What matters of a page's elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: list[str] = []
        self.heads: list[dict[str, str | None]] = []
        self.tags: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags[tag] += 1
        if "id" in found:
            self.ids.append(found["id"])
        self.named += (found.get("aria-labelledby") or "").split()
        self.addresses += [value for key, value in attributes if key in {"src", "href", "action", "data", "xlink:href"}]
        if tag == "th":
            self.heads.append(found)


EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\" ' {{ 7 * 7 }}"


@pytest.fixture
def evil(mini) -> Findings:
    """Findings in which everything a learner can choose is meant to break the page."""
    for student in ("ada", "ben"):
        hand_in(mini, student, mean=(
            f"def mean(values):\n    x = '</pre>{EVIL[:25]}'\n    y = [x, len(x), x + x, 3]\n    z = {{1: y, 2: x}}\n"
            f"    return z, y, x, values[1:3]  # fails mean-values: {EVIL}\n# ended: {EVIL}"))
    grading = grade(mini)
    with Gradebook(grading.gradebook.url) as book:
        book.find_student("ada").first_name = EVIL
        book.db.commit()
    return look(mini, MEANS, LOOPS)


def test_nothing_of_a_learners_becomes_part_of_the_page(evil):
    html = page_of(evil)
    assert len(evil.pairs) == 1 and len(evil.met) == 1
    assert Seen(html).tags["script"] == 1 and Seen(html).tags["img"] == 0
    assert "alert(1)" in html and "{{ 7 * 7 }}" in html


def test_the_page_asks_nothing_of_a_network(evil):
    html = page_of(evil)
    assert [address for address in Seen(html).addresses if not address.startswith("#")] == []
    assert "url(http" not in html and "@import" not in html
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_tables_have_captions_heads_have_scopes_and_names_point_somewhere(evil):
    page = Seen(page_of(evil))
    assert page.tags["table"] == page.tags["caption"] >= 5
    assert {head.get("scope") for head in page.heads} == {"col", "row"}
    assert [one for one, count in Counter(page.ids).items() if count > 1] == []
    assert set(page.named) <= set(page.ids)
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)


# --- the command


def test_the_command_writes_the_page_and_replaces_its_own(mini, mle):
    hand_in(mini, "ada", mean=RIGHT)
    grade(mini)
    done = mle("report", "--quick", cwd=mini.root)
    assert done.returncode == 0, done.stderr
    page = mini.root / "report.html"
    assert str(page) in done.stdout and "1 learners, 1 submissions graded" in done.stdout
    assert "have not been tried: run mle report without --quick" in text_of(page.read_text(encoding="utf-8"))
    assert mle("report", MEANS, "--quick", "--to", "report.html", cwd=mini.root).returncode == 0
    assert "1 lesson " in text_of(page.read_text(encoding="utf-8"))
    assert list(mini.root.glob(".*.tmp")) == []


def test_the_command_says_what_is_missing(mini, mle):
    done = mle("report", cwd=mini.root)
    assert (done.returncode, "There is no cohort in" in done.stderr, done.stdout) == (1, True, "")
    assert not (mini.root / "gradebook.db").exists() and not (mini.root / "report.html").exists()


def test_no_file_but_a_page_of_ours_is_replaced(tmp_path):
    (tmp_path / "notes.html").write_text("<p>mine</p>")
    with pytest.raises(MleError, match="not a page of `mle report`"):
        write_page(tmp_path / "notes.html", "x")
    assert (tmp_path / "notes.html").read_text() == "<p>mine</p>"
    with pytest.raises(MleError, match="no folder"):
        write_page(tmp_path / "nowhere" / "report.html", "x")
    with pytest.raises(MleError, match="cannot be replaced"):
        write_page(tmp_path, "x")


@on_linux
@pytest.mark.slow
def test_a_graded_cohorts_mistakes_get_the_names_that_their_author_gave_them(mini, mle):
    answers = {answer.name: answer for answer in mini.answers(mini.lesson(MEANS))}
    for student, name in (("ada", "divides by two"), ("ben", "forgets to divide"), ("cy", "statistics module")):
        hand_in(mini, student, mean=answers[name].source if answers[name].exercise == "mean" else RIGHT)
    assert mle("grade", cwd=mini.root).returncode == 0
    done = mle("report", cwd=mini.root)
    assert done.returncode == 0, done.stderr
    said = text_of((mini.root / "report.html").read_text(encoding="utf-8"))
    for student, name in (("ada", "divides by two"), ("ben", "forgets to divide")):
        assert f"mean {name} same 1 33 % {student} mean-values mean([1, 2, 3]) returned" in said
    assert cohort_findings.MOST_PAIRS == 100
