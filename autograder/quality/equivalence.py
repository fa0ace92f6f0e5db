"""Whether a mutant can be told from the solution: both get the same thousand generated inputs.

`compare` runs beside the lesson's own code, in the jail, and is sent there as text: so it stands alone, with nothing of
the kit around it.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Mapping
from typing import Any

GENERATED_INPUTS = 1000


def comparison(mutant: str, inputs: str, count: int = GENERATED_INPUTS) -> str:
    """Source that compares a mutant with the solution that has run in the same namespace.

    It passes if they are alike for `count` inputs, and fails with an AssertionError that shows the first other one.

    Args:
        mutant: the exercise's cell.
        inputs: source of a function `outcome(rng)`, which makes an input with a NumPy generator, gives it to what the
            exercise defines, and returns what came of it.
    """
    own = inspect.getsource(sys.modules[__name__])
    # In a namespace of its own: the lesson may use the same names.
    return (f"exec({own!r}, _own := {{'__name__': 'comparison'}})\n"
            f"_own['compare'](globals(), {mutant!r}, {inputs!r}, {count})")


def compare(solved: Mapping[str, Any], mutant: str, inputs: str, count: int) -> None:
    """Runs `outcome` with the solution and with the mutant, for `count` seeds.

    Args:
        solved: the namespace in which the solution has run.

    Raises:
        AssertionError: they differ.
    """
    ours, theirs = dict(solved), dict(solved)
    exec(mutant, theirs)
    for names in (ours, theirs):
        exec(inputs, names)
    for seed in range(count):
        expected, got = _outcome(ours, seed), _outcome(theirs, seed)
        assert alike(expected, got), f"input {seed}: {expected!r} became {got!r}"


def _outcome(names: dict[str, Any], seed: int) -> Any:
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    try:
        return names["outcome"](np.random.default_rng(seed))
    except Exception as error:
        return "raised", type(error).__name__


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last bit: containers item by item, generators by what they yield."""
    import numpy as np

    if isinstance(one, types.GeneratorType) and isinstance(other, types.GeneratorType):
        return alike(list(one), list(other))
    if type(one) is not type(other):
        return False
    if type(one).__module__.partition(".")[0] == "torch" and hasattr(one, "detach"):
        one, other = one.detach().numpy(), other.detach().numpy()
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    if hasattr(one, "equals"):  # of pandas
        return bool(one.equals(other))
    return bool(one == other)
