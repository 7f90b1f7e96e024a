"""Score `grain_ratio`: noise in the fill against noise around it."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.verification.luminance import luminance

RING = 16
"""Width of the ring looked at, px."""
NONE = 0.25
"""Noise below this (levels of 255) is none: rounding alone makes about 0.29."""
ENOUGH = 16
"""Fewer readings than this say nothing."""
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def grain_ratio(after: Pixels, hole: Zone, zone: Zone) -> float:
    """Noise sigma inside the hole divided by that of the ring around the write zone; above 0, always finite.

    1.0 when neither has noise, or where there is too little of either to tell (thin strokes, no ring).
    Sigma is Immerkaer's (Fast Noise Variance Estimation, 1996) with the median in place of the mean (Donoho 1994), so that
    edges do not count as grain; readings that would mix hole and surroundings are left out."""
    size = 2 * RING + 1
    square = np.ones((size, size), np.uint8)
    near = cv2.dilate(zone.astype(np.uint8), square).astype(bool)
    response = np.abs(
        cv2.filter2D(luminance(after)[..., 0], cv2.CV_32F, _KERNEL, borderType=cv2.BORDER_REFLECT)
    )
    inside, around = _sigma(response, hole), _sigma(response, near & ~zone)
    if inside is None or around is None:
        return 1.0
    return max(inside, NONE) / max(around, NONE)


def _sigma(response: Pixels, where: Zone) -> float | None:
    """Levels of 255; None where fewer than ENOUGH readings lie wholly inside."""
    core = cv2.erode(
        where.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE
    ).astype(bool)
    readings = response[core]
    if len(readings) < ENOUGH:
        return None
    return float(np.median(readings)) / 0.6745 / 6  # 6 = the kernel's gain on white noise
