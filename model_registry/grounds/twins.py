"""Rows and columns that say the same: what a drawn ground shows in one place, it shows in its twin's.

Two rows of a window are twins when they agree, exactly, on every pixel that is known in both; columns likewise. A pixel that
is missing takes the value of the nearest twin of its row or of its column that knows it. Flat grounds, borders and table
lines, stripes, ramps along one axis, and ordered dither of any of these, whatever its period, need no more than that.
Photographs have no twins: their noise sees to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
"""H×W: one number a colour, the same for the same colour; -1 = none."""
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

FAR = 1 << 30
_NEAR = 8
"""So many twins are asked first: most answers are near."""


@dataclass(frozen=True, slots=True)
class Twinned:
    """What twins say of the missing pixels of a window."""

    codes: Codes
    """H×W: the colour of each missing pixel that has a twin; -1 elsewhere."""
    torn: Flags
    """H×W: twins of several sides say different things; the nearest one was followed."""


def by_twins(codes: Codes, known: Flags, missing: Flags, need: int) -> Twinned:
    """Explain `missing` pixels from `known` ones; the two need not cover all, and what is neither is not looked at.

    codes: H×W, 0 or more where known; need: on how many common known pixels two rows or columns must agree."""
    seen = codes[known]
    if len(seen) >= need and (seen == seen[0]).all():
        return Twinned(np.where(missing, seen[0], -1), np.zeros(codes.shape, np.bool_))
    answers = [*_along(codes, known, missing, need)]
    answers += [(said.T, far.T) for said, far in _along(codes.T, known.T, missing.T, need)]
    best = np.full(codes.shape, -1, np.int64)
    nearest = np.full(codes.shape, FAR, np.int64)
    torn = np.zeros(codes.shape, np.bool_)
    for said, far in answers:
        torn |= (said >= 0) & (best >= 0) & (said != best)
        closer = (said >= 0) & (far < nearest)
        best, nearest = np.where(closer, said, best), np.where(closer, far, nearest)
    return Twinned(best, torn)


def _along(
    codes: Codes, known: Flags, missing: Flags, need: int
) -> tuple[tuple[Codes, Codes], tuple[Codes, Codes]]:
    """What the nearest twin rows before and after say, and how far away they are."""
    before = np.full(codes.shape, -1, np.int64), np.full(codes.shape, FAR, np.int64)
    after = before[0].copy(), before[1].copy()
    rows = np.flatnonzero(missing.any(axis=1))
    twins = _twins(codes, known, rows, need)
    for row, mine in zip(rows, twins, strict=True):
        others = np.flatnonzero(mine)
        columns = np.flatnonzero(missing[row])
        for (said, far), side in ((before, others[others < row][::-1]), (after, others[others > row])):
            if len(side):
                _ask(codes, known, (int(row), columns), side, said, far)
    return before, after


def _ask(codes: Codes, known: Flags, where: tuple[int, Codes], side: Codes, said: Codes, far: Codes) -> None:
    """Let the twins of one side, nearest first, answer for a row's missing pixels."""
    row, columns = where
    for some in (side[:_NEAR], side[_NEAR:]):
        if not len(some) or not len(columns):
            return
        knows = known[np.ix_(some, columns)]
        first = knows.argmax(axis=0)
        there = knows[first, np.arange(len(columns))]
        answered, twin = columns[there], some[first[there]]
        said[row, answered] = codes[twin, answered]
        far[row, answered] = np.abs(twin - row)
        columns = columns[~there]


def _twins(codes: Codes, known: Flags, rows: Codes, need: int) -> Flags:
    """len(rows)×H: which rows agree wherever both are known, on at least `need` pixels.

    The squared differences are summed by matrix products; ranks of colours are small, so the sums are exact."""
    weight = known.astype(np.float64)
    value = np.where(known, codes, 0).astype(np.float64)
    square = value * value
    apart = square[rows] @ weight.T + weight[rows] @ square.T - 2 * (value[rows] @ value.T)
    common = weight[rows] @ weight.T
    return np.asarray((apart == 0) & (common >= need))


def between(codes: Codes) -> Flags:
    """Give missing pixels (-1) the colour that ends their run on both sides, of a row or else of a column, in place.

    An end is two pixels of one colour: this closes the crossings of lines, which have no twins. Returns what was filled."""
    filled = np.zeros(codes.shape, np.bool_)
    for view, done in ((codes, filled), (codes.T, filled.T)):
        for line in np.flatnonzero((view < 0).any(axis=1)):
            _close(view[line], done[line])
    return filled


def _close(line: Codes, done: Flags) -> None:
    known = np.flatnonzero(line >= 0)
    for left, right in pairwise(known):
        whole = (
            left > 0
            and right + 1 < len(line)
            and line[left - 1] == line[left] == line[right] == line[right + 1]
        )
        if right - left > 1 and whole:
            line[left + 1 : right] = line[left]
            done[left + 1 : right] = True
