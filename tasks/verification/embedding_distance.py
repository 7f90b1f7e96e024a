"""How far apart embeddings are, and which of a run stand out: for pictures and regions, before and after, and for variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""N×D, a row each; a row of zeros stands for none."""
Figures = NDArray[np.float64]
LIMIT: Final = 3.5
"""Iglewicz & Hoaglin's."""
FEWEST: Final = 8
"""Below this many figures nothing stands out: a median of a handful says little."""
FLOOR: Final = 0.02
"""Least spread that is believed, in the root of a distance: in a run of all but equal figures trifles do not stand out."""

Which = Literal["changed", "alone"]


@dataclass(frozen=True, slots=True)
class Outlier:
    """A row that stands out from the rest."""

    row: int
    which: Which
    """`changed`: before and after are further apart than elsewhere; `alone`: nothing else in the run looks like it."""
    distance: float
    typical: float
    """The median of the run."""
    z: float
    """Robust standard deviations above it, over roots of distances."""
    nearest: int = -1
    """Of `alone`: the row that is nearest."""


def cosine_distance(first: Vectors, second: Vectors) -> Figures:
    """Row by row, N: 0 the same direction, 1 at right angles, 2 opposite; NaN where either row is none.

    Raises ValueError unless both are N×D alike."""
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(f"embeddings to be compared are N×D alike, not {first.shape} and {second.shape}")
    same: Figures = np.einsum("nd,nd->n", _unit(first), _unit(second))
    return 1 - same


def distances(rows: Vectors, columns: Vectors) -> Figures:
    """All pairs, N×M, as `cosine_distance`. Raises ValueError unless N×D and M×D."""
    if rows.ndim != 2 or columns.ndim != 2 or rows.shape[1] != columns.shape[1]:
        raise ValueError(f"embeddings to be compared are N×D and M×D, not {rows.shape} and {columns.shape}")
    return 1 - _unit(rows) @ _unit(columns).T


def nearest(vectors: Vectors) -> tuple[Figures, NDArray[np.intp]]:
    """Of each row the distance to the nearest other one, N, and which that is; NaN and -1 where there is no other."""
    between = distances(vectors, vectors)
    np.fill_diagonal(between, np.inf)
    between[np.isnan(between)] = np.inf
    if not between.size:
        return np.zeros(0), np.zeros(0, np.intp)
    which = between.argmin(axis=1)
    least = between[np.arange(len(which)), which]
    there = np.isfinite(least)
    return np.where(there, least, np.nan), np.where(there, which, -1)


def robust_z(figures: Figures, floor: float = 0.0) -> Figures:
    """Modified z-scores, N: distance from the median in units of 1.4826 × the median absolute deviation, that is of a normal
    distribution's standard deviation (Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993). NaN stays NaN and counts
    for nothing. Where half of the figures are equal, the mean absolute deviation × 1.2533 is the unit; floor: its least."""
    known = figures[np.isfinite(figures)]
    if not known.size:
        return np.full(figures.shape, np.nan)
    away = np.abs(known - np.median(known))
    unit = max(1.4826 * float(np.median(away)) or 1.2533 * float(away.mean()), floor)
    return (figures - np.median(known)) / unit if unit else np.where(np.isfinite(figures), 0.0, np.nan)


def outliers(changed: Figures, vectors: Vectors | None = None, limit: float = LIMIT) -> tuple[Outlier, ...]:
    """The rows that stand out, the furthest first: by how much they changed, and by how little else looks like them.

    changed: N distances between before and after, NaN where there is none. vectors: N×D, what came out. Only what is further
    than usual counts, never what is nearer. Scores are over roots, for distances of unit vectors are skewed as squares are."""
    found = list(_above(changed, "changed", limit))
    if vectors is not None:
        apart, which = nearest(vectors)
        found += [
            Outlier(o.row, o.which, o.distance, o.typical, o.z, int(which[o.row]))
            for o in _above(apart, "alone", limit)
        ]
    return tuple(sorted(found, key=lambda o: (-o.z, o.row, o.which)))


def _above(figures: Figures, which: Which, limit: float) -> list[Outlier]:
    known = np.isfinite(figures)
    if int(known.sum()) < FEWEST:
        return []
    z = robust_z(np.sqrt(np.maximum(figures, 0)), FLOOR)
    typical = float(np.median(figures[known]))
    rows = np.flatnonzero(known & (np.nan_to_num(z, nan=0.0) > limit))
    return [Outlier(int(n), which, float(figures[n]), typical, float(z[n])) for n in rows]


def _unit(vectors: Vectors) -> Figures:
    """Rows of length 1; NaN where there is none."""
    wide = np.asarray(vectors, np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Figures = np.divide(wide, length, out=np.full_like(wide, np.nan), where=length > 0)
    return unit
