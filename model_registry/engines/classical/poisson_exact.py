"""Exact solvers of Laplace's equation in a zone: sparse LU, and multigrid-preconditioned CG with a proven error bound.

The reference for the fast pyramid, and its fallback where that does not contract.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse  # type: ignore[import-untyped]
from scipy.sparse.linalg import SuperLU, splu  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
Field = NDArray[np.floating]
Zone = NDArray[np.bool_]

ACCURACY = 0.05 / 255
"""Largest error of the iterative solve at any pixel, as a share of the largest boundary value."""
DIRECT_LIMIT = 20_000
"""Zones up to this many pixels are best factorised."""
_MAX_ITERATIONS = 100
_SWEEPS = 2
_DAMPING = 0.8
_COARSEST = 8
_SHIFTS = ((0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True, slots=True)
class Factorised:
    """The 5-point operator of a zone, factorised: right-hand sides in the order of `zone`'s pixels."""

    factors: SuperLU
    ring_links: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
    """Unknown, row and column of its neighbour outside the zone, once for each such link."""

    def solve(self, rhs: Floats) -> Floats:
        solution: Floats = self.factors.solve(rhs)
        return solution


def factorised(zone: Zone) -> Factorised:
    """Sparse LU. Every connected part of `zone` must have a pixel beside it. Beyond the array: no flux."""
    height, width = zone.shape
    number = np.full(zone.shape, -1, np.int64)
    ys, xs = np.nonzero(zone)
    number[zone] = np.arange(ys.size)
    degree = np.zeros(ys.size)
    links, ring = [], []
    for dy, dx in _SHIFTS:
        ny, nx = ys + dy, xs + dx
        inside = np.flatnonzero((ny >= 0) & (ny < height) & (nx >= 0) & (nx < width))
        degree[inside] += 1
        neighbour = number[ny[inside], nx[inside]]
        joined = neighbour >= 0
        links.append((inside[joined], neighbour[joined]))
        beside = inside[~joined]
        ring.append((beside, ny[beside], nx[beside]))
    rows, columns = (np.concatenate(side) for side in zip(*links, strict=True))
    matrix = sparse.coo_matrix((np.full(rows.size, -1.0), (rows, columns)), (ys.size, ys.size)).tocsc()
    matrix = (matrix + sparse.diags_array(degree)).tocsc()
    factors = splu(matrix, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    unknown, ny, nx = (np.concatenate(part) for part in zip(*ring, strict=True))
    return Factorised(factors, (unknown, ny, nx))


def solve_directly(planes: Field, zone: Zone) -> Floats:
    """Unknowns x channels. The rows of `zone` must not neighbour another zone's pixels."""
    made = factorised(zone)
    unknown, ny, nx = made.ring_links
    rhs = np.zeros((int(np.count_nonzero(zone)), planes.shape[2]))
    np.add.at(rhs, unknown, planes[ny, nx])
    return made.solve(rhs)


@dataclass(frozen=True, slots=True)
class _Level:
    """One grid of the multigrid: the 5-point operator on its active cells."""

    active: NDArray[np.floating]
    degree: NDArray[np.floating]
    """Neighbours that exist (fewer at the border: no flux), times `weight`."""
    weight: float
    """Strength of one link: halved each time only one axis is coarsened."""

    def apply(self, u: Field) -> Field:
        """The operator; `u` is 0 on cells that are not active."""
        out = u * self.degree
        near = u if self.weight == 1 else u * u.dtype.type(self.weight)
        out[:, 1:] -= near[:, :-1]
        out[:, :-1] -= near[:, 1:]
        out[:, :, 1:] -= near[:, :, :-1]
        out[:, :, :-1] -= near[:, :, 1:]
        out *= self.active
        return out

    def smooth(self, u: Field, f: Field, sweeps: int) -> None:
        """Damped Jacobi, in place on `u`."""
        step = self.active * f.dtype.type(_DAMPING) / self.degree
        for _ in range(sweeps):
            u += step * (f - self.apply(u))


def _level(zone: Zone, weight: float, dtype: type[np.floating]) -> _Level:
    height, width = zone.shape
    rows = 2.0 - (np.arange(height) == 0) - (np.arange(height) == height - 1)
    columns = 2.0 - (np.arange(width) == 0) - (np.arange(width) == width - 1)
    degree = np.maximum(rows[:, None] + columns, 1) * weight
    return _Level(zone.astype(dtype), degree.astype(dtype), weight)


def _hierarchy(zone: Zone) -> list[_Level]:
    """Ever coarser grids. A coarse cell is active if all its children are (McAdams, Sifakis and Teran 2010)."""
    levels, weight = [], 1.0
    while zone.any():
        levels.append(_level(zone, weight, np.float32))
        height, width = zone.shape
        if max(height, width) <= _COARSEST:
            break
        weight *= 1.0 if min(height, width) > 1 else 0.5
        padded = np.pad(zone, ((0, height % 2), (0, width % 2)), constant_values=True)
        zone = padded[::2, ::2] & padded[1::2, ::2] & padded[::2, 1::2] & padded[1::2, 1::2]
    return levels


def _prolong_axis(coarse: Field, size: int) -> Field:
    """Linear interpolation along axis 1 from cell centres twice as far apart."""
    if size == 1:
        return coarse
    before = np.concatenate((coarse[:, :1], coarse[:, :-1]), 1)
    after = np.concatenate((coarse[:, 1:], coarse[:, -1:]), 1)
    fine = np.empty((coarse.shape[0], 2 * coarse.shape[1], *coarse.shape[2:]), coarse.dtype)
    fine[:, ::2] = 0.75 * coarse + 0.25 * before
    fine[:, 1::2] = 0.75 * coarse + 0.25 * after
    return fine[:, :size]


def _restrict_axis(fine: Field) -> Field:
    """The transpose of `_prolong_axis`."""
    size = fine.shape[1]
    if size == 1:
        return fine
    if size % 2:
        fine = np.concatenate((fine, np.zeros_like(fine[:, :1])), 1)
    even, odd = fine[:, ::2], fine[:, 1::2]
    coarse = 0.75 * (even + odd)
    coarse[:, :-1] += 0.25 * even[:, 1:]
    coarse[:, 1:] += 0.25 * odd[:, :-1]
    coarse[:, 0] += 0.25 * even[:, 0]
    coarse[:, -1] += 0.25 * odd[:, -1]
    return coarse


def _turn(planes: Field) -> Field:
    return np.ascontiguousarray(planes.swapaxes(1, 2))


def _cycle(levels: list[_Level], residual: Field) -> Field:
    """One symmetric V-cycle from 0: the preconditioner."""
    level = levels[0]
    u = np.zeros_like(residual)
    if len(levels) == 1:
        level.smooth(u, residual, 12 * _SWEEPS)
        return u
    level.smooth(u, residual, _SWEEPS)
    left = residual - level.apply(u)
    coarse = _turn(_restrict_axis(_turn(_restrict_axis(left)))) * levels[1].active
    correction = _cycle(levels[1:], coarse)
    width = _turn(_prolong_axis(_turn(correction), level.active.shape[1]))
    u += _prolong_axis(width, level.active.shape[0]) * level.active
    level.smooth(u, residual, _SWEEPS)
    return u


def _conjugate_gradients(
    levels: list[_Level], fine: _Level, rhs: Floats, tolerance: float, start: Floats | None = None
) -> Floats | None:
    """Multigrid-preconditioned CG on every plane of `rhs` until no residual exceeds `tolerance`; None if it never does."""
    u = np.zeros_like(rhs) if start is None else start.copy()
    residual = rhs - fine.apply(u)
    direction: Field = np.zeros_like(rhs)
    rho = np.ones(rhs.shape[0])
    for _ in range(_MAX_ITERATIONS):
        if np.abs(residual).max() <= tolerance:
            return u
        size = max(float(np.abs(residual).max()), 1e-300)
        z = _cycle(levels, (residual / size).astype(np.float32)).astype(np.float64) * size
        last, rho = rho, np.einsum("khw,khw->k", residual, z)
        direction = z + _ratio(rho, last)[:, None, None] * direction
        turned = fine.apply(direction)
        step = _ratio(rho, np.einsum("khw,khw->k", direction, turned))[:, None, None]
        u += step * direction
        residual -= step * turned
    return None


def _ratio(above: Floats, below: Floats) -> Floats:
    """0 where both are 0: a plane whose right-hand side is 0 is solved from the start."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def solve_by_conjugate_gradients(planes: Field, zone: Zone, start: Field | None = None) -> Floats:
    """Unknowns x channels. The error is bounded, not hoped for, wherever it starts from (HxWxC; from 0 when None).

    The matrix A is an M-matrix, so if A w >= 1 everywhere then |A^-1 r| <= max(w) max|r|: the residual is driven below
    ACCURACY / max(w), times the largest boundary value.
    """
    ring = np.where(ring_of(zone)[..., None], planes, 0).transpose(2, 0, 1).astype(np.float64)
    fine, levels = _level(zone, 1.0, np.float64), _hierarchy(zone)
    coupling = _Level(fine.active, np.zeros_like(fine.degree), 1.0)
    rhs = -np.asarray(coupling.apply(ring), np.float64)
    largest = float(np.abs(ring).max())
    if largest == 0:
        return np.zeros((int(np.count_nonzero(zone)), planes.shape[2]))
    bound = _barrier(zone)
    if bound is None:
        barrier = _conjugate_gradients(levels, fine, fine.active[None].astype(np.float64), 0.5)
        bound = None if barrier is None else 2 * float(barrier.max())
    if bound is not None:
        begun = None if start is None else np.where(zone, start.transpose(2, 0, 1), 0).astype(np.float64)
        solution = _conjugate_gradients(levels, fine, rhs, ACCURACY * largest / bound, begun)
        if solution is not None:
            return np.ascontiguousarray(solution[:, zone].T)
    return solve_directly(planes, zone)


def _barrier(zone: Zone) -> float | None:
    """The largest value of some w with A w >= 1 on the zone; None where the zone touches the border on both axes.

    Between two lines n + 1 px apart with the zone between them, w = x (n + 1 - x) / 2 has A w = 1: along the lines it does not
    change, and where the zone ends earlier, w is more than the 0 that A has there."""
    free = []
    for axis in (0, 1):
        lines = np.flatnonzero(zone.any(1 - axis))
        if lines.size and lines[0] > 0 and lines[-1] < zone.shape[axis] - 1:
            free.append(int(lines[-1] - lines[0]) + 2)
    return min(free) ** 2 / 8 if free else None


def ring_of(zone: Zone) -> Zone:
    """Pixels outside the zone with a 4-neighbour in it."""
    return np.asarray(ndimage.binary_dilation(zone) & ~zone)
