"""Stands in for the comparisons of a check and tells which of them hold with another expected value as well.

The audit hands this file's text into the jail, in front of a changed check. So it uses nothing of this package.
"""

from __future__ import annotations

import operator
import sys
from collections import deque
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Any

_FAR = 1009  # from what was expected, and in no lesson by chance
_OPERATIONS = {"Eq": operator.eq, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge,
               "NotEq": operator.ne, "Is": operator.is_, "IsNot": operator.is_not,
               "In": lambda left, right: left in right, "NotIn": lambda left, right: left not in right}
_MOST_TOLD = 12


class Odd(BaseException):
    """What nothing is equal to, nothing contains, and nobody raises."""


class Anything:
    """Equal to everything, more than everything, less than everything, and true."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    __hash__ = object.__hash__
    __array_ufunc__ = None  # so NumPy leaves a comparison to this class

    def __array_function__(self, *args: object) -> bool:
        return True

    @classmethod
    def __torch_function__(cls, *args: object) -> bool:
        return True


def _any_array() -> Any:
    """The same as an array, for what compares arrays."""
    import numpy

    class AnyArray(numpy.ndarray):
        def __array_function__(self, function: Any, *args: Any) -> Any:
            return numpy.True_

        def __array_ufunc__(self, function: Any, *args: Any, **options: Any) -> Any:
            return numpy.bool_(function.__name__ not in {"isnan", "isinf", "isnat", "not_equal"})

        def __eq__(self, other: object) -> Any:
            return numpy.True_

        __hash__ = None

    return numpy.zeros(()).view(AnyArray)


def _anything(kind: str, value: Any) -> Any:
    if kind == "array":
        return _any_array()
    if kind == "parts" and isinstance(value, list | tuple):
        return type(value)([_anything(kind, one) for one in value])
    if kind == "parts" and isinstance(value, dict):
        return {key: _anything(kind, one) for key, one in value.items()}
    return Anything()


class Probe:
    """Where a changed check's comparisons go.

    Args:
        token: what its report begins with.
        sites: which comparisons are asked with another value, as (number, side).
        wanted: one of them, whose answer with the other value is taken for its own, and at which of its evaluations,
            0 for all; None to ask them all and only tell.
        anything: whether the other side of the one that is wanted is equal to everything: as an "object", or as an
            "array", or as what stands there with "parts" that are.
    """

    def __init__(self, token: str, sites: list[tuple[int, int]], wanted: tuple[int, int, int] | None = None,
                 anything: str = "") -> None:
        self._token, self._sites, self._wanted, self._anything = token, sites, wanted, anything
        self._times: dict[tuple[int, int], int] = {}
        self._held: list[str] = []
        self.on = True
        self.reached = False

    def said(self) -> str:
        """The comparisons that hold with another value as well, each with its side and the evaluation."""
        return f"{self._token} {' '.join(self._held[:_MOST_TOLD])}"

    def compare(self, number: int, names: tuple[str, ...], *values: Any) -> Any:
        """In place of `left OP right`, or of a chain of such."""
        result: Any = True
        for place, name in enumerate(names):
            one, pair = _OPERATIONS[name], (values[place], values[place + 1])
            result = self._ask(number + place, pair, lambda side, values=pair, name=name: _beside(name, side, values),
                               lambda changed, one=one: one(*changed), lambda pair=pair, one=one: one(*pair))
            if place + 1 < len(names) and not result:
                return result
        return result

    def call(self, number: int, function: Any, *args: Any, **options: Any) -> Any:
        """In place of a call that says whether its first two arguments are alike."""
        return self._ask(number, args, lambda side: other(args[side]),
                         lambda changed: function(*changed, **options), lambda: function(*args, **options))

    def assure(self, number: int, function: Any, *args: Any, **options: Any) -> None:
        """In place of a call that raises an AssertionError unless its first two arguments are alike."""
        def holds(given: tuple[Any, ...]) -> bool:
            try:
                function(*given, **options)
            except AssertionError:
                return False
            return True

        if not self._ask(number, args, lambda side: other(args[side]), holds, lambda: holds(args)):
            function(*args, **options)  # once more, for its own words
            raise AssertionError("another value was expected")

    def _ask(self, number: int, values: tuple[Any, ...], beside: Any, holds: Any, itself: Any) -> Any:
        for side in (0, 1):
            site = (number, side)
            if site not in self._sites:
                continue
            self._times[site] = self._times.get(site, 0) + 1
            if self._wanted is None:
                # Before the comparison itself: what answers the first that it is asked has to answer this.
                changed = list(values)
                if _truth(lambda side=side, changed=changed: holds(_with(changed, side, beside(side)))):
                    self._held.append(f"{number}.{side}.{self._times[site]}")
            elif self._wanted[:2] == site and self._wanted[2] in (0, self._times[site]):
                self.reached = True
                changed = list(values)
                if self._anything:
                    changed[1 - side] = _anything(self._anything, changed[1 - side])
                return holds(_with(changed, side, beside(side)))
        return itself()


def _with(values: list[Any], side: int, value: Any) -> tuple[Any, ...]:
    values[side] = value
    return tuple(values)


def _truth(holds: Any) -> bool:
    try:
        answer = holds()
        try:
            return bool(answer)
        except ValueError:  # of an array, which has many
            return bool(answer.all())
    except Exception:
        return False


def _beside(name: str, side: int, values: tuple[Any, Any]) -> Any:
    """What to compare with instead, so that no honest value compares as it should."""
    if name in {"Lt", "LtE", "Gt", "GtE"}:
        # No number is more or less than this one, infinity included; and nothing is than what has no order.
        return float("nan") if _is_number(values[side]) else Odd()
    if name == "In":
        if side == 1:
            return (Odd(),)
        return values[0] + "\u2060~" if isinstance(values[0], str) else Odd()
    if name == "Eq":
        return other(values[side])
    return values[side]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or hasattr(value, "__float__")


def other(value: Any) -> Any:
    """A value like another one, but far from it; for what is of no known kind, one that nothing is equal to."""
    try:
        return _other(value)
    except Exception:
        return Odd()


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return int(value) * 2 + _FAR
    if isinstance(value, float):
        return 0.5 if value != value or value in (float("inf"), float("-inf")) else float(value) * 2 + _FAR
    if isinstance(value, complex):
        return value * 2 + _FAR
    if value is None:
        return _FAR
    if isinstance(value, str):
        return value + "\u2060~"
    if isinstance(value, bytes | bytearray):
        return value + b"~"
    for kind in (_other_of_many, _other_of_array, _other_of_rest):
        changed = kind(value)
        if changed is not None:
            return changed
    return Odd()


def _other_of_many(value: Any) -> Any:
    if isinstance(value, list | tuple | deque):
        items = list(value)
        items[-1:] = [other(items[-1])] if items else [_FAR]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*items)
        return type(value)(items)
    if isinstance(value, dict):
        changed = value.copy()
        last = next(reversed(list(changed)), "~")
        changed[last] = other(changed[last]) if last in changed else _FAR
        return changed
    if isinstance(value, set | frozenset):
        return value | {_FAR}
    if isinstance(value, range):
        return range(value.start, value.stop + 7 * value.step, value.step)
    return None


def _other_of_array(value: Any) -> Any:
    numpy, pandas, torch = (sys.modules.get(name) for name in ("numpy", "pandas", "torch"))
    if numpy and isinstance(value, numpy.ndarray | numpy.generic):
        if value.dtype.kind == "b":
            return ~value
        if value.dtype.kind in "US":
            return numpy.char.add(value, "~")
        if value.dtype.kind in "Mm":
            return value + numpy.timedelta64(_FAR, "D")
        if value.dtype.kind == "O":
            return numpy.array([other(one) for one in value.ravel()], dtype=object).reshape(value.shape)
        if value.dtype.kind in "iu":  # which may be too narrow for more
            return value ^ value.dtype.type(85)
        return numpy.nan_to_num(value, posinf=1, neginf=1) * 2 + _FAR
    if torch and isinstance(value, torch.Tensor):
        if value.is_floating_point() or value.is_complex():
            return torch.nan_to_num(value, posinf=1, neginf=1) * 2 + _FAR
        return ~value if value.dtype == torch.bool else value ^ 85
    if pandas and isinstance(value, pandas.DataFrame):
        changed = value.copy()
        changed.isetitem(0, other(value.iloc[:, 0]))
        return changed
    if pandas and isinstance(value, pandas.Series):
        return pandas.Series([other(one) for one in value], index=value.index, name=value.name)
    if pandas and isinstance(value, pandas.Index):
        return pandas.Index([other(one) for one in value], name=value.name)
    return None


def _other_of_rest(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value + timedelta(days=_FAR)
    if isinstance(value, timedelta):
        return value + timedelta(days=_FAR)
    if isinstance(value, PurePath):
        return value / "~"
    if isinstance(value, type):
        return Odd
    if hasattr(value, "expected") and type(value).__module__.startswith("_pytest"):
        import pytest

        return pytest.approx(other(value.expected))
    return None
