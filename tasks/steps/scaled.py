"""Regions found in a picture, for its preview: the same ones, so that the two tiers can be compared region by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.contracts import Region

Size = tuple[int, int]
"""Width and height, px."""


def scaled(regions: Sequence[Region], old: Size, new: Size, feather: int) -> tuple[Region, ...]:
    """The regions of a picture of size `old` in its copy reduced by area to `new`; none is changed, lost or merged.

    Every pixel of the copy into which any hole pixel was averaged is in the hole, at the highest of their values. Boxes
    enclose hole and `feather` px of the copy."""
    if old == new:
        return tuple(regions)
    return tuple(_scaled(region, old, new, feather) for region in regions)


def _scaled(region: Region, old: Size, new: Size, feather: int) -> Region:
    ys, xs = np.nonzero(region.hole)
    if not len(ys):
        return replace(region, box=(0, 0, 1, 1), mask=np.zeros((1, 1), np.float32))
    values = region.mask[ys, xs]
    columns, rows = _reached(xs + region.box[0], old[0], new[0]), _reached(ys + region.box[1], old[1], new[1])
    x0, y0 = max(columns[0].min() - feather, 0), max(rows[0].min() - feather, 0)
    x1, y1 = min(columns[1].max() + 1 + feather, new[0]), min(rows[1].max() + 1 + feather, new[1])
    mask = np.zeros((y1 - y0, x1 - x0), np.float32)
    for row in rows:
        for column in columns:
            np.maximum.at(mask, (row - y0, column - x0), values)
    return replace(region, box=(int(x0), int(y0), int(x1), int(y1)), mask=mask)


def _reached(
    places: np.ndarray[tuple[int], np.dtype[np.int64]], old: int, new: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last pixel of the copy that each pixel reaches into: whole numbers, no rounding."""
    return places * new // old, -((places + 1) * new // -old) - 1
