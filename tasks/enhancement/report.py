"""What is said of an enlarged picture: which rung made what, at what cost, and how true to its source it is."""

from __future__ import annotations

import numpy as np

from tasks.enhancement.consistency import Consistency, decibels
from tasks.enhancement.grid import Cells
from tasks.enhancement.making import Maker
from tasks.enhancement.rungs import Fidelity, Routing

_UNSURE = 4.0
"""Levels of 255 of expected error that the cheapest rung makes over the reference where it is half unsure."""


def routing_report(maker: Maker, gain: Cells, expected_db: float) -> Routing:
    """gain: rows×cols, levels², as expected; expected_db: of the choice before anything fell."""
    grid, area = maker.canvas.grid, maker.canvas.scale**2 / 1e6
    seconds = tuple(rung.cost * shown * area for rung, shown in zip(maker.rungs, maker.shown, strict=True))
    everywhere = maker.rungs[-1].cost * grid.height * grid.width * area
    error = np.sqrt(np.maximum(gain, 0))
    return Routing(
        cell=grid.cell,
        rungs=tuple(rung.ref for rung in maker.rungs),
        choice=maker.choice.copy(),
        uncertainty=(error / (error + _UNSURE)).astype(np.float32),
        cells=tuple(int((maker.choice == n).sum()) for n in range(len(maker.rungs))),
        seconds=seconds,
        saved=1 - sum(seconds) / everywhere if everywhere else 0.0,
        expected_loss_db=expected_db,
        falls=maker.falls,
    )


def fidelity_report(held: Consistency, invented: Cells, wanted: Cells) -> Fidelity:
    """held: of the finished canvas; invented, wanted: rows×cols."""
    areas = held.canvas.grid.areas
    whole = np.asarray((held.error * areas).sum() / areas.sum(), np.float32)
    means = (held.shift * areas[..., None]).sum(axis=(0, 1)) / areas.sum()
    cells = held.decibels
    return Fidelity(
        consistency_db=float(decibels(whole)),
        worst_cell_db=float(cells.min()),
        colour_shift=float(np.abs(means).max()),
        local_colour_shift=float(np.abs(held.shift).max()),
        corrected=int(held.corrected.sum()),
        consistency=cells,
        wanted=wanted,
        invention=invented,
    )
