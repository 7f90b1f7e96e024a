"""Tiles of a zone's box: near an edge, just beyond those, far inside. Runs of equal tiles in a row are joined."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Window = tuple[slice, slice]

TILE = 32
MARGIN = 10
"""Tiles this far from every edge need no finest grid of their own, px."""
_SMALL = 1 << 17
"""Boxes up to this many pixels are one tile."""
_SHARE = 0.5
"""So are boxes of which more than this share of the tiles is near an edge."""


def tiles(zone: NDArray[np.uint8]) -> tuple[list[Window], list[Window], list[Window]]:
    """Near: with an unknown within `MARGIN` of an edge; beyond: inside, beside a near one; far: all other inside."""
    height, width = zone.shape
    if height * width <= _SMALL:
        return [(slice(0, height), slice(0, width))], [], []
    deep = cv2.erode(
        zone, np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8), borderType=cv2.BORDER_REPLICATE
    )
    some, inside = _per_tile(zone, np.logical_or), _per_tile(np.asarray(deep, np.uint8), np.logical_and)
    # At an odd end the coarser grid's last cell reaches beyond the border: not where there is no flux.
    inside[-2 * (height % 2) or len(inside) :] = False
    inside[:, -2 * (width % 2) or inside.shape[1] :] = False
    near = some & ~inside
    if near.mean() > _SHARE:
        return [(slice(0, height), slice(0, width))], [], []
    beside = cv2.dilate(near.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    shape = (height, width)
    return _runs(near, shape), _runs(inside & beside, shape), _runs(inside & ~beside, shape)


def _per_tile(zone: NDArray[np.uint8], reduce: np.ufunc) -> NDArray[np.bool_]:
    height, width = zone.shape
    rows = reduce.reduceat(zone > 0, np.arange(0, height, TILE), axis=0)
    return np.asarray(reduce.reduceat(rows, np.arange(0, width, TILE), axis=1), np.bool_)


def _runs(chosen: NDArray[np.bool_], shape: tuple[int, int]) -> list[Window]:
    windows = []
    for row, line in enumerate(chosen):
        ends = np.flatnonzero(np.diff(np.concatenate(([False], line, [False])).astype(np.int8)))
        rows = slice(row * TILE, min((row + 1) * TILE, shape[0]))
        windows += [
            (rows, slice(int(a) * TILE, min(int(b) * TILE, shape[1])))
            for a, b in zip(ends[::2], ends[1::2], strict=True)
        ]
    return windows


def grown(window: Window, reach: int, shape: tuple[int, int]) -> Window:
    """The window and `reach` px around it, within the array."""
    (rows, columns), (height, width) = window, shape
    return (
        slice(max(0, rows.start - reach), min(height, rows.stop + reach)),
        slice(max(0, columns.start - reach), min(width, columns.stop + reach)),
    )


def inner(window: Window, around: Window) -> Window:
    """Where `window` lies in an array cut out by `around`."""
    top, left = around[0].start, around[1].start
    return slice(window[0].start - top, window[0].stop - top), slice(
        window[1].start - left, window[1].stop - left
    )


def lower(window: Window) -> Window:
    """The window on the grid of half the size."""
    rows, columns = (slice(s.start // 2, (s.stop + 1) // 2) for s in window)
    return rows, columns
