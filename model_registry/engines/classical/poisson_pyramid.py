"""The fast solver of Laplace's equation in a zone: a full multigrid whose finest grid lives only near the zone's edge.

Multigrid on cell-centred grids (Trottenberg, Oosterlee and Schueller 2001) with Chebyshev-weighted Jacobi sweeps; a coarse cell
is active if all its children are (McAdams, Sifakis and Teran 2010). Away from the edge the solution is smooth, and bilinear
enlargement from cell centres is fourth-order exact there: its leading error, 3/32 h^2 (u_xx + u_yy), is 0 for a harmonic
function. So the finest grid is swept only in tiles within `MARGIN` px of an edge, as quadtrees do (Agarwala 2007).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson_levels import (
    FINEST,
    Field,
    Level,
    Patch,
    corrections,
    enlarged,
    halved,
    laplacian,
    relax,
    whole,
)
from model_registry.engines.classical.poisson_tiles import Window, grown, inner, lower, tiles

SAFETY = 1.25
"""On the error that the last corrections and their ratio predict: geometric sums of a ratio that may still grow."""
_LEAST_RATIO = 0.2
_MOST_RATIO = 0.9
_MOST_CYCLES = 16
_EVEN = 8


def solve(
    ring: tuple[NDArray[np.intp], NDArray[np.intp]], values: Field, zone: NDArray[np.uint8], tolerance: float
) -> Field | None:
    """The harmonic field in `zone` (HxW, 255 inside) with `values` (N, or NxC with C <= 4; float32) on the `ring` pixels.

    Returns float32 HxW or HxWxC: right within `tolerance` (predicted from the contraction of the corrections, times `SAFETY`) in
    the zone, anything outside it; or None if the iteration does not contract fast enough to say so.
    """
    height, width = zone.shape
    levels = [Level(_evened(zone), ring, values)]
    while (coarser := levels[-1].coarser()) is not None:
        levels.append(coarser)
    found = _alone(levels[0], tolerance) if len(levels) == 1 else _Finest(levels).solve(tolerance)
    return None if found is None else found[:height, :width]


def _evened(zone: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without odd ends, which cost a copy at every halving; not where the zone ends there, for there is no flux."""
    height, width = zone.shape
    below = 0 if zone[-1].any() else -height % _EVEN
    right = 0 if zone[:, -1].any() else -width % _EVEN
    return np.pad(zone, ((0, below), (0, right)))


def _alone(level: Level, tolerance: float) -> Field | None:
    """Zones without a coarser grid: solved directly, or, where nothing is wider than three pixels, by sweeps alone."""
    u = level.start()
    u[level.zone > 0] = level.values.mean(0)
    if level.solver is not None:
        level.solve(u, None)
        return u
    change = np.inf
    for _ in range(_MOST_CYCLES):
        before, last = u.copy(), change
        relax(u, None, level.zone)
        change = float(np.abs(u - before).max())
        if _predicted(change, last) <= tolerance:
            return u
    return None


def _predicted(change: float, last: float) -> float:
    """The error left after a correction of this size, the one before having been `last`."""
    ratio = max(change / last, _LEAST_RATIO) if last > 0 else _LEAST_RATIO
    return np.inf if ratio > _MOST_RATIO else SAFETY * change * ratio / (1 - ratio)


class _Finest:
    """The finest grid near the edges and the next coarser one elsewhere, solved together."""

    def __init__(self, levels: list[Level]) -> None:
        self.levels = levels
        self.zone = levels[0].zone
        self.near, self.beyond, self.far = tiles(self.zone)
        self.coarse = _ascended(levels)
        self.u = np.zeros((*self.zone.shape, *self.coarse.shape[2:]), np.float32)
        for window in self.near + self.beyond:
            self.u[window] = enlarged(self.coarse, window)
        self.u[levels[0].ring] = levels[0].values
        self.patches = [Patch.of(self.u, self.zone, window) for window in self.near if self.beyond]

    def solve(self, tolerance: float) -> Field | None:
        self._relax()
        change = np.inf
        for _ in range(_MOST_CYCLES):
            last, change = change, self._cycle()
            if _predicted(change, last) <= tolerance:
                for window in self.beyond + self.far:
                    self.u[window] = enlarged(self.coarse, window)
                return self.u
        return None

    def _cycle(self) -> float:
        """A correction from the coarser grids, and sweeps. Returns the largest change, anywhere."""
        before = [self.u[window].copy() for window in self.near]
        error = corrections(self.levels, 1, self._residual())
        cv2.add(self.coarse, error, self.coarse)
        for window in self.near:
            pixels = self.u[window]
            cv2.add(pixels, enlarged(error, window), pixels, self.zone[window])
        for window in self.beyond:
            self.u[window] = enlarged(self.coarse, window)
        self._relax()
        pairs = zip(self.near, before, strict=True)
        return max(cv2.norm(error, cv2.NORM_INF), *(cv2.norm(self.u[w], b, cv2.NORM_INF) for w, b in pairs))

    def _relax(self) -> None:
        """Sweeps tile by tile, each from what the ones before it left."""
        if not self.patches:
            relax(self.u, None, self.zone, FINEST)
        for patch in self.patches:
            patch.sweep(None, FINEST)

    def _residual(self) -> Field:
        """On the coarser grid: the finest grid's where that is kept, the coarser one's own elsewhere."""
        active = self.levels[1].zone
        residuals: list[tuple[Window, Field]] = []
        for window in self.near:
            around, below = grown(window, 1, self.zone.shape), lower(window)
            r = laplacian(self.u[around])[inner(window, around)]
            residuals.append((below, halved(r)))
            if self.beyond:
                means = halved(self.u[window], cv2.BORDER_REPLICATE)
                cv2.copyTo(means, active[below], self.coarse[below])
        rest = laplacian(self.coarse) if self.beyond else np.zeros_like(self.coarse)
        rest *= np.float32(0.25)
        for below, r in residuals:
            rest[below] = r
        return rest


def _ascended(levels: list[Level]) -> Field:
    """A first solution on the second finest grid: each grid starts from the coarser one's."""
    last = len(levels) - 1
    u = levels[last].start()
    u[levels[last].zone > 0] = levels[last].values.mean(0)
    levels[last].solve(u, None)
    for number in range(last - 1, 0, -1):
        level = levels[number]
        u = np.asarray(cv2.copyTo(enlarged(u, whole(level)), level.zone, level.start()))
        relax(u, None, level.zone)
    return u
