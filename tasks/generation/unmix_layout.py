"""Tells an overlay's letters from what a wide hole holds besides: labels under which the picture beneath has no extra edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread
from tasks.generation.unmix_evidence import Overlay
from tasks.generation.unmix_solid import depth_in

LEVELS = (0.0, 0.5, 1.0)
"""Coverages that a pixel may be given: none, an edge's, all."""
_WORST = 15.0
"""Cost of a step between neighbours at most, in standard deviations: the picture has edges of its own."""
_TURN = 0.8
"""Cost of two neighbours of which one is covered and one is not."""
_HALF = 0.15
"""Cost of a half-covered pixel."""
_COARSE = 0.03
"""Standard deviation of an edge's coverage about the nearest of LEVELS."""
_DEAR = 0.6
"""Share of the greatest cost of a thing's two edges that its width is to cost."""
_ROUNDS = 2
_BARRED = np.float32(1e4)
_THICK, _THICKER = 2.5, 1.5
"""In typical half widths of strokes, and px: what is thicker is a thing that the overlay's colour would make of the ground."""

Costs = NDArray[np.float32]


def laid_out(pixels: Pixels, hole: Zone, overlay: Overlay, spread: Spread) -> Plane:
    """H×W, one of LEVELS, 0 outside the hole: the coverage that leaves the fewest steps in the picture beneath.

    A Markov random field on the grid of pixels: two neighbours cost the step between what lies beneath them if they are
    covered so much, whitened and truncated. Solved by min-sum belief propagation that sweeps right, left, down and up
    (Tappen and Freeman, ICCV 2003). Where something much thicker than the strokes comes out, which is as likely a thing of the
    picture, being covered is made so dear that only strokes pay."""
    rows, columns = _frame(hole)
    inside = np.zeros(hole.shape, np.float32)
    cut = pixels[rows, columns], hole[rows, columns], overlay, spread.scale[rows, columns], spread
    found = _labelled(*cut, np.zeros(cut[1].shape, np.float32))
    dear = _thick(found)
    inside[rows, columns] = _labelled(*cut, dear) if dear.any() else found
    return inside


def _thick(layout: Plane) -> Plane:
    """H×W: cost of being covered, 0 but where the layout is far thicker than its strokes mostly are."""
    depth = depth_in(layout > 0)
    ridge = (depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))
    if not ridge.any():
        return np.zeros_like(layout)
    limit = _THICK * float(np.median(depth[ridge])) + _THICKER
    side = 2 * int(np.ceil(limit)) + 1
    about = cv2.dilate((depth > limit).astype(np.float32), np.ones((side, side), np.uint8))
    return np.asarray(about * np.float32(_DEAR * _WORST / limit) * (layout > 0), np.float32)


def _frame(hole: Zone) -> tuple[slice, slice]:
    """The hole with one pixel around it."""
    down, right = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return slice(max(int(down[0]) - 1, 0), int(down[-1]) + 2), slice(
        max(int(right[0]) - 1, 0), int(right[-1]) + 2
    )


def _labelled(
    pixels: Pixels, hole: Zone, overlay: Overlay, scale: Plane, spread: Spread, dear: Plane
) -> Plane:
    off = pixels - overlay.colour
    coarse = (_COARSE * overlay.opacity) ** 2 * float((off[hole] ** 2).mean())
    variance = scale[..., None] * spread.share + np.float32(spread.floor + coarse)
    seen = off @ spread.axes / np.sqrt(variance)
    # Chains run along the first axis, levels along the second, side by side along the last: quick to add and compare.
    across, down = (
        _steps(seen.transpose(1, 2, 0), overlay.opacity),
        _steps(seen.transpose(0, 2, 1), overlay.opacity),
    )
    own = np.zeros((hole.shape[1], len(LEVELS), hole.shape[0]), np.float32)
    own[:, 1] = _HALF
    own += np.where(hole.T[:, None], np.float32(0), _BARRED) * np.array([[0], [1], [1]], np.float32)
    own += dear.T[:, None] * np.asarray(LEVELS, np.float32)[:, None]
    sides, ends = np.zeros_like(own), np.zeros_like(own)
    for _ in range(_ROUNDS):
        sides = _messages(own + ends, across)
        ends = _messages((own + sides).transpose(2, 1, 0), down).transpose(2, 1, 0)
    return np.asarray(np.asarray(LEVELS, np.float32)[np.argmin(own + sides + ends, axis=1)].T)


def _steps(seen: Costs, opacity: float) -> Costs:
    """(M−1)×L×L×N costs of neighbours of M×C×N: the first's level, then the second's.

    A step is scaled by the geometric mean of both clearnesses, so that equal levels cost the same whichever they are."""
    square = np.einsum("mcn,mcn->mn", seen, seen)
    both = 2 * np.einsum("mcn,mcn->mn", seen[:-1], seen[1:])
    costs = np.empty((len(seen) - 1, len(LEVELS), len(LEVELS), seen.shape[2]), np.float32)
    for a, first in enumerate(LEVELS):
        for b, second in enumerate(LEVELS):
            ratio = np.float32((1 - opacity * second) / (1 - opacity * first))
            step = np.sqrt(np.maximum(square[:-1] * ratio + square[1:] / ratio - both, 0))
            costs[:, a, b] = np.minimum(step, _WORST) + np.float32(abs(first - second) * _TURN)
    return costs


def _messages(own: Costs, steps: Costs) -> Costs:
    """M×L×N: for N chains of M pixels what both neighbours tell each pixel of the costs of its levels."""
    # Both directions at once, the second on reversed chains.
    costs = np.concatenate([own, own[::-1]], axis=2)
    links = np.concatenate([steps, steps[::-1].transpose(0, 2, 1, 3)], axis=3)
    sent = np.zeros_like(costs)
    for n in range(1, len(own)):
        before = costs[n - 1] + sent[n - 1]
        reached = (before[:, None] + links[n - 1]).min(axis=0)
        sent[n] = reached - reached.min(axis=0)
    side = own.shape[2]
    return np.asarray(sent[..., :side] + sent[::-1, :, side:])
