"""Which answers to an exercise resemble each other, whatever their names, comments and layout.

An answer is read as Python and written as a row of tokens. Names that it gives itself are numbered by first use, anew
in each statement, so that neither other names nor a line put in elsewhere change the rest; constants, operators and the
names of what it calls stay. From every run of a few tokens comes a number, and of neighbouring numbers the least is
kept (winnowing: Schleimer, Wilkerson and Aiken, SIGMOD 2003). Answers that share enough of these *pieces* are alike.
Pieces lead to their answers through an index, so no answer is compared with one that it shares nothing with.
"""

from __future__ import annotations

import ast
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from autograder.grading.names import plain_python

Pieces = NDArray[np.uint32]

VERSION = 1  # of what pieces_of gives; goes into the name of what is kept of it
RUN, WINDOW = 10, 4  # tokens that one number is made of; neighbours of which one is kept
LEAST_PIECES = 10  # an answer with fewer of its own is too short to say anything
LEAST_ALIKE = 0.6  # of the smaller answer's own pieces
LEAST_COMMON, COMMON_SHARE = 4, 1 / 3  # a piece in at least so many answers, and in more than this share, is common
_LONGEST = 100_000  # characters; nobody writes that by hand
_AT_A_TIME = 1_000_000  # pairs in memory, of those that share some piece
_BASE = np.uint64(6364136223846793005)
_LEFT_OUT = {"ctx", "annotation", "returns", "type_comment", "kind", "type_params", "simple"}
_BLOCKS = {"body", "orelse", "finalbody", "handlers", "cases"}
_BINDING: dict[type[ast.AST], str] = {
    ast.arg: "arg", ast.FunctionDef: "name", ast.AsyncFunctionDef: "name", ast.ClassDef: "name", ast.alias: "asname",
    ast.ExceptHandler: "name", ast.MatchAs: "name", ast.MatchStar: "name", ast.MatchMapping: "rest"}


@dataclass(frozen=True)
class Alike:
    """Two answers to one exercise that share much.

    Attributes:
        first, second: whose answers.
        shared: pieces that both have.
        smaller: pieces of the answer that has fewer; given code and common pieces left out of both.
        weight: of the shared pieces together; each weighs the more, the fewer others have it: the logarithm of how many
            answers there are for each that has it.
    """

    exercise: str
    first: str
    second: str
    shared: int
    smaller: int
    weight: float

    @property
    def share(self) -> float:
        return self.shared / self.smaller


def pieces_of(source: str) -> Pieces:
    """The pieces of a cell, sorted; none where it is too short, or no Python."""
    tokens = tokens_of(source)
    if len(tokens) < RUN:
        return np.empty(0, np.uint32)
    numbers = np.fromiter(map(_number, tokens), np.uint64, len(tokens))
    length = len(tokens) - RUN + 1
    hashes = np.zeros(length, np.uint64)
    for place in range(RUN):
        hashes = hashes * _BASE + numbers[place:place + length]
    hashes = (hashes >> np.uint64(32)).astype(np.uint32)
    for _ in range(min(WINDOW, length) - 1):
        hashes = np.minimum(hashes[:-1], hashes[1:])
    return np.unique(hashes)


def tokens_of(source: str) -> list[str]:
    """A cell as tokens, free of its own names, its layout, comments, docstrings and type hints."""
    if len(source) > _LONGEST:
        return []
    try:
        return _Writer(_parsed(source).body).tokens()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def alike(exercise: str, answers: Mapping[str, Pieces], given: Pieces, most: int) -> tuple[list[Alike], int]:
    """The pairs of answers that share at least LEAST_ALIKE of what the smaller of them has of its own.

    Args:
        answers: pieces by learner.
        given: pieces of what was handed out, which do not count.
        most: how many pairs to give back.

    Returns:
        The pairs of the greatest weight, and how many there are in all.
    """
    learners = list(answers)
    everything = np.concatenate([np.empty(0, np.uint32), *answers.values()])
    whose = np.repeat(np.arange(len(learners)), [len(pieces) for pieces in answers.values()])
    own = ~np.isin(everything, given)
    everything, whose = everything[own], whose[own]
    written = len(np.unique(whose))
    if written < 2:
        return [], 0
    order = np.argsort(everything, kind="stable")
    everything, whose = everything[order], whose[order]
    starts = np.flatnonzero(np.r_[True, everything[1:] != everything[:-1]])
    holders = np.diff(np.r_[starts, len(everything)])
    common = holders >= max(LEAST_COMMON, math.floor(written * COMMON_SHARE) + 1)
    sizes = np.bincount(whose[np.repeat(~common, holders)], minlength=len(learners))
    shared, weights = _shared(whose, starts[~common], holders[~common], len(learners), written)
    first, second = np.nonzero(shared)
    smaller = np.minimum(sizes[first], sizes[second])
    listed = (smaller >= LEAST_PIECES) & (shared[first, second] >= LEAST_ALIKE * smaller)
    first, second, smaller = first[listed], second[listed], smaller[listed]
    heaviest = np.argsort(-weights[first, second], kind="stable")[:most]
    return [Alike(exercise, learners[one], learners[other], int(shared[one, other]), int(least),
                  float(weights[one, other]))
            for one, other, least in zip(first[heaviest], second[heaviest], smaller[heaviest], strict=True)], len(first)


def _shared(whose: NDArray[np.intp], starts: NDArray[np.intp], holders: NDArray[np.intp], learners: int,
            written: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """How many pieces each pair shares, and their weight; only above the diagonal."""
    shared, weights = np.zeros(learners ** 2, np.intp), np.zeros(learners ** 2)
    pairs: list[NDArray[np.intp]] = []
    weighing: list[NDArray[np.float64]] = []
    for many in np.unique(holders[holders > 1]):
        groups = whose[starts[holders == many][:, None] + np.arange(many)]
        first, second = np.triu_indices(many, 1)
        pairs.append((groups[:, first] * learners + groups[:, second]).ravel())
        weighing.append(np.full(len(pairs[-1]), math.log(written / many)))
        if many == holders.max() or sum(map(len, pairs)) > _AT_A_TIME:
            places = np.concatenate(pairs)
            shared += np.bincount(places, minlength=len(shared))
            weights += np.bincount(places, np.concatenate(weighing), minlength=len(shared))
            pairs, weighing = [], []
    return shared.reshape(learners, learners), weights.reshape(learners, learners)


@lru_cache(maxsize=50_000)
def _number(token: str) -> int:
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(plain_python(source))  # with magics in it


class _Writer:
    """Writes statements as tokens: first with their names, then, when it is known which are the answer's own, without.

    Args:
        statements: of a module.
    """

    def __init__(self, statements: Sequence[ast.AST]) -> None:
        self._written: list[str | tuple[str, str] | None] = []  # None begins a statement; a pair is a dot, and a name
        self._own: set[tuple[str, str]] = set()
        self._statements(statements)

    def tokens(self) -> list[str]:
        """All of them, the answer's own names numbered."""
        found: list[str] = []
        numbers: dict[tuple[str, str], str] = {}
        for item in self._written:
            if item is None:
                numbers = {}
            elif isinstance(item, str):
                found.append(item)
            elif item in self._own:
                found.append(numbers.setdefault(item, f"{item[0]}#{len(numbers)}"))
            else:
                found.append("".join(item))
        return found

    def _statements(self, statements: Sequence[ast.AST]) -> None:
        for node in statements:
            # A text that stands alone is a docstring or a comment.
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                self._written.append(None)
                self._node(node)

    def _node(self, node: ast.AST) -> None:
        kind = node.__class__
        if kind is ast.Name:
            self._name(node.id, not isinstance(node.ctx, ast.Load))
        elif kind is ast.Constant:
            self._written.append(repr(node.value))
        elif kind is ast.Attribute:
            self._name(node.attr, not isinstance(node.ctx, ast.Load), ".")
            self._node(node.value)
        elif kind is ast.keyword:  # its name is another's, or one that may be called anything
            self._written.append("keyword")
            self._node(node.value)
        else:
            self._written.append("Assign" if kind is ast.AnnAssign else kind.__name__)
            self._fields(node, kind)

    def _fields(self, node: ast.AST, kind: type[ast.AST]) -> None:
        blocks: list[Sequence[ast.AST]] = []
        binding = _BINDING.get(kind)
        for field in _fields_of(kind):
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                self._node(value)
            elif isinstance(value, str):
                self._name(value, field == binding)
            elif isinstance(value, list):
                if field in _BLOCKS:
                    blocks.append(value)
                    continue
                for one in value:
                    if isinstance(one, ast.AST):
                        self._node(one)
                    elif isinstance(one, str):  # global, nonlocal
                        self._name(one, True)
        if kind is ast.ClassDef:
            self._own.update((".", inner.name) for inner in node.body if isinstance(
                inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith("__"))
        for statements in blocks:
            self._statements(statements)

    def _name(self, name: str, own: bool, before: str = "") -> None:
        self._written.append((before, name))
        if own:
            self._own.add((before, name))


@cache
def _fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    return tuple(field for field in kind._fields if field not in _LEFT_OUT)
