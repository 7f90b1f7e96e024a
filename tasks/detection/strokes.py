"""Stroke-tight masks: in a text line's polygon, the pixels of the overlay and no others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask, Zone
from tasks.detection.strokes_axis import Stretches, line_size, stretches
from tasks.detection.strokes_background import Levels3, interpolated, picked
from tasks.detection.strokes_body import text_body
from tasks.detection.strokes_calm import all_that_stands_out, standing_out
from tasks.detection.strokes_frame import ArcFrame, Frame, frame_around
from tasks.detection.strokes_growth import traced
from tasks.detection.strokes_ink import Ink, Line, find_ink
from tasks.detection.strokes_pieces import rim
from tasks.detection.strokes_shadow import cast_shadow

SPARSE = 0.4
"""A stretch with less than this part of the usual ink may hold letters that were not told apart."""
SCARCE = 0.85
"""A stretch with less than this part of it may have lost strokes."""
_CROWDED = 0.65
"""Share of its polygon that lettering hardly fills: what does may be the plate it stands on, and the ground to learn from is
only what shows of it around the letters …"""
_ON_PLATE = 3
"""px that their rim is followed there: farther off the plate's own edge is taken for it."""
_LESS = 0.8
"""… which holds if much less is ink then."""
PLAIN = 8.0
"""Levels: on a background that is known better than this nothing is overlooked."""
ALONG = 0.7
"""Share of a box's length that its letters span at least."""
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
    parts = stretches(
        inside, height, frame.along_circle(inside.shape) if isinstance(frame, ArcFrame) else None
    )
    beyond = np.zeros_like(inside) if ends is None else ends & ~inside & ~apart
    line = Line(inside, beyond, around, beside, height, parts, frame or frame_around(inside))
    near = allowed | beyond
    ink, doubt = _found(levels, line)
    found = None if doubt else _spread(levels, line, ink, near, apart, _most(height))
    if found is None or found[1].sum() > _CROWDED * inside.sum():
        on_plate = find_ink(levels, replace(line, around=_border(line)))
        if not _doubt(levels, on_plate, inside):
            other = _spread(levels, line, on_plate, near, apart, _ON_PLATE)
            if found is None or other[1].sum() < _LESS * found[1].sum():
                ink, found = on_plate, other
    if found is None:
        return _whole(inside, doubt)
    core, hole = found
    mask = np.where(core, np.float32(1), np.float32(0.5)) * hole
    width = stroke_width(core)
    return StrokeMask(mask.astype(np.float32), True, width, _polarity(levels, ink), "")


def stroke_width(core: Zone) -> float:
    """Typical width of the strokes of a mask, px; 0 for an empty one. From the ridge of the distance transform."""
    if not core.any():
        return 0.0
    padded = np.pad(core, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))) & (depth > 0)
    return float(2 * np.median(depth[ridge]) - 1)


def _found(levels: Levels3, line: Line) -> tuple[Ink, str]:
    """The ink by the first set of rules that finds some beyond doubt, or by the last one and what speaks against it."""
    ink = find_ink(levels, line, bent=line.frame.bent)
    doubt = _doubt(levels, ink, line.inside)
    if line.frame.bent and (doubt or not _all_along(ink, line.frame)):
        ink = find_ink(levels, line)
        doubt = _doubt(levels, ink, line.inside)
    if doubt:
        ink = find_ink(levels, line, rare=1.5, strewn=0.25)
        doubt = _doubt(levels, ink, line.inside)
    if doubt:
        ink = _of_any_colour(levels, line, ink)
        doubt = _doubt(levels, ink, line.inside)
    return ink, doubt


def _of_any_colour(levels: Levels3, line: Line, ink: Ink) -> Ink:
    """The ink by how it stands out from a calm ground."""
    core = all_that_stands_out(ink.change, line.inside, line.height)
    core, body = text_body(core, rim(line.inside), line.frame)
    known = (line.around | line.inside) & ~(cv2.dilate(core.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    return replace(ink, core=core, body=body, background=interpolated(levels, known)) if core.any() else ink


def _spread(
    levels: Levels3, line: Line, ink: Ink, allowed: Zone, apart: Zone, most: int
) -> tuple[Zone, Zone]:
    """The strokes' core, and the hole with what surrounds it."""
    core, parts = ink.core, line.parts
    hole, traces = traced(levels, core, allowed, most, parts, apart)
    missed = _scarce(core, line) & standing_out(ink.change, core, hole, line.inside, line.frame)
    if missed.any():
        core = core | missed
        hole, traces = traced(levels, core, allowed, most, parts, apart)
    hole |= cast_shadow(levels, core, apart, float(traces.min()), parts, line.frame, line.height) & allowed
    return core, hole | (_unread(ink, line.inside, hole, parts) & ink.body)


def _border(line: Line) -> Zone:
    """The rim of the polygon, outside of the box that the reader drew: on a plate the only ground there is to learn from."""
    along, across = line.frame.places(*np.ogrid[: line.inside.shape[0], : line.inside.shape[1]])
    held = (np.abs(along) < line.frame.length / 2) & (np.abs(across) < line.frame.height / 2)
    return np.asarray(line.inside & ~held)


def _scarce(core: Zone, line: Line) -> Zone:
    """Stretches of the line with less ink than the others."""
    share = line.parts.shares(core, line.inside)
    return np.asarray((share < SCARCE * float(np.median(share)))[line.parts.index])


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


def _all_along(ink: Ink, frame: Frame) -> bool:
    """Whether ink was found from about one end of the reader's box to the other."""
    along = frame.places(*np.nonzero(ink.core))[0]
    return bool(len(along) and np.ptp(along) >= ALONG * frame.length)


def _unread(ink: Ink, inside: Zone, hole: Zone, parts: Stretches) -> Zone:
    """Stretches with hardly any ink that the background does not explain either: all of the polygon there."""
    share = parts.shares(ink.core, inside)
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
