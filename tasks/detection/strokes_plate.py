"""The plate a text stands on, when it is part of the overlay: a closed, compact patch of one colour around the text."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_axis import line_size, stretches
from tasks.detection.strokes_colours import palette
from tasks.detection.strokes_growth import traced

SMALLEST, LARGEST = 0.75, 6.0
"""Area of a plate, in areas of its text's polygon, which is itself larger than the text by a fifth or more."""
_TOLERANCE = (8.0, 28.0)
"""Levels: least and most that a plate's pixels may be off its colour."""
_STEP = 12.0
"""Levels between plate and surroundings."""

Bytes3 = NDArray[np.uint8]
Colour = NDArray[np.float32]


def plate_around(crop: Bytes3, text: Zone) -> Zone | None:
    """The plate with its rim, H×W; None when the text stands on no plate.

    crop: H×W×3 RGB with the text's surroundings, three letter heights on each side or up to the picture's border; text:
    H×W, the line's polygon. A patch that reaches the crop's border is open (a wall, a studio backdrop) and no plate; so is
    one that is not nearly a rectangle, rounded rectangle or ellipse, or without a step in colour all around."""
    if text.sum() < 64 or min(crop.shape[:2]) < 8:
        return None
    inside = crop[text].astype(np.float32)
    patches = (_patch(crop, text, inside, colour) for colour in _colours(crop, text, inside))
    plate = next((patch for patch in patches if patch is not None), None)
    if plate is None:
        return None
    parts = stretches(plate, line_size(text)[1])
    everywhere, nothing = np.ones_like(plate), np.zeros_like(plate)
    hole, _ = traced(crop.astype(np.float32), plate, everywhere, 6, parts, nothing, least=2)
    return hole


def _patch(crop: Bytes3, text: Zone, inside: Colour, colour: Colour) -> Zone | None:
    found = _uniform(crop, text, inside, colour)
    if found is None or _touches_border(found):
        return None
    plate = _solid(found, text)
    if plate is None or _touches_border(plate) or not _shaped(plate, text) or not _stepped(crop, plate):
        return None
    return plate


def _colours(crop: Bytes3, text: Zone, inside: Colour) -> list[Colour]:
    """Colours a plate may have: that of the polygon's border, and the two most frequent inside."""
    inner = cv2.erode(text.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=(0,))
    found = palette(inside, inside[:0], 0, 256)
    order = np.argsort(-found.inside, kind="stable")[:2]
    made = [np.median(crop[text & (inner == 0)], axis=0)]
    for colour in found.centres[order]:
        if all(float(np.abs(colour - other).max()) > _STEP for other in made):
            made.append(colour)
    return made


def _uniform(crop: Bytes3, text: Zone, inside: Colour, colour: Colour) -> Zone | None:
    """Pixels of about this colour, the connected patch of them that fills most of the text's polygon."""
    close = inside[_farthest(inside, colour) <= _TOLERANCE[1]]
    if len(close) < 0.25 * len(inside):
        return None
    colour = np.median(close, axis=0)
    spread = float(np.median(_farthest(close, colour)))
    tolerance = min(max(3.5 * spread, _TOLERANCE[0]), _TOLERANCE[1])
    alike = cv2.inRange(crop, np.asarray(colour - tolerance), np.asarray(colour + tolerance))
    like = np.asarray(cv2.morphologyEx(alike, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)
    voters = np.flatnonzero(text & (like > 0))
    if len(voters) < 0.25 * len(inside):
        return None
    _, label = cv2.connectedComponents(like, connectivity=4, ltype=cv2.CV_32S)
    votes = np.bincount(label.ravel()[voters], minlength=1)
    return np.asarray(label == votes.argmax()) if votes.max() >= 0.25 * len(inside) else None


def _farthest(values: Colour, colour: Colour) -> Colour:
    """Of each value the greatest difference to the colour in a channel."""
    red, green, blue = (np.abs(values[:, k] - colour[k]) for k in range(3))
    return np.asarray(np.maximum(np.maximum(red, green), blue))


def _solid(found: Zone, text: Zone) -> Zone | None:
    """The patch without thin leaks and with the letters' holes filled."""
    contours, _ = cv2.findContours(found.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(found.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, (1,), cv2.FILLED)
    radius = max(1, round(0.12 * line_size(text)[1]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    opened = cv2.morphologyEx(filled, cv2.MORPH_OPEN, disc)
    _, label = cv2.connectedComponents(opened, connectivity=4, ltype=cv2.CV_32S)
    inside = label[text]
    if float((inside > 0).mean()) < 0.75:
        return None
    return np.asarray(label == np.bincount(inside[inside > 0]).argmax())


def _touches_border(zone: Zone) -> bool:
    return bool(zone[0].any() or zone[-1].any() or zone[:, 0].any() or zone[:, -1].any())


def _shaped(plate: Zone, text: Zone) -> bool:
    """Whether the size fits a plate and the shape is near a rectangle or an ellipse."""
    area = float(plate.sum())
    if not SMALLEST <= area / float(text.sum()) <= LARGEST:
        return False
    (_, (w, h), _) = cv2.minAreaRect(np.argwhere(plate).astype(np.float32))
    rectangle = (w + 1) * (h + 1)
    return area >= 0.88 * rectangle or abs(area / rectangle - np.pi / 4) < 0.03


def _stepped(crop: Bytes3, plate: Zone) -> bool:
    """Whether the colour changes at nearly all of the border, within a few pixels."""
    inward = cv2.distanceTransform(plate.astype(np.uint8), cv2.DIST_L2, 3)
    outward = cv2.distanceTransform((~plate).astype(np.uint8), cv2.DIST_L2, 3)
    inner = np.median(crop[(inward > 2) & (inward <= 5)].astype(np.float32), axis=0)
    outer = crop[(outward > 2) & (outward <= 4)].astype(np.float32)
    return bool((np.abs(outer - inner).max(axis=1) > _STEP).mean() > 0.85)
