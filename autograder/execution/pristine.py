"""What checks rely on, remembered before any code of a job has run, and put back before each check.

This makes cheating visible work, not impossible: code of the learner's shares a process with the check.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType
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


class Pristine:
    """Names of modules, methods of their classes, and the code of their functions.

    Args:
        own: modules of ours that run checks. Notebooks do not find them under their names, and that stays so.
    """

    def __init__(self, own: tuple[ModuleType, ...]) -> None:
        self._modules: dict[str, tuple[ModuleType, dict[str, Any]]] = {}
        self._methods: list[tuple[type, dict[str, FunctionType]]] = []
        self._code: list[tuple[FunctionType, tuple[Any, ...]]] = []
        self._aliases: dict[str, ModuleType] = {}
        for module in (*own, *(sys.modules[name] for name in _RELIED_ON if name in sys.modules)):
            self._modules[module.__name__] = module, dict(vars(module))
            for value in list(vars(module).values()):
                if isinstance(value, FunctionType):
                    self._keep(value)
                elif isinstance(value, type) and (value.__module__ in _RELIED_ON or module in own):
                    methods = {key: item for key, item in vars(value).items() if isinstance(item, FunctionType)}
                    self._methods.append((value, methods))
                    for method in methods.values():
                        self._keep(method)

    def note_aliases(self, names: dict[str, Any]) -> None:
        """Remembers which of a notebook's names stand for such a module; the first meaning of a name counts."""
        for alias, value in list(names.items()):
            if type(value) is ModuleType and alias not in self._aliases and any(
                    value is self._modules[name][0] for name in _ALIASED if name in self._modules):
                self._aliases[alias] = value

    def put_back(self, names: dict[str, Any]) -> None:
        """Puts everything back, `names` being the notebook's."""
        for name, (module, attributes) in self._modules.items():
            if name in _RELIED_ON and sys.modules.get(name) is not module:
                sys.modules[name] = module
            current = vars(module)
            for key, value in attributes.items():
                if current.get(key) is not value:
                    current[key] = value
        for owner, methods in self._methods:
            current = vars(owner)
            for key, method in methods.items():
                if current.get(key) is not method:
                    setattr(owner, key, method)
        for function, parts in self._code:
            for part, value in zip(_CODE, parts, strict=True):
                if getattr(function, part) is not value:
                    setattr(function, part, value)
        names.update(self._aliases)

    def _keep(self, function: FunctionType) -> None:
        self._code.append((function, tuple(getattr(function, part) for part in _CODE)))


_checking = False


def guard_checks() -> None:
    """From here on this process refuses what skips lines of code that is running; for good, so only for checks."""
    global _checking
    if not _checking:
        _checking = True
        sys.settrace(None)
        sys.setprofile(None)
        if sys.version_info >= (3, 12):
            for tool in range(6):
                if sys.monitoring.get_tool(tool):
                    sys.monitoring.set_events(tool, 0)
        sys.addaudithook(_refuse_tracing)


def _refuse_tracing(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"sys.settrace", "sys.setprofile"}:
        raise RuntimeError("a check may not be traced")
