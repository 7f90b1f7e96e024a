"""Whether a picture may hold a QR code: a quick look for its three finder patterns, which codes are never without."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

Grey = NDArray[np.uint8]
Values = NDArray[np.float32]

_BLOCK, _DARKER = 83, 2
"""Side of the square whose mean a pixel is held against, px, and by how many levels: as in OpenCV's QRCodeDetector."""
_COARSE = 3
"""Patterns of modules too large for that square are looked for in the picture shrunk by this."""
_SHAPE = np.array([1, 1, 3, 1, 1], np.float32) / 7
"""Dark, light, dark, light, dark along any line through the middle (ISO/IEC 18004)."""
_OFF = 0.45
"""Sum of the deviations from it, as shares of the whole. OpenCV's detector goes by 0.1 and 0.2."""
_ALIKE = 0.6
"""Least ratio of a pattern's width to its height, either way."""
_SMALLEST = 10
"""px: a pattern of modules of less than 1.5 px is not made out."""
_BACKED = 3
"""Lines of the pattern's shape among five next to each other."""
_MANY = 150
"""Patterns; with more of them it is not worth while to see how they lie."""
_LEGS = (1.2, 30.0)
"""Distance of a code's patterns along its sides, in their own sizes: 2 in the least code, 24 in the largest; on the slant
lines through a pattern are longer, by up to 1.41."""
_SKEW = 0.5
"""Cosine of the angle at the corner pattern, at most: a code seen from the side."""


def may_hold_qr(grey: Grey, near: Sequence[Box] = ()) -> bool:
    """False only where no detector would find a code. grey: H×W; near: boxes; with some, codes apart from them do not count.

    A code has its patterns in three corners, of one size and at the ends of two sides of about one length."""
    if min(grey.shape) < 2 * _COARSE:
        return True
    size = (grey.shape[1] // _COARSE, grey.shape[0] // _COARSE)
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    reduced = [tuple(v // _COARSE for v in box) for box in near]
    return _has_corners(*_patterns(small), reduced) or _has_corners(*_patterns(grey), near)


def _has_corners(places: Values, sizes: Values, near: Sequence[tuple[int, ...]]) -> bool:
    if len(sizes) > _MANY:
        return True
    return any(_is_corner(k, places, sizes, near) for k in range(len(sizes)))


def _is_corner(k: int, places: Values, sizes: Values, near: Sequence[tuple[int, ...]]) -> bool:
    """Whether two other patterns stand to this one as in a code, one that reaches a box."""
    steps = places - places[k]
    legs = np.hypot(steps[:, 0], steps[:, 1]) / sizes[k]
    alike = (sizes >= _ALIKE * sizes[k]) & (sizes <= sizes[k] / _ALIKE)
    others = np.flatnonzero(alike & (legs >= _LEGS[0]) & (legs <= _LEGS[1]))
    steps, legs = steps[others], legs[others] * sizes[k]
    cosine = steps @ steps.T / np.outer(legs, legs)
    even = legs[:, None] / legs
    first, second = np.nonzero((np.abs(cosine) <= _SKEW) & (even >= _ALIKE) & (even <= 1))
    corners = (
        np.stack([0 * steps[first], steps[first], steps[second], steps[first] + steps[second]]) + places[k]
    )
    low, high = corners.min(axis=0) - sizes[k], corners.max(axis=0) + sizes[k]
    if not near:
        return bool(len(first))
    return any(((low <= (x1, y1)) & (high >= (x0, y0))).all(axis=1).any() for x0, y0, x1, y1 in near)


def _patterns(grey: Grey) -> tuple[Values, Values]:
    """Where lines of the pattern's shape cross, n×2 as x, y, and how long they are, n; px."""
    light = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, _BLOCK, _DARKER)
    binary = np.asarray(light, np.uint8)
    wide, tall = _backed(_lines(binary)), _backed(_lines(np.ascontiguousarray(binary.T))).T
    crossed = (wide > 0) & (tall > 0) & (wide >= _ALIKE * tall) & (tall >= _ALIKE * wide)
    count, label, _, middles = cv2.connectedComponentsWithStats(crossed.astype(np.uint8))
    sizes = np.zeros(count, np.float32)
    np.maximum.at(sizes, np.asarray(label, np.intp)[crossed], wide[crossed])
    return np.asarray(middles[1:], np.float32), sizes[1:]


def _backed(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lines, 3 px thick, that have enough others beside them, as all lines through a pattern's middle have."""
    if not lines.any():
        return lines
    there = (lines > 0).astype(np.float32)
    count = cv2.boxFilter(there, -1, (3, 5), normalize=False, borderType=cv2.BORDER_CONSTANT)
    kept = np.where(np.asarray(count) >= _BACKED, lines, np.float32(0))
    return np.asarray(cv2.dilate(kept, np.ones((3, 3), np.uint8)), np.float32)


def _lines(binary: Grey) -> NDArray[np.float32]:
    """Along the rows, the length of what has the pattern's shape at its middle pixel, px; 0 elsewhere. H×W."""
    height, width = binary.shape
    rows = np.full((height, width + 1), 2, np.uint8)
    rows[:, :width] = binary
    flat = rows.ravel()
    begin = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    out = np.zeros((height, width + 1), np.float32)
    if len(begin) < 6:
        return out[:, :width]
    length, dark = np.diff(begin), flat[begin[:-1]] == 0
    first = np.flatnonzero(dark[:-4] & dark[2:-2] & dark[4:])
    first = first[2 * length[first + 2] > np.maximum(length[first], length[first + 4])]
    runs = np.stack([length[first + k] for k in range(5)]).astype(np.float32)
    whole = runs.sum(axis=0)
    off = np.abs(runs / whole - _SHAPE[:, None]).sum(axis=0)
    good = (off < _OFF) & (whole >= _SMALLEST)
    first, whole = first[good], whole[good]
    out.ravel()[begin[first + 2] + length[first + 2] // 2] = whole
    return out[:, :width]
