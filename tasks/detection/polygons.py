"""Exact filling of polygons, in arrays no larger than the box asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Zone

FARTHEST = 2**26
"""Largest coordinate, in units of 1/scale px: products of two stay exact in 64 bits."""


def fill_polygon(vertices: Sequence[tuple[int, int]], box: Box, scale: int = 1) -> Zone:
    """Pixels of `box` whose centre lies inside a closed polygon, h×w bool.

    vertices: x,y in units of 1/scale px; pixel (x, y) covers [x, x+1) × [y, y+1), so the polygon through a box's corners
    fills exactly that half-open box. Any shape, either direction; where outlines overlap, all that is enclosed counts
    (non-zero winding). Integer arithmetic throughout. ValueError for a coordinate beyond ±FARTHEST.

    Method: scanline crossings and winding numbers (Foley, van Dam, Feiner, Hughes, Computer Graphics, 1990)."""
    if any(abs(value) > FARTHEST for vertex in vertices for value in vertex):
        raise ValueError(f"a polygon's coordinate is beyond ±{FARTHEST // scale}")
    x0, y0, x1, y1 = box
    turns = np.zeros((y1 - y0, x1 - x0 + 1), np.int32)
    corners = 2 * np.asarray(vertices, np.int64)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        _cross(turns, start, end, box, scale)
    return np.asarray(np.cumsum(turns[:, :-1], axis=1) != 0)


def _cross(
    turns: NDArray[np.int32], start: NDArray[np.int64], end: NDArray[np.int64], box: Box, scale: int
) -> None:
    """Count one edge: ±1 at the first pixel of each row whose centre lies at or right of it."""
    x0, y0, x1, y1 = box
    sign = 1 if end[1] > start[1] else -1
    (xa, ya), (xb, yb) = (start, end) if sign > 0 else (end, start)
    first = max(int(-((scale - ya) // (2 * scale))), y0)
    beyond = min(int(-((scale - yb) // (2 * scale))), y1)
    if first >= beyond:
        return
    centres = 2 * scale * np.arange(first, beyond, dtype=np.int64) + scale
    dx, dy = int(xb - xa), int(yb - ya)
    shifted = (int(xa) - scale) * dy + (centres - int(ya)) * dx
    columns = np.clip(-((-shifted) // (2 * scale * dy)), x0, x1)
    turns[np.arange(first - y0, beyond - y0), columns - x0] += sign
