"""How far a result, scaled down again, is from its source: cell by cell, in bands of one row of cells."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Raster, Zone
from tasks.enhancement.grid import Cells, means
from tasks.enhancement.joining import Canvas
from tasks.enhancement.smaller import SUPPORT, smaller

MOST_DB = 99.0


@dataclass(slots=True)
class Consistency:
    """What is known of a canvas against its source."""

    raster: Raster
    canvas: Canvas
    error: Cells = field(init=False)
    """rows×cols: mean squared difference of the scaled-down result, levels² of 255."""
    shift: NDArray[np.float32] = field(init=False)
    """rows×cols×colours: mean difference, levels of 255 (source minus result)."""
    corrected: Zone = field(init=False)
    """rows×cols: cells that were corrected."""

    def __post_init__(self) -> None:
        shape = self.canvas.grid.shape
        self.error = np.zeros(shape, np.float32)
        self.shift = np.zeros((*shape, self.raster.colours), np.float32)
        self.corrected = np.zeros(shape, np.bool_)

    @property
    def decibels(self) -> Cells:
        return decibels(self.error)

    def gap(self, row: int, left: int = 0, right: int | None = None) -> Pixels:
        """Source minus the result scaled down, levels of 255: row of cells `row`, its columns from `left` to `right`."""
        grid, scale, colours = self.canvas.grid, self.canvas.scale, self.raster.colours
        y0, y1 = row * grid.cell, min((row + 1) * grid.cell, grid.height)
        x0, x1 = left * grid.cell, min((grid.columns if right is None else right) * grid.cell, grid.width)
        above, beside = max(y0 - SUPPORT, 0), max(x0 - SUPPORT, 0)
        below, beyond = min(y1 + SUPPORT, grid.height), min(x1 + SUPPORT, grid.width)
        result = self.canvas.view((beside, above, beyond, below), colours).astype(np.float32)
        down = smaller(result, scale)[y0 - above : y1 - above, x0 - beside : x1 - beside]
        source = self.raster.pixels[y0:y1, x0:x1, :colours].astype(np.float32)
        return np.asarray((source - down) * np.float32(255 / self.canvas.levels), np.float32)

    def note(self, row: int, left: int = 0, right: int | None = None) -> None:
        """Measure (part of) a row of cells anew."""
        gap, cell = self.gap(row, left, right), self.canvas.grid.cell
        self.error[row, left:right] = means(np.square(gap).mean(axis=2), cell)[0]
        for channel in range(gap.shape[2]):
            self.shift[row, left:right, channel] = means(gap[..., channel], cell)[0]


def measured(raster: Raster, canvas: Canvas) -> Consistency:
    """The canvas against its source; nothing is changed."""
    found = Consistency(raster, canvas)
    for row in range(canvas.grid.rows):
        found.note(row)
    return found


def decibels(error: NDArray[np.float32] | np.float32) -> Cells:
    """PSNR of a mean squared error in levels² of 255, at most 99."""
    return np.asarray(np.minimum(10 * np.log10(255.0**2 / np.maximum(error, 1e-9)), MOST_DB), np.float32)
