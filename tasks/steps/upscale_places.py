"""Where things are in a picture that is enlarged: boxes at the tier's size, the cells they touch, the boxes of clusters of cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Raster

Size = tuple[int, int]


def scaled_boxes(boxes: Sequence[Box], old: Size, new: Size) -> tuple[Box, ...]:
    """Boxes of a picture of size `old` (width, height) in its copy of size `new`, clipped; every pixel they reach into is in them."""
    found = []
    for x0, y0, x1, y1 in boxes:
        left, top = max(x0, 0) * new[0] // old[0], max(y0, 0) * new[1] // old[1]
        right = min(-(-x1 * new[0] // old[0]), new[0])
        bottom = min(-(-y1 * new[1] // old[1]), new[1])
        if left < right and top < bottom:
            found.append((left, top, right, bottom))
    return tuple(found)


def shifted_boxes(boxes: Sequence[Box], view: Box) -> tuple[Box, ...]:
    """The parts of the boxes within `view`, from its corner on."""
    x0, y0, x1, y1 = view
    cut = [(max(a, x0) - x0, max(b, y0) - y0, min(c, x1) - x0, min(d, y1) - y0) for a, b, c, d in boxes]
    return tuple(box for box in cut if box[0] < box[2] and box[1] < box[3])


def cells_in(raster: Raster, cell: int) -> Size:
    """Rows and columns of cells that cover a picture."""
    return -(-raster.height // cell), -(-raster.width // cell)


def cells_touched(boxes: Sequence[Box], grid: Size, cell: int, *, beyond: int = 0) -> NDArray[np.bool_]:
    """rows×cols, true where a cell reaches into a box, each box taken larger by `beyond` px on each side."""
    touched = np.zeros(grid, bool)
    for x0, y0, x1, y1 in boxes:
        rows = slice(max(y0 - beyond, 0) // cell, max(-(-(y1 + beyond) // cell), 0))
        columns = slice(max(x0 - beyond, 0) // cell, max(-(-(x1 + beyond) // cell), 0))
        touched[rows, columns] = True
    return touched


def in_pixels(cells: Box, cell: int, raster: Raster, beyond: int = 0) -> Box:
    """The box of a rectangle of cells in px of the picture, taken larger by `beyond` px on each side, clipped."""
    x0, y0, x1, y1 = (side * cell for side in cells)
    return (
        max(x0 - beyond, 0), max(y0 - beyond, 0), min(x1 + beyond, raster.width), min(y1 + beyond, raster.height)
    )  # fmt: skip


def times(box: Box, scale: int) -> Box:
    """A box of the source in px of the enlarged picture."""
    x0, y0, x1, y1 = (side * scale for side in box)
    return x0, y0, x1, y1


def cropped(raster: Raster, box: Box) -> Raster:
    """A box of a picture as a picture of its own, without its metadata; a view."""
    x0, y0, x1, y1 = box
    return Raster(raster.pixels[y0:y1, x0:x1])
