"""Scores against the true picture: over the pixels that had to change or that any variant changed, the same for all variants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Raster, Zone
from tasks.intents import Coordinates

Levels = NDArray[np.float32]
"""H×W×3, 0–255."""
CAP = 50.0
"""dB: above it no eye sees a difference, and one exact picture would outweigh all others."""
CHANGED = 12.0
"""Levels by which a pixel must differ in some channel to count as changed, and not only coded again."""
MARGIN = 16
"""Around the zone, px: what structural similarity looks at besides."""
LEAST_SIDE = 11
"""Structural similarity needs a window of 7 px."""


def levels(raster: Raster) -> Levels:
    """The picture's colours as H×W×3, 0–255, whatever its depth; alpha is left out."""
    colours = raster.pixels[..., : raster.colours].astype(np.float32) * np.float32(255 / raster.levels)
    return np.asarray(np.repeat(colours, 3, axis=2) if raster.colours == 1 else colours, np.float32)


def against_truth(
    truth: Levels,
    made: Mapping[str, Levels],
    source: Levels | None,
    boxes: Mapping[str, Sequence[Coordinates]],
) -> dict[str, dict[str, float]]:
    """Variant to `psnr` and `ssim`.

    made: what each variant made, scaled to the truth's size where it is not of that size (a preview). source: the picture
    before, None where the whole is compared. boxes: each variant's write zones, in the pixels of what it made."""
    shape = truth.shape[:2]
    fitted = {name: _fitted(picture, shape) for name, picture in made.items()}
    zone = np.ones(shape, bool)
    if source is not None and source.shape == truth.shape:
        allowed = np.zeros(shape, bool)
        for name, found in boxes.items():
            if name in made:
                allowed |= _inside(found, made[name].shape[:2], shape)
        zone = _zone(truth, source, fitted, allowed)
    return {name: _scores(picture, truth, zone) for name, picture in fitted.items()}


def _zone(truth: Levels, source: Levels, made: Mapping[str, Levels], written: Zone) -> Zone:
    """Where the source is not the truth, and where a variant wrote something else than the source; all, where that is nowhere.

    Single pixels are passed over: a lossy file differs from its truth in some almost anywhere."""
    wrong = _differs(source, truth)
    square = np.ones((3, 3), np.uint8)
    zone = cv2.morphologyEx(wrong.astype(np.uint8), cv2.MORPH_OPEN, square) > 0
    for picture in made.values():
        zone |= _differs(picture, source) & written
    return zone if zone.any() else np.ones_like(zone)


def _differs(a: Levels, b: Levels) -> Zone:
    return np.asarray((np.abs(a - b) > CHANGED).any(axis=2), np.bool_)


def _inside(boxes: Sequence[Coordinates], own: tuple[int, ...], shape: tuple[int, ...]) -> Zone:
    """True inside any of the boxes, which are in pixels of a picture of size `own`."""
    zone = np.zeros(shape, bool)
    y, x = shape[0] / own[0], shape[1] / own[1]
    for x0, y0, x1, y1 in boxes:
        zone[max(int(y0 * y), 0) : math.ceil(y1 * y), max(int(x0 * x), 0) : math.ceil(x1 * x)] = True
    return zone


def _fitted(picture: Levels, shape: tuple[int, ...]) -> Levels:
    if picture.shape[:2] == shape:
        return picture
    way = cv2.INTER_CUBIC if picture.shape[0] < shape[0] else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, (shape[1], shape[0]), interpolation=way).clip(0, 255), np.float32)


def _scores(picture: Levels, truth: Levels, zone: Zone) -> dict[str, float]:
    error = float(((picture - truth) ** 2)[zone].mean(dtype=np.float64)) / 255**2
    psnr = CAP if error <= 10 ** (-CAP / 10) else -10 * math.log10(error)
    found = {"psnr": psnr}
    box = _window(zone)
    if min(truth[box].shape[:2]) >= LEAST_SIDE:
        found["ssim"] = _ssim(picture[box], truth[box], zone[box])
    return found


def _ssim(picture: Levels, truth: Levels, zone: Zone) -> float:
    from skimage.metrics import structural_similarity

    _, field = structural_similarity(picture, truth, channel_axis=2, data_range=255, full=True)  # type: ignore[no-untyped-call]
    return float(field[zone].mean())


def _window(zone: Zone) -> tuple[slice, slice]:
    """The zone's box with its margin."""
    x, y, w, h = cv2.boundingRect(zone.astype(np.uint8))
    return slice(max(y - MARGIN, 0), y + h + MARGIN), slice(max(x - MARGIN, 0), x + w + MARGIN)
