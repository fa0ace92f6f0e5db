"""Ready-made searches to practise on, so that no exercise waits for another one, and what the checks share."""

import contextlib
import itertools
import math
import random

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, IntDistribution

from surfaces import SPACE


class BudgetSpent(Exception):
    """Raised by a meter that is asked for one evaluation more than the budget allows."""


@contextlib.contextmanager
def once_solved(*exercises: str):
    """Run a block that needs your answers; say which ones where they are still missing."""
    try:
        yield
    except NotImplementedError:
        print("This cell runs once you have solved:", ", ".join(exercises))


def sampled_search(sampler, objective, space: dict, budget: int) -> list[tuple[dict, float]]:
    """Let a sampler of Optuna propose `budget` points; return the history of (point, value)."""
    study, history = optuna.create_study(sampler=sampler), []
    for _ in range(budget):
        trial = study.ask(space)
        value = objective(trial.params)
        study.tell(trial, value)
        history.append((trial.params, value))
    return history


def random_history(objective, budget: int, seed: int, space: dict = SPACE) -> list[tuple[dict, float]]:
    """Return the history of a random search, drawn with NumPy."""
    rng, history = np.random.default_rng(seed), []
    for _ in range(budget):
        point = {name: _draw(distribution, rng) for name, distribution in space.items()}
        history.append((point, objective(point)))
    return history


def _draw(distribution, rng):
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[rng.integers(len(distribution.choices))]
    low, high = distribution.low, distribution.high
    value = math.exp(rng.uniform(math.log(low), math.log(high))) if distribution.log else rng.uniform(low, high)
    return int(round(value)) if isinstance(distribution, IntDistribution) else value


# What the checks share.


def raises(error, call, *arguments, **options) -> bool:
    """Return whether a call raises this error; NotImplementedError means "not attempted" and passes through."""
    try:
        call(*arguments, **options)
    except NotImplementedError:
        raise
    except error:
        return True
    return False


def close(got, want) -> bool:
    """Return whether two values are the same up to rounding; other than numbers they must be equal and of one type."""
    if isinstance(want, float) and isinstance(got, float | int | np.floating | np.integer):
        return math.isclose(got, want, rel_tol=1e-6, abs_tol=1e-9)
    return got is want or (got == want and isinstance(got, type(want)))


def same_points(got: list, expected: list) -> bool:
    """Return whether two lists hold the same points in any order; floats may differ by one part in 10 to the 9."""
    left = list(got)
    for want in expected:
        found = next((point for point in left if _same_point(point, want)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _same_point(point, want: dict) -> bool:
    return set(point) == set(want) and all(
        math.isclose(point[name], value, rel_tol=1e-9, abs_tol=1e-12)
        if isinstance(value, float) and isinstance(point[name], float | int | np.floating)
        else close(point[name], value)
        for name, value in want.items()
    )


def short(value) -> str:
    """Return a value as text for a message: numbers with six digits, long lists cut."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {short(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        shown = 4 if value and isinstance(value[0], dict | tuple) else 12
        items = [short(item) for item in value[:shown]] + [f"... {len(value)} in all"] * (len(value) > shown)
        left, right = "[]" if isinstance(value, list) else "()"
        return left + ", ".join(items) + right
    return repr(value)


class Recorder:
    """An objective that remembers what it was asked, and spoils the dict it was given."""

    def __init__(self, function):
        self.function, self.points, self.values = function, [], []

    def __call__(self, point):
        self.points.append(dict(point))
        value = self.function(point)
        self.values.append(value)
        if type(point) is dict:
            point.clear()
        return value


def outside(point: dict, space: dict) -> str:
    """Return what is wrong with a point of a space; "" where nothing is."""
    if not isinstance(point, dict) or set(point) != set(space):
        return f"{point} has not exactly the names {sorted(space)}"
    for name, distribution in space.items():
        value = point[name]
        if isinstance(distribution, CategoricalDistribution):
            if not any(value is choice or value == choice for choice in distribution.choices):
                return f"{name} is {value!r}, which is not one of {distribution.choices}"
            continue
        low, high = distribution.low, distribution.high
        if not low * (1 - 1e-12) - 1e-12 <= value <= high * (1 + 1e-12):
            return f"{name} is {value!r}, outside {low} .. {high}"
        if isinstance(distribution, IntDistribution) and not isinstance(value, int | np.integer):
            return f"{name} is {value!r}, expected a whole number as an int"
    return ""


def same_history(left, right) -> bool:
    """Return whether two histories hold the same points and values; NaN equals NaN."""
    return len(left) == len(right) and all(
        p == q and (v == w or (v != v and w != w)) for (p, v), (q, w) in zip(left, right, strict=True)
    )


def global_random_state() -> tuple:
    """Return what the global generators of `random` and NumPy would draw next, without drawing."""
    name, keys, *rest = np.random.get_state()
    return random.getstate(), (name, keys.tolist(), *rest)


class Scripted(optuna.samplers.BaseSampler):
    """A sampler that proposes listed points in their order, and begins again at the end."""

    def __init__(self, points):
        self.points = points

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return self.points[trial.number % len(self.points)][param_name]


class RulePruner(optuna.pruners.BasePruner):
    """A pruner that follows a rule (step, value) -> bool about the last report, and remembers what it saw."""

    def __init__(self, rule):
        self.rule, self.seen = rule, []

    def prune(self, study, trial):
        step = trial.last_step
        value = None if step is None else trial.intermediate_values[step]
        self.seen.append((trial.number, step, value))
        return step is not None and self.rule(step, value)


class Curves:
    """A `start` for known learning curves: point["curve"] is the number of the curve. It counts the steps."""

    def __init__(self, curves):
        self.curves, self.begun, self.steps = curves, [], []

    def __call__(self, point):
        number = len(self.begun)
        self.begun.append(point["curve"])
        self.steps.append(0)

        def run():
            for error in itertools.chain(self.curves[point["curve"]], itertools.repeat(-1.0)):
                self.steps[number] += 1
                yield error

        return run()
