"""The ring tested for contamination: what the removed object left just outside a hole that was cut too tight."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone

REACH = 4
"""Means are taken over squares of this reach along the edge, px."""
INNER, OUTER = (2, 6), (4, 9)
"""Depths inside and distances outside at which the object and the ground are looked at, px."""
CONTRAST = 30 / 255
"""An object that differs from the ground by less than this, over all channels, cannot stain it visibly."""
STAINED = 0.3
"""Mean share of the object in the ring's first pixel from which on it is a stain, and no chance of the texture's."""
MOST = 0.4
"""Share of the ring around a part of the hole that must be stained: of 100 clean holes of bench seam's tuning side none had more
than 0.18, of the same cut 1 or 2 px too tight three quarters had over 0.87."""

Floats = NDArray[np.float32]


def contamination(target: Pixels, hole: Zone, width: int) -> tuple[Floats, Floats]:
    """Share of the object's colour in each pixel within `width` px outside the hole (HxW, 0 to 1; 0 where the ring is clean),
    and by how much the object differs from the ground there (HxWxC).

    target: HxWxC float32 0-1 with the object still in its hole. A pixel's share is how far its colour lies from the ground a
    few px further out towards the object's a few px further in. It counts only where the mean along the edge's first pixel is
    STAINED and falls off outwards, around parts of the hole with more than MOST of their ring so."""
    nothing = np.zeros(hole.shape, np.float32), np.zeros_like(target)
    if width < 1 or not hole.any() or hole.all():
        return nothing
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    outside = np.asarray(cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    thing, seen = _local(target, (inside > INNER[0]) & (inside <= INNER[1]), OUTER[1])
    ground, known = _local(target, (outside > OUTER[0]) & (outside <= OUTER[1]), OUTER[1])
    difference = np.where((seen & known)[..., None], thing - ground, 0).astype(np.float32)
    energy = (difference**2).sum(axis=2)
    share = ((target - ground) * difference).sum(axis=2) / np.maximum(energy, 1e-6)
    ring = (outside > 0) & (outside <= width) & (energy > CONTRAST**2)
    first, _ = _local(share[..., None], ring & (outside < 1.5), REACH)
    last, _ = _local(share[..., None], (outside > OUTER[0]) & (outside <= OUTER[0] + 2), REACH)
    stained = ring & (first[..., 0] >= STAINED) & (first[..., 0] >= last[..., 0] + STAINED / 2)
    stained &= _mostly(stained, outside, width)
    return np.where(stained, np.clip(share, 0, 1), 0).astype(np.float32), difference


def _mostly(stained: Zone, outside: Floats, width: int) -> Zone:
    """The parts of the hole, with their rings, whose first ring is stained for the most part; HxW."""
    count, part = cv2.connectedComponents((outside <= width).astype(np.uint8))
    first = (outside > 0) & (outside < 1.5)
    ring = np.bincount(part[first], minlength=count)
    share = np.bincount(part[first & stained], minlength=count) / np.maximum(ring, 1)
    share[0] = 0
    return np.asarray(share[part] > MOST)


def cleaned(target: Pixels, hole: Zone, width: int) -> Pixels:
    """`target` without the object's colour in the ring; the same array where the ring is clean. Its hole is as it was."""
    share, difference = contamination(target, hole, width)
    if not share.any():
        return target
    return np.clip(target - share[..., None] * difference, 0, 1).astype(np.float32)


def _local(field: Floats, where: Zone, reach: int) -> tuple[Floats, Zone]:
    """Mean over the pixels of `where` within a square of `reach` px, HxWxC, and where there are any."""
    side = (2 * reach + 1,) * 2
    on = where.astype(np.float32)
    count = cv2.boxFilter(on, cv2.CV_32F, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
    total = cv2.boxFilter(
        np.where(where[..., None], field, 0).astype(np.float32), cv2.CV_32F, side, normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )  # fmt: skip
    mean = np.asarray(total, np.float32).reshape(field.shape) / np.maximum(count, 1)[..., None]
    return mean, np.asarray(count > 0.5)
