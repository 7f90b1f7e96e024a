"""The cells of an enlarged picture that most need a look, a few neighbours together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

Cells = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hardest:
    """How clusters are formed."""

    most: int = 16
    """Clusters in a picture."""
    side: int = 4
    """Longest side of one, cells."""
    least: float = 0.1
    """Uncertainty below which a cell needs no look."""
    alike: float = 0.6
    """Share of the hardest cell's uncertainty that a neighbouring strip must have on average to go with it."""


def hardest(uncertainty: Cells, how: Hardest = Hardest()) -> tuple[Box, ...]:
    """Rectangles of cells (x0, y0, x1, y1 in cells, half open), the most uncertain first; a cell lies free between any two.

    uncertainty: rows×cols float32, 0–1, unchanged. Each rectangle grows from the most uncertain cell that is still free,
    strip by strip, while the hardest free strip beside it is about as hard."""
    free = np.ones(uncertainty.shape, bool)
    found: list[Box] = []
    columns = uncertainty.shape[1]
    for place in np.argsort(-uncertainty, axis=None, kind="stable"):
        row, column = divmod(int(place), columns)
        if uncertainty[row, column] < how.least or len(found) == how.most:
            break
        if free[row, column]:
            box = _grown((column, row, column + 1, row + 1), uncertainty, free, how)
            x0, y0, x1, y1 = box
            free[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1] = False
            found.append(box)
    return tuple(found)


def _grown(box: Box, uncertainty: Cells, free: NDArray[np.bool_], how: Hardest) -> Box:
    wanted = how.alike * float(uncertainty[box[1], box[0]])
    while True:
        strips = [(strip, larger) for strip, larger in _strips(box, how.side) if _inside(strip, free)]
        means = [float(uncertainty[y0:y1, x0:x1].mean()) for (x0, y0, x1, y1), _ in strips]
        if not means or max(means) < wanted:
            return box
        box = strips[means.index(max(means))][1]


def _strips(box: Box, side: int) -> list[tuple[Box, Box]]:
    """The strip on each side of the box, and the box with it."""
    x0, y0, x1, y1 = box
    found: list[tuple[Box, Box]] = []
    if x1 - x0 < side:
        found += [((x0 - 1, y0, x0, y1), (x0 - 1, y0, x1, y1)), ((x1, y0, x1 + 1, y1), (x0, y0, x1 + 1, y1))]
    if y1 - y0 < side:
        found += [((x0, y0 - 1, x1, y0), (x0, y0 - 1, x1, y1)), ((x0, y1, x1, y1 + 1), (x0, y0, x1, y1 + 1))]
    return found


def _inside(strip: Box, free: NDArray[np.bool_]) -> bool:
    x0, y0, x1, y1 = strip
    rows, columns = free.shape
    inside = min(x0, y0) >= 0 and x1 <= columns and y1 <= rows
    return inside and bool(free[y0:y1, x0:x1].all())
