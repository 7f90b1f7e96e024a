"""Gradient-domain blend: keep the fill's gradients, take the picture's colours at the edge (Perez, Gangnet and Blake 2003).

The fill is pasted into the picture, so the ring around the hole says nothing of how far the two are off: the disagreement is
the step across the hole's edge. (What a network does to the surroundings as well is taken off where it is known, by
`round_trip`.) It is measured by continuing both sides by half their own slope, and diffused into the hole; pixels outside
stay the picture's. On textured photographs a step is mostly texture, and removing all of it would spoil a good fill, so each
part is shrunk by its own uncertainty (James and Stein 1961): the mean step of the whole edge, then its local mean, then what
is left of single pixels, which counts only as far as it exceeds the fill's own roughness.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson_blend import shifted
from model_registry.engines.classical.poisson_zone import Ring, Window
from model_registry.engines.contract import Hole, Params, Pixels

Floats = NDArray[np.float32]

CLIP = 4.0
"""Steps farther than this many scaled MADs from their channel's median are clipped: residue on the ring, not colour."""
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
_SECOND = np.array([1, -2, 1], np.float32)
_DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


class GradientBlend:
    """Role `blend`. Parameter `clip`: bound on outlying steps in MADs, 0 = none. Keeps no state."""

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        """target, source: HxWxC float32 0-1, any C; hole within zone, HxW bool. Returns a new HxWxC float32.

        Equal to `target` outside `hole`, inside which it is never read; `source` counts inside alone. A hole that covers the
        whole picture leaves `source` as it is there."""
        check_fit(target, source, hole, zone)
        out = target.copy()
        if hole.any():
            box = box_of(hole, _MARGIN)
            clip = float(params.get("clip", CLIP))
            out[box] = _blend_box(target[box], source[box], hole[box], clip)
        return out


def _blend_box(target: Pixels, source: Pixels, hole: Hole, clip: float) -> Pixels:
    pasted = np.where(hole[..., None], source, target)
    boundary = wanted_steps(pasted, hole, clip)

    def wanted(box: Window, ring: Ring) -> Floats:
        return np.asarray(boundary[box][ring])

    out = shifted(target, source, hole, wanted)
    cv2.copyTo(np.clip(out, 0, 1), hole.view(np.uint8), out)
    return out


def edge_ring(hole: Hole) -> Hole:
    """The pixels just outside a hole: those with a 4-neighbour in it."""
    return np.asarray((cv2.dilate(hole.astype(np.uint8), _CROSS) > 0) & ~hole)


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

    picture: HxWxC, 0-1, the fill pasted in. Returns HxWxC float32: signed, on the pixels just outside the hole, 0 elsewhere.
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
    their mean. Picture HxWxC; steps HxWxC float32.
    """
    ring = edge_ring(hole)
    steps = np.zeros(picture.shape, np.float32)
    y, x = np.nonzero(ring)
    total, count = np.zeros((y.size, picture.shape[2]), np.float32), np.zeros((y.size, 1), np.float32)
    for dy, dx in _DIRECTIONS:
        (deeper, inner), (fill, crossing), (here, _), (beyond, same) = (
            _look(picture, hole, y + k * dy, x + k * dx) for k in (-2, -1, 0, 1)
        )
        has_inner, has_outer = inner == 1, same == 0
        slope = has_inner * (fill - deeper) + has_outer * (beyond - here)
        slopes = np.maximum(has_inner.astype(np.float32) + has_outer, 1)
        total += (crossing == 1) * (here - fill - slope / slopes)
        count += crossing == 1
    steps[y, x] = total / np.maximum(count, 1)
    return steps, ring


def _look(
    picture: Pixels, hole: Hole, y: NDArray[np.intp], x: NDArray[np.intp]
) -> tuple[Floats, NDArray[np.int8]]:
    """Pixels (NxC; the border's beyond it), and Nx1: 1 in the hole, 0 outside it, -1 beyond the border."""
    height, width = hole.shape
    rows, columns = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    where = hole[rows, columns].astype(np.int8)
    where[(rows != y) | (columns != x)] = -1
    return picture[rows, columns], where[:, None]


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
    on = ring.astype(np.float32)
    at = np.nonzero(ring)
    weight = np.maximum(_smooth(on, _LOCAL), 1e-12)[..., None]
    mean = _smooth(steps, _LOCAL) / weight
    variance = _smooth((steps - mean) ** 2 * on[..., None], _LOCAL)[at] / weight[at]
    # The squares of a Gaussian's weights are a narrower Gaussian's: sum w^2 for the effective sample size.
    squares = _smooth(on, _LOCAL / np.sqrt(2))[at][..., None] / (4 * np.pi * _LOCAL**2)
    samples = np.maximum(weight[at] ** 2 / np.maximum(squares, 1e-15) / _CORRELATION, 1)
    out = np.zeros_like(steps)
    out[at] = _shrunk(mean[at], variance / samples)
    return out


def _beyond_roughness(rest: Floats, picture: Pixels, hole: Hole, ring: Hole) -> Floats:
    """Share (0-1) of the steps' energy that the fill's own roughness does not explain; HxW, 0 off the ring."""
    rows, columns = np.nonzero(ring)
    at, on = (rows, columns), ring.astype(np.float32)
    both = _smooth(np.stack(((rest**2).sum(-1) * on, on), -1), _ROUGH)[at]
    energy = both[:, 0] / np.maximum(both[:, 1], 1e-12)
    second = _second_differences(picture)
    inner, inner_weight = _roughness(second, hole, at)
    outer, outer_weight = _roughness(second, ~hole, at)
    known = inner_weight > 1e-3
    rough = np.where(known, inner / np.maximum(inner_weight, 1e-12), outer / np.maximum(outer_weight, 1e-12))
    out = np.zeros(hole.shape, np.float32)
    out[at] = np.clip(1 - _EXCESS * rough / np.maximum(energy, 1e-20), 0, 1)
    return out


def _second_differences(picture: Pixels) -> tuple[Floats, Floats]:
    """Energies of second differences down and across, over channels; HxW each."""
    made = []
    for kernel in (_SECOND[:, None], _SECOND[None]):
        second = np.asarray(cv2.filter2D(picture, -1, kernel), np.float32).reshape(picture.shape)
        made.append(np.einsum("hwc,hwc->hw", second, second))
    return made[0], made[1]


def _roughness(second: tuple[Floats, Floats], where: Hole, at: Ring) -> tuple[Floats, Floats]:
    """Smoothed energy of second differences that lie wholly in `where`, and its weight, at these pixels.

    White noise of variance s gives a second difference 6 s and an edge step 5 s: hence the factor."""
    fields = np.zeros((*where.shape, 2), np.float32)
    on = where.view(np.uint8)
    for energy, reach in zip(second, ((3, 1), (1, 3)), strict=True):
        # Nothing beyond the border lies in `where`, so the border's own differences do not count.
        whole = cv2.erode(on, np.ones(reach, np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,))
        fields[..., 0] += energy * whole
        fields[..., 1] += whole
    smooth = _smooth(fields, _ROUGH)[at]
    return smooth[:, 0] * np.float32(5 / 6), smooth[:, 1]


def _smooth(field: Floats, sigma: float) -> Floats:
    """Gaussian, 0 beyond the border."""
    blurred = cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32).reshape(field.shape)
