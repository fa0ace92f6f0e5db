"""Blood samples on their way to a laboratory, and which of them came late: made up, and the truth is known.

The process
-----------
For each sample, independently:

    distance_km    uniform from 1 to 25
    stops          0 to 7 further clinics on the tour, each number as likely
    rain_mm        0 on six days of ten, otherwise uniform from 0 to 15
    vehicle        "van" four times of ten, else "bike"
    picked_up_at   a second in the first days of March 2030, in seconds since 1970 began
    due_at         10 to 90 minutes later, at any fraction of a second

    needed  = 8 + 2.4 * distance_km + 5 * stops + 0.9 * rain_mm - 4 * (vehicle is a van)        minutes
    late    with probability 1 / (1 + exp((slack - needed) / 3)), where slack = (due_at - picked_up_at) / 60

So a logistic regression on distance, stops, rain, van and slack can find the process itself.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ("distance_km", "stops", "rain_mm", "van", "slack_min")
MARCH_2030 = 1_898_553_600.0


def pickups(n: int, seed: int) -> list[dict]:
    """Return n samples as a client would send them."""
    rng = np.random.default_rng(seed)
    picked_up = MARCH_2030 + rng.uniform(0, 5 * 86_400, n)
    columns = {
        "distance_km": rng.uniform(1, 25, n),
        "stops": rng.integers(0, 8, n),
        "rain_mm": np.where(rng.random(n) < 0.6, 0.0, rng.uniform(0, 15, n)),
        "vehicle": np.where(rng.random(n) < 0.4, "van", "bike"),
        "picked_up_at": picked_up,
        "due_at": picked_up + rng.uniform(10, 90, n) * 60,
    }
    names = [f"sample-{number:05}" for number in range(n)]
    return [
        {"sample_id": name, **dict(zip(columns, row))}
        for name, row in zip(names, zip(*(column.tolist() for column in columns.values())))
    ]


def true_probability(table: np.ndarray) -> np.ndarray:
    """Return the probability of coming late, shape (n,), for features of shape (n, 5) in the order of FEATURES."""
    distance, stops, rain, van, slack = table.T
    needed = 8 + 2.4 * distance + 5 * stops + 0.9 * rain - 4 * van
    return 1 / (1 + np.exp((slack - needed) / 3))


def training_table(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features of shape (n, 5) and whether each sample came late, shape (n,)."""
    rng = np.random.default_rng(seed)
    table = np.column_stack(
        [
            rng.uniform(1, 25, n),
            rng.integers(0, 8, n),
            np.where(rng.random(n) < 0.6, 0.0, rng.uniform(0, 15, n)),
            rng.random(n) < 0.4,
            rng.uniform(10, 90, n),
        ]
    )
    return table, rng.random(n) < true_probability(table)


def trained_pipeline(n: int = 4000, seed: int = 1) -> Pipeline:
    """Return a scaler and a logistic regression, fitted to n samples."""
    table, late = training_table(n, seed)
    return make_pipeline(StandardScaler(), LogisticRegression(C=100)).fit(table, late)
