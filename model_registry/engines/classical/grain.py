"""Grain: give a smooth fill the noise that its surroundings show, no more.

Noise is measured on a ring around the hole by the median absolute deviation of Immerkaer's mask (1996, "Fast noise variance
estimation"), on the smoother half of the ring, block by block; the quieter blocks count, because noise is everywhere on the
ring and texture only in places. What the fill lacks of it is added as white noise blurred to the ring's own correlation and
mixed to the ring's own correlation between channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

from model_registry.engines.classical.blend_gradient import box_of
from model_registry.engines.classical.ring_match import matched
from model_registry.engines.contract import Hole, Params, Pixels

Floats = NDArray[np.float64]

RING = 12
"""Width of the ring, px; its first two pixels, which a fill may have touched, are left out."""
LEAST = 0.3
"""Noise under this sigma, in levels of 255, is rounding: nothing is added."""
_GAP = 2
_BLOCK = 16
_LEAST_BLOCK = 32
_FEWEST = 64
"""Fewer ring pixels than this tell nothing."""
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float64) / 6
"""Unit response to white noise; 0 on any plane."""
_BLURS = tuple(tenth / 10 for tenth in range(13))


@dataclass(frozen=True, slots=True)
class Grain:
    """Noise as the mask sees it."""

    sigma: Floats
    """Per channel, in 0-1: standard deviation of the mask's response."""
    mixing: Floats
    """CxC: turns independent noise into the ring's channel correlation; rows have length 1."""
    blur: float
    """Sigma, px, of the Gaussian that gives white noise the ring's correlation."""


class GrainMatch:
    """Role `enhance`. Parameter `strength`: share of the missing noise that is added, 0-1; before it, `sharpness`, `halo` and
    `colour`: shares of what `ring_match` corrects, 0-1. Keeps no state."""

    def enhance(self, image: Pixels, hole: Hole, *, seed: int, params: Params) -> Pixels:
        """image: HxWxC float32 0-1, the blended crop with its context; hole HxW bool. Returns a new HxWxC float32.

        Equal to `image` outside `hole`. No noise is added if the ring is flatter than `LEAST` or too small to judge."""
        colour, halo, sharpness, strength = (
            min(1.0, max(0.0, float(params.get(name, default))))
            for name, default in (("colour", 0.0), ("halo", 0.0), ("sharpness", 0.0), ("strength", 1.0))
        )
        out = matched(image, hole, colour=colour, halo=halo, sharpness=sharpness)
        if not hole.any():
            return out
        box = box_of(hole, RING + 2)
        crop, inside = out[box].copy(), hole[box]
        ring = measure_ring(crop, inside)
        if ring is not None:
            missing = strength * _missing(ring, crop, inside)
            if missing.any():
                noise = _noise(inside.shape, ring, seed) * missing
                out[box][inside] = np.clip(crop + noise, 0, 1)[inside]
        return out


def measure_ring(image: Pixels, hole: Hole) -> Grain | None:
    """The grain of the ring around a hole; None if it is too small or flatter than `LEAST` levels."""
    distance = ndimage.distance_transform_edt(~hole)
    response, valid = _response(image, ~hole)
    ring = _smooth_half(image, valid & (distance > _GAP) & (distance <= RING))
    if np.count_nonzero(ring) < _FEWEST:
        return None
    sigma = _quiet_sigma(response, ring)
    sigma = np.where(sigma < LEAST / 255, 0, sigma)
    if not sigma.any():
        return None
    return Grain(sigma, _mixing(response[ring]), _blur_like(response, ring))


def _response(image: Pixels, where: Hole) -> tuple[Floats, Hole]:
    """Immerkaer's mask over each channel, HxWxC, and the pixels whose 3x3 lies wholly in `where`."""
    pixels = image.astype(np.float64)
    response = np.asarray(cv2.filter2D(pixels, -1, _MASK), np.float64).reshape(image.shape)
    valid = ndimage.binary_erosion(where, np.ones((3, 3), bool))
    return response, np.asarray(valid)


def _smooth_half(image: Pixels, ring: Hole) -> Hole:
    """The half of the ring with the least slope, seen through a blur that hides the grain; clipped pixels excluded."""
    unclipped = ((image > 0) & (image < 1)).all(-1)
    ring = ring & (unclipped if (ring & unclipped).any() else True)
    if not ring.any():
        return ring
    grey = cv2.GaussianBlur(image.astype(np.float64).mean(-1), (0, 0), 2.0)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_64F, 1, 0), cv2.Sobel(grey, cv2.CV_64F, 0, 1))
    return np.asarray(ring & (slope <= np.median(slope[ring])))


def _quiet_sigma(response: Floats, ring: Hole) -> Floats:
    """Per channel, the sigma of the quieter third of the blocks; of the whole ring where every block holds too little."""
    ys, xs = np.nonzero(ring)
    blocks = (ys // _BLOCK) * (ring.shape[1] // _BLOCK + 1) + xs // _BLOCK
    order = np.argsort(blocks, kind="stable")
    values = response[ys, xs][order]
    cuts = np.flatnonzero(np.diff(blocks[order])) + 1
    parts = [part for part in np.split(values, cuts) if len(part) >= _LEAST_BLOCK]
    parts.sort(key=lambda part: float(_mad(part).sum()))
    return _mad(np.concatenate(parts[: -(-len(parts) // 3)]) if parts else values)


def _mad(values: Floats) -> Floats:
    return np.asarray(1.4826 * np.median(np.abs(values), axis=0))


def _mixing(values: Floats) -> Floats:
    """Symmetric root of the channels' correlation, with values beyond 3 sigma bounded; identical channels stay so."""
    reach = 3 * np.maximum(_mad(values), 1e-9)
    bounded = np.clip(values, -reach, reach)
    spread = np.sqrt((bounded**2).mean(0)) + 1e-12
    correlation = np.einsum("nc,nd->cd", bounded, bounded) / len(bounded) / np.outer(spread, spread)
    weights, vectors = np.linalg.eigh(correlation)
    root = (vectors * np.sqrt(np.maximum(weights, 0))) @ vectors.T
    root = np.round(root / np.maximum(np.linalg.norm(root, axis=1, keepdims=True), 1e-12), 6)
    return np.asarray(root)


def _blur_like(response: Floats, ring: Hole) -> float:
    """The blur of white noise whose mask response has the ring's lag-1 correlation."""
    pairs = above = below = 0.0
    for axis in (0, 1):
        here = np.swapaxes(ring, 0, axis)
        values = np.clip(np.swapaxes(response, 0, axis), -3 * (s := _mad(response[ring])), 3 * s)
        both = here[1:] & here[:-1]
        above += float((values[1:] * values[:-1])[both].sum())
        below += float((values[1:] ** 2 + values[:-1] ** 2)[both].sum()) / 2
        pairs += np.count_nonzero(both)
    if pairs < _FEWEST or below == 0:
        return 0.0
    return min(_BLURS, key=lambda blur: abs(_impulse_correlation(blur) - above / below))


def _impulse(blur: float) -> Floats:
    """The mask's response to a blurred unit impulse: its energy is the gain on blurred white noise."""
    impulse = np.zeros((21, 21))
    impulse[10, 10] = 1
    return np.asarray(cv2.filter2D(_blurred(impulse, blur), -1, _MASK))


def _impulse_correlation(blur: float) -> float:
    impulse = _impulse(blur)
    return float((impulse[1:] * impulse[:-1]).sum() / (impulse**2).sum())


def _blurred(noise: Floats, blur: float) -> Floats:
    if blur == 0:
        return noise
    return np.asarray(cv2.GaussianBlur(noise, (9, 9), blur, borderType=cv2.BORDER_REFLECT))


def _missing(ring: Grain, image: Pixels, hole: Hole) -> Floats:
    """Per channel, the sigma (of the mask's response) that the fill lacks."""
    response, valid = _response(image, hole)
    judged = valid if np.count_nonzero(valid) >= _FEWEST else hole
    own = _mad(response[judged])
    return np.asarray(np.sqrt(np.maximum(ring.sigma**2 - own**2, 0)))


def _noise(shape: tuple[int, ...], ring: Grain, seed: int) -> Floats:
    """HxWxC noise whose mask response has sigma 1 in each channel."""
    generator = np.random.Generator(np.random.PCG64(seed))
    channels = len(ring.sigma)
    gain = float(np.sqrt((_impulse(ring.blur) ** 2).sum()))
    planes = [_blurred(generator.standard_normal(shape), ring.blur) / gain for _ in range(channels)]
    mixed = [sum(planes[k] * ring.mixing[c, k] for k in range(channels)) for c in range(channels)]
    return np.stack([np.asarray(plane) for plane in mixed], axis=-1)
