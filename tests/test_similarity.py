"""Answers that are alike: other names and another layout hide nothing, and what everybody has proves nothing."""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reports import similarity
from autograder.reports.similarity import LEAST_ALIKE, LEAST_PIECES, Alike, alike, pieces_of, tokens_of

NOTHING = np.empty(0, np.uint32)
RUNNING_MEAN = '''
def running_mean(values, width):
    """The mean of each window of a list."""
    if width < 1 or width > len(values):
        raise ValueError("width does not fit")
    total = sum(values[:width])
    means = [total / width]
    for place in range(width, len(values)):
        total += values[place] - values[place - width]
        means.append(total / width)
    return means
'''
OWN = ("running_mean", "values", "width", "total", "means", "place")

names = st.text("abcdefghij_", min_size=1, max_size=12).filter(
    lambda name: not keyword.iskeyword(name) and not hasattr(builtins, name))


class Renamed(ast.NodeTransformer):
    """Gives functions, parameters and variables other names."""

    def __init__(self, other: dict[str, str]) -> None:
        self.other = other

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.other.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.other.get(node.arg, node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.other.get(node.name, node.name)
        return self.generic_visit(node)


def renamed(source: str, other: dict[str, str]) -> str:
    return ast.unparse(Renamed(other).visit(ast.parse(source)))


def made_up(seed: int, lines: int = 25) -> str:
    """A function at random."""
    chance = random.Random(seed)
    some = [chr(97 + number) * 3 for number in range(6)]
    body = [f"{' = '.join(some[2:])} = 0"]  # a name that is never given a value is somebody else's, and keeps its name
    for _ in range(lines):
        one, two, three = chance.choices(some, k=3)
        call = chance.choice(["len", "sum", "sorted", "max", "math.sqrt", "np.mean", "list", "zip", f"{two}.pop"])
        body.append(chance.choice([
            f"{one} = {call}({two}, {chance.randint(0, 99)})", f"{one} = [{call}({two}) for {two} in {three}]",
            f"if {one} < {two}: {three} = {two} * {chance.randint(0, 99)}", f"{one}[{two}] = {call}({three})",
            f"for {one} in {call}({two}): {three} += {one} - {chance.randint(0, 9)}",
            f"{one} = {two} + {call}({one})"]))
    return f"def made_up({some[0]}, {some[1]}):\n" + "".join(f"    {line}\n" for line in body)


def shared(one: str, other: str) -> float:
    """The share of the smaller one's pieces that the other one has, too."""
    first, second = pieces_of(one), pieces_of(other)
    return len(np.intersect1d(first, second)) / min(len(first), len(second))


def found(answers: dict[str, str], handed_out: str = "") -> list[Alike]:
    return alike("exercise", {who: pieces_of(text) for who, text in answers.items()}, pieces_of(handed_out), 100)[0]


def pairs(answers: dict[str, str], handed_out: str = "") -> list[tuple[str, str]]:
    return [(one.first, one.second) for one in found(answers, handed_out)]


@given(st.lists(names, min_size=len(OWN), max_size=len(OWN), unique=True))
def test_other_names_and_another_layout_change_no_piece(others):
    copy = renamed(RUNNING_MEAN, dict(zip(OWN, others, strict=True)))
    assert np.array_equal(pieces_of(copy), pieces_of(RUNNING_MEAN))


@given(st.integers(0, 10_000), st.lists(names, min_size=7, max_size=7, unique=True))
@settings(max_examples=50)
def test_nor_do_they_in_any_other_program(seed, others):
    source = made_up(seed)
    other = dict(zip(["made_up", *(chr(97 + number) * 3 for number in range(6))], others, strict=True))
    assert np.array_equal(pieces_of(renamed(source, other)), pieces_of(source))


@pytest.mark.parametrize("disguised", [
    RUNNING_MEAN.replace("    ", "  "),
    RUNNING_MEAN.replace("\n", "\n\n").replace("total /", "(total)  /"),
    "# mine\n" + RUNNING_MEAN.replace("values, width)", "values: list[float], width: int = ...) -> list").replace(
        ": int = ...", ": int"),
    RUNNING_MEAN.replace('"""The mean of each window of a list."""', '"""I wrote this."""'),
    RUNNING_MEAN.replace("    total = ", "    'a comment'\n    total: float = "),
])
def test_comments_docstrings_and_type_hints_change_no_piece(disguised):
    assert np.array_equal(pieces_of(disguised), pieces_of(RUNNING_MEAN))


def test_constants_and_what_is_called_are_kept():
    assert tokens_of("f(x, 1)") != tokens_of("f(x, 2)")
    assert tokens_of("y = len(x)") != tokens_of("y = sum(x)")
    assert tokens_of("y.append(1)") != tokens_of("y.remove(1)")
    assert tokens_of("x = 0") != tokens_of("x = y")


def test_attributes_that_an_answer_gives_itself_are_names_like_others():
    one = ("class A:\n    def __init__(self, low):\n        self.low = low\n"
           "    def cut(self, x):\n        return self.low + x")
    assert tokens_of(one) == tokens_of(one.replace("low", "least").replace("cut", "clip").replace("self", "me"))


def test_a_copy_with_lines_put_in_is_still_found():
    lines = made_up(1).splitlines()
    copy = "\n".join([*lines[:9], "    print('here')", *lines[9:17], "    unused = 3", *lines[17:]])
    answers = {f"s{seed}": made_up(seed) for seed in range(2, 12)} | {"ada": made_up(1), "ben": copy}
    assert pairs(answers) == [("ada", "ben")]


def test_unrelated_programs_share_little():
    assert max(shared(made_up(one), made_up(other)) for one, other in itertools.combinations(range(40), 2)) < 0.4


def test_right_answers_of_different_kinds_are_not_listed(repository):
    lesson = repository.lesson("1-2-python-toolkit")
    for exercise in lesson.exercises:
        answers = {answer.name: answer.source for answer in repository.answers(lesson)
                   if answer.right and answer.exercise == exercise.id}
        assert len(answers) >= 2
        assert pairs(answers, exercise.source) == []


def test_given_code_counts_nothing():
    first, second = (f"{RUNNING_MEAN}\n{made_up(seed, 12)}" for seed in (1, 2))
    assert shared(first, second) > 0.4
    assert pairs({"ada": first, "ben": second}, RUNNING_MEAN) == []
    copies = {"ada": first, "ben": first}
    (with_it,), (without,) = found(copies), found(copies, RUNNING_MEAN)
    assert without.share == 1 and without.smaller < with_it.smaller
    assert pairs(copies, first) == []


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_an_answer_that_is_all_given_is_like_no_other(seed):
    assert pairs(dict.fromkeys(("ada", "ben"), made_up(seed)), made_up(seed)) == []


def test_what_a_third_of_the_cohort_has_does_not_count():
    everybody = {f"s{number}": RUNNING_MEAN + made_up(number, 15) for number in range(8)}
    assert pairs(everybody) == []
    some = {who: text if who in {"s0", "s1"} else made_up(int(who[1:]), 15) for who, text in everybody.items()}
    assert shared(some["s0"], some["s1"]) < LEAST_ALIKE  # of two different answers with this in it
    assert pairs(some | {"s1": some["s0"]}) == [("s0", "s1")]


def test_short_answers_do_not_count():
    short = "def mean(values):\n    return sum(values) / len(values)"
    assert len(pieces_of(short)) < LEAST_PIECES
    assert pairs({"ada": short, "ben": short}) == []


def test_a_rare_likeness_weighs_more_than_a_frequent_one():
    often, seldom = made_up(1), made_up(2)
    answers = {"a": often, "b": often, "c": often, "d": seldom, "e": seldom} | {
        f"s{seed}": made_up(seed) for seed in range(3, 12)}
    assert pairs(answers)[0] == ("d", "e")
    assert len(pairs(answers)) == 4
    listed, count = alike("exercise", {who: pieces_of(text) for who, text in answers.items()}, NOTHING, 2)
    assert ((listed[0].first, listed[0].second), len(listed), count) == (("d", "e"), 2, 4)


@given(st.lists(st.sets(st.integers(0, 60), max_size=40), max_size=12), st.sets(st.integers(0, 60), max_size=20),
       st.integers(1, 50))
def test_the_index_finds_what_comparing_all_with_all_would(sets, handed_out, at_a_time):
    answers = {f"s{number}": np.array(sorted(pieces), np.uint32) for number, pieces in enumerate(sets)}
    own = {who: set(map(int, pieces)) - handed_out for who, pieces in answers.items()}
    written = sum(map(bool, own.values()))
    common = {piece for piece in range(61) if sum(piece in pieces for pieces in own.values())
              >= max(similarity.LEAST_COMMON, written // 3 + 1)}
    expected = {}
    for one, other in itertools.combinations(own, 2):
        first, second = own[one] - common, own[other] - common
        smaller = min(len(first), len(second))
        if smaller >= LEAST_PIECES and len(first & second) >= LEAST_ALIKE * smaller:
            expected[one, other] = (len(first & second), smaller)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "_AT_A_TIME", at_a_time)
        listed, count = alike("exercise", answers, np.array(sorted(handed_out), np.uint32), 1000)
    assert {(one.first, one.second): (one.shared, one.smaller) for one in listed} == expected
    assert count == len(expected)


@pytest.mark.parametrize("source", ["", "def f(:", "x = 1\0", "(" * 5000, "-" * 5000 + "1", "x = 1\n" * 30_000])
def test_what_cannot_be_read_has_no_pieces(source):
    assert len(pieces_of(source)) == 0


def test_magics_are_read_as_the_calls_they_are():
    assert tokens_of("%timeit f(1)\nx = 1")[-3:] == tokens_of("x = 1")
