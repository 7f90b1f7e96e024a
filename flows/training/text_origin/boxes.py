"""Boxes as a text detector draws them about words: turned with the words, a little loose, now and then only a part."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float64]
"""4×2, x and y, px, round the box from where reading begins."""
_PART = 0.12
"""Of the boxes hold but some of the words."""


def box_about(letters: NDArray[np.float32], random: np.random.Generator) -> Corners | None:
    """A detector's box about words, in their own frame; None where there is nothing to see.

    letters: H×W, 0–1. How loose boxes are depends on a detector's threshold and the scale it reads at, so it varies."""
    points = np.argwhere(letters > 0.3)[:, ::-1].astype(np.float32)
    if len(points) < 8:
        return None
    corners = ordered(cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float64))
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    long, tall = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    if min(long, tall) < 3:
        return None
    if random.random() < _PART and long > 3 * tall:
        first, last = np.sort(random.uniform(0, 1, 2))
        if last - first > 0.3:
            corners = corners[0] + np.outer([first, last, last, first], along) + np.outer([0, 0, 1, 1], down)
    above, below = random.uniform(0.0, 0.25, 2) * tall + 0.5
    left, right = random.uniform(-0.05, 0.35, 2) * tall + 0.5
    along, down = along / long, down / tall
    reach = [(-left, -above), (right, -above), (right, below), (-left, below)]
    return np.asarray(corners + np.array([a * along + b * down for a, b in reach]))


def ordered(corners: Corners) -> Corners:
    """The same corners, clockwise, from the upper left end of the longer side on."""
    if np.linalg.norm(corners[1] - corners[0]) < np.linalg.norm(corners[2] - corners[1]):
        corners = np.roll(corners, -1, axis=0)
    along = corners[1] - corners[0]
    if along[0] < 0 or (along[0] == 0 and along[1] < 0):
        corners = np.roll(corners, -2, axis=0)
    down = corners[3] - corners[0]
    along = corners[1] - corners[0]
    return corners if along[0] * down[1] - along[1] * down[0] > 0 else corners[[3, 2, 1, 0]]
