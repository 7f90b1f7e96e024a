"""The correction in a rectangle known on all four sides: each side's sine series, summed only where it is not smooth.

The field is the sum of what the four sides add, and fine waves of a side are gone a few pixels away from it. So a side's series
is summed on the finest grid only in a strip along it, on a grid of twice the spacing in a strip twice as wide, and so on. From
grid to grid the field is enlarged by cubic B-spline subdivision, whose leading error, h^2 / 8 (u_xx + u_yy) for spacing h, is 0
for a harmonic function; what is left is h^4 / 96 |u_xxxx|, and |u_xxxx| <= 6.5 max|u| / d^4 at distance d (Poisson's kernel).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson_series import Opposite, last_point

Field = NDArray[np.float32]
Strip = tuple[slice, slice, Field]
"""Rows and columns of a grid, and values there, HxWxC."""

_ERROR = 2 * 6.5 / 96
"""Of an enlargement, as a share of max|u| / (d / h)^4: two sides meet in a corner."""
_NARROWEST = 8
_WIDEST = 28
"""Rows of a strip."""
_LEAST = 16
"""Grids of fewer rows than this are not halved any more."""
_BAND = 48
"""Rows of the finest grid made at a time: they are used while they are cached."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A rectangle's field, at half its size with what is added to its enlargement, or as it is if there are no strips."""

    size: tuple[int, int]
    grid: Field
    strips: tuple[Strip, ...]

    def bands(self) -> Iterator[tuple[slice, Field]]:
        """Runs of rows, and the field there with the sides' columns (rows x width + 2 x C); row 0 is the top side.

        A field is valid until the next is asked for; what it holds on the sides' columns means nothing."""
        height, width = self.size
        if not self.strips:
            yield slice(1, height + 1), self.grid[1 : height + 1, : width + 2]
            return
        made: Field | None = None
        for start in range(1, height + 1, _BAND):
            stop = min(start + _BAND, height + 1)
            first = max(start // 2 - 1, 0)
            part = self.grid[first : stop // 2 + 2]
            made = made if made is not None and len(made) == 2 * len(part) else None
            made = np.asarray(cv2.pyrUp(part, made), np.float32).reshape(2 * len(part), -1, part.shape[2])
            _add(made, 2 * first, self.strips)
            yield slice(start, stop), made[start - 2 * first : stop - 2 * first, : width + 2]


def solve(top: Field, bottom: Field, left: Field, right: Field, accuracy: float) -> Correction:
    """The discrete harmonic field between sides given at one pixel's distance.

    top, bottom: CxW; left, right: CxH; float32. Right within `accuracy`, or 5e-6 of the largest value if that is more."""
    height, width = left.shape[1], top.shape[1]
    largest = max(float(np.abs(side).max()) for side in (top, bottom, left, right))
    ratio = (_ERROR * largest / accuracy) ** 0.25
    strip = min(max(2 * int(np.ceil(ratio)), _NARROWEST), _WIDEST)
    pairs = (Opposite.of(top, bottom, height), Opposite.of(left, right, width))
    spacing, least = 1, max(_LEAST, strip + 2)
    while min(height, width) + 1 >= 2 * spacing * least:
        spacing *= 2
    grid, strips = _summed_everywhere(pairs, spacing, strip)
    while spacing > 1:
        spacing //= 2
        finer = _strips(pairs, spacing, strip)
        added = tuple(_beyond_enlarged(new, old) for new, old in zip(finer, strips, strict=True))
        if spacing == 1:
            return Correction((height, width), grid, added)
        size = last_point(height, spacing) + 1, last_point(width, spacing) + 1
        grid = np.asarray(cv2.pyrUp(grid), np.float32).reshape(2 * len(grid), -1, len(top))
        grid = grid[: size[0], : size[1]]
        _add(grid, 0, added)
        # Enlarging mirrors where it should turn the sign.
        grid[0] = grid[:, 0] = 0
        strips = finer
    return Correction((height, width), grid, ())


def _summed_everywhere(
    pairs: tuple[Opposite, Opposite], spacing: int, strip: int
) -> tuple[Field, list[Strip]]:
    """The whole grid, and what each side added to its own strip of it."""
    sums: list[Field] = []
    strips: list[Strip] = []
    for axis, pair in enumerate(pairs):
        every = range(last_point(pair.across, spacing) + 1)
        images = _images(pair, axis, spacing, (every, every), strip)
        sums += images
        for own, image in zip(_own_rows(pair, spacing, strip), images, strict=True):
            where = _window(own, pair, axis, spacing)
            strips.append((*where, np.ascontiguousarray(image[where])))
    return np.asarray(sums[0] + sums[1] + sums[2] + sums[3]), strips


def _strips(pairs: tuple[Opposite, Opposite], spacing: int, strip: int) -> list[Strip]:
    """What each side adds to its own strip of a grid."""
    strips: list[Strip] = []
    for axis, pair in enumerate(pairs):
        chosen = _own_rows(pair, spacing, strip)
        images = _images(pair, axis, spacing, chosen, strip)
        strips += [(*_window(o, pair, axis, spacing), i) for o, i in zip(chosen, images, strict=True)]
    return strips


def _own_rows(pair: Opposite, spacing: int, strip: int) -> tuple[range, range]:
    """The rows of each side's strip, counted from the near side."""
    end = (pair.across + 1) // spacing - strip + 1
    return range(strip), range(max(end, 0), last_point(pair.across, spacing) + 1)


def _window(own: range, pair: Opposite, axis: int, spacing: int) -> tuple[slice, slice]:
    rows = slice(own.start, own.stop)
    everything = slice(0, last_point(pair.spectra.shape[2], spacing) + 1)
    return (everything, rows) if axis else (rows, everything)


def _images(
    pair: Opposite, axis: int, spacing: int, chosen: tuple[range, range], strip: int
) -> tuple[Field, Field]:
    """HxWxC. Rows that no enlargement beyond the strip of the finer grid reads are left 0."""
    near, far = pair.rows(spacing, chosen, strip // 2 - 1 if spacing > 1 else 1)
    order = (2, 0, 1) if axis else (0, 2, 1)
    return np.ascontiguousarray(near.transpose(order)), np.ascontiguousarray(far.transpose(order))


def _beyond_enlarged(new: Strip, old: Strip) -> Strip:
    """What a strip adds to the enlargement of the same side's strip of the coarser grid."""
    rows, columns, values = new
    above, before = rows.start - 2 * old[0].start, columns.start - 2 * old[1].start
    big = cv2.pyrUp(old[2]).reshape(2 * old[2].shape[0], 2 * old[2].shape[1], -1)
    return rows, columns, values - big[above : above + values.shape[0], before : before + values.shape[1]]


def _add(grid: Field, first: int, strips: tuple[Strip, ...]) -> None:
    """In place; `first`: the number of the grid's first row."""
    for rows, columns, values in strips:
        start, stop = max(rows.start, first), min(rows.stop, first + len(grid))
        if start < stop:
            grid[start - first : stop - first, columns] += values[start - rows.start : stop - rows.start]
