"""Which names a cell gives and which it takes from the cells before it, read off its compiled code."""

from __future__ import annotations

import ast
import dis
import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

_EVERYTHING = "*"


@dataclass(frozen=True)
class Names:
    """Names that a cell leaves behind, and those that it needs.

    Attributes:
        given: `*` among them stands for any name at all: after `from x import *`.
    """

    given: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()

    def gives(self, needed: set[str]) -> set[str]:
        """Those of some names that this cell may have left behind."""
        return needed if _EVERYTHING in self.given else needed & self.given


@lru_cache(maxsize=1024)
def names_of(source: str) -> Names:
    """The names of a cell; none where it is no Python."""
    try:
        code = compiled(source)
    except (SyntaxError, ValueError):
        return Names()
    given: set[str] = set()
    needed: set[str] = set()
    for step in dis.get_instructions(code):
        if step.opname in {"STORE_NAME", "STORE_GLOBAL"}:
            given.add(step.argval)
        elif step.opname in {"LOAD_NAME", "LOAD_GLOBAL"} and step.argval not in given:
            needed.add(step.argval)
        elif step.opname == "IMPORT_STAR" or (step.opname, step.argval) == ("CALL_INTRINSIC_1", 2):
            given.add(_EVERYTHING)
    for inner in _inside(code):
        for step in dis.get_instructions(inner):
            if step.opname == "STORE_GLOBAL":
                given.add(step.argval)
            elif step.opname in {"LOAD_NAME", "LOAD_GLOBAL"} and step.argval not in given:
                needed.add(step.argval)
    return Names(frozenset(given), frozenset(needed))


def plain_python(source: str) -> str:
    """A cell as Python: magics and shell commands as the calls that they stand for."""
    return TransformerManager().transform_cell(source)


def compiled(source: str) -> CodeType:
    """A cell's code.

    Raises:
        SyntaxError, ValueError: it is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the learner or author wrote they hear when it runs
        return compile(plain_python(source), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _inside(code: CodeType) -> list[CodeType]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return inner + [deeper for one in inner for deeper in _inside(one)]
