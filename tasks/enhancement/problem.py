"""A picture's routing as a sum: what each cell loses by each rung, what it has already, what it may have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.enhancement.grid import Grid
from tasks.enhancement.rungs import Cutting, Rung

Choice = NDArray[np.int8]
"""rows×cols: a rung for each cell."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One picture's routing."""

    grid: Grid
    rungs: tuple[Rung, ...]
    cutting: Cutting
    losses: NDArray[np.float32]
    """rungs×rows×cols, mean squared error per pixel over the top rung's, in levels²."""
    rest: NDArray[np.float32]
    """rows×cols, levels²: squared error of the top rung."""
    floor: Choice
    """rows×cols: the rung each cell has already; it costs nothing more."""
    top: Choice
    """rows×cols: the highest rung each cell may have."""

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """rungs×rows×cols."""
        level = np.arange(len(self.rungs))[:, None, None]
        out: NDArray[np.bool_] = (level == self.floor) | ((level > self.floor) & (level <= self.top))
        return out


@dataclass(frozen=True, slots=True)
class Layout:
    """A choice, with what it is expected to lose and to cost."""

    choice: Choice
    loss_db: float
    areas: tuple[int, ...]
    """Pixels of the input that each rung above the floor is shown, halos included."""


def loss_db(problem: Problem, choice: Choice) -> float:
    """Expected PSNR (dB, whole picture) below the best that each cell is allowed."""
    return float(10 * np.log10(1 + lost(problem, choice) / _whole(problem)))


def lost(problem: Problem, choice: Choice) -> float:
    """The same as squared error: levels² summed over the input's pixels."""
    over = np.maximum(picked(problem.losses, choice) - picked(problem.losses, problem.top), 0)
    return float((over * problem.grid.areas).sum())


def allowance(problem: Problem, loss: float) -> float:
    """How much of it may be lost for `loss` dB."""
    return float((10 ** (loss / 10) - 1) * _whole(problem))


def _whole(problem: Problem) -> float:
    """What the top rung leaves, no less than rounding does."""
    areas = problem.grid.areas
    return max(float((problem.rest * areas).sum()), 1e-3 * float(areas.sum()))


def spent(problem: Problem, layout: Layout) -> float:
    """Share of the cost of the top rung everywhere: what is there already, and the layout's windows."""
    costs = [rung.cost for rung in problem.rungs]
    already = float((np.asarray(costs)[problem.floor] * problem.grid.areas).sum())
    more = sum(cost * area for cost, area in zip(costs, layout.areas, strict=True))
    return (already + more) / max(costs[-1] * problem.grid.height * problem.grid.width, 1e-12)


def picked(values: NDArray[np.float32], choice: Choice) -> NDArray[np.float32]:
    """rows×cols of rungs×rows×cols."""
    out: NDArray[np.float32] = np.take_along_axis(values, choice[None].astype(np.intp), axis=0)[0]
    return out
