"""The grid of cells over a picture: fixed at its top left, whatever the memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

Cells = NDArray[np.float32]
"""rows×cols."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of cells, half open."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    @property
    def where(self) -> tuple[slice, slice]:
        """Indexes a rows×cols array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture of height×width px in cells of `cell` px; the last row and column may be smaller."""

    height: int
    width: int
    cell: int

    @property
    def rows(self) -> int:
        return -(-self.height // self.cell)

    @property
    def columns(self) -> int:
        return -(-self.width // self.cell)

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def areas(self) -> NDArray[np.float64]:
        """rows×cols: pixels of each cell."""
        tall, wide = (
            np.minimum(self.cell, n - np.arange(0, n, self.cell)) for n in (self.height, self.width)
        )
        return np.outer(tall, wide).astype(np.float64)

    def box(self, window: Window, by: int = 0) -> Box:
        """The window's pixels, grown by `by` where the picture goes on."""
        return (
            max(window.left * self.cell - by, 0),
            max(window.top * self.cell - by, 0),
            min(window.right * self.cell + by, self.width),
            min(window.bottom * self.cell + by, self.height),
        )

    def touched(self, box: Box, by: int = 0) -> Window:
        """The cells that meet `box` grown by `by`; empty where it lies outside the picture."""
        x0, y0, x1, y1 = box
        x0, y0 = max(x0 - by, 0), max(y0 - by, 0)
        x1, y1 = min(x1 + by, self.width), min(y1 + by, self.height)
        if x0 >= x1 or y0 >= y1:
            return Window(0, 0, 0, 0)
        return Window(y0 // self.cell, x0 // self.cell, -(-y1 // self.cell), -(-x1 // self.cell))

    def blocks(self, most: tuple[int, int]) -> list[Window]:
        """All cells in rectangles of at most `most` rows×columns, row by row."""
        return [
            Window(top, left, min(top + most[0], self.rows), min(left + most[1], self.columns))
            for top in range(0, self.rows, most[0])
            for left in range(0, self.columns, most[1])
        ]


def means(plane: NDArray[np.floating], side: int) -> Cells:
    """The mean of an H×W plane over squares of `side` px from its top left; ragged ones at the right and the bottom."""
    height, width = plane.shape
    ys, xs = np.arange(0, height, side), np.arange(0, width, side)
    sums = np.add.reduceat(np.add.reduceat(plane.astype(np.float64), ys, axis=0), xs, axis=1)
    counts = np.outer(np.diff([*ys, height]), np.diff([*xs, width]))
    out: Cells = (sums / counts).astype(np.float32)
    return out
