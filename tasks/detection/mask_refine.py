"""A mask put right on its object's rim, where the picture shows that it is off by a few pixels; else left as it is.

A mask is never moved without evidence: thin ones, plain grounds, and masks that stand on no object stay to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from tasks.contracts import Box, JsonObject, Mask, Raster, Region, Zone
from tasks.detection.mask_rim import MOST, Fit, fit_rim
from tasks.detection.mask_rim_profiles import DEEP, Floats, profiles, signed_distance
from tasks.detection.pieces import bounds, pieces

THICK = 6.0
"""A piece nowhere thicker than twice this, px, has no inside to learn an object's colours from: it is left alone."""
PIECES = 48
"""A mask in more pieces is a pattern, not objects: it is left alone."""


@dataclass(frozen=True, slots=True)
class Rim:
    """What was found on the rim of one piece of a mask."""

    box: Box
    """Of the piece as it was given."""
    fit: Fit

    @property
    def note(self) -> str:
        """For people; empty where there is nothing to say."""
        if self.fit.state == "off":
            return f"the mask was {self.fit.said}: put right"
        if self.fit.state == "doubtful":
            return f"the mask may be {self.fit.said}: left as it is"
        return ""

    @property
    def facts(self) -> JsonObject:
        """For the record."""
        return {
            "box": list(self.box), "state": self.fit.state, "growth": self.fit.growth, "size": self.fit.size, "shift": list(self.fit.shift),
            "rate": round(self.fit.rate, 3), "share": round(self.fit.share, 3),
        }  # fmt: skip


def refined(mask: Mask, raster: Raster, noise: float) -> tuple[Mask, tuple[Rim, ...]]:
    """The mask with every piece that is clearly off grown, shrunk or moved to its object's edge; and what was found.

    mask: H×W float32 0–1, unchanged, and returned itself where nothing is put right; raster: of its size; noise: of the
    picture, levels of 255. What is added is 1. Work follows the rim and the boxes of the pieces."""
    found = list(pieces(mask > 0, 0))
    if len(found) > PIECES:
        return mask, ()
    rims = [Rim(box, fit) for box, zone in found if (fit := _fit(box, zone, raster, noise)) is not None]
    off = {rim.box: rim.fit for rim in rims if rim.fit.state == "off"}
    if not off:
        return mask, tuple(rims)
    out = mask.copy()
    moved = [(box, zone) for box, zone in found if box in off]
    for box, zone in moved:
        out[box[1] : box[3], box[0] : box[2]][zone] = 0
    for box, zone in moved:
        _put(out, box, zone, off[box])
    return (out, tuple(rims)) if out.any() else (mask, ())


def noted(regions: Sequence[Region], rims: Sequence[Rim]) -> tuple[Region, ...]:
    """The regions, each with the notes of the pieces that it is made of."""
    return tuple(
        replace(
            region,
            note="; ".join(dict.fromkeys(r.note for r in rims if r.note and _touch(r.box, region.box))),
        )
        for region in regions
    )


def grown(mask: Mask, by: int) -> Mask:
    """The mask with every pixel at most `by` px (Euclidean) from it at 1; the same for 0."""
    if by <= 0 or not mask.any():
        return mask
    box = bounds(mask > 0)
    assert box is not None
    out, (x0, y0) = mask.copy(), (max(box[0] - by, 0), max(box[1] - by, 0))
    view = out[y0 : box[3] + by, x0 : box[2] + by]
    away = cv2.distanceTransform((view <= 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    view[(view <= 0) & (away <= by + 1e-3)] = 1
    return out


def _fit(box: Box, zone: Zone, raster: Raster, noise: float) -> Fit | None:
    """None for a piece that is too thin to be judged."""
    around, there = _with_room(box, zone, DEEP + 2, raster)
    distance = signed_distance(there)
    if float(distance.min()) > -THICK:
        return None
    x0, y0, x1, y1 = around
    seen = profiles(raster.pixels[y0:y1, x0:x1, : raster.colours], distance, raster.levels)
    return None if seen is None else fit_rim(seen, noise)


def _with_room(box: Box, zone: Zone, room: int, raster: Raster) -> tuple[Box, Zone]:
    """The box with so many px more on each side, clipped to the picture, and the zone in it."""
    x0, y0, x1, y1 = box
    outer = max(x0 - room, 0), max(y0 - room, 0), min(x1 + room, raster.width), min(y1 + room, raster.height)
    there = np.zeros((outer[3] - outer[1], outer[2] - outer[0]), np.bool_)
    there[y0 - outer[1] : y1 - outer[1], x0 - outer[0] : x1 - outer[0]] = zone
    return outer, there


def _put(mask: Mask, box: Box, zone: Zone, fit: Fit) -> None:
    """Set a piece as its fit says, in place; what leaves the picture is cut off."""
    room = 2 * MOST + 2
    x, y = box[0] - room + fit.shift[0], box[1] - room + fit.shift[1]
    new = _as_fitted(signed_distance(np.pad(zone, room)), fit.growth)
    top, left = max(-y, 0), max(-x, 0)
    height, width = mask.shape
    part = new[top : max(height - y, 0), left : max(width - x, 0)]
    view = mask[y + top : y + top + part.shape[0], x + left : x + left + part.shape[1]]
    view[part] = 1


def _as_fitted(distance: Floats, growth: int) -> Zone:
    return np.asarray(distance <= growth)


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
