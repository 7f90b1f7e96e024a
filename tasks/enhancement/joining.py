"""Write what a rung made into the picture: whole inside its own cells, faded into lower ones by a ramp outside them.

The weight at a pixel depends on the cells near it alone, and one window answers for each pixel: neither how the picture is
cut nor the order of the windows can be seen in the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Pixels, Zone
from tasks.enhancement.grid import Grid

Levels = NDArray[np.uint8] | NDArray[np.uint16]
_AROUND = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]


@dataclass(frozen=True, slots=True)
class Canvas:
    """The output under the rungs' hands: written in place."""

    pixels: Levels
    """(H·scale)×(W·scale)×C; the colour channels come first."""
    grid: Grid
    """Of the input."""
    scale: int
    ramp: int
    """Px of the input over which a rung is faded out beyond its cells."""

    @property
    def levels(self) -> int:
        return int(np.iinfo(self.pixels.dtype).max)

    def view(self, box: Box, channels: int) -> Levels:
        """The output's pixels of an input box."""
        x0, y0, x1, y1 = (side * self.scale for side in box)
        return self.pixels[y0:y1, x0:x1, :channels]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose cells are being made: a rung's, or those fallen to it."""

    number: NDArray[np.int32]
    """rows×cols: the window that makes each cell; -1 where it is not made in this turn."""
    open: Zone
    """rows×cols: cells that the ramp may enter."""


def join(canvas: Canvas, made: Pixels, box: Box, turn: Turn, window: int) -> None:
    """Write `made` (of input box `box`, enlarged) as window `window` of this turn.

    Its own cells take it whole; open cells next to them fade it in, where no other window's cell is nearer."""
    cells = canvas.grid.touched(box)
    for row in range(cells.top, cells.bottom):
        for column in range(cells.left, cells.right):
            _join_cell(canvas, made, box, turn, window, (row, column))


def _join_cell(canvas: Canvas, made: Pixels, box: Box, turn: Turn, window: int, at: tuple[int, int]) -> None:
    own = turn.number[at] == window
    if not own and not (turn.open[at] and turn.number[at] < 0):
        return
    part = _overlap(_cell_box(canvas.grid, at), box)
    fresh = cropped(made, part, box, canvas.scale)
    view = canvas.view(part, made.shape[2])
    if own:
        view[:] = _quantised(fresh, canvas.levels, view.dtype)
        return
    weight = _weights(canvas, turn, window, at, part)
    where = weight > 0
    if where.any():
        old, share = view[where].astype(np.float32), weight[where][:, None]
        view[where] = np.rint(old + share * (fresh[where] * canvas.levels - old)).astype(view.dtype)


def _weights(canvas: Canvas, turn: Turn, window: int, at: tuple[int, int], part: Box) -> Pixels:
    """h×w over `part` of cell `at`: the ramp of the nearest made cell beside it, 0 where that is another window's."""
    xs, ys = _centres(part[0], part[2], canvas.scale), _centres(part[1], part[3], canvas.scale)
    best = np.zeros((len(ys), len(xs)), np.float32)
    mine = np.zeros(best.shape, np.bool_)
    rows, columns = canvas.grid.shape
    for dy, dx in _AROUND:
        row, column = at[0] + dy, at[1] + dx
        if not (0 <= row < rows and 0 <= column < columns) or turn.number[row, column] < 0:
            continue
        x0, y0, x1, y1 = _cell_box(canvas.grid, (row, column))
        weight = _fade(ys, y0, y1, canvas.ramp)[:, None] * _fade(xs, x0, x1, canvas.ramp)[None]
        nearer = weight > best
        best[nearer] = weight[nearer]
        mine[nearer] = turn.number[row, column] == window
    return np.where(mine, best, 0).astype(np.float32)


def _centres(start: int, end: int, scale: int) -> NDArray[np.float32]:
    """Where the output's pixels between two of the input lie, px of the input."""
    return np.asarray((np.arange(start * scale, end * scale) + 0.5) / scale, np.float32)


def _fade(along: NDArray[np.float32], start: int, end: int, ramp: int) -> NDArray[np.float32]:
    """1 between start and end, a smooth step to 0 over `ramp` px beyond them."""
    beyond = np.maximum(np.maximum(start - along, along - end), 0)
    left = np.clip(1 - beyond / ramp, 0, 1) if ramp else (beyond == 0).astype(np.float32)
    return np.asarray(left * left * (3 - 2 * left), np.float32)


def _quantised(pixels: Pixels, levels: int, kind: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Levels:
    whole: Pixels = np.rint(np.clip(pixels, 0, 1) * np.float32(levels))
    return whole.astype(np.uint8) if kind == np.uint8 else whole.astype(np.uint16)


def _cell_box(grid: Grid, at: tuple[int, int]) -> Box:
    y, x = at[0] * grid.cell, at[1] * grid.cell
    return (x, y, min(x + grid.cell, grid.width), min(y + grid.cell, grid.height))


def _overlap(a: Box, b: Box) -> Box:
    return (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))


def cropped(made: Pixels, part: Box, box: Box, scale: int) -> Pixels:
    """The part (input px) of what was made of `box`."""
    left, top = box[0], box[1]
    return made[
        (part[1] - top) * scale : (part[3] - top) * scale, (part[0] - left) * scale : (part[2] - left) * scale
    ]
