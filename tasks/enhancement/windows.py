"""Rectangles that cover the cells of a rung at the least cost, their surroundings counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.enhancement.grid import Grid, Window

CALL = 64
"""Pixels of the input that one more call of a rung costs, whatever its size."""
_NOTHING = Window(0, 0, 0, 0)


def shown_area(grid: Grid, window: Window, context: int) -> int:
    """Pixels of the input a rung is shown for a window."""
    x0, y0, x1, y1 = grid.box(window, context)
    return (x1 - x0) * (y1 - y0)


def cover(wanted: Zone, grid: Grid, context: int, most: tuple[int, int]) -> list[Window]:
    """Disjoint windows that hold every wanted cell (rows×cols), and others where that is cheaper than going round them.

    Each lies within one block of `most` cells; guillotine cuts, each made where it, or the two best after it, save work."""
    found: list[Window] = []
    for block in grid.blocks(most):
        part = wanted[block.where]
        if part.any():
            found += _Block(part, grid, block, context).best()
    return found


@dataclass(slots=True)
class _Block:
    wanted: Zone
    grid: Grid
    at: Window
    context: int

    def best(self) -> list[Window]:
        rows = _bits(self.wanted)
        known: dict[Window, tuple[int, list[Window]]] = {}
        whole = _tight(rows, Window(0, 0, *self.wanted.shape))
        return [self._placed(w) for w in self._split(rows, whole, known)[1]]

    def _placed(self, w: Window) -> Window:
        top, left = self.at.top, self.at.left
        return Window(w.top + top, w.left + left, w.bottom + top, w.right + left)

    def _cost(self, window: Window) -> int:
        if window == _NOTHING:
            return 0
        return shown_area(self.grid, self._placed(window), self.context) + CALL

    def _split(
        self, rows: list[int], window: Window, known: dict[Window, tuple[int, list[Window]]]
    ) -> tuple[int, list[Window]]:
        if window in known:
            return known[window]
        best = (self._cost(window), [window])
        if not _full(rows, window):
            tried = sorted(
                (self._cost(a) + self._cost(b), n, a, b) for n, (a, b) in enumerate(_cuts(rows, window))
            )
            for estimate, _, a, b in tried[:2]:
                if estimate > best[0] * 1.15:
                    break
                one, two = self._split(rows, a, known), self._split(rows, b, known)
                best = min(best, (one[0] + two[0], one[1] + two[1]), key=lambda found: found[0])
        known[window] = best
        return best


def _bits(wanted: Zone) -> list[int]:
    """Each row as an integer, its first column the lowest bit."""
    return [sum(1 << int(c) for c in np.flatnonzero(row)) for row in wanted]


def _mask(window: Window) -> int:
    return (1 << window.right) - (1 << window.left)


def _full(rows: list[int], window: Window) -> bool:
    mask = _mask(window)
    return all(row & mask == mask for row in rows[window.top : window.bottom])


def _tight(rows: list[int], window: Window) -> Window:
    """The least rectangle around the wanted cells of a window."""
    mask, top, bottom = _mask(window), window.top, window.bottom
    while top < bottom and not rows[top] & mask:
        top += 1
    while top < bottom and not rows[bottom - 1] & mask:
        bottom -= 1
    union = 0
    for row in rows[top:bottom]:
        union |= row & mask
    return Window(top, (union & -union).bit_length() - 1, bottom, union.bit_length()) if union else _NOTHING


def _cuts(rows: list[int], w: Window) -> list[tuple[Window, Window]]:
    across = [
        (Window(w.top, w.left, r, w.right), Window(r, w.left, w.bottom, w.right))
        for r in range(w.top + 1, w.bottom)
    ]
    along = [
        (Window(w.top, w.left, w.bottom, c), Window(w.top, c, w.bottom, w.right))
        for c in range(w.left + 1, w.right)
    ]
    return [(_tight(rows, a), _tight(rows, b)) for a, b in across + along]


def numbered(windows: list[Window], shape: tuple[int, int]) -> NDArray[np.int32]:
    """rows×cols: the number of the window that holds each cell, -1 for none."""
    out = np.full(shape, -1, np.int32)
    for n, window in enumerate(windows):
        out[window.where] = n
    return out
