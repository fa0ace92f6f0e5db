"""Twins of checks: no honest value passes one; what is equal to everything does."""

from __future__ import annotations

from collections import Counter, deque, namedtuple
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import total_ordering
from pathlib import PurePosixPath
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st

from autograder.grading import KeyCell
from autograder.quality.probe import Odd, other
from autograder.quality.twins import Twins, held_of, names_read

SETUP = """
import math, unittest
import numpy as np, pandas as pd, pytest
from pytest import approx

def raises(error, function, *args, **options):
    try:
        function(*args, **options)
    except error as raised:
        return raised
    return None

def answer(x):
    if isinstance(x, str):
        error = ValueError(f"not a number: {x}")
        error.given = x
        raise error
    return x + 1
"""


def twins_of(check: str) -> Twins:
    return Twins(KeyCell(id="check-c", kind="check", cell_type="code", source=check, metadata={}, visible=check,
                         check="c", exercise="e", parts=(check,), hidden_from=1))


def outcome(source: str, names: dict | None = None) -> str:
    """`passed`, or type and text of what it raises."""
    space: dict = {}
    exec(SETUP, space)
    space.update(names or {})
    try:
        exec(compile(source, "<test>", "exec"), space)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "passed"


CHECKS = {
    "equal": "assert answer(2) == 3",
    "equal, in a loop": "for x in (1, 2, 3):\n    got = answer(x)\n    assert got == x + 1, f'{got}'",
    "the other way round": "assert 3 == answer(2), 'no'",
    "chained": "assert 2 < answer(2) < 4",
    "close": "assert abs(answer(2.0) - 3) < 1e-9",
    "at least": "assert answer(2) >= 3",
    "in a set": "assert answer(2) in {3, 4}",
    "both": "assert answer(2) == 3 and answer(3) == 4",
    "approx": "assert answer(0.1) == approx(1.1)",
    "isclose": "assert np.isclose(answer(2.0), 3.0)",
    "allclose": "assert np.allclose(answer(np.array([1.0, 2.0])), [2.0, 3.0])",
    "np.testing": "np.testing.assert_allclose(answer(np.array([1.0, 2.0])), [2.0, 3.0], rtol=1e-6)",
    "np.testing, equal": "np.testing.assert_array_equal(answer(np.array([1, 2])), [2, 3])",
    "in a function": "def check():\n    assert answer(2) == 3\n\n\ncheck()",
    "all of them": "assert all(answer(x) == x + 1 for x in range(3))",
    "a dict": "assert {'a': answer(1)} == {'a': 2}",
    "future": "from __future__ import annotations\nassert answer(2) == 3",
    "helper with options": "def close(one, two, number):\n    return abs(one - two) < number\n\n\n"
                           "assert close(answer(2), 3, number=0.5)",
    "isclose of math, inside all": "assert all(math.isclose(answer(x), x + 1) for x in (1.5, 2.5))",
    "one equals another": "frame = pd.DataFrame({'a': [1, 2]})\nassert answer(frame).equals(frame + 1)",
    "particular about what it is given": "def alike(one, two):\n    assert type(one) is type(two) is list and one\n"
                                         "    return one == two\n\n\nassert alike([answer(1)], [2])",
    "raises, called in an assert": "assert raises(ValueError, answer, 'six')",
    "raises an interrupt": "def stop():\n    raise KeyboardInterrupt('six')\n\n\n"
                           "assert raises(KeyboardInterrupt, stop)\n"
                           "with pytest.raises(KeyboardInterrupt):\n    stop()\nassert answer(1) == 2",
    "raises, called with options": "assert raises((KeyError, ValueError), answer, x='six') is not None, 'not refused'",
    "raises, its result looked at": "refused = raises(ValueError, answer, 'six')\nassert refused\n"
                                    "assert 'six' in str(refused) and refused.given == 'six'",
    "raises, in a loop": "for bad in ('six', 'ten'):\n    refused = raises(ValueError, answer, bad)\n"
                         "    assert isinstance(refused, ValueError) and bad in refused.args[0]",
    "raises, its result dropped": "pytest.raises(ValueError, answer, 'six')",
    "raises, around a block": "with pytest.raises(ValueError, match='number') as caught:\n    answer('six')\n"
                              "assert 'six' in str(caught.value)",
    "raises, around a block, in a function": "def check(bad):\n    with pytest.raises(ValueError):\n"
                                             "        answer(bad)\n\n\ncheck('six')\ncheck('ten')",
    "raises of unittest": "case = unittest.TestCase()\nwith case.assertRaises(ValueError) as caught:\n"
                          "    answer('six')\nassert caught.exception.given == 'six'",
    "raises of unittest, called": "unittest.TestCase().assertRaises(ValueError, answer, 'six')",
    "helper": "def alike(one, two):\n    return len(one) == len(two) and one == two\n\n\n"
              "assert alike([answer(1)], [2])",
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_a_twin_fails_for_the_right_answer_and_only_for_its_own_comparison(check):
    twins = twins_of(check)
    assert twins.sites
    assert outcome(check) == "passed"
    sound = []
    for site in twins.sites:
        assert "passed" not in [outcome(twins.twin(site, turn=turn)) for turn in (0, 1)], site
        assert outcome(twins.stripped(site)) == "passed", site
        sound += [site for kind in ("object", "array", "parts", "same")
                  if outcome(twins.passed_by_anything(site, kind)) == "passed"]
    assert sound, "no twin of it is passed by what is equal to everything"
    assert outcome(twins.renamed()) == "passed"


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_asking_finds_nothing_in_the_right_answer_and_always_fails_with_its_report(check):
    twins = twins_of(check)
    said = outcome(twins.asking(twins.sites, "token"))
    assert said.startswith("AssertionError: token")
    assert held_of(said.removeprefix("AssertionError: "), "token", twins.sites) == []


def test_asking_leaves_a_wrong_answer_its_own_message():
    twins = twins_of("assert answer(2) == 4, f'got {answer(2)}'")
    assert outcome(twins.asking(twins.sites, "token")) == "AssertionError: got 3"
    assert held_of("got 3", "token", twins.sites) is None


def suspected(check: str, names: dict) -> list | None:
    """The places at which an answer passes a check with other values as well; None if it cannot be asked."""
    twins = twins_of(check)
    said = outcome(twins.asking(twins.sites, "token"), names).partition(": ")[2]
    return held_of(said, "token", twins.sites)


class Equal:
    def __eq__(self, other):
        return True


def test_what_is_equal_to_everything_is_found_at_the_very_evaluation_where_it_is():
    check = "for x in (1, 2, 3):\n    assert answer(x) == x + 1"
    twins, names = twins_of(check), {"answer": lambda x: Equal() if x == 3 else x + 1}
    assert outcome(check, names) == "passed"
    (site, evaluation), = suspected(check, names)
    assert (site.side, evaluation) == (1, 3)  # the side of what is expected; the other side is Equal itself
    assert outcome(twins.twin(site, evaluation), names) == outcome(twins.twin(site, evaluation, 1), names) == "passed"
    assert outcome(twins.twin(site), names) != "passed"  # it is honest the first two times


LENIENT = {
    "raises, called in an assert": {"raises": lambda *args, **options: ValueError("six")},
    "raises, its result looked at": {"raises": lambda *args, **options: SimpleNamespace(given="six")},
    "raises, around a block, in a function": {"pytest": SimpleNamespace(raises=lambda error: suppress(BaseException))},
    "raises of unittest, called": {"unittest": SimpleNamespace(TestCase=lambda: SimpleNamespace(assertRaises=print))},
    "isclose of math, inside all": {"math": SimpleNamespace(isclose=lambda one, two: True), "answer": str},
}


@pytest.mark.parametrize(("name", "patched"), LENIENT.items(), ids=list(LENIENT))
def test_a_function_that_finds_everything_right_is_found(name, patched):
    assert outcome(CHECKS[name], patched) == "passed"
    assert suspected(CHECKS[name], patched)
    site, _ = suspected(CHECKS[name], patched)[0]
    assert all(outcome(twins_of(CHECKS[name]).twin(site, turn=turn), patched) == "passed" for turn in (0, 1))


def test_a_block_is_run_once_however_much_is_asked_of_what_it_raises():
    check = ("calls = []\ndef act():\n    calls.append(1)\n    raise ValueError\n\n\n"
             "assert raises(ValueError, act)\nassert len(calls) == 1\n"
             "with pytest.raises(ValueError):\n    act()\nassert len(calls) == 2")
    assert suspected(check, {}) == []


OTHERS = {
    "a lenient manager that nothing is raised in": (
        "from contextlib import contextmanager\n@contextmanager\ndef raises(kind):\n    box = SimpleNamespace()\n"
        "    try:\n        yield box\n    except kind as error:\n        box.error = error\n\n\ngot = None\n"
        "with raises(ValueError) as caught:\n    got = answer('six')\n"
        "assert got is None or caught.error", lambda x: None),
    "its arguments the other way round": (
        "def raises(function, kind):\n    try:\n        function('six')\n    except kind:\n        return True\n\n\n"
        "assert raises(answer, ValueError)", None),
    "a manager with a pattern": (
        "from contextlib import contextmanager\n@contextmanager\ndef raises(kind, pattern):\n    try:\n        yield\n"
        "    except kind as error:\n        assert pattern in str(error)\n\n\n"
        "with raises(ValueError, 'six'):\n    answer('six')", None),
    "a decorator": (
        "def raises(kind, times):\n    def decorate(function):\n        try:\n            function()\n"
        "        except kind:\n            return times\n    return decorate\n\n\n"
        "@raises(ValueError, 1)\ndef result():\n    answer('six')\n\n\nassert result == 1", None),
    "a manager that is entered by a stack": (
        "from contextlib import ExitStack\nwith ExitStack() as stack:\n"
        "    stack.enter_context(pytest.raises(ValueError))\n    answer('six')", None),
    "an interrupt": ("def stop(x):\n    raise KeyboardInterrupt\n\n\nassert raises(BaseException, stop, 1)", None),
}


@pytest.mark.parametrize(("check", "honest"), OTHERS.values(), ids=list(OTHERS))
def test_what_is_called_raises_and_is_of_another_kind_is_let_be(check, honest):
    names = {"SimpleNamespace": SimpleNamespace} | ({"answer": honest} if honest else {})
    assert outcome(check, names) == "passed"
    assert suspected(check, names) == []


def test_an_exception_that_is_not_raised_fails_a_check_as_before():
    said = outcome(twins_of("assert raises(ValueError, answer, 2), 'not refused'").asking([], "token"))
    assert said == "AssertionError: not refused"
    check = "with pytest.raises(ValueError):\n    answer(2)"
    said = outcome(twins_of(check).asking(twins_of(check).sites, "token"))
    assert said.startswith("Failed: DID NOT RAISE")


def test_one_that_answers_the_first_question_only_spoils_the_asking_but_passes_a_twin():
    class Once:
        asked = 0

        def __eq__(self, other):
            self.asked += 1
            return self.asked == 1

    check = "assert answer(2) == 3"
    twins = twins_of(check)
    said = outcome(twins.asking(twins.sites, "token"), {"answer": lambda x: Once()})
    assert outcome(check, {"answer": lambda x: Once()}) == "passed"
    # What the check itself asks comes second, so this is no report; the audit then tries each twin.
    assert said == "AssertionError: " and held_of("", "token", twins.sites) is None
    assert outcome(twins.twin(twins.sites[1]), {"answer": lambda x: Once()}) == "passed"


def test_one_that_overwrites_a_checks_own_variables_passes_only_while_they_have_their_names():
    check = "expected = 3\ngot = answer(2)\nassert got == expected"
    space: dict = {}
    exec("def answer(x):\n    globals()['expected'] = 0\n    return 0", space)
    exec(check, space)
    twins = twins_of(check)
    with pytest.raises(AssertionError):
        exec(twins.renamed(), space)


def test_a_check_that_is_not_plain_python_has_no_twins_and_says_so():
    twins = twins_of("%timeit 1\nassert answer(2) == 3")
    assert not twins.readable and twins.sites == ()


def test_a_report_that_is_none_is_not_taken_for_one():
    sites = twins_of("assert 1 < answer(2) < 9").sites
    one, two = sites[0], sites[3]
    assert held_of("token 0.0.2 1.1.1", "token", sites) == [(one, 2), (two, 1)]
    assert held_of("token ", "token", sites) == held_of("token", "token", sites) == []
    for forged in ("token what is this", "tokens", "", "token 999.0.1", "token 0.0", "token 0.0.0", "token 0.0.1.1",
                   "token -1.0.1", "token 0.7.1"):
        assert held_of(forged, "token", sites) is None, forged


# --- honest answers that one other value alone, or a change of what is asked, would have called cheats


@total_ordering
class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __float__(self) -> float:
        return float(self.cents)

    def __eq__(self, other: object) -> bool:
        return self.cents == getattr(other, "cents", other)

    def __lt__(self, other: object) -> bool:
        return self.cents < getattr(other, "cents", other)


class Bloom:
    """May say that it has what it has not."""

    def __contains__(self, word: str) -> bool:
        return word == "apple" or word.startswith("apple")


def short_and_sane(values: list) -> float:
    if not values or len(values) > 100 or max(values) > 1000:
        raise ValueError("that cannot be")
    return 1.0


HONEST = {
    "refuses more than it must": (
        "def rejects(function, value):\n    try:\n        function(value)\n    except Exception:\n        return True\n"
        "    return False\n\n\nassert rejects(answer, [])", short_and_sane),
    "another way through": (
        "edges = [('a', 'b'), ('b', 'd'), ('a', 'c'), ('c', 'd')]\ndef connects(edges, path):\n"
        "    return all(step in edges for step in zip(path, path[1:]))\n\n\nassert connects(edges, answer())",
        lambda: ["a", "b", "d"]),
    "an order by negation": ("assert answer() >= 3", lambda: Money(5)),
    "infinity": ("assert answer() > 3", lambda: float("inf")),
    "no values at all": ("assert (answer() <= 1).all()", lambda: np.array([])),
    "nothing between": ("assert np.all(np.diff(answer()) >= 0)", lambda: np.array([1.0])),
    "like everything when empty": ("assert np.allclose(answer(), [1.0])", lambda: []),
    "a filter that errs": ("assert 'apple' in answer()", Bloom),
    "a function as the expected one": ("def same_kind(one, two):\n    return callable(one)\n\n\n"
                                       "assert same_kind(answer(), len)", lambda: abs),
}


@pytest.mark.parametrize(("check", "answer"), HONEST.values(), ids=list(HONEST))
def test_honest_answers_are_suspected_nowhere(check, answer):
    assert outcome(check, {"answer": answer}) == "passed"
    assert suspected(check, {"answer": answer}) == []


def test_a_twin_is_not_passed_by_what_makes_its_assert_hold_in_another_way():
    twins, names = twins_of("assert answer(2) == 3 or answer(2) == 4"), {"answer": lambda x: 4}
    assert all(outcome(twins.twin(site), names) != "passed" for site in twins.sites)


RENAMED = {
    "an attribute of a class": ("from typing import NamedTuple\nclass Row(NamedTuple):\n    a: int\n    b: int\n"
                                "a, b = 1, 2\nassert answer(Row(a, b)) == 3", lambda row: row.a + row.b),
    "a fake": ("class Fake:\n    status = 200\n    def json(self):\n        return {}\nstatus = Fake().status\n"
               "def json():\n    return 1\nassert answer(Fake()) == 200",
               lambda response: response.status if response.json() == {} else 0),
    "a parameter given by name": ("def loss(prediction, target):\n    return prediction - target\n"
                                  "for target in (1, 2):\n    assert answer(loss, 3, target) == 3 - target",
                                  lambda f, p, t: f(prediction=p, target=t)),
}


@pytest.mark.parametrize(("check", "answer"), RENAMED.values(), ids=list(RENAMED))
def test_names_by_which_others_may_call_something_stay(check, answer):
    assert outcome(check, {"answer": answer}) == outcome(twins_of(check).renamed(), {"answer": answer}) == "passed"


def test_a_variable_that_an_answer_reads_by_mistake_keeps_its_name_and_one_that_it_changes_does_not():
    forgotten = "def answer(values):\n    return sum(numbers)"
    assert "numbers" in names_read([forgotten])
    check = "numbers = [1, 4]\nassert answer(numbers) == 5"
    assert "numbers = " in twins_of(check).renamed(names_read([forgotten]))
    cheat = "def answer(values):\n    global numbers\n    numbers = 0\n    return numbers"
    assert "numbers" not in names_read([cheat]) and "numbers = " not in twins_of(check).renamed(names_read([cheat]))
    assert {"timeit", "numbers"} <= names_read(["%timeit sum(numbers)"])


# --- other values

_LEAVES = (st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
           | st.complex_numbers() | st.dates(max_value=date(9000, 1, 1)))
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(
    st.text(max_size=3), inner, max_size=3) | st.frozensets(st.integers(), max_size=3), max_leaves=6)


@given(_VALUES)
def test_another_value_is_never_equal_to_the_one_it_is_made_of(value):
    for turn in (0, 1):
        assert not other(value, turn) == value  # noqa: SIM201 - `!=` is another question


@given(np_st.arrays(np_st.integer_dtypes() | np_st.unsigned_integer_dtypes() | np_st.floating_dtypes(sizes=(32, 64))
                    | np_st.boolean_dtypes(), np_st.array_shapes(max_dims=2, max_side=3)))
def test_of_an_array_no_element_stays(value):
    for turn in (0, 1):
        changed = other(value, turn)
        assert changed.shape == value.shape and not np.any(changed == value)


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize("value", [
    Point(1, 2), deque([1]), Counter("aab"), range(3), range(0), set(), {}, [], (), b"", "", float("nan"), float("inf"),
    datetime(2026, 1, 1), timedelta(0), PurePosixPath("a/b"), int, ValueError, np.float32(1.5), np.int8(-9),
    np.array(["a", "b"]), np.array([None, 1], dtype=object), np.datetime64("2026-01-01"), object()],
    ids=lambda value: f"{type(value).__name__} {value!s:.12}")
def test_other_values_of_other_kinds(value):
    assert not any(np.any(other(value, turn) == value) for turn in (0, 1))


def test_other_tables_and_tensors():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    series = pd.Series(["x", "y"], name="b")
    for turn in (0, 1):
        assert not frame.equals(other(frame, turn)) and other(frame, turn).shape == frame.shape
        assert not (other(series, turn) == series).any() and other(series, turn).name == "b"
        assert not (other(frame.columns, turn) == frame.columns).any()
        for tensor in (torch.tensor([1.0, float("nan")]), torch.tensor([1, 247], dtype=torch.uint8),
                       torch.tensor([True])):
            assert not torch.any(other(tensor, turn) == tensor)


def test_what_is_of_no_known_kind_is_compared_with_what_nothing_is_equal_to():
    assert isinstance(other(object()), Odd)
