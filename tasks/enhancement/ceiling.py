"""The highest rung each cell may have: boxes that are protected, and, when cleaning, what is clean already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.enhancement.grid import Grid
from tasks.enhancement.rungs import Request, Rung


def ceiling(grid: Grid, rungs: Sequence[Rung], request: Request, flat: Zone) -> NDArray[np.int8]:
    """rows×cols. Cells that meet a protected box, or from which a ramp would reach into it, stop at the highest rung that
    does not invent and is no higher than `guards.protected_top`. At scale 1 flat cells (rows×cols) stop at rung 0."""
    out = np.full(grid.shape, len(rungs) - 1, np.int8)
    gentle = [
        n for n, rung in enumerate(rungs[: request.guards.protected_top + 1]) if not rung.invents or not n
    ]
    for box in request.protected:
        cells = grid.touched(box, by=request.cutting.ramp).where
        out[cells] = np.minimum(out[cells], gentle[-1])
    return np.where(flat, 0, out).astype(np.int8) if request.scale == 1 else out
