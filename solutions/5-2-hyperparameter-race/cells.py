"""The real task: cell samples from the Wisconsin breast cancer data, which scikit-learn carries.

569 samples, 30 measurements of cell nuclei each, benign (1) or malignant (0). `CellTask(seed)` splits them at random
into 120 training samples, 80 validation samples and 369 test samples, and standardises all with the mean and the
standard deviation of the training samples. The seed decides the split, so two searches with the same seed see the same
samples: they are paired.
"""

from collections.abc import Iterator

import numpy as np
from optuna.distributions import FloatDistribution
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.svm import SVC

SVC_SPACE = {"C": FloatDistribution(1e-2, 1e4, log=True), "gamma": FloatDistribution(1e-6, 10.0, log=True)}
SGD_SPACE = {"learning_rate": FloatDistribution(1e-5, 1.0, log=True), "alpha": FloatDistribution(1e-6, 0.1, log=True)}
_X, _Y = load_breast_cancer(return_X_y=True)


class CellTask:
    """One split of the samples; a lower error is better.

    Attributes:
        train, valid, test: pairs (x, y) of standardised measurements, shape (n, 30), and labels, shape (n,).
    """

    def __init__(self, seed: int, n_train: int = 120, n_valid: int = 80):
        order = np.random.default_rng(seed).permutation(len(_Y))
        first = order[:n_train]
        x = (_X - _X[first].mean(axis=0)) / _X[first].std(axis=0)
        parts = np.split(order, [n_train, n_train + n_valid])
        self.train, self.valid, self.test = ((x[rows], _Y[rows]) for rows in parts)

    def error(self, point: dict) -> float:
        """Return the share of wrong validation samples of a support vector machine with these C and gamma."""
        return self._svc_error(point, self.valid)

    def test_error(self, point: dict) -> float:
        """Return the same on the test samples; a search must never see it."""
        return self._svc_error(point, self.test)

    def _svc_error(self, point: dict, part: tuple) -> float:
        x, y = part
        return float(np.mean(SVC(**point).fit(*self.train).predict(x) != y))

    def start(self, point: dict) -> Iterator[float]:
        """Train a linear model with stochastic gradient descent, one epoch for each `next`.

        Yields the validation loss (log loss) after epoch 1, 2, 3 ... without an end.
        """
        model = SGDClassifier(
            loss="log_loss", learning_rate="constant", eta0=point["learning_rate"], alpha=point["alpha"], random_state=0
        )
        x, y = self.valid
        sign = 2 * y - 1
        while True:
            model.partial_fit(*self.train, classes=[0, 1])
            yield float(np.logaddexp(0, -sign * model.decision_function(x)).mean())
