"""Letters of a known overlay that stand outside of what was looked at: cut off by a reader's box, or left out by it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread, spread_around
from tasks.generation.unmix_evidence import Overlay, behind_overlay, measured_coverage, uncovered
from tasks.generation.unmix_layout import laid_out
from tasks.generation.unmix_solid import depth_in

_THICKER = 1.5
"""Of the known letters' thickest stroke."""
_WORST = 15.0
_CALMER = 0.65
"""Share of the steps at a letter's edge that may be left when it is taken off."""
_EDGE = 2.0
"""Standard deviations that a step at its edge must at least be, on average."""
_LEAST = 6
"""px: less is a speck."""
_ROUNDS = 2


def beyond(
    pixels: Pixels, alpha: Plane, overlay: Overlay, about: Zone, done: Zone, levels: int, noise: float
) -> Plane | None:
    """H×W, 0–1: how much the overlay covers of `about` that is not yet `done`; None where it covers nothing there.

    pixels: H×W×C, 0–1, with what has been un-mixed already in place; alpha: H×W, what was taken off; about: H×W, where the line's
    letters may stand; done: H×W, where they were looked for; levels, noise: as for `unmix`. What is taken for a letter ends
    within `about`, has strokes no thicker than the known letters', and leaves a picture without steps at its edge behind."""
    where = about & ~done & (alpha <= 0)
    if where.sum() < _LEAST:
        return None
    spread = spread_around(pixels, ~where, levels, noise)
    layout = laid_out(pixels, where, overlay, spread)
    kept = _letters(pixels, layout, alpha, overlay, about, spread)
    if not kept.any():
        return None
    band = (cv2.dilate(kept.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & where
    coverage: Plane = np.where(kept, layout, 0).astype(np.float32)
    for _ in range(_ROUNDS):
        behind = behind_overlay(pixels, band, ~where | ~band, overlay, coverage)
        coverage = measured_coverage(pixels, band, behind, overlay, spread)
    inner = cv2.erode((layout == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(inner & kept, np.float32(1), coverage)


def _letters(
    pixels: Pixels, layout: Plane, alpha: Plane, overlay: Overlay, about: Zone, spread: Spread
) -> Zone:
    count, image = cv2.connectedComponents((layout > 0).astype(np.uint8), connectivity=8)
    label = np.asarray(image, np.intp)
    area = np.bincount(label.ravel(), minlength=count)
    outside = cv2.dilate((~about).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    closed = np.bincount(label[outside], minlength=count) == 0
    depth = depth_in(layout > 0)
    thick = np.zeros(count, np.float32)
    np.maximum.at(thick, label.ravel(), depth.ravel())
    usual = float(depth_in(alpha > 0.5 * overlay.opacity).max())
    before, after = _steps(pixels, layout, overlay, spread, label, count)
    edged = (before[1] > 0) & (before[0] > _EDGE * before[1]) & (after[0] < _CALMER * before[0])
    good = closed & edged & (thick <= _THICKER * usual) & (area >= _LEAST)
    good[0] = False
    return np.asarray(good[label])


def _steps(
    pixels: Pixels, layout: Plane, overlay: Overlay, spread: Spread, label: NDArray[np.intp], count: int
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Of each piece, the steps over its edge and their number: as shown, and with the overlay taken off."""
    made = []
    solid = np.rint(layout)
    for shown in (pixels, uncovered(pixels, layout, overlay)):
        seen = spread.whitened(shown)
        total, number = np.zeros(count), np.zeros(count)
        # two pixels apart: over the soft rim
        for first, second in (
            ((slice(2, None), slice(None)), (slice(None, -2), slice(None))),
            ((slice(None), slice(2, None)), (slice(None), slice(None, -2))),
        ):
            edge = (solid[first] > 0) != (solid[second] > 0)
            size = np.minimum(np.sqrt(((seen[first] - seen[second]) ** 2).sum(axis=2)), _WORST)[edge]
            owner = np.maximum(label[first], label[second])[edge]
            total += np.bincount(owner, size, count)
            number += np.bincount(owner, minlength=count)
        made.append((total, number))
    return made[0], made[1]
