"""Which colours belong to the ink: those that fill a text line and are rare around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
"""n×3."""

_BINS = 16
CLUSTERS = 8
_ROUNDS = 8
_MANY = 2000


@dataclass(frozen=True, slots=True)
class Palette:
    """Clusters of the colours in and around a line."""

    centres: Values
    """k×3, in the units of the values."""
    inside: NDArray[np.float64]
    """Share of the line's pixels in each cluster."""
    around: NDArray[np.float64]
    """Share of the surroundings' pixels."""

    @property
    def surprise(self) -> NDArray[np.float64]:
        """How many times more frequent each cluster is in the line than around it."""
        return np.asarray(self.inside / (self.around + 0.01))

    def nearest(self, values: Values) -> NDArray[np.intp]:
        """The cluster of each value."""
        return _nearest(values, self.centres)


def palette(inside: Values, around: Values, low: float, high: float) -> Palette:
    """At most CLUSTERS clusters of values between `low` and `high`. Either set may be empty, not both.

    Lloyd's algorithm on a coarse histogram, begun at its heavy, far-apart bins: no chance in it."""
    counts_in, sums_in = _histogram(inside, low, high)
    counts_out, sums_out = _histogram(around, low, high)
    used = (counts_in + counts_out) > 0
    colours = (sums_in + sums_out)[used] / (counts_in + counts_out)[used, None]
    weight = counts_in[used] / max(len(inside), 1) + 0.5 * counts_out[used] / max(len(around), 1)
    centres = _lloyd(colours, weight, _begin(colours, weight))
    label = _nearest(colours.astype(np.float32), centres)
    k = len(centres)
    share_in = np.bincount(label, counts_in[used], k) / max(len(inside), 1)
    share_out = np.bincount(label, counts_out[used], k) / max(len(around), 1)
    return Palette(centres, share_in, share_out)


def _histogram(values: Values, low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    planes = np.ascontiguousarray(values.T)
    steps = np.clip((planes - low) * (_BINS / (high - low)), 0, _BINS - 1).astype(np.intp)
    code = (steps[0] * _BINS + steps[1]) * _BINS + steps[2]
    size = _BINS**3
    sums = [np.bincount(code, plane, size) for plane in planes]
    return np.bincount(code, minlength=size).astype(np.float64), np.stack(sums, axis=1)


def _begin(colours: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    chosen = [int(np.argmax(weight))]
    distance = ((colours - colours[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(CLUSTERS, len(colours)):
        chosen.append(int(np.argmax(weight * distance)))
        distance = np.minimum(distance, ((colours - colours[chosen[-1]]) ** 2).sum(axis=1))
    return colours[chosen]


def _lloyd(colours: NDArray[np.float64], weight: NDArray[np.float64], centres: NDArray[np.float64]) -> Values:
    values, last = colours.astype(np.float32), np.zeros(0, np.intp)
    for _ in range(_ROUNDS):
        label = _nearest(values, centres.astype(np.float32))
        if np.array_equal(label, last):
            break
        last = label
        mass = np.bincount(label, weight, len(centres))
        sums = np.stack([np.bincount(label, weight * colours[:, c], len(centres)) for c in range(3)], axis=1)
        centres = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
    return centres.astype(np.float32)


def _nearest(values: Values, centres: Values) -> NDArray[np.intp]:
    """Cluster by cluster for many values: faster than to look along rows of a few."""
    own = (centres**2).sum(axis=1)
    if len(values) < _MANY:
        return np.asarray(np.argmin(own - 2 * (values @ centres.T), axis=1))
    cross = centres @ np.ascontiguousarray(values.T)
    label = np.zeros(len(values), np.intp)
    least = own[0] - 2 * cross[0]
    for k in range(1, len(centres)):
        distance = own[k] - 2 * cross[k]
        np.putmask(label, distance < least, k)
        np.minimum(least, distance, out=least)
    return label
