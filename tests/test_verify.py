"""Verification proves a sound lesson, and names what is wrong with an unsound one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring import build
from autograder.course import Answer, Course
from autograder.errors import MleError
from autograder.quality import LessonProof, rounds, verify

# The package offers its function `verify` under the module's own name.
verify_module = sys.modules["autograder.quality.verify"]
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]

HEADER = """# ---
# title: One
# builds: one
# module: 1
# minutes: 5
# prerequisites: []
# skills: [average]
# limits: {cell_seconds: 1, notebook_seconds: 4}
# ---

# %% [markdown]
# # One

"""
EXERCISE = """# %% exercise="one" difficulty=1 minutes=1 skills="average"
def one():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% check="one" points=3
assert one() == 1, "one() is not 1"

"""
ANSWERS = """# %% right="one" name="sum"
def one(): return 0 + 1

# %% wrong="one" name="two" fails="one"
def one(): return 2
"""


@pytest.fixture
def proof(tmp_path, monkeypatch):
    """Builds and verifies a lesson made of these texts: proof(lesson=…, answers=…)."""
    # Each answer costs a run: so one of each kind is enough here, but for the test that counts them.
    monkeypatch.setattr(verify_module, "_LEAST_RIGHT", 1)
    monkeypatch.setattr(verify_module, "_LEAST_WRONG", 1)

    def prove(lesson: str = HEADER + EXERCISE, answers: str = ANSWERS, after_build=lambda course: None,
              most_mutants: int | None = None, seeds: int = 1, judged: str = "", whole: bool = True) -> LessonProof:
        if not whole:  # what is tried against the checks, without nbgrader and the runs of whole notebooks
            for step in ("_through_nbgrader", "_look_for_flakes"):
                monkeypatch.setattr(verify_module, step, lambda *arguments: None)
        folder = tmp_path / "course" / "1-1-one"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "course" / "syllabus.toml").write_text(
            '[[module]]\nnumber = 1\ntitle = "First"\nlessons = ["1-1-one"]\n')
        (tmp_path / "course" / "skills.toml").write_text(
            '[[skill]]\nid = "average"\ntitle = "Average"\narea = "mathematics"\n')
        (folder / "lesson.py").write_text(lesson, encoding="utf-8")
        (folder / "answers.py").write_text(answers, encoding="utf-8")
        (folder / "judged.toml").write_text(judged, encoding="utf-8")
        course = Course(tmp_path)
        build(course, course.lesson_ids)
        after_build(course)
        return verify(Course(tmp_path), "1-1-one", 2, most_mutants, seeds)

    return prove


def test_a_sound_lesson_is_proven(mini):
    told: list[str] = []
    proof = verify(mini, "1-1-means", jobs=2, seeds=4, tell=told.append)
    assert proof.problems == []
    assert (proof.points, proof.solution, proof.untouched) == (6, 6, 0)
    assert (proof.right_accepted, proof.right_total, proof.wrong_rejected, proof.wrong_total) == (4, 4, 8, 8)
    assert proof.seconds > 0 and proof.peak_memory_mb > 0
    assert told[0] == "solution and untouched notebook through nbgrader" and len(told) > 1


@pytest.mark.apart
@pytest.mark.parametrize("lesson", Course(ROOT).lesson_ids)
def test_the_lessons_of_this_course_are_proven(repository, lesson):
    """On a sample of answers, mutants and seeds; `mle verify` is the whole of it, and what it found is published."""
    proof = verify(repository, lesson, jobs=2, most_mutants=6, seeds=1, most_answers=1)
    assert (proof.problems, proof.solution, proof.untouched) == ([], proof.points, 0)
    exercises = len(repository.lesson(lesson).exercises)
    assert (proof.right_accepted, proof.wrong_rejected, proof.mutants_total) == (exercises, exercises, 6)


def test_a_lesson_with_files_is_proven(mini):
    proof = verify(mini, "1-2-loops", jobs=2, seeds=2)
    assert (proof.problems, proof.solution, proof.untouched) == ([], 2, 0)


def test_the_small_lesson_of_these_tests_is_sound(proof):
    assert proof().problems == []


def test_a_solution_that_fails_its_check_is_named(proof):
    found = proof(lesson=HEADER + EXERCISE.replace("return 1", "return 11"))
    assert found.solution == 0
    assert "the solution does not pass check 'one': one() is not 1" in found.problems
    assert "the solution has 0 of 3 points in the gradebook" in found.problems


def test_a_check_that_passes_untouched_is_named(proof):
    vacuous = '# %% check="one-there" points=2\nassert callable(one)\n\n'
    found = proof(lesson=HEADER + EXERCISE + vacuous)
    assert found.untouched == 2
    assert found.problems == ["the untouched notebook earns 2 points"]


def test_a_right_answer_that_is_rejected_is_named_with_its_line(proof):
    found = proof(answers='# %% right="one" name="a string"\ndef one(): return "1"\n\n' + ANSWERS)
    assert (found.right_accepted, found.right_total) == (1, 2)
    assert found.problems == [
        "the right answer 'a string' (answers.py:1) of 'one' fails check 'one': one() is not 1"]


def test_a_wrong_answer_that_is_accepted_is_named_with_its_line(proof):
    found = proof(answers='# %% wrong="one" name="not wrong" fails="one"\ndef one(): return 1\n\n' + ANSWERS)
    assert (found.wrong_rejected, found.wrong_total) == (1, 2)
    assert found.problems == ["the wrong answer 'not wrong' of 'one' (answers.py:1) passes check 'one'"]


def test_a_wrong_answer_caught_by_another_check_than_the_one_named_is_not_enough(proof):
    second = '# %% check="one-type" points=1\nassert isinstance(one(), int)\n\n'
    found = proof(lesson=HEADER + EXERCISE + second,
                  answers=ANSWERS.replace('name="two" fails="one"', 'name="two" fails="one one-type"'))
    assert found.problems == ["the wrong answer 'two' of 'one' (answers.py:4) passes check 'one-type'"]


def test_too_few_answers_are_counted(proof, monkeypatch):
    monkeypatch.undo()
    assert proof().problems == ["exercise 'one' has 1 right answers; 2 are needed",
                                "exercise 'one' has 1 wrong answers; 4 are needed"]


def test_a_notebook_that_differs_from_its_source_is_named(proof):
    def touch(course: Course) -> None:
        path = course.notebooks / "1-1-one" / "1-1-one.ipynb"
        path.write_text(path.read_text(encoding="utf-8").replace("# One", "# Two"), encoding="utf-8")
    assert [problem for problem in proof(after_build=touch).problems
            if "notebooks/1-1-one/1-1-one.ipynb" in problem and "differs" in problem]


def test_a_lesson_that_was_never_built_is_an_error(mini):
    import shutil
    shutil.rmtree(mini.solutions)
    with pytest.raises(MleError, match="mle build 1-1-means"):
        verify(mini, "1-1-means", jobs=1)


def test_an_untouched_notebook_that_hangs_is_named(proof):
    hangs = '# %%\nimport time\ntry:\n    one()\nexcept NotImplementedError:\n    time.sleep(60)\n'
    found = proof(lesson=HEADER + EXERCISE + hangs)
    assert found.untouched == 0
    assert len(found.problems) == 1
    assert "of the untouched notebook stops with Timeout" in found.problems[0]


def test_an_untouched_notebook_that_dies_is_named(proof):
    dies = '# %%\nimport os\ntry:\n    one()\nexcept NotImplementedError:\n    os._exit(1)\n'
    found = proof(lesson=HEADER + EXERCISE + dies)
    assert [p for p in found.problems if p.startswith("the untouched notebook does not run to its end")]


def test_a_solution_whose_other_cells_fail_is_named(proof):
    found = proof(lesson=HEADER + EXERCISE + "# %%\nprint(undefined_name)\n")
    assert (found.solution, found.untouched) == (3, 0)
    assert len(found.problems) == 1
    assert "of the solution notebook stops with NameError: name 'undefined_name' is not defined" in found.problems[0]


TWO = EXERCISE + EXERCISE.replace("one", "uno")
TWO_ANSWERS = ANSWERS + "\n" + ANSWERS.replace("one", "uno")


CUT = EXERCISE.replace("return 1", "return len('abc'[1:2])")


def test_where_checks_are_strict_no_mutant_survives(proof):
    found = proof(whole=False, lesson=HEADER + CUT)
    assert (found.problems, found.survivors, found.mutants_killed) == ([], [], found.mutants_total)
    assert found.mutants_total > 8


def test_where_checks_are_lax_mutants_survive(proof):
    lax = CUT.replace('assert one() == 1, "one() is not 1"', 'assert one() < 4, "one() is not less than 4"')
    found = proof(whole=False, lesson=HEADER + lax, answers=ANSWERS.replace("return 2", "return 5"))
    assert found.mutants_killed + len(found.survivors) == found.mutants_total
    survivor = next(one for one in found.survivors if one.operator == "SliceOffByOne")
    lines = (HEADER + lax).splitlines()
    assert lines[survivor.line - 1].strip() == survivor.before == "return len('abc'[1:2])"
    assert survivor.after == "return len('abc'[(1) + 1:2])"
    assert found.problems == [f"{len(found.survivors)} of {found.mutants_total} mutants pass every check; at most 5% "
                              "may"]


CLIPPED = EXERCISE.replace("def one():", "def one(n=1):").replace("return 1", "return min(1, n)")
SAME = """[[equivalent]]
exercise = "one"
before = "return min(1, n)"
after = "return min(n, 1)"
reason = "the smaller of two whole numbers does not depend on their order"
"""
INPUTS = '\n# %% inputs="one"\ndef outcome(rng): return one(int(rng.integers(-3, 4)))\n'


def test_a_survivor_judged_to_be_equivalent_is_held_against_generated_inputs(proof):
    plain = proof(whole=False, lesson=HEADER + CLIPPED)
    assert ("return min(1, n)", "return min(n, 1)") in {(one.before, one.after) for one in plain.survivors}
    found = proof(whole=False, lesson=HEADER + CLIPPED, answers=ANSWERS + INPUTS, judged=SAME)
    assert [(one.line, one.after, one.reason) for one in found.equivalents] == [
        (plain.survivors[0].line, "return min(n, 1)",
         "the smaller of two whole numbers does not depend on their order")]
    assert len(found.survivors) == len(plain.survivors) - 1
    assert found.mutation_score > plain.mutation_score


def test_a_survivor_that_inputs_tell_from_the_solution_is_not_equivalent(proof):
    lax = next(one for one in proof(whole=False, lesson=HEADER + CLIPPED).survivors if one.after != "return min(n, 1)")
    found = proof(whole=False, lesson=HEADER + CLIPPED, answers=ANSWERS + INPUTS,
                  judged=SAME.replace("return min(n, 1)", lax.after))
    assert [problem for problem in found.problems if "judged.toml is not equivalent: input" in problem]
    assert found.equivalents == []


@pytest.mark.parametrize(("judged", "answers", "says"), [
    (SAME.replace("min(n, 1)", "min(n, 7)"), INPUTS, "is none of its mutants (any more): take the entry out"),
    (SAME.replace("return min(n, 1)", "pass"), INPUTS, "is noticed by a check: take the entry out"),
    (SAME, "", 'answers.py needs a cell inputs="one"'),
    ('[[kept]]\ncheck = "one"\nasserts = ["assert one() == 1, \\"one() is not 1\\""]\nreason = "because"\n', "",
     "which is needed or not there: take the entry out"),
], ids=["no such mutant", "a mutant that dies", "no inputs", "an assert that is needed"])
def test_what_is_judged_by_hand_must_still_be_true(judged, answers, says, proof):
    found = proof(whole=False, lesson=HEADER + CLIPPED, answers=ANSWERS + answers, judged=judged)
    assert [problem for problem in found.problems if says in problem]


def test_more_than_a_twentieth_of_the_mutants_cannot_be_judged_away(proof):
    tiny = CLIPPED.replace("return min(1, n)", "return min(1, 1 * n)")
    same = SAME.replace("min(1, n)", "min(1, 1 * n)").replace("min(n, 1)", "min(1 * n, 1)")
    found = proof(whole=False, lesson=HEADER + tiny, answers=ANSWERS + INPUTS, judged=same)
    assert [problem for problem in found.problems if "mutants are listed as equivalent; at most 5% may be" in problem]
    # Of a sample it says nothing: by chance it holds more of them than its share.
    found = proof(whole=False, lesson=HEADER + tiny, answers=ANSWERS + INPUTS, judged=same,
                  most_mutants=found.mutants_total - 1)
    assert found.equivalents and not [problem for problem in found.problems if "listed as equivalent" in problem]


def test_every_assert_is_taken_out_in_turn(proof):
    three = EXERCISE.replace('assert one() == 1, "one() is not 1"', (
        'for _ in range(1):\n    assert one() < 2, "one() is too large"\nassert one() == 1, "one() is not 1"\n'
        'if one() is None:\n    raise AssertionError("one() gives nothing")'))
    found = proof(whole=False, lesson=HEADER + three)
    assert (found.asserts_noticed, found.asserts_total) == (1, 3)
    lines = (HEADER + three).splitlines()
    assert [(lines[one.line - 1].strip() == one.text, one.text[:16], one.reason) for one in found.unnoticed] == [
        (True, "assert one() < 2", ""), (True, "raise AssertionE", "")]
    kept = '[[kept]]\ncheck = "one"\nasserts = ["assert one() < 2, \\"one() is too large\\""]\nreason = "plain words"\n'
    found = proof(whole=False, lesson=HEADER + three, judged=kept)
    assert [one.reason for one in found.unnoticed] == ["plain words", ""]
    assert found.problems == []


def test_a_check_that_leaves_a_name_for_a_later_cell_is_named(proof):
    leaks = EXERCISE.replace("assert one()", "got = one()\nassert got")
    later = "# %%\ngot = 7\nprint(got)\n\n# %%\ndef show():\n    print(got)\n"
    found = proof(whole=False, lesson=HEADER + leaks + later)
    assert [problem for problem in found.problems if "defines got" in problem] and len(found.problems) == 1


def test_a_sample_of_mutants_is_the_same_each_time(proof, tmp_path):
    found = proof(lesson=HEADER + CUT, most_mutants=4)
    assert (found.mutants_killed, found.mutants_total) == (4, 4)
    again = verify(Course(tmp_path), "1-1-one", 2, 4, 1)
    assert (again.mutants_killed, again.mutants_total) == (4, 4)


def test_a_solution_that_is_not_plain_python_is_named(proof):
    magic = EXERCISE.replace("    ### END", "    %timeit -n 1 -r 1 pass\n    ### END")
    assert [problem for problem in proof(lesson=HEADER + magic).problems
            if problem.startswith("no mutants can be made of the solution of 'one'")]


def test_a_check_that_depends_on_chance_is_named_with_the_seeds(proof):
    lucky = EXERCISE.replace("assert one() == 1,", "import random\nassert one() == 1 and random.random() > 0.2,")
    found = proof(lesson=HEADER + lucky, seeds=3)  # the first number after seed 1 is 0.13, after 0, 2 and 3 more
    assert set(found.flaky) == {"one"}
    assert found.problems == ["check 'one' fails the right answer 'sum' of 'one' with the seeds 1",
                              "check 'one' fails the solution of 'one' with the seeds 1"]


def test_a_check_that_depends_on_the_order_of_sets_is_named(proof):
    hashed = subprocess.run([sys.executable, "-c", "print(hash('x'))"], capture_output=True, text=True,
                            env=os.environ | {"PYTHONHASHSEED": "0"}).stdout.strip()
    found = proof(lesson=HEADER + EXERCISE.replace("one() == 1,", f"one() == 1 and hash('x') == {hashed},"), seeds=4)
    assert "check 'one' fails the solution of 'one' with the seeds 1, 2, 3" in found.problems


def test_what_learners_are_told_is_collected_and_must_tell_something(proof):
    found = proof(lesson=HEADER + EXERCISE.replace(', "one() is not 1"', ""))
    assert found.problems == ["check 'one' tells those who answer 'two' (answers.py:4) nothing: its assert needs a "
                              "message"]
    assert proof(lesson=HEADER + EXERCISE).messages == {"one: two": {"one": "one() is not 1"}}


def test_a_message_that_quotes_the_hidden_test_is_named(proof):
    leaky = EXERCISE.replace('assert one() == 1, "one() is not 1"', (
        "assert one() == 1, 'try this: assert one() * 7 == 7'\n### BEGIN HIDDEN TESTS\nassert one() * 7 == 7\n"
        "### END HIDDEN TESTS"))
    found = proof(whole=False, lesson=HEADER + leaky.replace('points=3', 'points=3 hidden="another number"'))
    assert found.problems == ["check 'one' tells those who answer 'two' (answers.py:4) its hidden source: "
                              "try this: assert one() * 7 == 7"]


def test_a_wrong_answer_must_cost_no_other_exercise_anything(proof):
    leans = EXERCISE.replace("one", "uno").replace("return 1", "return one()")
    found = proof(lesson=HEADER + EXERCISE + leans, answers=ANSWERS + "\n" + ANSWERS.replace("one", "uno"))
    assert "with the wrong answer 'two' to 'one' the solution of 'uno' loses points: uno: uno() is not 1" in (
        found.problems)


def test_a_wrong_answer_that_kills_the_process_does_not_vouch_for_others_beside_it(proof):
    killer = '# %% wrong="one" name="dies" fails="one"\nimport os\nos._exit(1)\n\n'
    accepted = '# %% wrong="uno" name="not wrong" fails="uno"\ndef uno(): return 1\n\n'
    found = proof(lesson=HEADER + TWO, answers=killer + accepted + TWO_ANSWERS)
    assert found.problems == ["the wrong answer 'not wrong' of 'uno' (answers.py:5) passes check 'uno'"]
    assert (found.wrong_rejected, found.wrong_total, found.right_accepted) == (3, 4, 2)


def test_answers_are_tried_one_at_a_time_for_each_exercise():
    def answer(exercise: str, name: str) -> Answer:
        return Answer(exercise, name, False, "", 1)

    groups = rounds((answer("a", "1"), answer("b", "2"), answer("a", "3"), answer("a", "4"), answer("b", "5")))
    assert [{exercise: one.name for exercise, one in group.items()} for group in groups] == [
        {"a": "1", "b": "2"}, {"a": "3", "b": "5"}, {"a": "4"}]
    assert rounds(()) == []
