"""Twins of a check: the same test with another value expected at one place, which no honest answer passes.

A negated assert would not do: an object that is equal to everything fails it and looks honest.
"""

from __future__ import annotations

import ast
import re
import secrets
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.grading import KeyCell

_ENTRY = re.compile(r"([0-9]{1,6})\.([01])\.([1-9][0-9]{0,8})")
PROBE = Path(__file__).with_name("probe.py")
TURNS = (0, 1)  # there are two other values for each place
_LONGEST_TEXT = 120
_RAISES = {"raises", "assert_raises", "assertRaises"}
# Of functions, by their names: those that say whether two things are alike. Of any other, changing an argument may be
# changing what an answer is asked, and not what is expected of it.
_ALIKE = {"isclose", "allclose", "array_equal", "array_equiv", "equal", "alike", "agree", "close", "near"}


@dataclass(frozen=True, order=True)
class Site:
    """One side of one comparison in a check.

    Attributes:
        number: of the comparison, counted in the check.
        side: 0 for the left one, the first argument or the exception that is to be raised, 1 for the other.
        text: the assert that it stands in.
    """

    number: int
    side: int
    text: str


class Twins:
    """The twins of one check.

    Attributes:
        check: its id.
        exercise: whose.
        sites: every comparison of which a twin can be tried; none of a check that is not plain Python.
    """

    def __init__(self, cell: KeyCell) -> None:
        self.check, self.exercise = cell.check, cell.exercise
        try:
            self._tree = ast.parse("\n".join(cell.parts))
        except SyntaxError:
            self._tree = None
        self.sites: tuple[Site, ...] = ()
        if self._tree is not None:
            changer = _Changer("probe")
            changer.visit(deepcopy(self._tree))
            self.sites = tuple(changer.sites)

    @property
    def readable(self) -> bool:
        return self._tree is not None

    @property
    def comparisons(self) -> set[Site]:
        """The sites that have two sides; the others are exceptions that are to be raised."""
        two = {site.number for site in self.sites if site.side == 1}
        return {site for site in self.sites if site.number in two}

    def renamed(self, read: frozenset[str] = frozenset()) -> str:
        """The check with other names for what it defines itself. An answer that changes those passes only the check.

        Args:
            read: names that stay, because the answer reads them: most often a parameter that was forgotten.
        """
        suffix = secrets.token_hex(4)
        return ast.unparse(_Renamer(_names_made(self._tree) - read, suffix).visit(deepcopy(self._tree)))

    def asking(self, sites: Iterable[Site], token: str) -> str:
        """The check with every site asked, which always fails and tells in its message what held; see `held_of`."""
        return self._changed(sites, token, "None", "")

    def twin(self, site: Site, evaluation: int = 0, turn: int = 0) -> str:
        """The check with another value at one site, each time or the so many-th time it is evaluated.

        Args:
            turn: which of two other values.
        """
        return self._changed([site], "", repr((site.number, site.side, evaluation, turn)), "")

    def passed_by_anything(self, site: Site, kind: str) -> str:
        """A twin in which the other side of its site is equal to everything; see `probe.Probe` for the kinds."""
        return self._changed([site], "", repr((site.number, site.side, 0, 0)), kind)

    def stripped(self, site: Site) -> str:
        """A twin without any of its asserts."""
        return ast.unparse(ast.fix_missing_locations(_Stripper().visit(ast.parse(self.twin(site)))))

    def _changed(self, sites: Iterable[Site], token: str, wanted: str, anything: str) -> str:
        name = f"_{secrets.token_hex(6)}"
        tree = _Changer(name).visit(deepcopy(self._tree))
        chosen = [(site.number, site.side) for site in sites]
        # A class of its own for every twin, so that none can be spoilt by the one before.
        before = ast.parse(f"{name} = {{'__name__': '{name}'}}\nexec({_probe_text()!r}, {name})\n"
                           f"{name} = {name}['Probe']({token!r}, {chosen!r}, {wanted}, {anything!r})")
        after = ast.parse(f"assert not {name}.on, {name}.said()" if wanted == "None" else
                          f"assert {name}.fooled, 'no other value will do'")
        first = sum(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        tree.body = [*tree.body[:first], *before.body, *tree.body[first:], *after.body]
        return ast.unparse(ast.fix_missing_locations(tree))


@lru_cache(maxsize=1)
def _probe_text() -> str:
    return PROBE.read_text(encoding="utf-8")


def held_of(message: str, token: str, sites: Iterable[Site]) -> list[tuple[Site, int]] | None:
    """Which comparisons held with other values, and at which evaluation. None if a message is no such report.

    Args:
        sites: those that were asked. Code of the answer's may have written the message.
    """
    said, *entries = message.split() or [""]
    known = {(site.number, site.side): site for site in sites}
    found = []
    for entry in entries:
        match = _ENTRY.fullmatch(entry)
        site = match and known.get((int(match[1]), int(match[2])))
        if not site:
            return None
        found.append((site, int(match[3])))
    return found if said == token else None


class _Changer(ast.NodeTransformer):
    """Puts a probe in place of every comparison in an assert, and of calls of `assert_…` and of `raises` functions."""

    def __init__(self, probe: str) -> None:
        self._probe, self._number, self._text = probe, 0, ""
        self.sites: list[Site] = []

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        self._text = _shown(node)
        node.test = self._test(node.test)
        self._text = ""
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        call = node.value
        if _asserts_alike(call):
            self._text = _shown(node)
            node.value = self._asked(call, "assure")
            self._text = ""
            return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return self._raising(node, "raised") if _raises(node) and len(node.args) > 1 else node

    def visit_With(self, node: ast.With) -> ast.AST:
        calls = {place: item.context_expr for place, item in enumerate(node.items) if _raises(item.context_expr)}
        for place, call in calls.items():
            node.items[place].context_expr = self._raising(call, "raising")
        return self.generic_visit(node)

    def _test(self, node: ast.expr) -> ast.expr:
        """What an assert tests, as far down as it decides by itself."""
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call) and _two(node) and (
                _name(node.func) in _ALIKE or _name(node.func).startswith("same_")):
            return self._asked(node, "call")
        if isinstance(node, ast.Call) and _name(node.func) == "equals" and len(node.args) == 1:
            # A method, of pandas most often.
            number = self._next()
            return self._through("equals", number, [node.func.value, *node.args], node.keywords)
        if _raises(node) and len(node.args) > 1:
            return self._raising(node, "raised")
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self._test(value))
            elif isinstance(value, list):
                setattr(node, name, [self._test(one) if isinstance(one, ast.expr) else one for one in value])
        return node

    def _comparison(self, node: ast.Compare) -> ast.expr:
        first, self._number = self._number, self._number + len(node.ops)
        for place, operation in enumerate(node.ops):
            if isinstance(operation, ast.Eq | ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.In):
                self._note(first + place)
        names = ast.Tuple([ast.Constant(type(operation).__name__) for operation in node.ops], ast.Load())
        return self._through("compare", first, [names, *map(self.visit, (node.left, *node.comparators))], [])

    def _asked(self, node: ast.Call, how: str) -> ast.expr:
        return self._through(how, self._next(), [node.func, *node.args], node.keywords)

    def _raising(self, node: ast.Call, how: str) -> ast.expr:
        number, self._number = self._number, self._number + 1
        self.sites.append(Site(number, 0, self._text or _shown(ast.Expr(node))))
        silent = ast.Constant(_name(node.func) != "raises")  # returns nothing where all is well
        return self._through(how, number, [silent, node.func, *node.args], node.keywords)

    def _next(self) -> int:
        number, self._number = self._number, self._number + 1
        self._note(number)
        return number

    def _through(self, how: str, number: int, values: Sequence[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
        function = ast.Attribute(ast.Name(self._probe, ast.Load()), how, ast.Load())
        return ast.Call(function, [ast.Constant(number), *values], keywords)

    def _note(self, number: int) -> None:
        self.sites += [Site(number, side, self._text) for side in (0, 1)]


class _Stripper(ast.NodeTransformer):
    """Takes out all that can make a check fail by itself."""

    def visit_Assert(self, node: ast.Assert) -> ast.Pass:
        return ast.Pass()

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.Pass() if isinstance(raised, ast.Name) and raised.id == "AssertionError" else node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        call = node.value
        if isinstance(call, ast.Call) and _name(call.func) == "assure":
            return ast.Pass()
        return ast.Pass() if _asserts_alike(call) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            node.func.attr = {"raised": "swallowed", "raising": "swallowing"}.get(node.func.attr, node.func.attr)
        return node


class _Renamer(ast.NodeTransformer):
    """Gives names another ending."""

    def __init__(self, names: set[str], suffix: str) -> None:
        self._names, self._suffix = names, suffix

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._new(node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._new(node.name)
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._new(node.name)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        node.names = [self._new(name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def _new(self, name: str) -> str:
        return f"{name}_{self._suffix}" if name in self._names else name


def _names_made(tree: ast.Module) -> set[str]:
    """Names of variables and functions that a check makes, but for those by which anything else may be called.

    A class's attributes show as such, and a parameter may be given by its name.
    """
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    made |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            made -= {one.id for part in node.body for one in ast.walk(part) if isinstance(one, ast.Name)}
            made -= {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            made.discard(node.arg)
    return made


def names_read(sources: Iterable[str]) -> frozenset[str]:
    """Names that cells read, of variables that they do not say they change (`global`)."""
    read: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a cell with a magic in it
            read |= set(re.findall(r"\w+", source))
            continue
        nodes = list(ast.walk(tree))
        read |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)} - {
            name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    return frozenset(read)


def _two(call: ast.Call) -> bool:
    return len(call.args) >= 2 and not any(isinstance(one, ast.Starred) for one in call.args)


def _asserts_alike(node: ast.expr) -> bool:
    return (isinstance(node, ast.Call) and _name(node.func).startswith("assert_") and _name(node.func) not in _RAISES
            and _two(node))


def _raises(node: ast.expr) -> bool:
    return (isinstance(node, ast.Call) and _name(node.func) in _RAISES and bool(node.args)
            and not isinstance(node.args[0], ast.Starred))


def _shown(node: ast.stmt) -> str:
    if isinstance(node, ast.Assert):
        node = ast.Assert(node.test)
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT - 2] + " …"


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
