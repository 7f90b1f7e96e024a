"""Ring match: what a blended fill still lacks of its surroundings, measured on the ring, band by band.

Three corrections, each a share that can be set to 0: the colour of the fill's rim (low frequencies, fitted on the ring and fading
inwards; never a histogram of the whole), the halo along the seam (noise in a narrow band inside the edge smoothed, contrast
kept by a guided filter, He, Sun and Tang 2010), and sharpness (the fill's fine band raised until its share is the ring's).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from model_registry.engines.classical.blend_gradient import box_of
from model_registry.engines.contract import Hole, Pixels

Floats = NDArray[np.float32]

RING = 12
"""Width of the ring, px."""
BAND = 4.0
"""Width of the seam band inside the edge, px."""
_COLOUR = 6.0
"""Sigma of the local means that colour is fitted by, px."""
_EPSILON = (6 / 255) ** 2
"""Guided filter: variance under which structure counts as noise."""
_RADIUS = 2
LACKING, BEYOND = 1.35, 3.0
"""How many times sharper the ring must be, for textures differ by less than that anyhow; and may be, for a fill without any
detail of its own has only streaks to sharpen."""
_FINE, _MIDDLE = 0.8, 1.6
_MOST = 2.0
"""Detail is raised by no more than this factor."""
_FEWEST = 200


def matched(image: Pixels, hole: Hole, *, colour: float, halo: float, sharpness: float) -> Pixels:
    """A new HxWxC float32 0-1, changed inside `hole` alone; each share 0 to 1, 0 = left out."""
    out = image.copy()
    if not hole.any() or hole.all() or max(colour, halo, sharpness) <= 0:
        return out
    box = box_of(hole, RING + 8)
    crop, inside = out[box], hole[box]
    depth = np.asarray(distance_transform_edt(inside), np.float32)
    made = crop
    if colour > 0:
        made = made + np.float32(colour) * _colour_step(crop, inside, depth)
    if halo > 0:
        made = made + np.float32(halo) * _calmed(made, depth)
    if sharpness > 0:
        made = made + np.float32(sharpness) * _sharpened(made, inside, depth)
    np.copyto(crop, np.clip(made, 0, 1), where=inside[..., None])
    return out


def _blur(image: Pixels, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32).reshape(image.shape)


def _colour_step(image: Pixels, hole: Hole, depth: Floats) -> Floats:
    """Local mean of the ring less local mean of the rim, fading inwards over three sigmas."""
    rim = hole & (depth <= 2 * _COLOUR)
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((2 * RING + 1,) * 2, np.uint8)).astype(bool) & ~hole
    difference = _mean(image, ring) - _mean(image, rim)
    fade = np.clip(1 - depth / (3 * _COLOUR), 0, 1) * hole
    return np.asarray(difference * fade[..., None], np.float32)


def _mean(image: Pixels, where: Hole) -> Floats:
    on = where.astype(np.float32)[..., None]
    return np.asarray(_blur(image * on, _COLOUR) / np.maximum(_blur(on, _COLOUR), 1e-4), np.float32)


def _calmed(image: Pixels, depth: Floats) -> Floats:
    """What a guided filter by the picture itself takes off, in the seam band alone."""
    side = (2 * _RADIUS + 1,) * 2
    mean = np.asarray(cv2.blur(image, side), np.float32).reshape(image.shape)
    variance = np.asarray(cv2.blur(image * image, side), np.float32).reshape(image.shape) - mean * mean
    gain = np.maximum(variance, 0) / (np.maximum(variance, 0) + np.float32(_EPSILON))
    smooth = mean + gain * (image - mean)
    band = np.clip(1 - (depth - 1) / BAND, 0, 1) * (depth > 0)
    return np.asarray((smooth - image) * band[..., None], np.float32)


def _sharpened(image: Pixels, hole: Hole, depth: Floats) -> Floats:
    """The fill's fine band times what its share of the detail lacks of the ring's."""
    fine = image - _blur(image, _FINE)
    coarse = _blur(image, _FINE) - _blur(image, 2 * _MIDDLE)
    core = hole & (depth > 4)
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((2 * RING + 9,) * 2, np.uint8)).astype(bool)
    ring &= cv2.dilate(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    if min(np.count_nonzero(core), np.count_nonzero(ring)) < _FEWEST:
        return np.zeros_like(image)
    shares = [
        float(np.abs(fine[part]).mean()) / max(float(np.abs(coarse[part]).mean()), 0.5 / 255)
        for part in (ring, core)
    ]
    gain = shares[0] / max(shares[1], 1e-3)
    if not LACKING <= gain <= BEYOND:
        return np.zeros_like(image)
    return np.asarray((min(gain, _MOST) - 1) * fine * hole[..., None], np.float32)
