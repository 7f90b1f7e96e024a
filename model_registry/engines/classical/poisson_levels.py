"""One grid of the multigrid pyramid, and the steps on and between grids: sweeps, residual, halving, enlarging, cycle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson_exact import Factorised, factorised

Field = NDArray[np.float32]
Mask = NDArray[np.uint8]
Window = tuple[slice, slice]

_OVERSHOOT = np.float32(1.2)
"""Corrections of a well solved coarse grid fall short, for its zone is the smaller one: they are lengthened by this."""
_DOUBLED = 2
"""Grids finer than this one are corrected twice a cycle (W), the rest once (V): there the calls would cost more than the work."""
_FEW = 200
"""Cells that are factorised rather than swept."""
_THIN_ROUNDS = 5


def _sweep(weight: float) -> Field:
    """One Jacobi sweep u + weight / 4 (sum of neighbours - 4 u) as a filter."""
    side = weight / 4
    return np.array([[0, side, 0], [side, 1 - weight, side], [0, side, 0]], np.float32)


_WEIGHTS = tuple(1 / (1.25 + 0.75 * np.cos(np.pi * (2 * i + 1) / 4)) for i in range(2))
"""Chebyshev's for eigenvalues 0.5 to 2: two sweeps damp what a coarser grid cannot show to 22 %."""
_SWEEPS = tuple(_sweep(w) for w in _WEIGHTS)
_LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)


@dataclass(frozen=True)
class Level:
    """zone: HxW, 255 where the field is unknown; ring: pixels beside it, with their `values`."""

    zone: Mask
    ring: tuple[NDArray[np.intp], NDArray[np.intp]]
    values: Field

    def coarser(self) -> Level | None:
        """Half the size; None where that has no active cell, or this one can be solved directly."""
        height, width = self.zone.shape
        if min(height, width) <= 2 or cv2.countNonZero(self.zone) <= _FEW:
            return None
        zone = _all_of_four(self.zone)
        if not zone.any():
            return None
        flat = (self.ring[0] // 2) * zone.shape[1] + self.ring[1] // 2
        cells, which, count = np.unique(flat, return_inverse=True, return_counts=True)
        planes = self.values.reshape(flat.size, -1).T
        sums = np.stack([np.bincount(which, weights=p, minlength=cells.size) / count for p in planes], -1)
        values = sums.astype(np.float32).reshape(cells.size, *self.values.shape[1:])
        return Level(zone, (cells // zone.shape[1], cells % zone.shape[1]), values)

    def solve(self, u: Field, f: Field | None) -> None:
        """The coarsest grid: directly where that is cheap, by sweeps where nothing is wider than three cells."""
        if self.factors is None:
            relax(u, f, self.zone, _THIN_ROUNDS)
            return
        rest = laplacian(u) if f is None else cv2.add(laplacian(u), f)
        inside = self.zone > 0
        u[inside] += self.factors.solve(rest[inside].astype(np.float64)).astype(np.float32)

    @cached_property
    def factors(self) -> Factorised | None:
        cheap = min(self.zone.shape) <= 2 or cv2.countNonZero(self.zone) <= _FEW
        return factorised(self.zone > 0) if cheap else None

    def start(self) -> Field:
        """The ring's values, and 0 elsewhere."""
        u = np.zeros((*self.zone.shape, *self.values.shape[1:]), np.float32)
        u[self.ring] = self.values
        return u


def _all_of_four(zone: Mask) -> Mask:
    height, width = zone.shape
    if height % 2 or width % 2:
        zone = np.asarray(
            cv2.copyMakeBorder(zone, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT, value=(255.0,) * 4)
        )
    rows = zone[::2] & zone[1::2]
    return np.ascontiguousarray(rows[:, ::2] & rows[:, 1::2])


def relax(u: Field, f: Field | None, zone: Mask, rounds: int = 1) -> None:
    """Rounds of two sweeps for `laplacian(u) = -f`, in place, in the zone. Beyond the array: no flux."""
    for weight, kernel in zip(_WEIGHTS * rounds, _SWEEPS * rounds, strict=True):
        swept = cv2.filter2D(u, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        if f is not None:
            cv2.scaleAdd(f, weight / 4, swept, swept)
        cv2.copyTo(swept, zone, u)


def _first_sweeps(u: Field, f: Field, zone: Mask) -> None:
    """The two sweeps of `relax` from u = 0, as one filter of f; f is 0 outside the zone."""
    first, second = _WEIGHTS
    kernel = _SWEEPS[1] * np.float32(first / 4)
    kernel[1, 1] += np.float32(second / 4)
    cv2.copyTo(cv2.filter2D(f, -1, kernel, borderType=cv2.BORDER_REPLICATE), zone, u)


def relaxed(u: Field, zone: Mask, sweeps: int) -> Field:
    """A new field after `sweeps` (an even number) sweeps with no right-hand side."""
    better = u.copy()
    relax(better, None, zone, sweeps // 2)
    return better


def laplacian(u: Field) -> Field:
    """Sum of neighbours minus four times the cell; no flux beyond the array."""
    return np.asarray(cv2.filter2D(u, -1, _LAPLACIAN, borderType=cv2.BORDER_REPLICATE), np.float32)


def halved(fine: Field, beyond: int = cv2.BORDER_CONSTANT) -> Field:
    """Means of 2x2 cells; a missing odd row or column counts as 0, or by another border rule."""
    height, width = fine.shape[:2]
    if height % 2 or width % 2:
        padded = cv2.copyMakeBorder(fine, 0, height % 2, 0, width % 2, beyond, value=(0.0,) * 4)
        fine = np.asarray(padded, np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.float32)


def enlarged(coarse: Field, window: Window) -> Field:
    """The part `window` (even start) of the field enlarged to twice its size, bilinearly between cell centres."""
    rows, columns = window
    top, left = max(rows.start // 2 - 1, 0), max(columns.start // 2 - 1, 0)
    part = coarse[top : (rows.stop + 1) // 2 + 1, left : (columns.stop + 1) // 2 + 1]
    big = cv2.resize(part, (2 * part.shape[1], 2 * part.shape[0]), interpolation=cv2.INTER_LINEAR)
    y, x = rows.start - 2 * top, columns.start - 2 * left
    cut = big[y : y + rows.stop - rows.start, x : x + columns.stop - columns.start]
    return np.ascontiguousarray(cut)


def cycle(levels: list[Level], number: int, u: Field, f: Field | None, *, fresh: bool = False) -> None:
    """One multigrid cycle on grid `number`, in place on `u`; `fresh`: u is 0 and f is 0 outside the zone."""
    level = levels[number]
    if number == len(levels) - 1:
        level.solve(u, f)
        return
    if fresh and f is not None:
        # The first two sweeps from 0, in one: u1 = w1/4 f, u2 = u1 + w2/4 (laplacian(u1) + f).
        _first_sweeps(u, f, level.zone)
    else:
        relax(u, f, level.zone)
    rest = laplacian(u)
    if f is not None:
        cv2.add(rest, f, rest)
    zone = level.zone
    error = corrections(levels, number + 1, halved(rest), twice=number < _DOUBLED)
    cv2.copyTo(cv2.add(u, enlarged(error, (slice(0, zone.shape[0]), slice(0, zone.shape[1])))), zone, u)
    relax(u, f, zone)


def corrections(levels: list[Level], number: int, rest: Field, *, twice: bool) -> Field:
    """What grid `number` has to say to the next finer one's residual, averaged to its cells: one cycle or two."""
    f = np.zeros_like(rest)
    cv2.copyTo(rest, levels[number].zone, f)
    f *= np.float32(4)
    error = np.zeros_like(rest)
    twice = twice and number < len(levels) - 1
    for turn in range(2 if twice else 1):
        cycle(levels, number, error, f, fresh=turn == 0)
    if twice or number == len(levels) - 1:
        error *= _OVERSHOOT
    return error
