"""Verification proves a sound lesson, and names what is wrong with an unsound one."""

from __future__ import annotations

import sys

import pytest

from autograder.authoring import build
from autograder.course import Answer, Course
from autograder.errors import MleError
from autograder.quality import LessonProof, rounds, verify

# The package offers its function `verify` under the module's own name.
verify_module = sys.modules["autograder.quality.verify"]
pytestmark = pytest.mark.slow

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

    def prove(lesson: str = HEADER + EXERCISE, answers: str = ANSWERS, after_build=lambda course: None) -> LessonProof:
        folder = tmp_path / "course" / "1-1-one"
        folder.mkdir(parents=True)
        (tmp_path / "course" / "syllabus.toml").write_text(
            '[[module]]\nnumber = 1\ntitle = "First"\nlessons = ["1-1-one"]\n')
        (tmp_path / "course" / "skills.toml").write_text(
            '[[skill]]\nid = "average"\ntitle = "Average"\narea = "mathematics"\n')
        (folder / "lesson.py").write_text(lesson, encoding="utf-8")
        (folder / "answers.py").write_text(answers, encoding="utf-8")
        course = Course(tmp_path)
        build(course, course.lesson_ids)
        after_build(course)
        return verify(Course(tmp_path), "1-1-one", jobs=2)

    return prove


def test_a_sound_lesson_is_proven(mini):
    told: list[str] = []
    proof = verify(mini, "1-1-means", jobs=2, tell=told.append)
    assert proof.problems == []
    assert (proof.points, proof.solution, proof.untouched) == (6, 6, 0)
    assert (proof.right_accepted, proof.right_total, proof.wrong_rejected, proof.wrong_total) == (4, 4, 8, 8)
    assert proof.seconds > 0 and proof.peak_memory_mb > 0
    assert told[0] == "solution and untouched notebook through nbgrader" and len(told) > 1


def test_a_lesson_with_files_is_proven(mini):
    proof = verify(mini, "1-2-loops", jobs=2)
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
