"""How abrupt edges are: the largest step from one pixel to the next as a share of the whole rise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_background import Plane

_SQUARE3 = np.ones((3, 3), np.uint8)
_SQUARE7 = np.ones((7, 7), np.uint8)
TILE, TILES = 96, 5
"""Side of the pieces of a picture that are looked at, px, and how many a row and a column."""
_STRONG = 40.0
"""Levels: weaker edges of a picture are texture and noise."""


def abruptness(plane: Plane) -> tuple[Plane, Plane]:
    """H×W: largest step between neighbours nearby as a share of the rise within 3 px, 0–1; and that rise, levels."""
    across = np.abs(np.diff(plane, axis=1, append=plane[:, -1:]))
    down = np.abs(np.diff(plane, axis=0, append=plane[-1:]))
    step = cv2.dilate(np.maximum(across, down), _SQUARE3)
    rise = cv2.dilate(plane, _SQUARE7) - cv2.erode(plane, _SQUARE7)
    return np.asarray(step / np.maximum(rise, 1e-3), np.float32), np.asarray(rise, np.float32)


def picture_abruptness(image: NDArray[np.uint8], text: Zone | None = None) -> tuple[float, float]:
    """Median and 90th percentile of the abruptness of a picture's strong edges off its text; NaN where it has none.

    image: H×W×3 uint8; text: H×W. Looks at pieces evenly over the picture, so the cost does not grow with it."""
    seen = []
    for y in _starts(image.shape[0]):
        for x in _starts(image.shape[1]):
            where = slice(y, y + TILE), slice(x, x + TILE)
            if min(image[where].shape[:2]) < 8:
                continue
            share, rise = abruptness(cv2.cvtColor(image[where], cv2.COLOR_RGB2GRAY).astype(np.float32))
            strong = rise > _STRONG
            if text is not None:
                strong &= ~text[where]
            seen.append(share[strong])
    found = np.concatenate(seen) if seen else np.zeros(0, np.float32)
    if found.size < 50:
        return float("nan"), float("nan")
    return float(np.median(found)), float(np.percentile(found, 90))


def _starts(length: int) -> list[int]:
    if length <= TILE:
        return [0]
    count = min(TILES, -(-length // TILE))
    return [round(n * (length - TILE) / max(count - 1, 1)) for n in range(count)]
