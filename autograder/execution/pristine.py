"""What checks rely on, remembered before any code of a job has run, and put back before each check.

This makes cheating visible work, not impossible: code of the learner's shares a process with the check.
"""

from __future__ import annotations

import builtins
import operator
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

_RELIED_ON = (
    "builtins", "math", "random", "copy", "operator", "functools", "itertools", "statistics", "contextlib", "re",
    "collections", "dataclasses", "unittest", "unittest.case", "unittest.mock", "numpy", "numpy.testing",
    "numpy.testing._private.utils", "numpy.linalg", "numpy._core", "numpy._core.numeric", "numpy._core.fromnumeric",
    "torch", "torch.testing", "torch.testing._comparison", "pandas", "pandas.testing", "pandas._testing",
    "pandas._testing.asserters", "pytest", "IPython.core.inputtransformer2", "traceback", "inspect", "ast", "json",
    "json.encoder", "json.decoder", "os", "socket", "struct", "signal", "linecache", "warnings",
)
# Modules that a notebook knows by a short name, which its checks then use.
_ALIASED = ("numpy", "numpy.testing", "pandas", "pandas.testing", "torch", "torch.testing", "pytest", "unittest",
            "math")
_CODE = ("__code__", "__defaults__", "__kwdefaults__")
_CACHING = type(lru_cache(len))
_MADE_TO_BE_CALLED = {FunctionType, BuiltinFunctionType, ModuleType, partial, _CACHING}
_MOST_WRAPPED = 20
_GLOBAL = re.compile(r"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)
_BUILTINS = frozenset(vars(builtins))


class Pristine:
    """Names of modules, methods of their classes, and the code of their functions.

    Args:
        own: modules of ours that run checks. Notebooks do not find them under their names, and that stays so.
    """

    def __init__(self, own: tuple[ModuleType, ...]) -> None:
        self._modules: dict[str, _Kept] = {}
        self._methods: dict[type, _Kept] = {}
        self._code: dict[FunctionType, tuple[Any, ...]] = {}
        self._aliases: dict[str, ModuleType] = {}
        self._helpers: dict[str, Any] = {}
        self._lessons: dict[str, frozenset[str]] = {}  # modules of the lesson, with the names that they had
        self._own = {module.__name__ for module in own}
        for module in (*own, *(sys.modules[name] for name in _RELIED_ON if name in sys.modules)):
            self._modules[module.__name__] = _Kept(module, vars(module), dict(vars(module)))
            for value in list(vars(module).values()):
                if isinstance(value, FunctionType):
                    self._keep(value)
                elif isinstance(value, type) and value not in self._methods and (
                        value.__module__ in _RELIED_ON or module in own):
                    self._keep_whole(value, methods=True)
        sys.addaudithook(_watch)

    def note_aliases(self, names: dict[str, Any]) -> None:
        """Remembers which of a notebook's names stand for such a module; the first meaning of a name counts."""
        for alias, value in list(names.items()):
            if type(value) is ModuleType and alias not in self._aliases and any(
                    value is self._modules[name].owner for name in _ALIASED if name in self._modules):
                self._aliases[alias] = value

    def keep_module(self, name: str, module: ModuleType, source: str) -> None:
        """Remembers functions and classes of one of the lesson's modules, which has just run.

        Args:
            name: under which it is imported.
            source: its text. What its functions declare `global` may be how it keeps count, and is left alone.
        """
        count = {name for line in _GLOBAL.findall(source) for name in line.replace(" ", "").split(",")}
        kept = {key: value for key, value in vars(module).items() if _is_made_to_be_called(value) and key not in count}
        self._modules[name] = _Kept(module, vars(module), kept)
        self._lessons[name] = frozenset(vars(module))
        for value in kept.values():
            with suppress(Exception):  # a class of a strange class has no name, or one that cannot be compared
                if value.__module__ == name:
                    self._keep_whole(value, methods=True)

    def note_helpers(self, names: dict[str, Any], helpers: Iterable[str]) -> None:
        """Remembers what some of a notebook's names stand for, as a cell of the lesson's has just made them."""
        for name in helpers:
            value = names.get(name)
            if _is_made_to_be_called(value) and (type(value) is not ModuleType or any(
                    value is self._modules[lesson].owner for lesson in self._lessons)):
                self._helpers[name] = value
                # Methods may be added to a lesson's class in an exercise.
                self._keep_whole(value, methods=False)

    def put_back_modules(self) -> None:
        """Puts back what the lesson's own modules hold."""
        for name, there in self._lessons.items():
            self._put_back(name)
            current = vars(self._modules[name].owner)
            for added in _BUILTINS:
                if added in current and added not in there:  # which would stand before Python's own
                    del current[added]

    def put_back_names(self, names: dict[str, Any], helpers: Iterable[str]) -> None:
        """Lets those of a notebook's names that a check needs stand for what the lesson made them."""
        names.update(self._aliases)
        names.update((name, self._helpers[name]) for name in helpers if name in self._helpers)

    def put_back(self) -> None:
        """Puts everything back but a notebook's names."""
        for name in self._modules:
            if name not in self._lessons:
                self._put_back(name)
        self.put_back_modules()
        for kept in self._methods.values():
            for key, value in kept.changed():
                setattr(kept.owner, key, value)
        while _changed:
            function = _changed.pop()
            for part, value in zip(_CODE, self._code.get(function, ()), strict=False):
                setattr(function, part, value)
            _changed.discard(function)

    def _put_back(self, name: str) -> None:
        kept = self._modules[name]
        if name not in self._own and sys.modules.get(name) is not kept.owner:
            sys.modules[name] = kept.owner
        for key, value in kept.changed():
            kept.current[key] = value

    def _keep_whole(self, value: Any, methods: bool) -> None:
        """Keeps a function's code, and that of the functions it stands for, or of a class's methods."""
        for _ in range(_MOST_WRAPPED):
            if type(value) is FunctionType:
                if value in self._code:
                    return
                self._keep(value)
            elif type(value) is not _CACHING:
                break
            value = getattr(value, "__wrapped__", None)
        if issubclass(type(value), type):
            own = {key: item for key, item in vars(value).items() if type(item) is FunctionType}
            for method in own.values():
                self._keep(method)
            with suppress(Exception):  # a class of a strange class may not be a key
                if own and methods:
                    self._methods[value] = _Kept(value, vars(value), own)

    def _keep(self, function: FunctionType) -> None:
        self._code[function] = tuple(getattr(function, part) for part in _CODE)


def _is_made_to_be_called(value: Any) -> bool:
    """Whether it is a function, class or module, whatever it says of itself."""
    return type(value) in _MADE_TO_BE_CALLED or issubclass(type(value), type)


class _Kept:
    """Attributes as they were, beside the live ones.

    Args:
        owner: the module or class.
        current: its own dictionary, or a view of it.
        attributes: those that are to stay.
    """

    def __init__(self, owner: Any, current: Mapping[str, Any], attributes: dict[str, Any]) -> None:
        self.owner, self.current, self._attributes = owner, current, attributes
        self._names, self._values = tuple(attributes), tuple(attributes.values())

    def changed(self) -> list[tuple[str, Any]]:
        """Names whose value is another one now, with the old value."""
        # Nearly always nothing is, and a loop in C finds that out ten times faster than one in Python.
        if not _any(_map(_is_not, _map(self.current.get, self._names), self._values)):
            return []
        return [(name, value) for name, value in self._attributes.items() if self.current.get(name) is not value]


# As they are before any code of a job has run.
_any, _map, _is_not = any, map, operator.is_not
# Functions that were given other code or defaults. Python tells us of each: to look through thousands of functions
# before every check would take longer than the checks, as it makes a fork copy every page that one of them lies on.
_changed: set[FunctionType] = set()
# Where checks run, the code that may trace; empty elsewhere. A list, because this module's own names are put back too.
_may_trace: list[frozenset[CodeType]] = []


def guard_checks() -> None:
    """From here on this process refuses what skips lines of code that is running; for good, so only for checks."""
    if not _may_trace:
        sys.settrace(None)
        sys.setprofile(None)
        if sys.version_info >= (3, 12):
            for tool in range(6):
                if sys.monitoring.get_tool(tool):
                    sys.monitoring.set_events(tool, 0)
        _may_trace.append(frozenset())


def let_trace(check: CodeType) -> None:
    """Adds a check: its own code may trace what it calls, to count steps for example."""
    found, todo = set(), [check]
    while todo:
        code = todo.pop()
        found.add(code)
        todo += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    # Helpers that an earlier part has defined may, too.
    _may_trace[:] = [_may_trace[0].union(found)]


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "object.__setattr__":
        # Anybody can raise such an event, with an object whose hash is code of theirs; a function's is its address.
        if type(arguments[0]) is FunctionType and arguments[1] in _CODE:
            _changed.add(arguments[0])
    elif event in {"sys.settrace", "sys.setprofile"} and _may_trace and sys._getframe(1).f_code not in _may_trace[0]:
        raise RuntimeError("a check may not be traced")
