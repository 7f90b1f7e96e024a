"""What plain Lanczos would leave of each cell: a result is not blamed for what no enlargement within the levels could keep."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Pixels, Raster
from tasks.enhancement.consistency import decibels
from tasks.enhancement.grid import Cells, Grid, means
from tasks.enhancement.smaller import SUPPORT, smaller

SLACK = 1.0
"""dB below plain Lanczos that count as equal to it."""
_MARGIN = 8 + SUPPORT
"""Px of the source around a row of cells that it depends on."""


def wanted_db(raster: Raster, consistency: Cells, cell: int, scale: int, bound: float) -> Cells:
    """rows×cols, dB: what each cell, scaled down again, is to reach: `bound`, and less where plain Lanczos gives less.

    consistency: rows×cols, what the cells have. Where all of a row have the bound Lanczos is not asked."""
    grid = Grid(raster.height, raster.width, cell)
    wanted = np.full(grid.shape, bound, np.float32)
    for row in np.flatnonzero((consistency < bound).any(axis=1)):
        wanted[row] = np.minimum(bound, _plain(raster, grid, int(row), scale) - SLACK)
    return wanted


def _plain(raster: Raster, grid: Grid, row: int, scale: int) -> Cells:
    """dB of a row of cells, enlarged by Lanczos to whole levels and scaled down again."""
    y0, y1 = row * grid.cell, min((row + 1) * grid.cell, grid.height)
    above, below = max(y0 - _MARGIN, 0), min(y1 + _MARGIN, grid.height)
    band: Pixels = raster.crop((0, above, raster.width, below))
    size = band.shape[1] * scale, band.shape[0] * scale
    large = np.atleast_3d(cv2.resize(band, size, interpolation=cv2.INTER_LANCZOS4)).reshape(
        size[1], size[0], -1
    )
    levels = np.rint(np.clip(large, 0, 1) * raster.levels).astype(np.float32) / np.float32(raster.levels)
    gap = (band - smaller(levels, scale))[y0 - above : y1 - above] * np.float32(255)
    return decibels(means(np.square(gap).mean(axis=2), grid.cell)[0])
