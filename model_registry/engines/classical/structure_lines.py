"""Lines continued across a hole: pairs of ends that are one line, and the strips of colour drawn between them.

The idea of structure before texture is of Criminisi, Perez and Toyama (2004) and of Sun, Yuan, Jia and Shum (2005); here the
pairs are found by direction and by the colours to either side, and joined by cubic curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.structure_ends import HALF, PER, End
from model_registry.engines.contract import Hole, Pixels

Floats = NDArray[np.floating[Any]]

_MOST_TURN = np.deg2rad(24)
"""Between a line and the way straight to its other end."""
_FACING = float(np.cos(2 * _MOST_TURN))
"""What follows for the cosine between the one line and the other turned round: most pairs are told apart by it."""
_TURN = np.deg2rad(9)
"""The turn that makes a pair as unlikely as colours half different do."""
_UNLIKE = 0.35
"""Colours' difference over their contrast: above it two ends are not one line."""
_MOST_COST = 0.5
"""Of a pair that is taken: 1 is two ends whose turns and colours are both as far off as either may be."""
_SEEN = 0.3
"""Of the way between two ends, that much of the line was seen outside, at least."""
_INSIDE = 0.85
"""Share of the way between two ends that lies in the hole, at least."""
STRIP = 5
"""Half of what is drawn of a line, px."""


@dataclass(frozen=True, slots=True)
class Line:
    """Two ends that are one line."""

    first: End
    last: End
    cost: float
    """0 for ends that meet straight with the same colours."""


def matched(ends: Sequence[End], hole: Hole) -> tuple[Line, ...]:
    """Pairs of ends, the most certain first, each end in one pair at most."""
    pairs = [
        line for i, a in enumerate(ends) for b in ends[i + 1 :] if (line := _pair(a, b, hole)) is not None
    ]
    taken: set[int] = set()
    kept = []
    for line in sorted(pairs, key=lambda line: (line.cost, line.first.x, line.first.y)):
        both = {id(line.first), id(line.last)}
        if not both & taken:
            taken |= both
            kept.append(line)
    return tuple(kept)


def _pair(a: End, b: End, hole: Hole) -> Line | None:
    if -(a.dx * b.dx + a.dy * b.dy) < _FACING:
        return None
    way = np.array([b.x - a.x, b.y - a.y])
    length = float(np.hypot(*way))
    if length < 2 or a.length + b.length < _SEEN * length:
        return None
    way /= length
    turns = [
        float(np.arccos(np.clip(d @ way, -1, 1))) for d in (np.array([a.dx, a.dy]), -np.array([b.dx, b.dy]))
    ]
    if max(turns) > _MOST_TURN or _share_inside(a, way, length, hole) < _INSIDE:
        return None
    unlike = _unlike(a.profile, b.profile[::-1])
    cost = (turns[0] ** 2 + turns[1] ** 2) / (2 * _TURN**2) * 0.5 + unlike / _UNLIKE * 0.5
    return Line(a, b, cost) if unlike <= _UNLIKE and cost <= _MOST_COST else None


def _share_inside(a: End, way: Floats, length: float, hole: Hole) -> float:
    steps = np.linspace(0, length, max(int(length), 3))
    h, w = hole.shape
    xs = np.clip(np.rint(a.x + steps * way[0]).astype(int), 0, w - 1)
    ys = np.clip(np.rint(a.y + steps * way[1]).astype(int), 0, h - 1)
    return float(hole[ys, xs].mean())


def _unlike(a: Floats, b: Floats) -> float:
    """Mean difference of two profiles over the larger of their contrasts; the line may be off by a pixel."""
    contrast = max(float(np.ptp(a, axis=0).max()), float(np.ptp(b, axis=0).max()), 1e-6)
    offs = []
    for shift in range(-PER, PER + 1):
        mine = a[max(shift, 0) : len(a) + min(shift, 0)]
        theirs = b[max(-shift, 0) : len(b) + min(-shift, 0)]
        offs.append(float(np.abs(mine - theirs).max(axis=1).mean()))
    return min(offs) / contrast


def drawn(image: Pixels, hole: Hole, lines: Sequence[Line]) -> tuple[Pixels, Hole]:
    """`image` with a strip of colour in the hole along each line, and the hole's pixels that were drawn.

    Each strip goes over from the colours at one end to those at the other. Where strips meet, the more certain line's is on
    top: `lines` come the most certain first."""
    out, done = image.copy(), np.zeros(hole.shape, bool)
    for line in lines:
        _draw(out, done, hole, line)
    return out, done


def _draw(out: Pixels, done: Hole, hole: Hole, line: Line) -> None:
    path, tangent = _curve(line)
    box = _box(path, hole.shape)
    rows, columns = np.nonzero(hole[box] & ~done[box])
    if not len(rows):
        return
    ys, xs = rows + box[0].start, columns + box[1].start
    nearest, side = _on_curve(path, tangent, xs, ys)
    close = np.abs(side) <= STRIP + 0.5
    share = nearest / (len(path) - 1)
    ys, xs, share, side = ys[close], xs[close], share[close], side[close]
    a, b = (_sampled(p, side) for p in (line.first.profile, line.last.profile[::-1]))
    out[ys, xs] = np.clip(a + share[:, None] * (b - a), 0, 1).astype(np.float32)
    done[ys, xs] = True


def _curve(line: Line) -> tuple[Floats, Floats]:
    """Points about a quarter of a px apart on the cubic that leaves both ends in their directions, and its directions there."""
    a, b = line.first, line.last
    p, q = np.array([a.x, a.y]), np.array([b.x, b.y])
    length = float(np.hypot(*(q - p)))
    u, v = length * np.array([a.dx, a.dy]), -length * np.array([b.dx, b.dy])
    t = np.linspace(0, 1, max(int(4 * length), 8))[:, None]
    points = (
        (2 * t**3 - 3 * t**2 + 1) * p
        + (t**3 - 2 * t**2 + t) * u
        + (3 * t**2 - 2 * t**3) * q
        + (t**3 - t**2) * v
    )
    slope = (6 * t**2 - 6 * t) * (p - q) + (3 * t**2 - 4 * t + 1) * u + (3 * t**2 - 2 * t) * v
    return points, slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-9)


def _box(path: Floats, shape: tuple[int, ...]) -> tuple[slice, slice]:
    reach = STRIP + 2
    (x0, y0), (x1, y1) = np.floor(path.min(axis=0)).astype(int), np.ceil(path.max(axis=0)).astype(int)
    rows = slice(max(int(y0) - reach, 0), min(int(y1) + reach + 1, shape[0]))
    return rows, slice(max(int(x0) - reach, 0), min(int(x1) + reach + 1, shape[1]))


def _on_curve(path: Floats, tangent: Floats, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    """For each pixel the nearest point of the curve, and how far it lies to its right (to its left: less than 0), px."""
    from scipy.spatial import cKDTree  # type: ignore[import-untyped]

    pixels = np.stack([xs, ys], axis=1).astype(np.float64)
    apart, nearest = cKDTree(path).query(pixels)
    away = pixels - path[nearest]
    cross = tangent[nearest, 0] * away[:, 1] - tangent[nearest, 1] * away[:, 0]
    return nearest, np.where(cross < 0, -apart, apart)


def _sampled(profile: Floats, side: Floats) -> Floats:
    """N×3: the profile's colours at these offsets."""
    at = np.clip((side + HALF) * PER, 0, 2 * HALF * PER)
    low = np.minimum(at.astype(int), 2 * HALF * PER - 1)
    part = (at - low)[:, None]
    return np.asarray(profile[low] * (1 - part) + profile[low + 1] * part)


def strips(shape: tuple[int, ...], lines: Sequence[Line]) -> Hole:
    """H×W: where the lines pass, one pixel wide."""
    page = np.zeros(shape, np.uint8)
    for line in lines:
        path, _ = _curve(line)
        cv2.polylines(page, [np.rint(path).astype(np.int32)], False, (1,))
    return page > 0
