"""Blend one picture into another over a zone: the source's gradients, the target's values around it (Perez et al. 2003)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson import ACCURACY, corrections
from model_registry.engines.classical.poisson_zone import Ring, Window, parts

Values = TypeVar("Values", np.uint8, np.uint16, np.float32)
Wanted = Callable[[Window, Ring], NDArray[np.floating]]
"""By how much the source should move on a ring (rows and columns within a box of the picture): NxC, in levels."""

WITHIN = 0.9 / 255
"""Largest error before rounding, of the whole range: under one level, so rounded results differ by one at most."""
_DEPTHS = {"u1": (255, 0.5, cv2.CV_8U), "u2": (65535, 0.5, cv2.CV_16U), "f4": (1, ACCURACY, cv2.CV_32F)}
"""Of each dtype: the range's top, the largest error in rectangles, OpenCV's name."""


def poisson_blend(
    target: NDArray[Values], source: NDArray[Values], zone: NDArray[np.bool_]
) -> NDArray[Values]:
    """The source with its gradients kept, shifted smoothly to meet the target on the pixels just outside the zone.

    target, source: HxW or HxWxC of one shape and dtype: uint8, uint16 or float32 (0-1, not clipped). zone: HxW bool, of any
    shape, touching the border or not (no flux there). Returns a new array: bit-equal to `target` outside the zone, rounded and
    saturated inside; a zone without an outside gets the source. Within `WITHIN` of the exact solution, before rounding.
    """

    def difference(box: Window, ring: Ring) -> NDArray[np.float32]:
        return target[box][ring].astype(np.float32) - source[box][ring]

    return shifted(target, source, zone, difference)


def shifted(
    target: NDArray[Values], source: NDArray[Values], zone: NDArray[np.bool_], wanted: Wanted
) -> NDArray[Values]:
    """`poisson_blend` with other values wanted on the ring than target - source."""
    if target.shape != source.shape or target.dtype != source.dtype or zone.shape != target.shape[:2]:
        raise ValueError(
            f"{target.shape} {target.dtype}, {source.shape} {source.dtype}, zone {zone.shape} differ"
        )
    top, in_rectangles, depth = _DEPTHS[target.dtype.str[1:]]
    out = target.copy()
    for part in parts(zone):
        ring = part.ring()
        values = wanted(part.box, ring)
        planes = values.reshape(len(ring[0]), -1) if values.size else np.zeros((0, 1), np.float32)
        if part.zone is not None and not values.size:
            cv2.copyTo(source[part.box], part.zone, out[part.box])
        for rows, correction in corrections(part, ring, planes, WITHIN * top, in_rectangles):
            here, there = source[part.box][rows], out[part.box][rows]
            by = correction if here.ndim == 3 else correction[..., 0]
            if part.zone is None:
                cv2.add(here[:, 1:-1], by[:, 1:-1], there[:, 1:-1], None, depth)
            else:
                cv2.copyTo(cv2.add(here, by, dtype=depth), part.zone[rows], there)
    return out
