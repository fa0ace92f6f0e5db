"""Mutants: small mistakes inside the solution, each of them once, and Python still."""

from __future__ import annotations

import ast

import pytest

from autograder.quality.mutants import BEGIN, END, mutants_of

CELL = """def f(values, n):
    '''Values, smoothed.'''
    ### BEGIN SOLUTION
    {}
    ### END SOLUTION
"""


def changes(statement: str) -> set[tuple[str, str]]:
    return {(mutant.operator.partition("_")[0], mutant.after) for mutant in mutants_of("f", CELL.format(statement))}


@pytest.mark.parametrize(("statement", "operator", "after"), [
    ("return values + n", "ReplaceBinaryOperator", "return values - n"),
    ("return values < n", "ReplaceComparisonOperator", "return values <= n"),
    ("return values and n", "ReplaceAndWithOr", "return values or n"),
    ("return [values, 3]", "NumberReplacer", "return [values, 4]"),
    ("del values[n]", "DeleteStatement", "pass"),
    ("return values[1:n]", "SliceOffByOne", "return values[1:(n) - 1]"),
    ("return values[1:n]", "SliceOffByOne", "return values[(1) + 1:n]"),
    ("return range(n)", "RangeOffByOne", "return range((n) - 1)"),
    ("return divmod(values, n)", "SwapArguments", "return divmod(n, values)"),
    ("return values.mean(axis=0)", "OtherAxis", "return values.mean(axis=1)"),
    ("return values.sum(dim=1)", "OtherAxis", "return values.sum(dim=None)"),
    ("return values.copy()", "NoCopy", "return values"),
    ("return values.detach()", "NoCopy", "return values"),
    ("return copy.deepcopy(values)", "NoCopy", "return values"),
    ("with torch.no_grad(): return n", "NoContextManager", "if True: return n"),
    ("torch.manual_seed(n)", "DeleteStatement", "pass"),
    ("values.eval()", "DeleteStatement", "pass"),
    ("x = 'größe' if n else values[:n]", "SliceOffByOne", "x = 'größe' if n else values[:(n) + 1]"),
])
def test_a_mistake_is_made(statement, operator, after):
    assert (operator, after) in changes(statement)


def test_every_part_of_a_solution_is_changed_and_nothing_between_them():
    method = ("    def {name}(self, n):\n        ### BEGIN SOLUTION\n        return n + {number}\n"
              "        ### END SOLUTION\n    {name}_limit = 1 + 2\n")
    source = "class C:\n" + "".join(method.format(name=name, number=number)
                                   for number, name in enumerate(["a", "b", "c"], start=5))
    found = mutants_of("c", source)
    assert {one.line for one in found} == {4, 9, 14}
    for number in (5, 6, 7):
        assert ("return n + " + str(number), "return n - " + str(number)) in {(one.before, one.after) for one in found}


def test_a_cell_magic_stays_above_every_mutant():
    plain, magic = mutants_of("f", CELL.format("return values + n")), "%%writefile service.py\n"
    found = mutants_of("f", magic + CELL.format("return values + n"))
    assert [(one.source, one.line) for one in found] == [(magic + one.source, one.line + 1) for one in plain]


def test_every_mutant_is_another_source_in_python_and_changed_inside_the_solution_alone():
    source = "import math\n" + CELL.format(
        "x = [math.sqrt(v) for v in values[:n] if v > 0 and v != 3]\n    return x[0] / n")
    found = mutants_of("f", source)
    assert len(found) > 20
    assert len({mutant.source for mutant in found}) == len(found)
    head, tail = source.partition(BEGIN)[0], source.partition(END)[2]
    for mutant in found:
        ast.parse(mutant.source)
        assert mutant.source.startswith(head + BEGIN) and mutant.source.endswith(END + tail)
        assert mutant.before != mutant.after
        assert mutant.before.split()[0] in source.splitlines()[mutant.line - 1]


def test_the_same_cell_has_the_same_mutants_each_time():
    cell = CELL.format("return values[n - 1] * 2")
    assert mutants_of("f", cell) == mutants_of("f", cell)


def test_bits_do_not_stand_in_for_sums():
    assert not {after for _, after in changes("return values + n") if set(after) & set("|&^<>")}


def test_a_docstring_and_what_is_given_are_left_alone():
    assert all(operator != "DeleteStatement" or after == "pass" for operator, after in changes("return n"))
    given = "LIMIT = 3\n" + CELL.format("return n")
    assert all("LIMIT = 3\n" in mutant.source for mutant in mutants_of("f", given))


def test_a_cell_that_is_not_plain_python_is_refused():
    with pytest.raises(SyntaxError):
        mutants_of("f", "%%bash\nls")
