"""A compact descriptor of a picture without any weights: what it shows where, coarsely, for distances and outliers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 4
ORIENTATIONS = 8
SIDE = 128
LENGTH = GRID * GRID * (3 + ORIENTATIONS)
Descriptor = NDArray[np.float32]
"""LENGTH float32: for each of 4×4 cells the mean Lab colour and a histogram of gradient orientations."""


def describe(rgb: NDArray[np.uint8]) -> Descriptor:
    """rgb: H×W×3 uint8. Colour in CIE Lab / 100; gradients as in histograms of oriented gradients (Dalal & Triggs 2005),
    unsigned, weighted by magnitude, normalised over the picture."""
    small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB) / 100
    dx, dy = (cv2.Sobel(lab[..., 0], cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    strength = np.hypot(dx, dy)
    bins = np.minimum((np.arctan2(dy, dx) % np.pi / np.pi * ORIENTATIONS).astype(int), ORIENTATIONS - 1)
    cells = []
    step = SIDE // GRID
    for y in range(0, SIDE, step):
        for x in range(0, SIDE, step):
            cell = np.s_[y : y + step, x : x + step]
            turned = np.bincount(bins[cell].ravel(), strength[cell].ravel(), ORIENTATIONS)
            cells.append(np.concatenate([lab[cell].mean((0, 1)), turned / step**2]))
    found = np.concatenate(cells).astype(np.float32)
    norm = float(np.linalg.norm(found))
    scaled: Descriptor = found / np.float32(norm) if norm else found
    return scaled
