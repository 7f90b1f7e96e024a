"""Stroke-tight masks: in a text line's polygon, the pixels of the overlay and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask, Zone
from tasks.detection.strokes_axis import Stretches, line_size, stretches
from tasks.detection.strokes_background import picked
from tasks.detection.strokes_frame import Frame, frame_around
from tasks.detection.strokes_growth import traced
from tasks.detection.strokes_ink import Ink, Line, find_ink

SPARSE = 0.4
"""A stretch with less than this part of the usual ink may hold letters that were not told apart."""
PLAIN = 8.0
"""Levels: on a background that is known better than this nothing is overlooked."""
Polarity = Literal["light", "dark", "mixed", "unknown"]
Bytes3 = NDArray[np.uint8]
"""H×W×3 uint8 RGB."""


@dataclass(frozen=True, slots=True)
class StrokeMask:
    """The strokes of one text line, or its whole polygon where they could not be told apart."""

    mask: Mask
    """H×W, 0–1. The hole is `mask > 0`; below 1 lies the rim: outline, shadow, anti-aliasing, ringing."""
    trusted: bool
    stroke_width: float
    """px; 0 where not trusted."""
    polarity: Polarity
    """Of the strokes against what lies behind."""
    reason: str
    """Why it is not trusted; empty where it is."""


def stroke_mask(
    crop: Bytes3,
    inside: Zone,
    *,
    height: float = 0.0,
    reach: Zone | None = None,
    ends: Zone | None = None,
    others: Zone | None = None,
    frame: Frame | None = None,
) -> StrokeMask:
    """The overlay's pixels in and next to a text line.

    crop: H×W×3 with some of the surroundings; inside: H×W, the line's polygon; height: of its letters, px (0: taken from
    the polygon); reach: H×W, holds `inside`: how far outline and shadow may be followed, by default the polygon; ends: H×W, where letters may
    stand that the reader left out; others: H×W, what to
    learn nothing from, such as other lines; frame: the box the reader drew, by default the one around the polygon."""
    allowed = inside if reach is None else reach | inside
    if not inside.any():
        return StrokeMask(np.zeros(inside.shape, np.float32), False, 0.0, "unknown", "the polygon is empty")
    height = height or line_size(inside)[1]
    levels = crop.astype(np.float32)
    apart = np.zeros_like(inside) if others is None else others & ~inside
    outward = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
    around = (outward > 1) & (outward <= max(0.75 * height, 6)) & ~apart
    beside = (outward > 0) & (outward <= max(0.25 * height, 3)) & ~apart
    if around.sum() < 16 or inside.sum() < 16:
        return _whole(inside, "too few pixels")
    parts = stretches(inside, height)
    beyond = np.zeros_like(inside) if ends is None else ends & ~inside & ~apart
    line = Line(inside, beyond, around, beside, height, parts, frame or frame_around(inside))
    ink = find_ink(levels, line)
    doubt = _doubt(levels, ink, inside)
    if doubt:
        ink = find_ink(levels, line, rare=1.5, strewn=0.25)
        doubt = _doubt(levels, ink, inside)
    if doubt:
        return _whole(inside, doubt)
    width = stroke_width(ink.core)
    hole, _ = traced(levels, ink.core, allowed | beyond, _most(height), parts, apart)
    hole |= _unread(ink, inside, hole, parts) & ink.body
    mask = np.where(ink.core, np.float32(1), np.float32(0.5)) * hole
    return StrokeMask(mask.astype(np.float32), True, width, _polarity(levels, ink), "")


def stroke_width(core: Zone) -> float:
    """Typical width of the strokes of a mask, px; 0 for an empty one. From the ridge of the distance transform."""
    if not core.any():
        return 0.0
    padded = np.pad(core, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))) & (depth > 0)
    return float(2 * np.median(depth[ridge]) - 1)


def _most(height: float) -> int:
    return int(min(max(round(0.3 * height), 4), 8))


def _doubt(levels: NDArray[np.float32], ink: Ink, inside: Zone) -> str:
    share = float(ink.core.sum()) / float(inside.sum())
    if share < 0.03:
        return "too little ink found"
    if share > 0.75:
        return "too much taken for ink"
    contrast = np.abs(picked(levels, ink.core) - picked(ink.background, ink.core)).max(axis=1)
    if float(np.median(contrast)) < 10:
        return "ink and background are alike"
    return ""


def _unread(ink: Ink, inside: Zone, hole: Zone, parts: Stretches) -> Zone:
    """Stretches with hardly any ink that the background does not explain either: all of the polygon there."""
    everything = np.bincount(parts.index[inside], minlength=parts.count)
    found = np.bincount(parts.index[ink.core], minlength=parts.count)
    share = found / np.maximum(everything, 1)
    rest = inside & ~hole
    power = np.bincount(parts.index[rest], ink.change[rest], parts.count)
    power = power / np.maximum(np.bincount(parts.index[rest], minlength=parts.count), 1)
    unread = (share < SPARSE * float(np.median(share))) & (power > PLAIN**2)
    return np.asarray(inside & unread[parts.index])


def _polarity(levels: NDArray[np.float32], ink: Ink) -> Polarity:
    change = (picked(levels, ink.core) - picked(ink.background, ink.core)).mean(axis=1)
    light = float((change > 0).mean())
    if light > 0.8:
        return "light"
    return "dark" if light < 0.2 else "mixed"


def _whole(inside: Zone, reason: str) -> StrokeMask:
    return StrokeMask(inside.astype(np.float32), False, 0.0, "unknown", reason)
