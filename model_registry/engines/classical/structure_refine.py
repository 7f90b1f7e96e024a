"""Places a line to a fraction of a pixel where it meets the hole: by the middle of the step, row by row across it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_ALONG = 14.0
"""How much of the line is looked at, px."""
_FADE = 7.0
"""Rows farther from the hole count less: to 1/e over this many px, for the line may be bent."""
_ACROSS = 3.0
MOST_SHIFT, _MOST_TURN = 1.5, 0.2
"""What is more than that, px and px a px, is another line: nothing is changed."""
_FEWEST = 4


def settled(
    grey: Floats, stop: Floats, along: Floats, length: float, outside: Floats
) -> tuple[Floats, Floats]:
    """The point `stop` and direction `along` (x,y) of a line, put on the middle of its brightness steps.

    grey: H×W; outside: H×W, px to the hole, 0 inside it: such pixels are not read."""
    across = np.array([-along[1], along[0]])
    back = np.arange(0, min(length, _ALONG), 1.0)
    offsets = np.arange(-_ACROSS, _ACROSS + 0.25, 0.5)
    xy = stop - back[:, None, None] * along + offsets[None, :, None] * across
    xs, ys = xy[..., 0].astype(np.float32), xy[..., 1].astype(np.float32)
    light = cv2.remap(grey.astype(np.float32), xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    far = cv2.remap(outside.astype(np.float32), xs, ys, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    energy = np.diff(light, axis=1).astype(np.float64) ** 2
    whole = (far > 0).all(axis=1) & (energy.sum(axis=1) > 1e-6)
    if np.count_nonzero(whole) < _FEWEST:
        return stop, along
    middles = (energy * (offsets[1:] - 0.25)).sum(axis=1)[whole] / energy.sum(axis=1)[whole]
    shift, turn = _fitted(back[whole], middles, np.exp(-back[whole] / _FADE))
    if abs(shift) > MOST_SHIFT or abs(turn) > _MOST_TURN:
        return stop, along
    forward = along - turn * across
    return stop + shift * across, forward / np.hypot(*forward)


def _fitted(at: Floats, values: Floats, weights: Floats) -> tuple[float, float]:
    """Offset at 0 and slope of the weighted line through the values."""
    root = np.sqrt(weights)
    design = np.stack([np.ones_like(at), at], axis=1) * root[:, None]
    offset, slope = np.linalg.lstsq(design, values * root, rcond=None)[0]
    return float(offset), float(slope)
