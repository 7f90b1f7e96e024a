"""A multinomial logistic regression: the judge's only means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]

Matrix = NDArray[np.float64]
_STIFF: Final = 1e-3
"""Weight of the squared coefficients."""


@dataclass(frozen=True)
class Logistic:
    """Tells classes by a vector of features."""

    classes: tuple[str, ...]
    mean: Matrix
    deviation: Matrix
    weights: Matrix
    """(features + 1)×classes."""

    def tell(self, features: Matrix) -> str:
        """The likeliest class of one vector."""
        scaled = np.append((features - self.mean) / self.deviation, 1.0)
        return self.classes[int(np.argmax(scaled @ self.weights))]


def fit(features: Sequence[Matrix], labels: Sequence[str]) -> Logistic:
    """By maximum likelihood with a small ridge; the same for the same examples."""
    given = np.stack(features)
    mean, deviation = given.mean(axis=0), given.std(axis=0) + 1e-6
    scaled = np.column_stack([(given - mean) / deviation, np.ones(len(given))])
    classes = tuple(sorted(set(labels)))
    truth = np.array([[label == one for one in classes] for label in labels], float)

    def loss(flat: Matrix) -> tuple[float, Any]:
        weights = flat.reshape(scaled.shape[1], -1)
        logits = scaled @ weights
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        held = _STIFF * float((weights[:-1] ** 2).sum())
        value = -float(np.log((chances * truth).sum(axis=1) + 1e-12).mean()) + held
        slope = scaled.T @ (chances - truth) / len(truth)
        slope[:-1] += 2 * _STIFF * weights[:-1]
        return value, slope.ravel()

    start = np.zeros(scaled.shape[1] * len(classes))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return Logistic(classes, mean, deviation, found.x.reshape(scaled.shape[1], -1))
