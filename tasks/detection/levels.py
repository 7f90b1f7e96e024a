"""The grid that region masks lie on: whole steps of 1/255, so that an 8-bit picture holds them exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask

Levels = NDArray[np.uint8]
"""H×W uint8, 255 = edit."""


def to_levels(mask: Mask) -> Levels:
    """The nearest of 256 levels, clipped to 0–1; NaN counts as 0. `mask > 0` is kept: tiny values become level 1."""
    levels = np.rint(np.clip(np.nan_to_num(mask), 0, 1) * np.float32(255)).astype(np.uint8)
    return np.where((mask > 0) & (levels == 0), np.uint8(1), levels)


def from_levels(levels: Levels) -> Mask:
    """Levels as float32 0–1: the exact inverse of `to_levels` on the grid."""
    return levels.astype(np.float32) / np.float32(255)
