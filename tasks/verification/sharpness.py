"""Score `sharpness_ratio`: how fine the fill's detail is, against that around it."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.verification.luminance import luminance

RING = 16
"""Width of the ring looked at, px."""
REACH = 6
"""As deep inside as detail mixes hole and surroundings: three of the widest Gaussian's sigmas, halved, px."""
ENOUGH = 200
"""Fewer readings than this say nothing."""
NONE = 0.5
"""Detail fainter than this (levels of 255) is rounding."""
_FINE, _MIDDLE, _WIDE = 0.8, 1.6, 3.2


def sharpness_ratio(after: Pixels, hole: Zone, zone: Zone) -> float:
    """Acutance inside the hole divided by that of the ring around the write zone; above 0, always finite.

    Acutance is the mean size of fine detail (under about 2 px) over that of coarser detail (2 to 6 px), two bands of
    differences of Gaussians: how strong the detail is drops out, how far it reaches up the spectrum stays. 1.0 where either
    side shows too little of it to tell: flat grounds, thin strokes, no ring."""
    size = 2 * (RING + REACH) + 1
    near = cv2.dilate(zone.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
    grey = luminance(after)[..., 0]
    levels = [grey, *(cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (_FINE, _MIDDLE, _WIDE))]
    fine, coarse = np.abs(levels[0] - levels[1]), np.abs(levels[2] - levels[3])
    inside, around = _acutance(fine, coarse, hole), _acutance(fine, coarse, near & ~zone)
    return 1.0 if inside is None or around is None else inside / around


def _acutance(fine: Pixels, coarse: Pixels, where: Zone) -> float | None:
    """None where there is too little detail, or too little room, to tell."""
    square = np.ones((2 * REACH + 1,) * 2, np.uint8)
    core = cv2.erode(where.astype(np.uint8), square, borderType=cv2.BORDER_REPLICATE).astype(bool)
    if np.count_nonzero(core) < ENOUGH:
        return None
    wide = float(coarse[core].mean())
    return None if wide < NONE else max(float(fine[core].mean()), NONE / 4) / wide
