"""A first guess at the circle that lettering stands on: of circles through three points of it, the one that holds most."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box
from tasks.detection.arc import Arc

LIKELY = 0.5
"""Probability from which a pixel is looked at as lettering."""
DEEP = 2.0
"""px: half the height of the smallest lettering looked at."""
FEW = 12
"""Points or columns; fewer tell nothing."""
ROUND = (0.8, 14.0)
"""Least and greatest radius, in letter heights."""
GAP = 1.2
"""Between words, in letter heights."""
_LARGEST = 600
"""px of the longer side of what is looked at; a larger box is seen smaller."""
_POINTS, _TRIPLES, _BEST = 300, 500, 40
_CLOSE = 0.06
"""Of the box's shorter side: half the gap between strokes of large letters that is closed, so that the middle is the line's."""
_OFF = 0.15
"""How far points may be off their circle, in letter heights."""

Plane = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Points:
    """Along the middle of what is likely lettering: n each, px."""

    x: Floats
    y: Floats
    deep: Floats
    """From the rim of the lettering."""


def first_arc(chances: Plane, box: Box) -> Arc | None:
    """The circle on which the lettering's middle in a box goes on farthest without a gap; None with too little of it.

    chances: H×W, 0–1, probability of lettering. Random sampling with consensus (Fischler and Bolles, 1981), with a fixed
    seed."""
    points = _middle_of(chances, box)
    return _sampled(points) if len(points.x) >= FEW else None


def _middle_of(chances: Plane, box: Box) -> Points:
    x0, y0, x1, y1 = box
    by = max(-(-max(x1 - x0, y1 - y0) // _LARGEST), 1)
    size = max((x1 - x0) // by, 1), max((y1 - y0) // by, 1)
    seen = cv2.resize(chances[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    deep = cv2.distanceTransform(_closed(np.pad((seen >= LIKELY).astype(np.uint8), 1)), cv2.DIST_L2, 5)
    ridge = (deep >= cv2.dilate(deep, np.ones((3, 3), np.uint8))) & (deep >= DEEP)
    rows, columns = np.nonzero(ridge)
    if len(rows) > _POINTS:
        kept = np.sort(np.random.default_rng(0).choice(len(rows), _POINTS, replace=False))
        rows, columns = rows[kept], columns[kept]
    wide, high = (x1 - x0) / size[0], (y1 - y0) / size[1]
    x = (columns.astype(np.float64) - 0.5) * wide + x0
    y = (rows.astype(np.float64) - 0.5) * high + y0
    return Points(x, y, deep[rows, columns].astype(np.float64) * (wide + high) / 2)


def _closed(likely: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With the gaps between strokes filled."""
    by = round(_CLOSE * min(likely.shape))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return np.asarray(cv2.morphologyEx(likely, cv2.MORPH_CLOSE, disc), np.uint8)


def _sampled(points: Points) -> Arc | None:
    """Of circles through three points each, the one on which points follow one another farthest."""
    chosen = np.random.default_rng(1).integers(0, len(points.x), (3, _TRIPLES))
    x, y, deep = points.x[chosen], points.y[chosen], points.deep[chosen]
    centre_x, centre_y, radius = _circles(x, y)
    height = 2 * np.median(deep, axis=0)
    with np.errstate(invalid="ignore"):
        held = np.isfinite(radius) & (radius > ROUND[0] * height) & (radius < ROUND[1] * height)
    centre_x, centre_y, radius, height = (v[held, None] for v in (centre_x, centre_y, radius, height))
    dx, dy = points.x - centre_x, points.y - centre_y
    near = np.abs(np.hypot(dx, dy) - radius) < np.maximum(_OFF * height, 1.5)
    near &= (points.deep > 0.25 * height) & (points.deep < height)
    best, found = 0.0, None
    for n in np.argsort(-near.sum(axis=1), kind="stable")[:_BEST]:
        size, tall = float(radius[n, 0]), float(height[n, 0])
        angles = np.arctan2(dy[n], dx[n])[near[n]]
        start, extent, covered = _run(angles, GAP * tall / size, 0.25 * tall / size)
        if covered * size > best:
            best = covered * size
            centre = float(centre_x[n, 0]), float(centre_y[n, 0])
            found = Arc(centre, size, start + extent / 2, 1, extent * size, tall)
    return found


def _circles(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """3×n each; centres and radii of the circles through them, not finite where they lie in one line."""
    squares = x**2 + y**2
    turned_x = np.roll(x, 1, axis=0) - np.roll(x, -1, axis=0)
    turned_y = np.roll(y, -1, axis=0) - np.roll(y, 1, axis=0)
    twice = 2 * (x * turned_y).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre_x = (squares * turned_y).sum(axis=0) / twice
        centre_y = (squares * turned_x).sum(axis=0) / twice
    return centre_x, centre_y, np.hypot(x[0] - centre_x, y[0] - centre_y)


def _run(angles: Floats, gap: float, step: float) -> tuple[float, float, float]:
    """Of the longest run of angles without a gap: start, extent and how much of it is covered; radians."""
    if len(angles) < 3:
        return 0.0, 0.0, 0.0
    order = np.sort(angles)
    widest = int(np.argmax(np.diff(np.append(order, order[0] + 2 * np.pi))))
    order = np.roll(order, -(widest + 1))
    order = np.where(order < order[0], order + 2 * np.pi, order)
    edges = [0, *(np.flatnonzero(np.diff(order) > gap) + 1), len(order)]
    runs = [order[a:b] for a, b in pairwise(edges)]
    covered = [len(np.unique(np.floor(run / step))) * step for run in runs]
    best = int(np.argmax(covered))
    return float(runs[best][0]), float(np.ptp(runs[best])), float(covered[best])
