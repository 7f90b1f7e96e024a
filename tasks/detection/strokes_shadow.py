"""A cast shadow too soft or on too restless a ground to be traced: found by its shape, which is that of the letters."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_axis import Stretches
from tasks.detection.strokes_background import Levels3
from tasks.detection.strokes_frame import Frame

# In letter heights.
_FALLS = (0.09, 0.16)
"""How far the shadow may be off its letters."""
_SOFT = (0.035, 0.08)
"""Standard deviation of its edge, besides _SHARP px."""
_SHARP = 0.4
_REACH = 0.3
_GROUND = 0.7
"""Over which the ground's own brightness is taken."""
_AXES = ((1, 0), (1, 1), (0, 1), (-1, 1))
_DARKENS = 0.08
"""Share of the light that it takes, at least."""
_VISIBLE = 8.0
"""Levels by which it darkens the ground, at least: on a black one there is none to be seen."""
_SURE = 4.5
"""Standard errors."""
_STRETCHES = 5
"""Fewer are no measure of their own spread."""
_HELD = 0.1
"""Of the most that a stretch has to say: others have no say."""
_MOST = 0.5
_DEEPEST = 16.0
"""Levels added to the ground's: in the dark a share means little."""
_FAINTEST = 0.02
"""Share of a shadow's depth to which it is followed."""
_LEAST = 200

Values = NDArray[np.float64]


def cast_shadow(
    levels: Levels3, core: Zone, apart: Zone, beyond: float, parts: Stretches, frame: Frame, height: float
) -> Zone:
    """H×W: where the letters of `core` cast a shadow to one side; nowhere without one.

    apart: what to learn nothing from; beyond: px from the core within which an outline lies; height: of the letters, px. For a
    few distances and softnesses in eight directions, the picture's relative brightness next to the letters is regressed on the
    letters moved there less the letters moved the opposite way: whatever is alike on both sides has no say, nor has what is
    alike all along the line. The stretches of the line have to agree (a matched filter with a jackknifed error)."""
    nowhere = np.zeros_like(core)
    off = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 3)
    near = (off > beyond + 0.75) & (off <= max(_REACH * height, 6)) & ~apart
    rows, columns = np.nonzero(near)
    if len(rows) < _LEAST or parts.count < _STRETCHES:
        return nowhere
    across = np.rint(frame.places(rows, columns)[1]).astype(np.intp)
    across -= across.min()
    light = _level(_relative(levels, near, height)[near], across)
    index = parts.index[near]
    ground = float(np.median(levels[near].mean(axis=1))) + _DEEPEST
    best, found = _SURE, nowhere
    room = int(2 * _FALLS[-1] * height) + 2
    for soft in _SOFT:
        blurred = cv2.GaussianBlur(core.astype(np.float32), (0, 0), soft * height + _SHARP)
        padded = np.pad(blurred, room).astype(np.float32, copy=False)
        for right, down in _AXES:
            for fall in _FALLS:
                step = fall * height / float(np.hypot(right, down))
                dx, dy = round(right * step), round(down * step)
                there = padded[rows + room - dy, columns + room - dx]
                opposite = padded[rows + room + dy, columns + room + dx]
                slope, surely = _regressed(light, _level(there - opposite, across), index, parts.count)
                if surely > best and abs(slope) >= max(_DARKENS, _VISIBLE / ground):
                    best = surely
                    sign = 1 if slope < 0 else -1
                    found = _moved(padded, room, sign * dx, sign * dy, core.shape) > _FAINTEST
    return found


def _relative(levels: Levels3, near: Zone, height: float) -> NDArray[np.float32]:
    """H×W: brightness over that of the ground about, less one."""
    grey = cv2.transform(levels, np.full((1, 3), 1 / 3, np.float32)).reshape(near.shape)
    weight = near.astype(np.float32)
    side = 2 * int(max(_GROUND * height, 8)) + 1
    mean = cv2.blur(grey * weight, (side, side)) / np.maximum(cv2.blur(weight, (side, side)), 1e-3)
    return np.asarray(np.clip((grey - mean) / (mean + _DEEPEST), -_MOST, _MOST), np.float32)


def _level(values: NDArray[np.float32], across: NDArray[np.intp]) -> Values:
    """Less the mean of all that lie at the same place across the line."""
    mean = np.bincount(across, values) / np.maximum(np.bincount(across), 1)
    return np.asarray(values - mean[across], np.float64)


def _regressed(light: Values, shape: Values, index: NDArray[np.intp], count: int) -> tuple[float, float]:
    """The slope, and how many standard errors it is; 0 and 0 with too few stretches."""
    product = np.bincount(index, light * shape, count)
    power = np.bincount(index, shape * shape, count)
    held = power > _HELD * power.max()
    if held.sum() < _STRETCHES:
        return 0.0, 0.0
    product, power = product[held], power[held]
    slope = float(product.sum() / power.sum())
    left = product - slope * power
    error = float(np.sqrt((left**2).sum() * len(left) / (len(left) - 1)) / power.sum())
    return slope, abs(slope) / max(error, 1e-3)


def _moved(
    padded: NDArray[np.float32], room: int, dx: int, dy: int, size: tuple[int, ...]
) -> NDArray[np.float32]:
    return padded[room - dy : room - dy + size[0], room - dx : room - dx + size[1]]
