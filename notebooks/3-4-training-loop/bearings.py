"""Spindle bearings, their inspection readings and how long they lasted: made up, and the truth is known.

Each row is one bearing at its yearly inspection. No bearing appears twice, so rows may be split at random.

The process
-----------
The four readings are independent and uniform:

    vibration     1 to 7        mm/s
    temperature   40 to 100     degrees Celsius
    load          2 to 10       kN
    speed         600 to 3000   revolutions per minute

    wear  = 1 / (1 + exp(-1.6 * (vibration - 4)))       0 for a healthy bearing, 1 for a worn one
    oil   = 1 / (1 + exp((temperature - 75) / 5))       1 while the oil film holds, 0 when it has thinned
    duty  = (5 / load) ** 0.5 * (1500 / speed) ** 0.35  more than 1 for light, slow work
    mean  = 250 + 420 * duty * (1 - wear) * (0.45 + 0.55 * oil)

    hours = mean + normal noise with standard deviation NOISE_HOURS

The noise is what the readings cannot tell. A model that knew the formula for `mean` would still have a
root-mean-square error of NOISE_HOURS on new bearings: that is the noise floor, and no model gets below it.
"""

import numpy as np

COLUMNS = ("vibration", "temperature", "load", "speed")
NOISE_HOURS = 40.0


def true_hours(features: np.ndarray) -> np.ndarray:
    """Return the mean remaining life in hours, shape (n,), for readings of shape (n, 4)."""
    vibration, temperature, load, speed = features.T
    wear = 1 / (1 + np.exp(-1.6 * (vibration - 4)))
    oil = 1 / (1 + np.exp((temperature - 75) / 5))
    duty = (5 / load) ** 0.5 * (1500 / speed) ** 0.35
    return 250 + 420 * duty * (1 - wear) * (0.45 + 0.55 * oil)


def inspected_bearings(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the readings of n bearings, shape (n, 4), and the hours each still lasted, shape (n,)."""
    rng = np.random.default_rng(seed)
    features = np.column_stack(
        [rng.uniform(1, 7, n), rng.uniform(40, 100, n), rng.uniform(2, 10, n), rng.uniform(600, 3000, n)]
    )
    return features, true_hours(features) + rng.normal(0, NOISE_HOURS, n)
