"""Blend one picture into another over a zone: the source's gradients, the target's values around it (Perez et al. 2003)."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson import parts, ring_of, solve

Values = TypeVar("Values", np.uint8, np.uint16, np.float32)

WITHIN = 0.9 / 255
"""Largest error before rounding, of the whole range: under one level, so rounded results differ by one at most."""


def poisson_blend(
    target: NDArray[Values], source: NDArray[Values], zone: NDArray[np.bool_]
) -> NDArray[Values]:
    """The source with its gradients kept, shifted smoothly to meet the target on the pixels just outside the zone.

    target, source: HxW or HxWxC of one shape and dtype: uint8, uint16 or float32 (0-1, not clipped). zone: HxW bool, of any
    shape, touching the border or not (no flux there). Returns a new array: bit-equal to `target` outside the zone, rounded and
    saturated inside; a zone without an outside gets the source. Within `WITHIN` of the exact solution, before rounding.
    """
    if target.shape != source.shape or target.dtype != source.dtype or zone.shape != target.shape[:2]:
        raise ValueError(
            f"{target.shape} {target.dtype}, {source.shape} {source.dtype}, zone {zone.shape} differ"
        )
    whole = {"u1": 255, "u2": 65535, "f4": 1}[target.dtype.str[1:]]
    out = target.copy()
    for box, part in parts(zone):
        ring = ring_of(part)
        here = source[box]
        difference = target[box][ring].astype(np.float32) - here[ring]
        correction = solve(ring, difference.reshape(len(ring[0]), -1), part, WITHIN * whole)
        cv2.copyTo(_shifted(here, correction), part, out[box])
    return out


def _shifted(source: NDArray[Values], correction: NDArray[np.float32] | None) -> NDArray[Values]:
    if correction is None:
        return np.ascontiguousarray(source)
    flat, by = (x.reshape(source.shape[0], -1) for x in (np.ascontiguousarray(source), correction))
    depth = {"u1": cv2.CV_8U, "u2": cv2.CV_16U, "f4": cv2.CV_32F}[source.dtype.str[1:]]
    return np.asarray(cv2.add(flat, by, dtype=depth), source.dtype).reshape(source.shape)
