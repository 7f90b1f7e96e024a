"""Overlays wider than letters: a plate is covered all over, and what is written on it is told apart from what it hides."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane

RIM = 5.0
"""px: a plate's edge, softened or surrounded by a margin, lies within this of the hole's."""
DEEP = 9.0
"""px: hardly any letter's stroke is wider than twice this."""
_SHARE = 0.06
_ROOM = 0.1


def depth_in(hole: Zone) -> Plane:
    """Distance of each hole pixel to the outside, px; the picture's border counts as outside of the hole."""
    padded = np.pad(hole, 1).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def is_solid(hole: Zone, depth: Plane) -> bool:
    """Whether a hole is a plate's rather than letters'."""
    return bool((depth > DEEP).sum() > _SHARE * hole.sum())


def lettering(clear: Pixels, plate: Zone, known: Zone) -> Zone:
    """What stands on a plate: pixels that the plate alone would turn into colours found nowhere around it.

    clear: H×W×C, not clipped, the picture with the plate taken off. Grown over everything alike that touches it, and by 2 px
    for the letters' edges."""
    low = np.minimum(np.quantile(clear[known], 0.005, axis=0) - _ROOM, 0.3)
    high = np.maximum(np.quantile(clear[known], 0.995, axis=0) + _ROOM, 0.7)
    strange = plate & ((clear < low) | (clear > high)).any(axis=2)
    strange &= cv2.blur(strange.astype(np.float32), (3, 3)) > 0.34
    if not strange.any():
        return np.asarray(strange, np.bool_)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    return np.asarray((cv2.dilate(strange.astype(np.uint8), disc) > 0) & plate)
