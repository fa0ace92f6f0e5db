"""Small mistakes, put into a lesson's solution one at a time: each has to be noticed by a check.

Most come from the operators of cosmic-ray, which is kept for this and works on a string of source. It has none for
what goes wrong in numerical code, so a few of ours are added: a statement left out, a slice or a range off by one, two
arguments swapped, another axis, a copy not made, a block not run under its context manager.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}
_MOST_OF_ONE_KIND = 500
_PYTHON_MAGIC = "%%writefile "  # what stands below any other cell magic need not be Python
_COPIES = {"copy", "clone", "detach", "deepcopy"}


@dataclass(frozen=True)
class Mutant:
    """A solution with one mistake in it.

    Attributes:
        operator: what was done.
        line: of the cell, counted from 1.
        source: the whole cell.
        before, after: the lines that differ, stripped.
    """

    exercise: str
    operator: str
    line: int
    source: str
    before: str
    after: str


def mutants_of(exercise: str, source: str) -> list[Mutant]:
    """Every mutant of a solution cell, each source once, in the order of their lines.

    Args:
        source: a solution cell in plain Python, below `%%writefile FILE` or not. Only what stands between its marks is
            changed.

    Raises:
        SyntaxError: the cell is not plain Python.
    """
    magic, python = _split_magic(source)
    ast.parse(python)
    found: dict[str, Mutant] = {}
    for operator, changed in (*_from_cosmic_ray(python), *_ours(python)):
        if changed in found or changed == python or not _is_python(changed):
            continue
        mutant = _mutant(exercise, operator, source, magic + changed)
        if mutant is not None:
            found[changed] = mutant
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.operator, mutant.after))


def _split_magic(source: str) -> tuple[str, str]:
    """A first line such as `%%writefile service.py`, and the cell below it."""
    first, end, rest = source.partition("\n")
    return (first + end, rest) if first.startswith(_PYTHON_MAGIC) else ("", source)


def _from_cosmic_ray(source: str) -> Iterator[tuple[str, str]]:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    for name in sorted(operator_names()):
        short = name.removeprefix("core/")
        if not _makes_sense(short):
            continue
        operator = get_operator(name)()
        for occurrence in range(_MOST_OF_ONE_KIND):
            changed = mutate_code(source, operator, occurrence)
            if changed is None:
                break
            yield short, changed


def _makes_sense(operator: str) -> bool:
    """Not those that need a variable's name, nor bits in place of sums: such fail at once, and prove nothing."""
    if operator.startswith("Variable"):
        return False
    kind, _, pair = operator.partition("_")
    if kind != "ReplaceBinaryOperator":
        return True
    old, new = pair.split("_")
    return (old in _ARITHMETIC) == (new in _ARITHMETIC)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _mutant(exercise: str, operator: str, source: str, changed: str) -> Mutant | None:
    """None where what was changed lies outside the solution."""
    old, new = source.splitlines(), changed.splitlines()
    # A class has a part to write in each of its methods.
    parts = zip((line for line, text in enumerate(old) if BEGIN in text),
                (line for line, text in enumerate(old) if END in text), strict=True)
    blocks = [block for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
              if block[0] != "equal"]
    start, end = min(block[1] for block in blocks), max(block[2] for block in blocks)
    if not any(first < start and end <= last for first, last in parts):
        return None
    after = new[min(block[3] for block in blocks):max(block[4] for block in blocks)]
    return Mutant(exercise, operator, start + 1, changed, " ".join(line.strip() for line in old[start:end]),
                  " ".join(line.strip() for line in after))


# --- our own ------------------------------------------------------------------------------------------------------


def _ours(source: str) -> Iterator[tuple[str, str]]:
    text = _Text(source)
    for node in ast.walk(ast.parse(source)):
        for operator, edits in _changes(node, text):
            yield operator, text.with_edits(edits)


class _Text:
    """Source whose pieces are found by the positions of `ast`, which count bytes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts

    def span(self, node: ast.AST) -> tuple[int, int]:
        return (self._starts[node.lineno - 1] + node.col_offset,
                self._starts[node.end_lineno - 1] + node.end_col_offset)

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self._bytes[start:end].decode()

    def with_edits(self, edits: list[tuple[tuple[int, int], str]]) -> str:
        changed = self._bytes
        for (start, end), new in sorted(edits, reverse=True):
            changed = changed[:start] + new.encode() + changed[end:]
        return changed.decode()


_Change = tuple[str, list[tuple[tuple[int, int], str]]]


def _changes(node: ast.AST, text: _Text) -> Iterator[_Change]:
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Delete, ast.Raise,
                         ast.Assert)) and not _is_docstring(node):
        yield "DeleteStatement", [(text.span(node), "pass")]
    if isinstance(node, ast.Slice):
        for bound in (node.lower, node.upper):
            if bound is not None:
                yield from _off_by_one("SliceOffByOne", bound, text)
    if isinstance(node, ast.With):
        first = node.items[0].context_expr
        if len(node.items) == 1 and node.items[0].optional_vars is None:
            start, end = text.span(first)
            yield "NoContextManager", [((start - len("with "), end), "if True")]
    if isinstance(node, ast.Call):
        yield from _changes_of_call(node, text)


def _changes_of_call(node: ast.Call, text: _Text) -> Iterator[_Change]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "range":
        for argument in node.args:
            yield from _off_by_one("RangeOffByOne", argument, text)
    if len(node.args) >= 2 and not any(isinstance(argument, ast.Starred) for argument in node.args[:2]):
        first, second = node.args[:2]
        if text.of(first) != text.of(second):
            yield "SwapArguments", [(text.span(first), text.of(second)), (text.span(second), text.of(first))]
    for keyword in node.keywords:
        if keyword.arg in {"axis", "dim"}:
            for other in ("0", "1", "None"):
                yield "OtherAxis", [(text.span(keyword.value), other)]
    if name in _COPIES:
        if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
            yield "NoCopy", [(text.span(node), text.of(node.func.value))]
        elif len(node.args) == 1:  # copy.deepcopy(value)
            yield "NoCopy", [(text.span(node), text.of(node.args[0]))]


def _off_by_one(operator: str, bound: ast.expr, text: _Text) -> Iterator[_Change]:
    for step in ("+ 1", "- 1"):
        yield operator, [(text.span(bound), f"({text.of(bound)}) {step}")]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
