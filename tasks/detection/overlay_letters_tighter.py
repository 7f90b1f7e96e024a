"""Trims a line's box that its reader drew too loosely, down to the lettering that the network sees in it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.arc import BentLine
from tasks.detection.overlay_letters import Letters, Plane

CLEAR, SHARE = 0.6, 85
"""The least percentile of a box's probabilities from which the network sees its line clearly enough to be followed."""
MAYBE, LIKELY = 0.15, 0.5
"""Probability of a pixel that may be lettering, and of one that is; at 0.3 instead of 0.15 true letters were trimmed off."""
ROOM, LOOSE = 0.15, 0.3
"""Letter heights about what is seen that a box keeps; and by how much more it must stick out to be trimmed."""
ABRUPT = 0.3
"""Letter heights within which what is surely lettering gives way to what is surely none, at the end of a line: where it
fades, the network has missed letters."""
LEAST = 0.5
"""Of a line's length: a network that sees less of it has missed letters."""
_SMALLEST = 8
"""px: smaller boxes are left alone."""
Corners = NDArray[np.float64]


def tightened(letters: Letters, line: TextLine) -> TextLine:
    """The line without the ends and margins of its box in which the network sees no lettering; the line itself where the
    box is not loose, where the network sees it dimly or in part, and on an arc.

    What a box has too much is learnt from, searched for ink, and filled where it is not understood."""
    if isinstance(line, BentLine):
        return line
    corners = np.asarray(line.polygon, np.float64)
    top = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    left = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    wide, high = (round(float(np.linalg.norm(side))) for side in (top, left))
    if min(wide, high) < _SMALLEST:
        return line
    seen = _upright(letters.overlay, corners[0], top / wide, left / high, (wide, high))
    if float(np.percentile(seen, SHARE)) < CLEAR:
        return line
    x0, x1, y0, y1 = _spans(seen)
    if (x0, x1, y0, y1) == (0, wide, 0, high):
        return line
    across = np.array([x0, x1 - wide, x1 - wide, x0])[:, None] * top / wide
    down = np.array([y0, y0, y1 - high, y1 - high])[:, None] * left / high
    return replace(line, polygon=tuple((float(x), float(y)) for x, y in corners + across + down))


def _upright(plane: Plane, corner: Corners, along: Corners, down: Corners, size: tuple[int, int]) -> Plane:
    """The box's own pixels. corner: x, y of its top left; along, down: a pixel's steps; size: (w, h)."""
    matrix = np.array([[along[0], down[0], corner[0]], [along[1], down[1], corner[1]]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, size, flags=flags, borderValue=(0,)), np.float32)


def _spans(seen: Plane) -> tuple[int, int, int, int]:
    """x0, x1, y0, y1 of what stays of a box; a tall one is written downwards."""
    if seen.shape[0] > seen.shape[1]:
        y0, y1, x0, x1 = _spans_along(np.ascontiguousarray(seen.T))
    else:
        x0, x1, y0, y1 = _spans_along(seen)
    return x0, x1, y0, y1


def _spans_along(seen: Plane) -> tuple[int, int, int, int]:
    """First and last place along the line, and across it."""
    tall, long = seen.shape
    first, last = _span(seen.max(axis=0) >= MAYBE)
    begin, end = _span(seen.max(axis=0) >= LIKELY)
    top, foot = _span(seen.max(axis=1) >= LIKELY)
    if end - begin < LEAST * long:
        return 0, long, 0, tall
    height = foot - top
    first = first if begin - first <= ABRUPT * height else 0
    last = last if last - end <= ABRUPT * height else long
    return *_kept(first, last, long, height), *_kept(top, foot, tall, height)


def _span(there: NDArray[np.bool_]) -> tuple[int, int]:
    at = np.flatnonzero(there)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)


def _kept(first: int, last: int, of: int, height: int) -> tuple[int, int]:
    """Each side moved to what is seen, with some room, where it is loose."""
    room = round(ROOM * height) + 1
    loose = room + LOOSE * height
    return (first - room if first > loose else 0), (last + room if of - last > loose else of)
