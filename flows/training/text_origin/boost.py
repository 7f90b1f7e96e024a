"""Gradient boosting of small trees on named features, in numpy (Friedman, Greedy function approximation, 2001)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tasks.detection.origin_model import Node

Values = NDArray[np.float64]
BINS = 48
_UNKNOWN = BINS


@dataclass(frozen=True, slots=True)
class Recipe:
    """How trees are grown."""

    trees: int = 120
    bags: int = 5
    """Ensembles of so many trees, each from a seed of its own, averaged."""
    depth: int = 3
    rate: float = 0.08
    least: float = 12.0
    """Sum of curvatures, about a quarter of the weight, on either side of a split."""
    ridge: float = 2.0
    share: float = 0.5
    """Of the rows and of the features that each tree sees."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Binned:
    """Features as the numbers of their bins; what is not known has a bin of its own."""

    names: tuple[str, ...]
    cuts: tuple[Values, ...]
    codes: NDArray[np.uint8]
    """N×F."""


@dataclass(frozen=True, slots=True)
class _Split:
    gain: float
    feature: int
    bin: int
    unknown_low: bool


def binned(names: tuple[str, ...], table: Values) -> Binned:
    """table: N×F, NaN where not known."""
    cuts, codes = [], np.full(table.shape, _UNKNOWN, np.uint8)
    for n in range(table.shape[1]):
        known = np.isfinite(table[:, n])
        inner = (
            np.unique(np.quantile(table[known, n], np.linspace(0, 1, BINS + 1)[1:-1]))
            if known.any()
            else np.zeros(1)
        )
        codes[known, n] = np.searchsorted(inner, table[known, n], side="left")
        cuts.append(inner)
    return Binned(names, tuple(cuts), codes)


def boosted(
    data: Binned, truth: Values, weight: Values, recipe: Recipe, signs: Mapping[str, int]
) -> tuple[Node, ...]:
    """Trees whose values add up to the logarithm of the odds.

    truth: N, 0 or 1; signs: features that may only raise (1) or only lower (-1) the odds as they grow."""
    random = np.random.default_rng(recipe.seed)
    ways = np.array([signs.get(name, 0) for name in data.names])
    start = float(np.log((weight @ truth) / (weight @ (1 - truth))))
    score, trees = np.full(truth.size, start), [Node(start)]
    for _ in range(recipe.trees):
        chance = 1 / (1 + np.exp(-score))
        slope, curve = weight * (truth - chance), weight * chance * (1 - chance)
        rows = np.flatnonzero(random.random(truth.size) < recipe.share)
        features = np.flatnonzero(random.random(len(data.names)) < recipe.share)
        tree = _grown(data, rows, features, slope, curve, recipe, ways, recipe.depth)
        trees.append(tree)
        score += predicted(tree, data)
    return tuple(trees)


def bagged(
    data: Binned, truth: Values, weight: Values, recipe: Recipe, signs: Mapping[str, int]
) -> tuple[Node, ...]:
    """The mean of `recipe.bags` boosted ensembles, as one."""
    seeds = range(recipe.seed, recipe.seed + recipe.bags)
    return tuple(
        _scaled(tree, 1 / recipe.bags)
        for seed in seeds
        for tree in boosted(data, truth, weight, replace(recipe, seed=seed), signs)
    )


def _scaled(tree: Node, by: float) -> Node:
    low, high = (None if side is None else _scaled(side, by) for side in (tree.low, tree.high))
    return replace(tree, value=tree.value * by, low=low, high=high)


def predicted(tree: Node, data: Binned) -> Values:
    """The value of each row's leaf."""
    out = np.full(data.codes.shape[0], tree.value)
    if tree.low is None or tree.high is None:
        return out
    n = data.names.index(tree.feature)
    codes = data.codes[:, n]
    low = np.where(codes == _UNKNOWN, tree.unknown_low, codes <= np.searchsorted(data.cuts[n], tree.cut))
    return np.where(low, predicted(tree.low, data), predicted(tree.high, data))


def _grown(
    data: Binned, rows: NDArray[np.intp], features: NDArray[np.intp], slope: Values, curve: Values, recipe: Recipe,
    ways: NDArray[np.int64], depth: int,
) -> Node:  # fmt: skip
    value = recipe.rate * float(slope[rows].sum() / (curve[rows].sum() + recipe.ridge))
    best = _best(data, rows, features, slope, curve, recipe, ways) if depth else None
    if best is None:
        return Node(value)
    codes = data.codes[rows, best.feature]
    low = np.where(codes == _UNKNOWN, best.unknown_low, codes <= best.bin)
    sides = [
        _grown(data, part, features, slope, curve, recipe, ways, depth - 1)
        for part in (rows[low], rows[~low])
    ]
    cut = float(data.cuts[best.feature][best.bin])
    return Node(value, data.names[best.feature], cut, best.unknown_low, sides[0], sides[1])


def _best(
    data: Binned, rows: NDArray[np.intp], features: NDArray[np.intp], slope: Values, curve: Values, recipe: Recipe,
    ways: NDArray[np.int64],
) -> _Split | None:  # fmt: skip
    best: _Split | None = None
    for n in features:
        codes = data.codes[rows, n]
        slopes = np.asarray(np.bincount(codes, slope[rows], _UNKNOWN + 1), np.float64)
        curves = np.asarray(np.bincount(codes, curve[rows], _UNKNOWN + 1), np.float64)
        for unknown_low in (True, False):
            found = _cut(slopes, curves, len(data.cuts[n]), unknown_low, recipe, int(ways[n]))
            if found is not None and (best is None or found[0] > best.gain):
                best = _Split(found[0], int(n), found[1], unknown_low)
    return best


def _cut(
    slopes: Values, curves: Values, count: int, unknown_low: bool, recipe: Recipe, way: int
) -> tuple[float, int] | None:
    """Gain of the best cut of a feature, and its bin."""
    more = (slopes[_UNKNOWN], curves[_UNKNOWN]) if unknown_low else (0.0, 0.0)
    g, h = np.cumsum(slopes[:count]) + more[0], np.cumsum(curves[:count]) + more[1]
    all_g, all_h = float(slopes.sum()), float(curves.sum())
    rest_g, rest_h = all_g - g, all_h - h
    low, high = g / (h + recipe.ridge), rest_g / (rest_h + recipe.ridge)
    gain = g * low + rest_g * high - all_g**2 / (all_h + recipe.ridge)
    allowed = (h >= recipe.least) & (rest_h >= recipe.least) & (way * (high - low) >= 0)
    if not allowed.any():
        return None
    at = int(np.argmax(np.where(allowed, gain, -np.inf)))
    return (float(gain[at]), at) if gain[at] > 1e-6 else None
