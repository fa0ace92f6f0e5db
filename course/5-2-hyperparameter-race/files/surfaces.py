"""Two response surfaces: made up, cheap, and the truth about them is known.

A response surface says which error a model has for each setting of its hyperparameters. For a real model nobody knows
it. These two are formulas, for the four hyperparameters of an imaginary network:

    learning_rate   1e-5 to 1      on a log scale
    width           8 to 8192      whole numbers, on a log scale
    dropout         0 to 0.8
    weight_decay    1e-7 to 0.1    on a log scale

`unit` maps each of them to 0 .. 1: 0 is the low end, 1 the high end, halves and doubles are equally far apart on a log
scale. With r, w, d, k for the four numbers,

    smooth  = 0.05 + 0.24 |r - 0.62| + 0.16 |w - 0.55| + 0.06 |d - 0.30| + 0.01 |k - 0.50|

    regimes = 0.05 + side              inside the band 0.62 < w < 0.68 (a width of 589 to 891)
              0.12 + side + 0.25 w     elsewhere
      with side = 0.03 (|r - 0.50| + |d - 0.30| + |k - 0.50|)

Both have their lowest error, 0.05, where all the distances are 0. `smooth` leads to it from everywhere. `regimes`
leads away from it: outside the band a narrower network is better, and only the band holds the good ones.

What a search gets to see is an error measured on a validation set, and so it is noisy: `noisy` adds normal noise.
"""

from collections.abc import Callable

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

SPACE = {
    "learning_rate": FloatDistribution(1e-5, 1.0, log=True),
    "width": IntDistribution(8, 8192, log=True),
    "dropout": FloatDistribution(0.0, 0.8),
    "weight_decay": FloatDistribution(1e-7, 0.1, log=True),
}
LOWEST_ERROR = 0.05
NOISE = 0.005
_WEIGHTS = {"learning_rate": 0.24, "width": 0.16, "dropout": 0.06, "weight_decay": 0.01}
_CENTRES = {"learning_rate": 0.62, "width": 0.55, "dropout": 0.30, "weight_decay": 0.50}


def unit(point: dict) -> dict:
    """Return each hyperparameter on a scale from 0 to 1; the values of `point` may be numbers or arrays."""
    scaled = {}
    for name, distribution in SPACE.items():
        low, high, value = distribution.low, distribution.high, np.asarray(point[name], dtype=float)
        if distribution.log:
            low, high, value = np.log(low), np.log(high), np.log(value)
        scaled[name] = (value - low) / (high - low)
    return scaled


def smooth(point: dict):
    """Return the true error on the friendly surface."""
    at = unit(point)
    return LOWEST_ERROR + sum(_WEIGHTS[name] * np.abs(at[name] - _CENTRES[name]) for name in SPACE)


def regimes(point: dict):
    """Return the true error on the surface with a hidden band."""
    at = unit(point)
    w = at["width"]
    side = 0.03 * (abs(at["learning_rate"] - 0.5) + abs(at["dropout"] - 0.3) + abs(at["weight_decay"] - 0.5))
    return np.where((0.62 < w) & (w < 0.68), LOWEST_ERROR, 0.12 + 0.25 * w) + side


def noisy(surface: Callable, seed: int) -> Callable:
    """Return an objective: the surface plus normal noise, which depends on the seed and the order of the calls."""
    rng = np.random.default_rng(seed)
    return lambda point: float(surface(point) + NOISE * rng.standard_normal())


def smooth_shares() -> dict[str, float]:
    """Return how much of the variance of `smooth` each hyperparameter causes, when all are drawn uniformly.

    The four terms are independent, so their variances add up. For u uniform on 0 .. 1 and a centre c, |u - c| has the
    mean (c^2 + (1 - c)^2) / 2 and the mean square (c^3 + (1 - c)^3) / 3.
    """
    variance = {}
    for name, c in _CENTRES.items():
        mean, mean_square = (c**2 + (1 - c) ** 2) / 2, (c**3 + (1 - c) ** 3) / 3
        variance[name] = _WEIGHTS[name] ** 2 * (mean_square - mean**2)
    total = sum(variance.values())
    return {name: value / total for name, value in variance.items()}
