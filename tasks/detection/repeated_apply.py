"""Takes a learnt overlay off one picture, if that picture carries it: nothing is done where its matte explains nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Mask, Pixels, Zone
from tasks.detection.repeated_behind import blurred
from tasks.detection.repeated_matte import DENSEST, Matte, on_grid
from tasks.detection.repeated_places import Placement

_SHIFTS = tuple((dy, dx) for dy in (0, -1, 1) for dx in (0, -1, 1))
_PRESENT, _GONE = (0.7, 1.35), 0.25
_CALMER = 0.97
_SAME = 0.05
_FEWEST = 40
_FAINT = 1.0 / 255


@dataclass(frozen=True, slots=True)
class Applied:
    """An overlay on one picture."""

    box: Box
    """In the picture."""
    alpha: Mask
    """H×W of the box: the overlay's opacity; the hole is `alpha > 0`."""
    pixels: Pixels
    """H×W×C: the picture without the overlay; its own pixels where `alpha` is 0."""
    reliable: Zone
    """H×W: hole pixels where `pixels` may be believed; the rest of the hole is to be filled."""


def applied(
    matte: Matte, placement: Placement, box: Box, pixels: Pixels, noise: float = 0.0
) -> Applied | None:
    """The overlay taken off where it lies on a picture (H×W×C, C = 1 or 3, 0–1), shifted by at most 1 px; None where the
    picture does not carry it. A JPEG's noise (standard deviation, 0–1) narrows what is reliable."""
    height, width = pixels.shape[:2]
    there = placement.box_in(box, (height, width))
    fitting = _resized(matte, there)
    best: tuple[float, Box] | None = None
    for dy, dx in _SHIFTS:
        moved = (there[0] + dx, there[1] + dy, there[2] + dx, there[3] + dy)
        if moved[0] < 0 or moved[1] < 0 or moved[2] > width or moved[3] > height:
            continue
        misfit = _misfit(fitting, pixels[moved[1] : moved[3], moved[0] : moved[2]])
        if misfit is not None and (best is None or misfit < best[0] - 1e-6):
            best = (misfit, moved)
    if best is None:
        return None
    x0, y0, x1, y1 = best[1]
    clear, sure = fitting.removed(pixels[y0:y1, x0:x1], noise)
    return Applied(best[1], fitting.alpha, clear, sure & fitting.hole)


def _resized(matte: Matte, box: Box) -> Matte:
    size = (box[2] - box[0], box[3] - box[1])
    if size == matte.alpha.shape[::-1]:
        return matte
    way = cv2.INTER_AREA if size[0] < matte.alpha.shape[1] else cv2.INTER_LINEAR
    alpha = np.asarray(cv2.resize(matte.alpha, size, interpolation=way), np.float32)
    return on_grid(alpha, np.asarray(cv2.resize(matte.ink, size, interpolation=way), np.float32))


def _misfit(matte: Matte, part: Pixels) -> float | None:
    """How much of the overlay's own gradient stays after removal; None where the picture does not carry the overlay.

    The gradient that the overlay would make here is looked for in the picture: its amplitude must be about 1 before removal and
    about 0 after it, and the picture must be calmer then. Opaque parts must have their own colour."""
    grey = part.mean(axis=2)
    ink = matte.ink.mean(axis=2)
    opaque = matte.alpha > 0.97
    if opaque.sum() >= _FEWEST:
        colour = matte.ink if part.shape[2] == 3 else ink[..., None]
        if float(np.median(np.abs(part - colour).max(axis=2)[opaque])) > _SAME:
            return None
    left = np.maximum(1 - matte.alpha, 0.1)
    clear = np.clip((grey - ink) / left, 0, 1).astype(np.float32)
    weight = (matte.alpha < 0.05).astype(np.float32)
    soft = np.clip(1 - matte.alpha / DENSEST, 0, 1).astype(np.float32)
    behind = _smooth(clear, np.maximum(weight, 0.3 * soft**2))
    made = _gradient(np.where(matte.hole, ink - matte.alpha * behind, 0).astype(np.float32))
    usable = cv2.erode((matte.alpha < DENSEST).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rim = usable & (np.abs(made).max(axis=0) > _FAINT)
    if rim.sum() < _FEWEST:
        return 0.0 if opaque.sum() >= _FEWEST else None
    shown, after = _gradient(grey)[:, rim], _gradient(clear)[:, rim]
    return _judged(shown, after, made[:, rim])


def _judged(
    shown: NDArray[np.float32], after: NDArray[np.float32], made: NDArray[np.float32]
) -> float | None:
    rest = np.abs(shown - made).max(axis=0)
    weight = 1 / np.square(rest + 0.5 * np.abs(made).max(axis=0) + 4 / 255)
    power = float((weight * np.square(made)).sum())
    before = float((weight * shown * made).sum()) / power
    still = float((weight * after * made).sum()) / power
    calmer = float(np.abs(after).mean()) < _CALMER * float(np.abs(shown).mean())
    if not (_PRESENT[0] < before < _PRESENT[1] and abs(still) < _GONE and calmer):
        return None
    return abs(still) + abs(before - 1)


def _smooth(grey: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    both = blurred(np.dstack([grey * weight, weight + np.float32(1e-4)]), 3.0)
    return np.asarray(both[..., 0] / both[..., 1], np.float32)


def _gradient(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack(
        [cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)]
    )
