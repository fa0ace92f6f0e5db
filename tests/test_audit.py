"""`mle audit`: finds answers that pass a check and its twin, points at nobody else, and changes no score."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import jsonschema
import nbformat
import pytest
from hostile.row import ROWS, Places, write_all
from systems import on_linux

from autograder.authoring import build
from autograder.cli import main
from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import (
    RESULT_SCHEMA,
    GradingCourse,
    Key,
    grade_cohort,
    grade_notebook,
    restore,
    warm_imports,
)
from autograder.quality import (
    audit,
    audit_cohort,
    audit_notebook,
    prove_twins,
    read_notebook,
    rounds,
    with_answers,
)
from autograder.quality.mutants import mutants_of
from autograder.reports.cohort_data import read_records
from autograder.reports.cohort_progress import attention_in

pytestmark = [on_linux, pytest.mark.slow]
LESSON = "1-1-means"

EQUAL = ("class Equal:\n    def __eq__(self, other):\n        return True\n"
         "    def __sub__(self, other):\n        return self\n    __rsub__ = __sub__\n"
         "    def __abs__(self):\n        return self\n    def __lt__(self, other):\n        return True\n")
ONCE = ("class Once:\n    asked = 0\n    def __eq__(self, other):\n        self.asked += 1\n"
        "        return self.asked == 1\n")
# Finds what asks it, and writes the report itself: of a comparison that there is not.
FORGER = ("def mean(values):\n    import sys\n    for value in list(sys._getframe(1).f_globals.values()):\n"
          "        if type(value).__name__ == 'Probe':\n"
          "            raise AssertionError(value._token + ' 999.0.1')\n    return Equal()")
# By learner: answers, the checks that the audit is to point at, and how.
CHEATS = {
    "always-equal": ({"mean": EQUAL + "def mean(values):\n    return Equal()"},
                     {("mean-values", "any value"), ("mean-edges", "any value")}),
    "equal-where-it-is-hard": ({"mean": EQUAL + "def mean(values):\n    return 2 if len(values) == 3 else Equal()"},
                               {("mean-values", "any value"), ("mean-edges", "any value")}),
    "below-everything": ({"geometric": EQUAL + "def geometric(values):\n    return Equal()"},
                         {("geometric", "any value"), ("geometric-edges", "any value")}),
    "speaks-for-the-probe": ({"mean": EQUAL + FORGER}, {("mean-values", "forged"), ("mean-edges", "forged")}),
    "equal-once": ({"mean": ONCE + "def mean(values):\n    return Once()"},
                   {("mean-values", "any value"), ("mean-edges", "any value")}),
    "overwrites": ({"mean": "def mean(values):\n    globals()['expected'] = 0\n"
                            "    return 0 if len(values) != 2 else -2"},
                   {("mean-values", "names")}),
}
HONEST = {
    "right": {},
    "numpy": {"mean": "import numpy as np\ndef mean(values):\n    return np.mean(values)"},
    "wrong": {"mean": "def mean(values):\n    return 2"},
    "untouched": {"mean": "def mean(values):\n    raise NotImplementedError"},
    "own-type": {"mean": "class Number(float):\n    pass\n\ndef mean(values):\n"
                         "    return Number(sum(values) / len(values))"},
    "counts": {"mean": "calls = []\ndef mean(values):\n    calls.append(values)\n    return sum(values) / len(values)"},
    "forgot-the-parameter": {"mean": "values = [2]\ndef mean(numbers):\n    return sum(values) / len(values)"},
    "name-of-the-check": {"mean": "got = expected = None\ndef mean(values):\n    global got\n    got = sum(values)\n"
                                  "    return got / len(values)"},
}


@pytest.fixture(scope="module")
def audited(_built_mini: Path, tmp_path_factory: pytest.TempPathFactory, engines) -> tuple[GradingCourse, object]:
    root = tmp_path_factory.mktemp("audit") / "mini"
    shutil.copytree(_built_mini, root)
    for student, sources in {**HONEST, **{name: sources for name, (sources, _) in CHEATS.items()}}.items():
        hand_in(root, student, sources)
    course, engine = Course(root), engines("namespaces")
    grading = GradingCourse(root)
    grade_cohort(grading, [LESSON], engine=engine, jobs=2)
    before = {score.student: score for score in grading.scores()}
    outcome = audit_cohort(course, [LESSON], jobs=2, engine=engine)
    assert {score.student: score for score in grading.scores()} == before
    return grading, outcome


def hand_in(root: Path, student: str, sources: dict[str, str]) -> None:
    target = root / "submitted" / student / LESSON
    target.mkdir(parents=True)
    notebook = with_answers(read_notebook(root / "solutions" / LESSON), sources)
    nbformat.write(notebook, target / f"{LESSON}.ipynb")


def flagged(outcome) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for submission, flag in outcome.flagged:
        found.setdefault(submission.student, set()).add((flag.check, flag.kind))
    return found


def test_every_cheat_is_pointed_at_for_what_it_does_and_nobody_else_is(audited):
    _, outcome = audited
    assert flagged(outcome) == {student: checks for student, (_, checks) in CHEATS.items()}
    assert (outcome.audited, outcome.skipped, outcome.left_out) == (len(CHEATS) + len(HONEST), 0, [])


def test_the_evidence_says_which_comparison_it_is(audited):
    _, outcome = audited
    evidence = {(submission.student, flag.check): flag.evidence for submission, flag in outcome.flagged}
    assert evidence["below-everything", "geometric"] == ("This holds with other values in it as well: assert "
                                                         "abs(got - 2) < 1e-09")
    assert "other names" in evidence["overwrites", "mean-values"]


def test_records_keep_to_the_schema_and_the_report_lists_the_flags(audited):
    grading, _ = audited
    schema = json.loads(RESULT_SCHEMA.read_text(encoding="utf-8"))
    for student in (*CHEATS, *HONEST):
        jsonschema.validate(grading.result(LESSON, student), schema)
    assert grading.result(LESSON, "right")["audit"]["flags"] == []
    assert grading.result(LESSON, "right")["audit"]["checks"] == 4
    records = read_records(grading.root, LESSON, [*CHEATS, *HONEST])
    assert not records.unreadable
    standing = dict.fromkeys([*CHEATS, *HONEST])
    told = {learner: one.reasons for one in attention_in(LESSON, list(standing), standing, records)
            for learner in one.learners}
    assert set(told) == set(CHEATS)
    assert told["overwrites"][0].startswith("audit, check 'mean-values': It does not pass")


def test_what_was_audited_is_skipped_until_it_is_graded_anew(audited, engines, tmp_path):
    root, engine = tmp_path / "mini", engines("namespaces")
    shutil.copytree(audited[0].root, root)
    course, grading = Course(root), GradingCourse(root)

    def run(**options):
        return audit_cohort(course, [LESSON], engine=engine, **options)

    outcome = run()
    assert (outcome.audited, outcome.skipped) == (0, len(CHEATS) + len(HONEST))
    assert flagged(outcome) == {student: checks for student, (_, checks) in CHEATS.items()}
    assert (run(student="right", again=True).audited, run(student="right").skipped) == (1, 1)
    grade_cohort(grading, [LESSON], student="overwrites", engine=engine, jobs=1, regrade=True)
    assert "audit" not in grading.result(LESSON, "overwrites")
    assert run().audited == 1
    assert grading.result(LESSON, "overwrites")["audit"]["flags"]


def test_what_changed_since_it_was_graded_or_was_never_graded_is_said_and_left_alone(audited, engines, tmp_path):
    root = tmp_path / "mini"
    shutil.copytree(audited[0].root, root)
    path = root / "submitted" / "right" / LESSON / f"{LESSON}.ipynb"
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    hand_in(root, "late", {})
    damaged = root / "autograded" / "numpy" / LESSON / "result.json"
    damaged.write_text("{", encoding="utf-8")
    odd = root / "autograded" / "counts" / LESSON / "result.json"
    odd.write_text(odd.read_text(encoding="utf-8").replace('"twins_digest"', '"digest"'), encoding="utf-8")
    before = {one: one.read_bytes() for one in (root / "autograded").rglob("result.json")}
    outcome = audit_cohort(Course(root), [LESSON], engine=engines("namespaces"), again=False)
    told = {submission.student: why for submission, why in outcome.left_out}
    assert set(told) == {"right", "late", "numpy", "counts"} and "is damaged" in told["counts"]
    assert told["right"].startswith("it is not as it was graded") and "mle grade" in told["right"]
    assert "it has not been graded yet" in told["late"] and "is damaged" in told["numpy"]
    assert {one: one.read_bytes() for one in before} == before


def test_nothing_handed_in_is_said(mini):
    with pytest.raises(MleError, match="Nothing to grade"):
        audit_cohort(mini, [LESSON])


def test_learners_get_nothing_of_it(audited, engines, tmp_path, monkeypatch):
    root = tmp_path / "mini"
    shutil.copytree(audited[0].root, root)
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as ended:
        main(["feedback", LESSON])
    assert ended.value.code == 0
    path = root / "feedback" / "always-equal" / LESSON / f"{LESSON}.html"
    page = path.read_text(encoding="utf-8")
    assert "other values" not in page and "audit" not in page.lower()
    written = path.stat().st_mtime_ns
    audit_cohort(Course(root), [LESSON], student="always-equal", again=True, engine=engines("namespaces"))
    record = root / "autograded" / "always-equal" / LESSON / "result.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "audit": None}))
    with pytest.raises(SystemExit):
        main(["feedback", LESSON])
    assert path.stat().st_mtime_ns == written, "nothing in it has changed"


def test_the_verb_says_what_is_proven_and_who_should_be_looked_at(audited, tmp_path, monkeypatch, capsys):
    root = tmp_path / "mini"
    shutil.copytree(audited[0].root, root)
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as ended:
        main(["audit", LESSON])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "1-1-means: 10 of 10 twins of 4 checks are proven, against" in said
    assert "1-1-means of overwrites should be looked at: check 'mean-values': It does not pass once" in said
    assert f"0 audited, {len(CHEATS) + len(HONEST)} unchanged since they were audited; {len(CHEATS)} should be" in said


def test_a_check_that_is_not_plain_python_is_left_out_and_said(_built_mini, engines, tmp_path):
    root = tmp_path / "mini"
    shutil.copytree(_built_mini, root)
    source = root / "course" / LESSON / "lesson.py"
    source.write_text(source.read_text(encoding="utf-8").replace(
        "got = geometric([1, 4])\n", "# %time pass\ngot = geometric([1, 4])\n").replace("# %time", "%time"),
        encoding="utf-8")
    course = Course(root)
    build(course, [LESSON])
    hand_in(root, "right", {})
    grade_cohort(GradingCourse(root), [LESSON], engine=engines("namespaces"), jobs=1)
    outcome = audit_cohort(course, [LESSON], engine=engines("namespaces"))
    told = [("right", "check 'geometric': its twins could not be proven")]
    assert [(one.student, why) for one, why in outcome.left_out] == told
    again = audit_cohort(course, [LESSON], engine=engines("namespaces"))
    assert again.skipped == 1 and [(one.student, why) for one, why in again.left_out] == told
    assert GradingCourse(root).result(LESSON, "right")["audit"]["checks"] == 3


def test_of_the_hostile_corpus_the_audit_finds_what_is_claimed_and_nothing_else(engines, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(Path(__file__).with_name("courses") / "hostile", root)
    course = Course(root)
    build(course, course.lesson_ids)
    nowhere = Places(str(tmp_path), str(tmp_path), 1, "none", str(tmp_path / "none"))
    cheats = [row for row in ROWS if row.topic == "cheating"]
    write_all(root, nowhere, root / "notebooks" / LESSON / f"{LESSON}.ipynb", cheats)
    grade_cohort(GradingCourse(root), [LESSON], engine=engines("namespaces"), jobs=2)
    outcome = audit_cohort(course, [LESSON], jobs=2, engine=engines("namespaces"))
    claimed = {row.student for row in ROWS if "found by audit" in row.claim.values()}
    assert len(claimed) == 3 and claimed <= {row.student for row in cheats}
    # That one passes a visible check with a right value, and a function of the lesson's put out of action.
    besides = {"names_of_the_lesson_changed_between_two_parts_of_a_check"}
    assert set(flagged(outcome)) == claimed | besides, outcome.flagged
    assert outcome.audited == len(cheats) and outcome.left_out == []


def test_a_record_that_was_written_anew_meanwhile_is_left_as_it_is(audited, engines, tmp_path, monkeypatch):
    root = tmp_path / "mini"
    shutil.copytree(audited[0].root, root)
    path = root / "autograded" / "right" / LESSON / "result.json"
    anew = path.read_text(encoding="utf-8") + "\n"

    def meanwhile(*args, **options):
        path.write_text(anew, encoding="utf-8")
        return audit.Audit()

    monkeypatch.setattr(audit, "audit_notebook", meanwhile)
    outcome = audit_cohort(Course(root), [LESSON], student="right", again=True, engine=engines("namespaces"))
    assert outcome.audited == 0 and "mle grade" in outcome.left_out[0][1]
    assert path.read_text(encoding="utf-8") == anew


def test_a_full_disk_stops_the_run_and_keeps_what_was_there(audited, engines, tmp_path, monkeypatch):
    root = tmp_path / "mini"
    shutil.copytree(audited[0].root, root)
    path = root / "autograded" / "right" / LESSON / "result.json"
    before = path.read_bytes()

    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(audit, "write_atomically", full)
    with pytest.raises(MleError, match=r"result.json could not be written: No space left on device"):
        audit_cohort(Course(root), [LESSON], student="right", again=True, engine=engines("namespaces"))
    assert path.read_bytes() == before


def test_what_goes_wrong_with_one_submission_stops_no_other(audited, engines, tmp_path, monkeypatch):
    root = tmp_path / "mini"
    shutil.copytree(audited[0].root, root)
    plain = audit.audit_notebook

    def one_fails(key, notebook, passed, proven, runner, folder):
        if folder.parent.name == "right":
            raise StopIteration
        return plain(key, notebook, passed, proven, runner, folder)

    monkeypatch.setattr(audit, "audit_notebook", one_fails)
    outcome = audit_cohort(Course(root), [LESSON], again=True, engine=engines("namespaces"))
    assert [(one.student, why) for one, why in outcome.left_out] == [
        ("right", "it could not be audited: StopIteration()")]
    assert outcome.audited == len(CHEATS) + len(HONEST) - 1


# --- no false flags


def _audit_each(key, solution, groups, proven, engine) -> tuple[int, list]:
    checks, flags = 0, []
    for group in groups:
        notebook = with_answers(solution, group)
        result = grade_notebook(key, notebook, execute=engine.run, imports=warm_imports(key, engine)).result
        passed = [check.id for check in result.checks.values() if check.earned]
        found = audit_notebook(key, restore(key, notebook).notebook, passed, proven, engine)
        checks += found.checks
        flags += found.flags
    return checks, flags


def test_no_right_answer_and_no_mutant_of_the_small_course_is_flagged(_built_mini, engines):
    course, engine = Course(_built_mini), engines("namespaces")
    key, solution = Key.load(course.solutions / LESSON), read_notebook(course.solutions / LESSON)
    answers = course.answers(course.lesson(LESSON))
    proven = prove_twins(key, course.solutions / LESSON, answers, warm_imports(key, engine), engine, 2)
    groups = [{one.exercise: one.source for one in group.values()} for group in rounds(answers)]
    groups += [{cell.id: mutant.source} for cell in solution.cells
               if cell.metadata.get("mle", {}).get("kind") == "exercise" for mutant in mutants_of(cell.id, cell.source)]
    checks, flags = _audit_each(key, solution, groups, proven, engine)
    assert flags == [] and checks > len(groups)


def test_twins_of_a_shipped_lesson_are_proven_and_its_solution_is_not_flagged(repository, engines):
    lesson, engine = "1-1-job-market", engines("namespaces")
    key, solution = Key.load(repository.solutions / lesson), read_notebook(repository.solutions / lesson)
    answers = repository.answers(repository.lesson(lesson))
    proven = prove_twins(key, repository.solutions / lesson, answers, warm_imports(key, engine), engine, 2)
    assert proven.usable > 0.7 * proven.tried
    assert proven.renamed == proven.asked == {cell.check for cell in key.of_kind("check")}
    checks, flags = _audit_each(key, solution, [{}], proven, engine)
    assert flags == [] and checks == len(key.of_kind("check"))
