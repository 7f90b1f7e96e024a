"""The banner a text stands on, when it is part of the overlay: a level band of one colour across the whole picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Zone

_ALIKE = 0.97
"""Share of a row of the band that must be of its colour, the text left out."""
_OTHER = 0.4
"""Share at most of the rows beyond the band: without a step on each side that is not the picture's border it is a wall."""
_TOLERANCE = (8.0, 24.0)
_REACH = 3.0
"""How far above and below its text a band may go on, in letter heights."""
_TALLEST = 0.5
_RIM = 2
"""px about the band that coding and scaling mixed with it."""
_LEVEL = 0.03
"""Slope of the text up to which it counts as level."""

Bytes3 = NDArray[np.uint8]
Corners = NDArray[np.float64]


def banner_across(image: Bytes3, corners: Corners, box: Box, inside: Zone, height: float) -> Box | None:
    """The band with its rim, from the picture's left to its right border; None when the text stands on none.

    image: H×W×3 RGB, unchanged; corners: 4×2, of the line; box, inside: the line's polygon and its box in the picture; height: of
    the letters, px."""
    along = corners[1] - corners[0] + corners[2] - corners[3]
    if abs(along[1]) > _LEVEL * abs(along[0]) or not inside.any():
        return None
    x0, y0, x1, y1 = box
    top = max(round(y0 - _REACH * height), 0)
    bottom = min(round(y1 + _REACH * height), image.shape[0])
    strip = image[top:bottom].astype(np.float32)
    clear = np.ones(strip.shape[:2], np.bool_)
    clear[y0 - top : y1 - top, x0:x1] = False
    if float(clear[y0 - top : y1 - top].mean()) < 0.1:
        return None
    seen = strip[y0 - top : y1 - top][clear[y0 - top : y1 - top]]
    colour = np.median(seen, axis=0)
    spread = float(np.median(np.abs(seen - colour).max(axis=1)))
    off = min(max(3.5 * spread, _TOLERANCE[0]), _TOLERANCE[1])
    like = cv2.inRange(strip, np.asarray(colour - off), np.asarray(colour + off)) > 0
    share = (like & clear).sum(axis=1) / np.maximum(clear.sum(axis=1), 1)
    return _band(share, (top, bottom), (y0 + y1) // 2, (y0, y1), (image.shape[0], image.shape[1]))


def _band(
    share: NDArray[np.float64],
    rows: tuple[int, int],
    middle: int,
    text: tuple[int, int],
    size: tuple[int, int],
) -> Box | None:
    """The run of alike rows about the text's middle, if it ends where a banner would."""
    top = rows[0]
    good = share >= _ALIKE
    if not good[middle - top]:
        return None
    first, last = middle - top, middle - top
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(good) - 1 and good[last + 1]:
        last += 1
    ends = [share[max(first - 4, 0) : max(first - 1, 0)], share[last + 2 : last + 5]]
    at_border = [top + first <= 0, top + last >= size[0] - 1]
    stepped = [
        border or (len(end) and float(end.max()) < _OTHER)
        for border, end in zip(at_border, ends, strict=True)
    ]
    tall = last + 1 - first
    holds = top + first <= text[0] + 0.2 * (text[1] - text[0]) and top + last >= text[1] - 0.2 * (
        text[1] - text[0]
    )
    if all(at_border) or not all(stepped) or not holds or tall > _TALLEST * size[0]:
        return None
    return 0, max(top + first - _RIM, 0), size[1], min(top + last + 1 + _RIM, size[0])
