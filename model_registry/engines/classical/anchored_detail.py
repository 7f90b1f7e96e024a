"""Fine detail for a fill that lacks it: taken from patches of the surroundings that look like the fill once both are blurred.

Image analogies (Hertzmann, Jacobs, Oliver, Curless and Salesin, 2001) with the fill's low frequencies as the guide; copied is
only what a Gaussian takes away, the first level of a Laplacian pyramid (Burt and Adelson, 1983). Overlapping details are
averaged in a way that keeps their variance (Heitz and Neyret, 2018), for the plain mean of unrelated detail is smooth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.diffusion_pixels import smooth_under

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

_STEP = 4
"""Between the middles of the patches whose detail is looked for, px."""
_REACH = 6
"""Half of a patch's side, px."""
_GRID = (-6, -3, 0, 3, 6)
"""Where the blurred picture is compared, px from the middle."""
_COLOUR, _BUSY, _DEPTH = np.float32(1.5), np.float32(8.0), np.float32(1.0)
"""How much differences of colour, the strength of detail and depth count beside differences of brightness."""
_AROUND = 64
"""How far from the hole's box detail is taken from, px."""
_MOST_PLACES = 12_000
"""Known patches that are compared with: of more, every second, third, … one."""
_MOST_AT_ONCE = 4_000_000
"""Distances computed together."""
_MOST_GAIN = 2.0
"""Of detail that the mean of overlapping patches has weakened."""
_COHERENT = 1.4
"""A neighbour's source, continued, is taken up to this much of the best distance."""


def low_band(picture: Pixels, sigma: float) -> Pixels:
    """H×W×3 without what is finer than `sigma` px."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


@dataclass(frozen=True, slots=True)
class _Lattice:
    rows: Places
    columns: Places
    index: NDArray[np.int32]
    """Of the patch at a lattice node; -1 where none is."""


def with_detail(
    image: Pixels, hole: Hole, semantic: Pixels, sigma: float, *, near: Floats | None = None
) -> Pixels:
    """`image` (H×W×3) with a hole whose frequencies below 1/sigma are those of `semantic` and above it those of known patches,
    as far as the semantic fill lacks any of its own beside what there is around the hole.

    semantic: H×W×3, any fill of the hole; outside it is not read. near: H×W, 0–1, depths: detail is then rather taken from
    things equally far away. Unchanged outside the hole; the semantic fill itself where no whole patch is known. Deterministic."""
    out = np.where(hole[..., None], semantic, image).astype(np.float32)
    if hole.any():
        box = _window(hole)
        out[box] = _detailed(image[box], hole[box], out[box], sigma, None if near is None else near[box])
    return out


def _window(hole: Hole) -> tuple[slice, slice]:
    """The hole's box and what detail may be taken from."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    rows = slice(max(y - _AROUND, 0), min(y + h + _AROUND, hole.shape[0]))
    return rows, slice(max(x - _AROUND, 0), min(x + w + _AROUND, hole.shape[1]))


def _detailed(image: Pixels, hole: Hole, whole: Pixels, sigma: float, near: Floats | None) -> Pixels:
    low = low_band(whole, sigma)
    fine = whole - low
    side = 2 * _REACH + 1
    usable = cv2.erode((~hole).astype(np.uint8), np.ones((side, side), np.uint8), borderValue=(0,)) > 0
    places = np.flatnonzero(usable)
    if not len(places):
        return whole
    places = places[:: -(-len(places) // _MOST_PLACES)]
    guide = _Guide(low, _energy(fine, hole), near)
    lattice = _lattice(hole)
    detail = _joined(fine, hole, lattice, _sources(guide, usable, lattice, places))
    made = np.clip(low + detail, 0, 1)
    share = _missing(fine, guide.energy)
    return np.where(hole[..., None], whole + share[..., None] * (made - whole), image).astype(np.float32)


def _missing(fine: Pixels, wanted: Floats) -> Floats:
    """H×W: the share of the detail around the hole that the fill does not have itself, 0–1."""
    own = cv2.blur(np.abs(fine).mean(axis=2), (9, 9))
    return np.asarray(np.clip(1 - own / np.maximum(wanted, 1e-6), 0, 1), np.float32)


def _lattice(hole: Hole) -> _Lattice:
    reach = 2 * _REACH + 1
    near = cv2.dilate(hole.astype(np.uint8), np.ones((reach, reach), np.uint8))[::_STEP, ::_STEP] > 0
    index = np.full(near.shape, -1, np.int32)
    index[near] = np.arange(np.count_nonzero(near), dtype=np.int32)
    rows, columns = np.nonzero(near)
    return _Lattice(rows * _STEP, columns * _STEP, index)


@dataclass(frozen=True, slots=True)
class _Guide:
    """What patches are compared by."""

    low: Pixels
    energy: Floats
    """H×W: how strong detail is, or should be."""
    near: Floats | None

    def at(self, rows: Places, columns: Places) -> Floats:
        """N×K: the low band on a grid, colours less densely, how much detail there is, and how near it is."""
        margin = max(_GRID)
        low = self.low
        planes = [low.mean(axis=2), low[..., 0] - low[..., 1], low[..., 2] - low[..., 1]]
        padded = [cv2.copyMakeBorder(p, *(margin,) * 4, cv2.BORDER_REFLECT_101) for p in planes]
        y, x = rows + margin, columns + margin
        light = [padded[0][y + dy, x + dx] for dy in _GRID for dx in _GRID]
        colour = [_COLOUR * p[y + dy, x + dx] for p in padded[1:] for dy in (-3, 3) for dx in (-3, 3)]
        rest = [_BUSY * self.energy[rows, columns]]
        rest += [] if self.near is None else [_DEPTH * self.near[rows, columns]]
        return np.stack([*light, *colour, *rest], axis=1).astype(np.float32)


def _energy(fine: Pixels, hole: Hole) -> Floats:
    """H×W: how strong detail is, continued into the hole from around it."""
    seen = np.where(hole[..., None], 0, np.abs(fine)).astype(np.float32)
    known = (~hole).astype(np.float32)
    weight = cv2.blur(known, (9, 9))
    mean = cv2.blur(seen, (9, 9)) / np.maximum(weight, 1e-6)[..., None]
    return np.asarray(smooth_under(mean, weight <= 0.3).mean(axis=2), np.float32)


def _sources(guide: _Guide, usable: Hole, lattice: _Lattice, places: Places) -> Places:
    """For each patch of the lattice the known place that is most like it."""
    width = usable.shape[1]
    wanted = guide.at(lattice.rows, lattice.columns)
    best, cost = _nearest(wanted, guide.at(places // width, places % width))
    return _coherent(guide, usable, lattice, places[best], cost, wanted)


def _nearest(wanted: Floats, offered: Floats) -> tuple[Places, Floats]:
    lengths = np.einsum("ij,ij->i", offered, offered)
    best, cost = np.empty(len(wanted), np.intp), np.empty(len(wanted), np.float32)
    step = max(_MOST_AT_ONCE // len(offered), 1)
    for start in range(0, len(wanted), step):
        part = wanted[start : start + step]
        apart = lengths - 2 * (part @ offered.T)
        best[start : start + step] = apart.argmin(axis=1)
        least = apart.min(axis=1) + np.einsum("ij,ij->i", part, part)
        cost[start : start + step] = np.maximum(least, 0)
    return best, cost


def _coherent(
    guide: _Guide, usable: Hole, lattice: _Lattice, source: Places, cost: Floats, wanted: Floats
) -> Places:
    """Sources exchanged for the continuation of a neighbour's wherever that is about as good: fewer seams in the detail."""
    h, width = usable.shape
    padded = np.pad(lattice.index, 1, constant_values=-1)
    at = lattice.rows // _STEP + 1, lattice.columns // _STEP + 1
    limit = cost * _COHERENT + np.float32(1e-4)
    for dy, dx in ((0, -1), (-1, 0), (0, 1), (1, 0)) * 2:
        beside = padded[at[0] + dy, at[1] + dx]
        from_there = source[np.maximum(beside, 0)]
        rows, columns = from_there // width - dy * _STEP, from_there % width - dx * _STEP
        there = (beside >= 0) & (rows >= 0) & (rows < h) & (columns >= 0) & (columns < width)
        rows, columns = np.where(there, rows, 0), np.where(there, columns, 0)
        there &= usable[rows, columns]
        apart = ((guide.at(rows, columns) - wanted) ** 2).sum(axis=1)
        source = np.where(there & (apart <= limit), rows * width + columns, source)
    return source


def _joined(fine: Pixels, hole: Hole, lattice: _Lattice, source: Places) -> Floats:
    """H×W×3: the mean of the sources' detail under windows that overlap, as strong as the sources' own. Near the hole alone."""
    h, w = hole.shape
    reach = _REACH
    window = (np.outer(*(np.hanning(2 * reach + 3)[1:-1],) * 2).astype(np.float32) ** 2)[..., None]
    total = np.zeros((h + 2 * reach, w + 2 * reach, 5), np.float32)
    power = (fine**2).sum(axis=2, keepdims=True)
    planes = np.concatenate([fine, power, np.ones_like(power)], axis=2)
    for y, x, place in zip(lattice.rows.tolist(), lattice.columns.tolist(), source.tolist(), strict=True):
        sy, sx = divmod(place, w)
        patch = planes[sy - reach : sy + reach + 1, sx - reach : sx + reach + 1]
        total[y : y + 2 * reach + 1, x : x + 2 * reach + 1] += window * patch
    total = total[reach:-reach, reach:-reach]
    mean = total / np.maximum(total[..., 4:], 1e-9)
    detail = mean[..., :3]
    side = (2 * reach + 1,) * 2
    lost = cv2.blur(mean[..., 3], side) / np.maximum(cv2.blur((detail**2).sum(axis=2), side), 1e-9)
    return np.asarray(detail * np.sqrt(np.clip(lost, 1, _MOST_GAIN**2))[..., None], np.float32)
