"""Paired comparison of scores: bootstrap intervals, sign-flip tests, correction for many tests. Seeded; numpy alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EXACT = 12
"""Up to so many pairs every one of the 2ⁿ sign changes is looked at."""
HELD = 1000
"""Pairs up to which random numbers are kept for the next test."""
ROWS = 500
"""Resamples made at a time."""
_NORMAL = NormalDist()


@dataclass
class Draws:
    """Random numbers for any number of pairs: the same for the same seed and count, whatever was asked before.

    Tests over equally many pairs share their draws: a picture that is drawn counts for all metrics."""

    seed: int = 0
    resamples: int = 2000
    permutations: int = 5000
    _held: dict[tuple[str, int], list[Floats]] = field(default_factory=dict)

    def means(self, values: Floats) -> Floats:
        """The mean of each bootstrap sample of n values: `resamples` of them."""
        return np.concatenate([shares @ values for shares in self._parts("shares", len(values))])

    def flipped(self, values: Floats) -> Floats:
        """Sums of n values under sign changes: every combination up to EXACT values, `permutations` random ones beyond."""
        return np.concatenate([signs @ values for signs in self._parts("signs", len(values))])

    def _parts(self, what: str, n: int) -> Iterable[Floats]:
        """The matrix, rows of n, in parts; kept where it is small."""
        made = self._shares(n) if what == "shares" else self._signs(n)
        if n > HELD:
            return made
        if (what, n) not in self._held:
            self._held[what, n] = list(made)
        return self._held[what, n]

    def _shares(self, n: int) -> Iterator[Floats]:
        """How much each value weighs in a bootstrap sample; rows sum to 1."""
        rng = np.random.default_rng([self.seed, n, 1])
        for rows in _rows(self.resamples):
            yield rng.multinomial(n, np.full(n, 1 / n), rows).astype(np.float64) / n

    def _signs(self, n: int) -> Iterator[Floats]:
        if n <= EXACT:
            bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
            yield bits.astype(np.float64) * 2 - 1
            return
        rng = np.random.default_rng([self.seed, n, 2])
        for rows in _rows(self.permutations):
            yield rng.integers(0, 2, (rows, n)).astype(np.float64) * 2 - 1


def _rows(count: int) -> list[int]:
    return [min(ROWS, count - begin) for begin in range(0, count, ROWS)]


def bca_interval(differences: Floats, draws: Draws, level: float = 0.95) -> tuple[float, float]:
    """Bounds of the mean of n differences: bias-corrected and accelerated bootstrap (Efron and Tibshirani 1993, chapter 14).

    n ≥ 1, finite. A single difference, or n equal ones, give an interval of no width."""
    mean = float(differences.mean())
    if np.ptp(differences) == 0:
        return mean, mean
    means = draws.means(differences)
    below = float((means < mean).mean() + (means == mean).mean() / 2)
    least = 1 / (len(means) + 1)
    bias = _NORMAL.inv_cdf(min(max(below, least), 1 - least))
    acceleration = _acceleration(differences)
    tail = _NORMAL.inv_cdf((1 + level) / 2)
    low, high = (_moved(bias, acceleration, side * tail) for side in (-1, 1))
    bounds = np.quantile(means, [low, high])
    return float(bounds[0]), float(bounds[1])


def _acceleration(differences: Floats) -> float:
    """From the jackknife: how fast the spread of the mean changes with the mean."""
    n = len(differences)
    without = (differences.sum() - differences) / (n - 1)
    off = without.mean() - without
    spread = float((off**2).sum()) ** 1.5
    return float((off**3).sum()) / (6 * spread) if spread else 0.0


def _moved(bias: float, acceleration: float, z: float) -> float:
    """The quantile of the bootstrap means that stands for z."""
    shifted = bias + z
    return _NORMAL.cdf(bias + shifted / max(1 - acceleration * shifted, 1e-6))


def sign_flip_p(differences: Floats, draws: Draws) -> float:
    """Two-sided p that the differences are as likely to be the other way round: a permutation test of the mean (Fisher 1935).

    Exact up to EXACT pairs; beyond, the share of random sign changes, the observed one counted, as a p is never 0."""
    n = len(differences)
    seen = abs(float(differences.sum()))
    if not differences.any():
        return 1.0
    flipped = np.abs(draws.flipped(differences))
    as_far = int((flipped >= seen - 1e-9 * float(np.abs(differences).sum())).sum())
    return as_far / len(flipped) if n <= EXACT else (as_far + 1) / (len(flipped) + 1)


def holm(p: Sequence[float]) -> list[float]:
    """p values corrected for there being many: step-down (Holm 1979). Holds the chance of any false one, whatever the dependence."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    corrected = [0.0] * len(p)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min((len(p) - rank) * p[i], 1.0))
        corrected[i] = highest
    return corrected


def fewest_pairs(tests: int, alpha: float) -> int:
    """The number of pairs below which not even complete agreement (p = 2 / 2ⁿ) is told from chance among so many tests."""
    return max(math.ceil(math.log2(2 * max(tests, 1) / alpha)), 2)


def enough_permutations(tests: int, alpha: float) -> int:
    """Random sign changes, such that the smallest p they can give is far below what the correction asks for."""
    return max(5000, math.ceil(20 * tests / alpha))
