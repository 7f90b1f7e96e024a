"""Hold a result to its source: scaled down again it must give the source back, and its broad colour must be the source's.

Worked in bands of one row of cells, after all rungs: what a pixel is corrected by depends neither on windows nor on memory.
Back-projection: Irani and Peleg 1991; what lies within the source's noise is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.enhancement.consistency import Consistency, decibels
from tasks.enhancement.joining import Levels
from tasks.enhancement.smaller import larger

_STEPS = 4
"""Rounds of back-projection at most."""
_NOISE = 3.0
"""Times the source's noise that a difference must exceed to be put back."""
_BROAD = 3.0
"""Sigma of the blur that leaves broad colour, px of the input."""
_HALO = 12
"""Px of the input around a band that its corrections depend on."""
_SPARE = 1.5
"""dB beyond the bound that a corrected cell is to reach, so that rounding does not take it back."""
_BESIDE = 2
"""Px of the input that bicubic looks at beyond a run."""
_LEAST = 0.05
"""Levels: changes under it are not made."""
_PATTERN = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 + 1 / 32
"""Ordered dither (Bayer 1973), between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a canvas is corrected to."""

    consistency_db: float
    """Least PSNR of a cell scaled down again; at scale 1, where that is cleaning itself, 0."""
    colour: float
    """Most shift of the broad colour, levels of 255."""
    noise: float
    """Of the source, levels of 255: differences within three times of it are not put back."""
    still: Zone
    """rows×cols: cells that are never changed."""

    @property
    def least_db(self) -> float:
        """The bound on consistency, no stricter than the noise is."""
        return min(self.consistency_db, float(decibels(np.float32((_NOISE * self.noise) ** 2))))


@dataclass(frozen=True, slots=True)
class _Round:
    """The cells of one step; all rows×cols."""

    weak: Zone
    """Too far from the source in detail."""
    off: Zone
    """Too far from it in broad colour."""

    @property
    def needed(self) -> Zone:
        return self.weak | self.off

    @property
    def rows(self) -> list[int]:
        """Rows with a needed cell, and those next to them."""
        return [row for row in range(len(self.needed)) if self.runs(row, 1)]

    def runs(self, row: int, around: int) -> list[tuple[int, int]]:
        """Columns, half open, of `row` that have a needed cell next to them, or above or below within `around` rows."""
        near = self.needed[max(row - around, 0) : row + around + 1].any(axis=0)
        wide = np.concatenate([[False, False], near, [False, False]])
        grown = wide[:-2] | wide[1:-1] | wide[2:]
        grown[[0, -1]] = False
        edges = np.flatnonzero(np.diff(grown.astype(np.int8)))
        return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def correct(found: Consistency, bounds: Bounds) -> None:
    """Correct the canvas in place, round by round, where it is below the bounds; colour once, as that costs dither."""
    for n in range(_STEPS):
        weak = (found.decibels < bounds.least_db + _SPARE * found.corrected) & ~bounds.still
        off = (np.abs(found.shift).max(axis=2) > bounds.colour) & ~bounds.still & (n == 0)
        turn = _Round(weak, off)
        if not turn.needed.any() or not _step(found, turn, bounds):
            return


def _step(found: Consistency, turn: _Round, bounds: Bounds) -> bool:
    """One step over all bands that need it; true if any pixel was corrected."""
    touched = False
    for row, above, own, below in _triples(found, turn):
        change = _change(np.concatenate([above, own, below]), _mask(found, turn, row), bounds)
        change[_spread(found, bounds.still, row)] = 0
        margin = above.shape[0]
        for run in turn.runs(row, 1):
            touched |= _apply(found, turn, row, run, change, slice(margin, margin + own.shape[0]))
    for row in turn.rows:
        for left, right in turn.runs(row, 1):
            found.note(row, left, right)
    found.corrected |= turn.needed
    return touched


def _triples(found: Consistency, turn: _Round) -> Iterator[tuple[int, Pixels, Pixels, Pixels]]:
    """Each band's gap with a margin above and below, all measured before the bands next to it are changed."""
    count = found.canvas.grid.rows
    kept: dict[int, Pixels] = {}
    for row in turn.rows:
        for other in (row - 1, row, row + 1):
            if 0 <= other < count and other not in kept:
                kept[other] = _gap(found, turn, other)
        empty = kept[row][:0]
        above, below = kept.get(row - 1, empty), kept.get(row + 1, empty)
        following = {n: gap for n, gap in kept.items() if n >= row}
        yield row, above[-_HALO:], kept[row], below[:_HALO]
        kept = following


def _gap(found: Consistency, turn: _Round, row: int) -> Pixels:
    """The gap of a band where a needed cell is near, 0 elsewhere."""
    grid = found.canvas.grid
    tall = min((row + 1) * grid.cell, grid.height) - row * grid.cell
    out = np.zeros((tall, grid.width, found.raster.colours), np.float32)
    for left, right in turn.runs(row, 2):
        out[:, left * grid.cell : right * grid.cell] = found.gap(row, left, right)
    return out


def _spread(found: Consistency, cells: Zone, row: int) -> Zone:
    """`cells` per pixel of the band with its margins."""
    grid = found.canvas.grid
    y0, y1 = max(row * grid.cell - _HALO, 0), min((row + 1) * grid.cell + _HALO, grid.height)
    return np.asarray(
        cells[np.ix_(np.arange(y0, y1) // grid.cell, np.arange(grid.width) // grid.cell)], np.bool_
    )


def _mask(found: Consistency, turn: _Round, row: int) -> NDArray[np.float32]:
    """Of the band with its margins: 1 on weak cells, fading out beyond them over 4 px."""
    pixels = _spread(found, turn.weak, row).astype(np.float32)
    grown = cv2.dilate(pixels, np.ones((5, 5), np.uint8))
    return np.asarray(np.maximum(pixels, cv2.blur(grown, (5, 5))), np.float32)


def _change(gap: Pixels, mask: NDArray[np.float32], bounds: Bounds) -> Pixels:
    """What is to be added at the input's size: the gap beyond the noise on weak cells, broad colour everywhere."""
    floor = np.float32(_NOISE * bounds.noise)
    detail = np.sign(gap) * np.maximum(np.abs(gap) - floor, 0) * mask[..., None]
    left = gap - detail
    broad = cv2.GaussianBlur(left, (0, 0), _BROAD, borderType=cv2.BORDER_REPLICATE).reshape(gap.shape)
    least = np.float32(bounds.colour / 3 + bounds.noise / 10)
    return np.asarray(detail + np.sign(broad) * np.maximum(np.abs(broad) - least, 0), np.float32)


def _apply(
    found: Consistency, turn: _Round, row: int, run: tuple[int, int], change: Pixels, own: slice
) -> bool:
    """Add the change (input's size, of the band with its margins) to a run of the band's cells."""
    canvas, cell = found.canvas, found.canvas.grid.cell
    x0, x1, y0 = run[0] * cell, min(run[1] * cell, change.shape[1]), row * cell
    first = max(x0 - _BESIDE, 0)
    part = np.ascontiguousarray(change[:, first : x1 + _BESIDE])
    if float(np.abs(part).max(initial=0)) < _LEAST:
        return False
    left = (x0 - first) * canvas.scale
    grown = larger(part, canvas.scale)[own.start * canvas.scale : own.stop * canvas.scale]
    view = canvas.view((x0, y0, x1, y0 + own.stop - own.start), change.shape[2])
    more = grown[:, left : left + view.shape[1]] * np.float32(canvas.levels / 255)
    values = view.astype(np.float32) + more
    fine = np.repeat(turn.off[row, run[0] : run[1]], cell * canvas.scale)[: view.shape[1]]
    view[:] = _whole(values, fine, (x0 * canvas.scale, y0 * canvas.scale), canvas.levels, view)
    return True


def _whole(
    values: Pixels, fine: NDArray[np.bool_], corner: tuple[int, int], levels: int, like: Levels
) -> Levels:
    """Whole levels. In columns that are `fine` their local mean is that of `values`, by ordered dither: a shift of colour of
    less than half a level would be rounded away. Corner: x, y of the values in the picture."""
    height, width = values.shape[:2]
    turned = np.roll(_PATTERN, (-(corner[1] % 4), -(corner[0] % 4)), axis=(0, 1))
    tiled = np.tile(turned, (-(-height // 4), -(-width // 4)))[:height, :width]
    values += np.where(fine[None], tiled, np.float32(0.5))[..., None]
    np.floor(values, out=values)
    np.clip(values, 0, levels, out=values)
    return values.astype(np.uint8) if like.dtype == np.uint8 else values.astype(np.uint16)
