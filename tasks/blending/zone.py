"""The write zone of a hole: the only pixels a blend may change."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Zone


def write_zone(hole: Zone, feather: int) -> Zone:
    """The hole and every pixel at most `feather` px (Euclidean, centre to centre) from it, within the array.

    hole: HxW bool, not changed; feather >= 0, ValueError otherwise. Returns a new HxW bool; an empty hole has an empty zone.
    """
    if feather < 0:
        raise ValueError(f"feather must be 0 or more, not {feather}")
    if feather == 0 or not hole.any():
        return hole.copy()
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= feather + 1e-3)
