"""Lines that look alike came into the picture in the same way: each is judged with those of its picture that are like it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

_SCALES: Mapping[str, float] = {"ink_least": 40.0, "ink_most": 40.0, "ink_vivid": 40.0, "edge_high": 0.1}
"""What makes lines alike, the colour of the ink and how abrupt its edges are, and how much of it is a step apart."""
_USUAL = 0.6
"""Stands for what could not be measured of a line's edges."""
WEIGHT = 1.0
"""Of all the others of exactly the same look, each against the line's own evidence."""
SQUARE = 1.6
"""Lengths in letter heights up to which a line is but a mark: a letter, a figure, a sign."""
LONE = 2.0
"""Logarithm of odds that a mark loses which is like no other line: logos, sizes and buttons are marks, slogans are not."""


def agreed(rows: Sequence[Mapping[str, float]], chances: Sequence[float]) -> tuple[float, ...]:
    """The lines' chances, 0–1, each averaged with those of the lines like it, as logarithms of odds.

    rows: features of each line of one picture; chances: of each alone. How much another counts falls as exp(−d²/2) with
    the distance d of their looks: a line that is like no other keeps its own chance, unless it is a single mark."""
    if not rows:
        return ()
    looks = np.array([[row.get(name, math.nan) / by for name, by in _SCALES.items()] for row in rows])
    looks = np.where(np.isfinite(looks), looks, _USUAL / _SCALES["edge_high"])
    apart = ((looks[:, None] - looks[None]) ** 2).sum(axis=2)
    weight = WEIGHT * np.exp(-apart / 2)
    np.fill_diagonal(weight, 1.0)
    odds = np.array([_log_odds(chance) for chance in chances])
    means = (weight * odds).sum(axis=1) / weight.sum(axis=1)
    alone = np.clip(2 - weight.sum(axis=1), 0, 1)
    mark = np.array([row.get("length", math.inf) < SQUARE for row in rows])
    return tuple(1 / (1 + math.exp(-float(mean))) for mean in means - LONE * alone * mark)


def _log_odds(chance: float) -> float:
    within = min(max(chance, 1e-4), 1 - 1e-4)
    return math.log(within / (1 - within))
