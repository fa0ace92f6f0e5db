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
_TURNS = (0, 1)  # one other value may be taken for right by chance: two are not
_OPERATIONS = {"Eq": operator.eq, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge,
               "NotEq": operator.ne, "Is": operator.is_, "IsNot": operator.is_not,
               "In": lambda left, right: left in right, "NotIn": lambda left, right: left not in right}
_MOST_TOLD = 12


class Odd(BaseException):
    """What nothing is equal to, nothing contains, and nobody raises."""


class Odder(Exception):
    """Another that nobody raises."""


class Anything:
    """Equal to everything, more than everything, less than everything, and true; so is what is reckoned with it."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    __hash__ = object.__hash__

    def __abs__(self, *others: object) -> Anything:
        return self

    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __abs__
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
        sites: which comparisons are asked with other values, as (number, side).
        wanted: one of them, whose answer with another value is taken for its own; at which of its evaluations, 0 for
            each; and with which of the two other values. None to ask them all and only tell.
        anything: whether the other side of the one that is wanted is equal to everything: as an "object", or as an
            "array", or as what stands there with "parts" that are; or is the "same" as the other value. Where an
            exception is wanted, each of these stands for one that is raised as wanted.
    """

    def __init__(self, token: str, sites: list[tuple[int, int]], wanted: tuple[int, int, int, int] | None = None,
                 anything: str = "") -> None:
        self._token, self._sites, self._wanted, self._anything = token, set(sites), wanted, anything
        self._times: dict[tuple[int, int], int] = {}
        self._held: list[str] = []
        self._answers: list[bool] = []
        self.on = True

    @property
    def fooled(self) -> bool:
        """Whether the comparison that is wanted was reached, and held with another value each time."""
        return bool(self._answers) and all(self._answers)

    def said(self) -> str:
        """The comparisons that hold with other values as well, each with its side and the evaluation."""
        return f"{self._token} {' '.join(self._held[:_MOST_TOLD])}"

    def compare(self, number: int, names: tuple[str, ...], /, *values: Any) -> Any:
        """In place of `left OP right`, or of a chain of such."""
        result: Any = True
        for place, name in enumerate(names):
            one, pair = _OPERATIONS[name], (values[place], values[place + 1])
            result = self._ask(
                number + place, pair, lambda side, turn, name=name, pair=pair: _beside(name, side, turn, pair),
                lambda changed, one=one: one(*changed), lambda one=one, pair=pair: one(*pair))
            if place + 1 < len(names) and not result:
                return result
        return result

    def call(self, number: int, function: Any, /, *args: Any, **options: Any) -> Any:
        """In place of a call that says whether its first two arguments are alike."""
        # A function is no expected value; and what is empty is like everything to functions that look at each element.
        if any(callable(one) or _is_empty(one) for one in args[:2]):
            return function(*args, **options)
        return self._ask(number, args, lambda side, turn: other(args[side], turn),
                         lambda changed: function(*changed, **options), lambda: function(*args, **options))

    def assure(self, number: int, function: Any, /, *args: Any, **options: Any) -> None:
        """In place of a call that raises an AssertionError unless its first two arguments are alike."""
        def holds(*given: Any) -> bool:
            try:
                function(*given, **options)
            except AssertionError:
                return False
            return True

        if not self.call(number, holds, *args):
            function(*args, **options)  # once more, for its own words
            raise AssertionError("another value was expected")

    def equals(self, number: int, /, *values: Any, **options: Any) -> Any:
        """In place of `one.equals(another)`."""
        return self.call(number, _equals, *values, **options)

    def raised(self, number: int, silent: bool, function: Any, wanted: Any, body: Any, /, *args: Any,
               **options: Any) -> Any:
        """In place of `raises(wanted, body, *args, **options)`, silent if that returns nothing where all is well."""
        if not callable(body) or not self._asks(number, wanted):
            return function(wanted, body, *args, **options)
        turn = self._turn(number)
        if turn is not None:
            return self._another_raised(_exception(wanted, turn), silent, function, body, args, options)
        outcome: list[BaseException] = []

        def noted(*given: Any, **named: Any) -> Any:
            try:
                return body(*given, **named)
            except BaseException as error:
                outcome.append(error)
                raise

        def again() -> None:
            if outcome:
                raise outcome[-1]

        result = function(wanted, noted, *args, **options)
        self._tell(number, lambda turn: function(_exception(wanted, turn), again) or silent)
        outcome.clear()  # it holds on to what was running
        return result

    def _another_raised(self, unwanted: Any, silent: bool, function: Any, body: Any, args: tuple[Any, ...],
                        options: dict[str, Any]) -> Any:
        def fitting() -> None:
            try:
                body(*args, **options)
            except BaseException as error:
                raise _remade(error, unwanted) from error

        self._answers.append(False)
        result = function(unwanted, fitting) if self._anything else function(unwanted, body, *args, **options)
        self._answers[-1] = bool(result) or silent
        return result

    def raising(self, number: int, silent: bool, function: Any, wanted: Any, /, *args: Any, **options: Any) -> Any:
        """In place of `raises(wanted, …)` in a `with`."""
        if not self._asks(number, wanted):
            return function(wanted, *args, **options)
        turn = self._turn(number)
        asked = wanted if turn is None else _exception(wanted, turn)
        return _Manager(self, number, lambda kind: function(kind, *args, **options), asked, wanted)

    def swallowed(self, number: int, silent: bool, function: Any, wanted: Any, body: Any, /, *args: Any,
                  **options: Any) -> Any:
        """In place of `raised`, where nothing may fail by itself."""
        with _Swallow(wanted) as around:
            body(*args, **options)
        return around.value

    def swallowing(self, number: int, silent: bool, function: Any, wanted: Any, /, *args: Any, **options: Any) -> Any:
        """In place of `raising`, where nothing may fail by itself."""
        return _Swallow(wanted)

    def _asks(self, number: int, wanted: Any) -> bool:
        """Whether there is something to ask here: a function called `raises` may be of another kind."""
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        return (number, 0) in self._sites and bool(kinds) and all(
            isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)

    def _turn(self, number: int) -> int | None:
        """Which other exception is wanted at a place this time; None for its own."""
        site = (number, 0)
        times = self._times[site] = self._times.get(site, 0) + 1
        chosen = self._wanted is not None and self._wanted[:2] == site and self._wanted[2] in (0, times)
        return self._wanted[3] if chosen else None

    def _tell(self, number: int, holds: Any) -> None:
        """Notes it where another exception would have done."""
        if self._wanted is None and all(_passes(holds, turn) for turn in _TURNS):
            self._held.append(f"{number}.0.{self._times[number, 0]}")

    def _ask(self, number: int, values: tuple[Any, ...], beside: Any, holds: Any, itself: Any) -> Any:
        def changed(side: int, turn: int) -> tuple[Any, ...]:
            given = list(values)
            if self._anything:
                given[1 - side] = _anything(self._anything, given[1 - side])
            given[side] = beside(side, turn)
            if self._anything == "same":
                given[1 - side] = given[side]
            return tuple(given)

        for side in (0, 1):
            site = (number, side)
            if site not in self._sites:
                continue
            times = self._times[site] = self._times.get(site, 0) + 1
            if self._wanted is None:
                # Before the comparison itself: what answers the first that it is asked has to answer this.
                if all(_held(holds, changed, side, turn) for turn in _TURNS):
                    self._held.append(f"{number}.{side}.{times}")
            elif self._wanted[:2] == site and self._wanted[2] in (0, times):
                answer = holds(changed(side, self._wanted[3]))
                self._answers.append(_is_true(answer))
                return answer
        return itself()


class _Manager:
    """Around what a context manager of `raises` is around."""

    def __init__(self, probe: Probe, number: int, make: Any, asked: Any, wanted: Any) -> None:
        self._probe, self._number, self._make = probe, number, make
        self._asked, self._wanted = asked, wanted
        self._inner = make(asked)

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> Any:
        probe = self._probe
        if self._asked is self._wanted:
            probe._tell(self._number, lambda turn: self._leave(_exception(self._wanted, turn), kind, error, trace))
            return self._inner.__exit__(kind, error, trace)
        if probe._anything and error is not None:
            error = _remade(error, self._asked)
            kind = type(error)
        probe._answers.append(False)
        answer = self._inner.__exit__(kind, error, trace)
        # Where nothing was raised, one that lets that pass says nothing about what it would take.
        probe._answers[-1] = bool(answer)
        return answer

    def _leave(self, wanted: Any, kind: Any, error: BaseException | None, trace: Any) -> bool:
        fresh = self._make(wanted)
        fresh.__enter__()
        return bool(fresh.__exit__(kind, error, trace))


class _Swallow:
    """Around a block of which nothing is to come out."""

    value = None

    def __init__(self, wanted: Any) -> None:
        self._kinds = (Exception, *(wanted if isinstance(wanted, tuple) else (wanted,)))

    def __enter__(self) -> _Swallow:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self.value = error
        return kind is None or issubclass(kind, self._kinds)


def _exception(wanted: Any, turn: int) -> type[BaseException]:
    """One that nobody raises: of the wanted kind, or of none."""
    if turn == 0:
        kind = wanted[0] if isinstance(wanted, tuple) and wanted else wanted
        try:
            return type(kind)("Odd", (kind,), {})
        except Exception:
            return Odder
    return Odd


def _remade(error: BaseException, kind: type[BaseException]) -> BaseException:
    made = kind.__new__(kind, *error.args)
    made.args = error.args
    made.__dict__.update(error.__dict__)
    return made


def _passes(holds: Any, turn: int) -> bool:
    try:
        return bool(holds(turn))
    except BaseException:  # the answer's own, raised again
        return False


def _equals(one: Any, another: Any) -> Any:
    return one.equals(another)


def _held(holds: Any, changed: Any, side: int, turn: int) -> bool:
    try:
        return _is_true(holds(changed(side, turn)))
    except Exception:
        return False


def _is_true(answer: Any) -> bool:
    if _is_empty(answer):
        return False
    try:
        return bool(answer)
    except ValueError:  # of an array, which has many
        return bool(answer.all())


def _is_empty(value: Any) -> bool:
    if isinstance(value, list | tuple | dict | set | str):
        return not value
    try:
        return 0 in tuple(value.shape)
    except Exception:
        return False


def _beside(name: str, side: int, turn: int, values: tuple[Any, Any]) -> Any:
    """What to compare with instead, so that no honest value compares as it should."""
    value = values[side]
    if name in {"Lt", "LtE", "Gt", "GtE"}:
        if not isinstance(value, int | float) and not hasattr(value, "__float__"):
            return Odd()
        # No number is more or less than the first; but some say so who only ask whether it is the other way round.
        return float("nan") if turn == 0 else float("-inf" if (name in {"Lt", "LtE"}) == (side == 1) else "inf")
    if name == "In":
        if side == 1:
            return (Odd(),)
        return other(value, turn) if isinstance(value, str) or turn else Odd()
    return other(value, turn)


def other(value: Any, turn: int = 0) -> Any:
    """A value like another one, but far from it; for what is of no known kind, one that nothing is equal to.

    Args:
        turn: which of the two that there are.
    """
    try:
        return _other(value, turn)
    except Exception:
        return Odd()


def _other(value: Any, turn: int) -> Any:
    far = _FAR * (turn + 1)
    if isinstance(value, bool):
        return far if turn else not value
    if isinstance(value, int):
        return int(value) + far
    if isinstance(value, float):
        return 0.5 + turn if value != value or value in (float("inf"), float("-inf")) else abs(float(value)) * 2 + far
    if isinstance(value, complex):
        return abs(value) * 2 + far
    if value is None:
        return far
    if isinstance(value, str):
        return f"\u2060~{value}" if turn else f"{value}\u2060~"
    if isinstance(value, bytes | bytearray):
        return b"~" + value if turn else value + b"~"
    for kind in (_other_of_many, _other_of_array, _other_of_rest):
        changed = kind(value, turn)
        if changed is not None:
            return changed
    return Odd()


def _other_of_many(value: Any, turn: int) -> Any:
    if isinstance(value, list | tuple | deque):
        items = list(value)
        items[-1:] = [other(items[-1], turn)] if items else [_FAR + turn]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*items)
        return type(value)(items)
    if isinstance(value, dict):
        changed = value.copy()
        last = next(reversed(list(changed)), "~")
        changed[last] = other(changed[last], turn) if last in changed else _FAR + turn
        return changed
    if isinstance(value, set | frozenset):
        return value | {_FAR + turn}
    if isinstance(value, range):
        return range(value.start, value.stop + (7 + turn) * value.step, value.step)
    return None


def _other_of_array(value: Any, turn: int) -> Any:
    numpy, pandas, torch = (sys.modules.get(name) for name in ("numpy", "pandas", "torch"))
    far = _FAR * (turn + 1)
    if numpy and isinstance(value, numpy.ndarray | numpy.generic):
        if value.dtype.kind == "b":
            return value.astype(int) + far if turn else ~value
        if value.dtype.kind in "US":
            return numpy.char.add(value, "~" * (turn + 1))
        if value.dtype.kind in "Mm":
            return value + numpy.timedelta64(far, "D")
        if value.dtype.kind == "O":
            return numpy.array([other(one, turn) for one in value.ravel()], dtype=object).reshape(value.shape)
        if value.dtype.kind in "iu":  # which may be too narrow for more
            return value ^ value.dtype.type(42 if turn else 85)
        return abs(numpy.nan_to_num(value, posinf=1, neginf=1)) * 2 + far
    if torch and isinstance(value, torch.Tensor):
        if value.is_floating_point() or value.is_complex():
            return torch.nan_to_num(value, posinf=1, neginf=1).abs() * 2 + far
        if value.dtype == torch.bool:
            return value.int() + far if turn else ~value
        return value ^ (42 if turn else 85)
    if pandas and isinstance(value, pandas.DataFrame):
        changed = value.copy()
        changed.isetitem(0, other(value.iloc[:, 0], turn))
        return changed
    if pandas and isinstance(value, pandas.Series):
        return pandas.Series([other(one, turn) for one in value], index=value.index, name=value.name)
    if pandas and isinstance(value, pandas.Index):
        return pandas.Index([other(one, turn) for one in value], name=value.name)
    return None


def _other_of_rest(value: Any, turn: int) -> Any:
    far = timedelta(days=_FAR * (turn + 1))
    if isinstance(value, datetime | date | timedelta):
        return value + far
    if isinstance(value, PurePath):
        return value / ("~" * (turn + 1))
    if isinstance(value, type):
        return Odd
    if hasattr(value, "expected") and type(value).__module__.startswith("_pytest"):
        import pytest

        return pytest.approx(other(value.expected, turn))
    return None
