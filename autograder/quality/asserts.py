"""The asserts of a check, and the check without each of them: one that nothing needs may be no test at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.course import Cell
from autograder.grading import KeyCell


@dataclass(frozen=True)
class Assertion:
    """One place at which a check may fail.

    Attributes:
        check: the check's id.
        line: of lesson.py.
        text: its first line, stripped.
        parts: of the whole check, with `pass` in place of this assertion.
    """

    check: str
    line: int
    text: str
    parts: tuple[str, ...]


def assertions_of(cell: KeyCell, source: Cell) -> list[Assertion]:
    """Every `assert`, `raise AssertionError` and call of an `assert_…` function in a check, hidden part included.

    Args:
        cell: the check as it is run.
        source: the same in lesson.py, for the lines.
    """
    found = []
    written = [line.strip() for line in source.source.splitlines()]
    place = 0
    for number, part in enumerate(cell.parts):
        lines = part.splitlines()
        for node in sorted(_nodes(part), key=lambda node: node.lineno):
            text = lines[node.lineno - 1].strip()
            place = written.index(text, place)
            changed = [*lines[:node.lineno - 1], lines[node.lineno - 1][:node.col_offset] + "pass",
                       *lines[node.end_lineno:]]
            parts = (*cell.parts[:number], "\n".join(changed), *cell.parts[number + 1:])
            found.append(Assertion(cell.check, source.line + 1 + place, text, parts))
            place += 1
    return found


def _nodes(source: str) -> Iterator[ast.stmt]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a check with a magic in it
        return
    for node in ast.walk(tree):
        raises = isinstance(node, ast.Raise) and _name(node.exc) == "AssertionError"
        calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and (
            _name(node.value).startswith("assert_"))
        if isinstance(node, ast.Assert) or raises or calls:
            yield node


def _name(node: ast.expr | None) -> str:
    """Of what is called or raised."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
