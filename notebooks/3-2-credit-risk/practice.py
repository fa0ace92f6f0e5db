"""Helpers of this lesson: what the example cells and the checks share."""

import contextlib
import inspect
import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from loans import DEFAULT_COST, REFUSAL_COST, as_applied, loan_book, true_probability


@contextlib.contextmanager
def once_solved(*exercises: str):
    """Run a block that needs your answers; say which ones where they are still missing."""
    try:
        yield
    except NotImplementedError:
        print("This cell runs once you have solved:", ", ".join(exercises))


def raises(error, call, *arguments, **options) -> bool:
    """Return whether a call raises this error."""
    try:
        call(*arguments, **options)
    except error:
        return True
    return False


# The truth, which only made-up data has.


def long_run_cost(probability, loans: pd.DataFrame) -> float:
    """Return the mean cost per loan, in euros, of deciding with these probabilities, over all ways the loans can end.

    Refuses above 1 / 6, where both decisions cost the same. No luck is in this number: each loan counts with its true
    probability of default in place of its outcome.
    """
    truth = true_probability(loans)
    refused = np.asarray(probability) > REFUSAL_COST / (REFUSAL_COST + DEFAULT_COST)
    return float(np.mean(np.where(refused, (1 - truth) * REFUSAL_COST, truth * DEFAULT_COST)))


def past_and_new(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return loans that ended before 2022, with outcome, and loans of other customers who apply from 2022 on."""
    past, new = loan_book(2500, seed=2 * seed), loan_book(2500, seed=2 * seed + 1)
    new["customer_id"] += 100_000
    new["loan_id"] += 100_000
    past = past[past["applied"] < "2021-01-01"].reset_index(drop=True)
    return past, new[new["applied"] >= "2022-01-01"].reset_index(drop=True)


def bureau_rule_cost(past: pd.DataFrame, new: pd.DataFrame) -> float:
    """Return the long-run cost of new loans decided by the default rate of their bureau score's fifth."""
    edges = past["bureau"].quantile([0.2, 0.4, 0.6, 0.8]).tolist()
    bands = [pd.cut(frame["bureau"], [-np.inf, *edges, np.inf], right=False, labels=False) for frame in (past, new)]
    past_bands, new_bands = (band.fillna(5) for band in bands)
    return long_run_cost(new_bands.map(past["defaulted"].groupby(past_bands).mean()), new)


def gap_closed(model, past: pd.DataFrame, new: pd.DataFrame) -> tuple[float, np.ndarray]:
    """Train on the past, predict the new; return the share of the way from the bureau rule to the truth, and p."""
    model.fit(past.drop(columns="defaulted"), past["defaulted"])
    probability = np.asarray(model.predict_proba(as_applied(new)))[:, 1]
    rule, best = bureau_rule_cost(past, new), long_run_cost(true_probability(new), new)
    return (rule - long_run_cost(probability, new)) / (rule - best), probability


# What the checks need.


def columns_missing(got, expected: dict) -> str:
    """Compare two tables whose columns may stand in any order; return what is wrong, "" where nothing is."""
    got = np.asarray(got, dtype=float)
    want_shape = len(next(iter(expected.values()))), len(expected)
    free = list(range(got.shape[1]))
    for name, want in expected.items():
        fits = [j for j in free if np.allclose(got[:, j], want, rtol=0, atol=1e-6, equal_nan=True)]
        if not fits:
            return f"no column of the result is {name}: {np.round(np.asarray(want, dtype=float), 3).tolist()}"
        free.remove(fits[0])
    return "" if got.shape == want_shape else f"the result has shape {got.shape}, expected {want_shape}"


def dense(table) -> np.ndarray:
    """Return an ordinary array of floats, also for a sparse matrix."""
    return np.asarray(table.todense() if hasattr(table, "todense") else table, dtype=float)


def transformed(preparer, rows: pd.DataFrame, what: str) -> np.ndarray:
    """Return the prepared rows; say which rows they were where that fails."""
    try:
        return dense(preparer.transform(rows))
    except (ValueError, KeyError) as error:
        raise AssertionError(f"transform of {what} raised {type(error).__name__}: {error}") from None


class Witness(ClassifierMixin, BaseEstimator):
    """A model that writes down what it was trained on, and whom it was asked about.

    Its only feature is the number of the row. `book` is a list that all copies share: clone() keeps it, because it
    has no copy of its own to make.
    """

    class Book(list):
        def __deepcopy__(self, memo):
            return self

    def __init__(self, book=None):
        self.book = book

    def fit(self, X, y):
        self.trained_ = set(np.asarray(X)[:, 0].astype(int).tolist())
        self.classes_ = np.array([0, 1])
        self.labels_ = dict(zip(np.asarray(X)[:, 0].astype(int).tolist(), np.asarray(y).tolist()))
        return self

    def predict_proba(self, X):
        check_is_fitted(self)
        rows = np.asarray(X)[:, 0].astype(int).tolist()
        self.book.append((self.trained_, rows, self.labels_))
        default = np.array([row / 1000 for row in rows])
        return np.column_stack([1 - default, default])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)


def failed_checks(estimator) -> list[str]:
    """Run scikit-learn's estimator checks; return one line for each that failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    lines = []
    for result in results:
        if result["status"] == "failed":
            reason = " ".join(str(result["exception"]).split()) or type(result["exception"]).__name__
            lines.append(f"{result['check_name']}: {reason[:150]}")
    return lines


def is_class(candidate, name: str) -> None:
    """Say so where an answer is an object in place of a class."""
    assert inspect.isclass(candidate), f"{name} is {candidate!r}, expected a class"
