"""Gradient-domain blend: keep the fill's gradients, take the picture's colours at the edge (Perez, Gangnet and Blake 2003).

A fill that differs from the picture around the hole too (the raw output of a generative network) is blended over the whole
zone, as in the paper: the correction is target - source on the ring just outside the zone and harmonic within it.

A fill pasted into the picture equals it around the hole, so there that ring says nothing: the disagreement is the step across
the hole's edge. It is measured by continuing both sides by half their own slope, and diffused into the hole; pixels outside
stay the picture's. On textured photographs a step is mostly texture, and removing all of it would spoil a good fill, so each
part is shrunk by its own uncertainty (James and Stein 1961): the mean step of the whole edge, then its local mean, then what
is left of single pixels, which counts only as far as it exceeds the fill's own roughness.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

from model_registry.engines.classical.poisson import harmonic_correction
from model_registry.engines.contract import Hole, Params, Pixels

Floats = NDArray[np.float64]

CLIP = 4.0
"""Steps farther than this many scaled MADs from their channel's median are clipped: residue on the ring, not colour."""
SAME = 0.5 / 255
"""A source this close to the target all around the hole is a pasted fill."""
_LEAST_MAD = 0.5 / 255
_LOCAL = 6.0
"""Sigma, px, of the local mean along the edge."""
_ROUGH = 8.0
"""Sigma, px, over which roughness is averaged."""
_EXCESS = 2.0
"""How many times the fill's own roughness single steps must exceed."""
_CAUTION = 3.0
"""Standard errors squared that a mean step must exceed to count."""
_CORRELATION = 3.0
"""Neighbouring edge pixels that share one independent sample: texture is correlated."""
_MARGIN = 4
_DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))


class GradientBlend:
    """Role `blend`. Parameter `clip`: bound on outlying steps in MADs, 0 = none. Keeps no state."""

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        """target, source: HxWxC float32 0-1, any C; hole within zone, HxW bool. Returns a new HxWxC float32.

        Equal to `target` outside `zone`; `target` inside `hole` is never read. A zone that covers the whole picture leaves
        `source` as it is there."""
        check_fit(target, source, hole, zone)
        out = target.copy()
        if zone.any():
            box = box_of(zone, _MARGIN)
            clip = float(params.get("clip", CLIP))
            out[box] = _blend_box(target[box], source[box], hole[box], zone[box], clip)
        return out


def _blend_box(target: Pixels, source: Pixels, hole: Hole, zone: Hole, clip: float) -> Pixels:
    around = ndimage.binary_dilation(zone) & ~hole
    if np.abs(target[around] - source[around]).max(initial=0) <= SAME:
        part = hole
        boundary = wanted_steps(np.where(hole[..., None], source, target), hole, clip)
    else:
        part, ring = zone, ndimage.binary_dilation(zone) & ~zone
        difference = np.where(ring[..., None], target.astype(np.float64) - source, 0)
        boundary = _clip_outliers(difference, ring, clip)
    out = target.copy()
    out[part] = np.clip(source[part] + harmonic_correction(boundary, part)[part], 0, 1)
    return out


def check_fit(target: Pixels, source: Pixels, hole: Hole, zone: Hole) -> None:
    """ValueError unless the sizes agree and the hole lies within the zone."""
    if target.shape != source.shape or hole.shape != target.shape[:2] or zone.shape != hole.shape:
        raise ValueError(f"sizes differ: {target.shape}, {source.shape}, {hole.shape}, {zone.shape}")
    if (hole & ~zone).any():
        raise ValueError("the hole reaches outside the zone")


def box_of(zone: Hole, margin: int) -> tuple[slice, slice]:
    """The smallest box around a zone that is not empty, grown by `margin` within the picture."""
    rows, columns = np.flatnonzero(zone.any(1)), np.flatnonzero(zone.any(0))
    rows_slice = slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin)
    return rows_slice, slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin)


def wanted_steps(picture: Pixels, hole: Hole, clip: float = CLIP) -> Floats:
    """By how much the fill at the hole's edge should move to continue the picture, texture discounted.

    picture: HxWxC, 0-1, the fill pasted in. Returns HxWxC float64: signed, on the pixels just outside the hole, 0 elsewhere.
    """
    steps, ring = edge_steps(picture, hole)
    if not ring.any():
        return steps
    steps = _clip_outliers(steps, ring, clip)
    mean = np.where(ring[..., None], _mean_step(steps[ring]), 0)
    mean += _local_mean(steps - mean, ring)
    rest = steps - mean
    return np.asarray(mean + rest * _beyond_roughness(rest, picture, hole, ring)[..., None])


def edge_steps(picture: Pixels, hole: Hole) -> tuple[Floats, Hole]:
    """Steps across the hole's edge, and the pixels just outside it where they are defined.

    A step is the picture's pixel minus the fill's neighbour minus the mean of the one-sided slopes on either side (a slope
    that would need a pixel of the other side, or beyond the border, is left out). A pixel with several fill neighbours gets
    their mean. Picture HxWxC; steps HxWxC float64.
    """
    height, width = hole.shape
    pixels = np.pad(picture.astype(np.float64), ((2, 2), (2, 2), (0, 0)), "edge")
    inside, outside = np.pad(hole, 2), np.pad(~hole, 2)
    total, count = np.zeros(picture.shape), np.zeros(hole.shape)
    for dy, dx in _DIRECTIONS:
        view = tuple(
            (slice(2 + k * dy, 2 + k * dy + height), slice(2 + k * dx, 2 + k * dx + width))
            for k in (-2, -1, 0, 1)
        )
        deeper, fill, here, beyond = (pixels[v] for v in view)
        crossing = ~hole & inside[view[1]]
        has_inner, has_outer = inside[view[0]][..., None], outside[view[3]][..., None]
        slope = has_inner * (fill - deeper) + has_outer * (beyond - here)
        step = here - fill - slope / np.maximum(has_inner.astype(int) + has_outer, 1)
        total += np.where(crossing[..., None], step, 0)
        count += crossing
    return total / np.maximum(count, 1)[..., None], count > 0


def _clip_outliers(steps: Floats, ring: Hole, clip: float) -> Floats:
    """Bound each channel at its median +- clip MADs (scaled to a normal's sigma)."""
    if clip <= 0 or not ring.any():
        return steps
    values = steps[ring]
    median = np.median(values, axis=0)
    reach = clip * np.maximum(1.4826 * np.median(np.abs(values - median), axis=0), _LEAST_MAD)
    out = steps.copy()
    out[ring] = np.clip(values, median - reach, median + reach)
    return out


def _shrunk(mean: Floats, variance: Floats) -> Floats:
    """Positive-part shrinkage of a mean (..., C) with the variance of its error; all channels by one factor."""
    energy = (mean**2).sum(-1, keepdims=True)
    doubt = _CAUTION * variance.sum(-1, keepdims=True)
    return np.asarray(mean * np.clip(1 - doubt / np.maximum(energy, 1e-20), 0, 1))


def _mean_step(values: Floats) -> Floats:
    return _shrunk(values.mean(0), values.var(0) * min(1.0, _CORRELATION / len(values)))


def _local_mean(steps: Floats, ring: Hole) -> Floats:
    """Gaussian mean along the edge, shrunk by its standard error."""
    on = ring.astype(np.float64)
    weight = np.maximum(_smooth(on, _LOCAL), 1e-12)[..., None]
    mean = _smooth(steps * on[..., None], _LOCAL) / weight
    variance = _smooth((steps - mean) ** 2 * on[..., None], _LOCAL) / weight
    # The squares of a Gaussian's weights are a narrower Gaussian's: sum w^2 for the effective sample size.
    squares = _smooth(on, _LOCAL / np.sqrt(2))[..., None] / (4 * np.pi * _LOCAL**2)
    samples = np.maximum(weight**2 / np.maximum(squares, 1e-15) / _CORRELATION, 1)
    return _shrunk(mean, variance / samples) * on[..., None]


def _beyond_roughness(rest: Floats, picture: Pixels, hole: Hole, ring: Hole) -> Floats:
    """Share (0-1) of the steps' energy that the fill's own roughness does not explain; HxW."""
    on = ring.astype(np.float64)
    energy = _smooth((rest**2).sum(-1) * on, _ROUGH) / np.maximum(_smooth(on, _ROUGH), 1e-12)
    inner, inner_weight = _roughness(picture, hole)
    outer, outer_weight = _roughness(picture, ~hole)
    known = inner_weight > 1e-3
    rough = np.where(known, inner / np.maximum(inner_weight, 1e-12), outer / np.maximum(outer_weight, 1e-12))
    return np.asarray(np.clip(1 - _EXCESS * rough / np.maximum(energy, 1e-20), 0, 1))


def _roughness(picture: Pixels, where: Hole) -> tuple[Floats, Floats]:
    """Smoothed energy of second differences that lie wholly in `where`, and its weight; HxW each.

    White noise of variance s gives a second difference 6 s and an edge step 5 s: hence the factor."""
    energy, count = np.zeros(where.shape), np.zeros(where.shape)
    for axis in (0, 1):
        pixels, on = np.swapaxes(picture, 0, axis), np.swapaxes(where, 0, axis)
        total, number = np.swapaxes(energy, 0, axis), np.swapaxes(count, 0, axis)
        whole = on[1:-1] & on[2:] & on[:-2]
        second = pixels[2:].astype(np.float64) + pixels[:-2] - 2 * pixels[1:-1]
        total[1:-1] += np.where(whole, (second**2).sum(-1), 0) * (5 / 6)
        number[1:-1] += whole
    return _smooth(energy, _ROUGH), _smooth(count, _ROUGH)


def _smooth(field: Floats, sigma: float) -> Floats:
    """Gaussian, 0 beyond the border."""
    blurred = cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float64).reshape(field.shape)
