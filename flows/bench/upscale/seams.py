"""The seam test: steps of what was added at the borders of cells, against steps beside them and against the truth's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.upscale.protocol import Levels, luma
from flows.training.upscale_network.imresize import imresize
from tasks.enhancement.rungs import Routing

Real = NDArray[np.float64]
_STEP: Final = 0.75
"""Levels of luma: a step along a whole border that is smaller is not seen."""
_TIMES: Final = 2.0
"""How far it must stand out from the lines beside it, in both directions."""
_BESIDE: Final = (-9, -7, -5, -3, 3, 5, 7, 9)
"""Those lines, px."""


@dataclass(frozen=True, slots=True)
class Seams:
    """What was looked at, and found."""

    borders: int
    found: int
    elsewhere: int
    """Found by the same test on as many lines through the middle of cells, where nothing was joined."""

    def __add__(self, other: Seams) -> Seams:
        return Seams(self.borders + other.borders, self.found + other.found, self.elsewhere + other.elsewhere)


def seams(made: Levels, small: Levels, truth: Levels, routing: Routing, scale: int) -> Seams:
    """Both directions. What bicubic gives is taken off first: a step that the source itself has is no seam, and neither is one
    that the truth has there."""
    plain = luma(imresize(small, *truth.shape[:2]))
    added, true = luma(made) - plain, luma(truth) - plain
    side, choice = routing.cell * scale, np.asarray(routing.choice)
    across = _along(added, true, choice, side)
    return across + _along(added.T, true.T, choice.T, side)


def _along(added: Real, true: Real, choice: NDArray[np.int8], side: int) -> Seams:
    """Borders between columns of cells."""
    borders = found = elsewhere = 0
    for column in range(1, choice.shape[1]):
        for row in range(choice.shape[0]):
            rows = slice(row * side, min((row + 1) * side, added.shape[0]))
            at = column * side
            if at + side // 2 + max(_BESIDE) >= added.shape[1] or rows.stop - rows.start < side // 2:
                continue
            borders += 1
            found += _stands_out(added[rows], true[rows], at)
            elsewhere += _stands_out(added[rows], true[rows], at + side // 2)
    return Seams(borders, found, elsewhere)


def _stands_out(added: Real, true: Real, at: int) -> bool:
    """Whether the mean step over the line, one px wide, stands out of those beside it and of the truth's."""
    step = _step(added, at)
    beside = max(_step(added, at + off) for off in _BESIDE)
    return step > _STEP and step > _TIMES * beside and step > _STEP + _step(true, at)


def _step(field: Real, at: int) -> float:
    return float(abs(np.mean(field[:, at] - field[:, at - 1])))
