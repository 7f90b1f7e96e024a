"""One grid of the multigrid pyramid, and the steps on and between grids: sweeps, residual, halving, enlarging, cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson_exact import factorised
from model_registry.engines.classical.poisson_tiles import Window, grown, inner

Field = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]
Solver = Callable[[Floats], Floats]

_FEW = 40
"""Cells whose operator is inverted rather than swept."""
_THIN_ROUNDS = 2
_BAND = 1 << 15
"""Pixels swept at a time."""
_LEAST_ROWS = 32
HALO = 1
"""Pixels around a part that are swept with it."""


def _sweep(weight: float) -> Field:
    """One Jacobi sweep u + weight / 4 (sum of neighbours - 4 u) as a filter."""
    side = weight / 4
    return np.array([[0, side, 0], [side, 1 - weight, side], [0, side, 0]], np.float32)


def _chebyshev(sweeps: int, least: float) -> tuple[float, ...]:
    """Weights that together damp every eigenvalue of the sweep from `least` to 2 alike; large and small ones in turn."""
    middle, reach = (2 + least) / 2, (2 - least) / 2
    weights = [1 / (middle + reach * np.cos(np.pi * (2 * i + 1) / (2 * sweeps))) for i in range(sweeps)]
    return tuple(weights[i // 2 if i % 2 == 0 else -1 - i // 2] for i in range(sweeps))


Sweeps = tuple[tuple[float, Field], ...]
"""Weights and their filters."""
FINEST: Sweeps = tuple((weight, _sweep(weight)) for weight in _chebyshev(6, 0.1))
COARSER: Sweeps = tuple((weight, _sweep(weight)) for weight in _chebyshev(8, 0.06))
"""Many sweeps at once reach far: a round damps waves of up to 10 (13) cells to a seventh, and shorter ones at least so."""
_TWICE, _MANY = 2, 6
"""Grid that is corrected twice a cycle where there are more grids than so many: on ever coarser ones a zone's edges lie ever
farther off, and they are small."""
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
        if self.solver is None:
            for _ in range(_THIN_ROUNDS):
                relax(u, f, self.zone)
            return
        rest = laplacian(u) if f is None else cv2.add(laplacian(u), f)
        inside = self.zone > 0
        u[inside] += self.solver(rest[inside].astype(np.float64)).astype(np.float32)

    @cached_property
    def solver(self) -> Solver | None:
        """Right-hand side to solution, in the order of the zone's cells."""
        cells = cv2.countNonZero(self.zone)
        if cells <= _FEW:
            inverse = _inverted(_matrix(self.zone > 0))
            return lambda right: np.asarray(inverse @ right)
        return factorised(self.zone > 0).solve if min(self.zone.shape) <= 2 else None

    def start(self) -> Field:
        """The ring's values, and 0 elsewhere."""
        u = np.zeros((*self.zone.shape, *self.values.shape[1:]), np.float32)
        u[self.ring] = self.values
        return u


def _matrix(zone: NDArray[np.bool_]) -> Floats:
    """The five-point operator on the zone's cells, written out; no flux beyond the array."""
    number = np.full(zone.shape, -1)
    number[zone] = np.arange(np.count_nonzero(zone))
    matrix = np.zeros((number.max() + 1,) * 2)
    for one, other in ((number[1:], number[:-1]), (number[:, 1:], number[:, :-1])):
        for here, there in ((one, other), (other, one)):
            unknown = here >= 0
            matrix[here[unknown], here[unknown]] += 1
            joined = unknown & (there >= 0)
            matrix[here[joined], there[joined]] = -1
    return matrix


def _inverted(matrix: Floats) -> Floats:
    """By Gauss and Jordan without pivots: the matrix is diagonally dominant, and LAPACK's threads would cost far more than this."""
    made = matrix.copy()
    for k in range(len(made)):
        pivot, row, column = made[k, k], made[k] / made[k, k], made[:, k].copy()
        made -= column[:, None] * row
        made[k], made[:, k] = row, -column / pivot
        made[k, k] = 1 / pivot
    return made


def _all_of_four(zone: Mask) -> Mask:
    height, width = zone.shape
    if height % 2 or width % 2:
        zone = np.asarray(
            cv2.copyMakeBorder(zone, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT, value=(255.0,) * 4)
        )
    rows = zone[::2] & zone[1::2]
    return np.ascontiguousarray(rows[:, ::2] & rows[:, 1::2])


def relax(u: Field, f: Field | None, zone: Mask, sweeps: Sweeps = COARSER) -> None:
    """A round of sweeps for `laplacian(u) = -f`, in place, in the zone. Beyond the array: no flux.

    Band by band, each from what the one before left: a band stays in the cache for all its sweeps."""
    height, width = zone.shape
    rows = max(_BAND // width, _LEAST_ROWS)
    for start in range(0, height, rows):
        window = slice(start, min(start + rows, height)), slice(0, width)
        Patch.of(u, zone, window).sweep(f, sweeps)


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of a field that is swept by itself: all but the pixels just around it may change."""

    around: Window
    """The part and those pixels."""
    here: Field
    moving: Window
    """The part within `here`; `mask` and `target` are the zone and the field there."""
    mask: Mask
    target: Field

    @classmethod
    def of(cls, u: Field, zone: Mask, window: Window) -> Patch:
        """The window and `HALO` px around it."""
        around, part = grown(window, HALO + 1, zone.shape), grown(window, HALO, zone.shape)
        here, moving = u[around], inner(part, around)
        return cls(around, here, moving, zone[part], here[moving])

    def sweep(self, f: Field | None, sweeps: Sweeps) -> None:
        """In place, in the zone."""
        swept = np.empty(self.here.shape, np.float32)
        new, load = swept[self.moving], None if f is None else f[self.around]
        for weight, kernel in sweeps:
            cv2.filter2D(self.here, -1, kernel, swept, borderType=cv2.BORDER_REPLICATE)
            if load is not None:
                cv2.scaleAdd(load, weight / 4, swept, swept)
            cv2.copyTo(new, self.mask, self.target)


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
    return np.asarray(big[y : y + rows.stop - rows.start, x : x + columns.stop - columns.start], np.float32)


def corrections(levels: list[Level], number: int, rest: Field) -> Field:
    """What grid `number` has to say to the next finer one's residual, averaged to its cells.

    A sawtooth cycle: residuals go straight down, and every grid is swept once on the way up."""
    level = levels[number]
    f = np.asarray(cv2.copyTo(rest, level.zone), np.float32)
    f *= np.float32(4)
    if number == len(levels) - 1:
        error = np.zeros_like(rest)
        level.solve(error, f)
        return error
    below = corrections(levels, number + 1, halved(f))
    error = np.asarray(cv2.copyTo(enlarged(below, whole(level)), level.zone), np.float32)
    relax(error, f, level.zone)
    if number == _TWICE and len(levels) > _MANY:
        below = corrections(levels, number + 1, halved(laplacian(error) + f))
        cv2.add(error, enlarged(below, whole(level)), error, level.zone)
        relax(error, f, level.zone)
    return error


def whole(level: Level) -> Window:
    """The window that is all of the grid."""
    return slice(0, level.zone.shape[0]), slice(0, level.zone.shape[1])
