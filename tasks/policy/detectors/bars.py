"""Whether what a barcode detector found is a barcode: many straight bars side by side, of uneven widths."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.policy.detectors.finders import Grey

Quad = NDArray[Any]
"""4×2 corners, px."""
Rows = NDArray[np.float32]
EDGES = 34
"""The least any of the codes has: 34 (UPC-E), 44 (EAN-8), 60 (EAN-13). A striped dress has 29, a wall of bricks 31."""
PITCH = 1.5
"""px from edge to edge, at least, of the find as it was looked at: closer together they are noise."""
ALIKE = 0.97
"""Correlation of neighbouring lines across the bars, which are straight: 0.99 and more in codes; folds bend stripes."""
PERIODIC = 0.5
"""Autocorrelation of a line past its first zero, at most: 0.13 to 0.44 in nine codes of ten, 0.6 and more in even stripes."""
UNEVEN = 0.4
"""Deviation of the bars' widths, as a share of their mean, at least: a code's are of one to four modules."""
_WIDE, _LINES = 400, 24


def has_bars(grey: Grey, corners: Quad) -> bool:
    """Whether a quarter of the lines across the find, either way, are those of a code: the others may lie under an overlay.

    grey: H×W uint8, unchanged."""
    square = np.array([[0, 0], [_WIDE, 0], [_WIDE, _WIDE], [0, _WIDE]], np.float32)
    quad = np.asarray(corners, np.float32).reshape(4, 2)
    straight = cv2.warpPerspective(grey, cv2.getPerspectiveTransform(quad, square), (_WIDE, _WIDE))
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    ways = ((straight, max(sides[0], sides[2])), (straight.T, max(sides[1], sides[3])))
    return any(_is_code(way, float(length)) for way, length in ways)


def _is_code(straight: NDArray[Any], length: float) -> bool:
    """straight: the find with its lines across along the rows; length: theirs before, px."""
    rows = straight[np.linspace(0, _WIDE - 1, _LINES).astype(int)].astype(np.float32)
    rows -= cv2.blur(rows, (61, 1))
    contrast = np.abs(rows).mean(axis=1, keepdims=True)
    strong = np.abs(rows) > 0.25 * contrast
    counts = np.array([_changes(row[keep] < 0) for row, keep in zip(rows, strong, strict=True)])
    most = int(np.sort(counts)[3 * _LINES // 4])
    if most < EDGES or length < PITCH * most:
        return False
    rows = np.clip(rows, -2 * contrast, 2 * contrast)  # one dark edge must not outweigh all stripes
    rows /= np.maximum(np.sqrt((rows**2).mean(axis=1, keepdims=True)), 1e-3)
    if np.quantile((rows[1:] * rows[:-1]).mean(axis=1), 0.75) < ALIKE:
        return False
    best = [rows[n] for n in np.argsort(counts, kind="stable")[-_LINES // 2 :]]
    return bool(
        np.median([_period(row) for row in best]) <= PERIODIC and np.median([_uneven(row) for row in best]) >= UNEVEN
    )  # fmt: skip


def _period(row: Rows) -> float:
    """How much a line is like itself moved along, at best, once it is no longer because it has hardly moved."""
    likeness = np.correlate(row, row, "full")[_WIDE - 1 : _WIDE + _WIDE // 2] / _WIDE
    below = np.flatnonzero(likeness < 0)
    return float(likeness[below[0] :].max()) if len(below) else 1.0


def _uneven(row: Rows) -> float:
    widths = np.diff(np.flatnonzero((row[1:] < 0) != (row[:-1] < 0)))
    return float(widths.std() / widths.mean()) if len(widths) > 3 else 0.0


def _changes(line: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(line[1:] != line[:-1]))
