"""What selective enlarging is given and what it gives back: rungs, target, guards, routing, fidelity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Pixels, Raster

UNKNOWN_REACH = 32
"""Pixels of the input taken as a rung's reach where its card does not know it."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to enlarge, from the cheapest (first, everywhere) to the dearest (last, only where it pays)."""

    ref: str
    """`id@version` of the engine, for reports."""
    enlarge: Callable[[Pixels], Pixels]
    """h×w×c float32 0–1 (c = 1 or 3) to (h·scale)×(w·scale)×c. Raises EngineOutOfMemory or EngineFault."""
    cost: float
    """Seconds per megapixel of output, from the card: only the ratios matter."""
    reach: int = 0
    """Input pixels around a pixel that its result depends on; 0 = unknown."""
    invents: bool = False
    """Adds texture that is not in the picture: kept out of protected boxes, and held to the bound on invention."""

    @property
    def halo(self) -> int:
        """Input pixels shown around a piece, and cut away again."""
        return self.reach or UNKNOWN_REACH


@dataclass(frozen=True, slots=True)
class Target:
    """What may be lost, and what may be spent. The cheapest routing that keeps `loss_db`, as far as `budget` goes."""

    loss_db: float = 0.02
    """Most PSNR (dB, whole picture, expected) that may be lost against the top rung everywhere; 0 = the top rung wherever
    a cell is not flat."""
    budget: float = 1.0
    """Most share (0–1) of the cost of the top rung everywhere that may be spent, by the rungs' `cost`; 1 = no bound."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """How the picture is cut. `cell`, `most_cells` and `context` decide the result; `memory` never does."""

    cell: int = 32
    """Side of a cell, px of the input. The grid starts at the top left, whatever the memory."""
    most_cells: tuple[int, int] = (8, 8)
    """Largest window, rows × columns of cells."""
    context: int = 5
    """Px of the input shown around a window (less where the rung's reach is less), and cut away again."""
    ramp: int = 2
    """Px of the input outside a window over which it is faded into a lower rung's cells."""
    memory: int = 320 * 320
    """Most px of the input that a rung is shown at once; a larger window is made in pieces that overlap by the reach."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Bounds the result is held to."""

    consistency_db: float = 45.0
    """Least PSNR of the result, scaled down again, to the source; back-projection is used where a clean cell has less."""
    colour_levels: float = 0.3
    """Most shift of the low-frequency colour, levels of 255."""
    invention: float = 0.5
    """Most energy of fine detail per cell that neither the source nor the cheap network explains, against what they do
    explain (0 = none, 1 = as much again); above it a cell falls to the next lower rung. Only rungs that invent."""
    protected_top: int = 1
    """Highest rung used in protected boxes."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A cell that was not made by the rung chosen for it."""

    row: int
    column: int
    chosen: int
    made: int
    why: str
    """`out of memory`, `engine fault`, `invention`, with the engine's own words where there are any."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Which rung made each cell, and why."""

    cell: int
    """Side of a cell, px of the input."""
    rungs: tuple[str, ...]
    """The ladder: `Rung.ref`s."""
    choice: NDArray[np.int8]
    """rows×cols: the rung that made the cell, falls included."""
    uncertainty: NDArray[np.float32]
    """rows×cols, 0–1: error (levels) that bicubic is expected to make here over the reference network, over itself plus 4."""
    cells: tuple[int, ...]
    """Cells made by each rung."""
    seconds: tuple[float, ...]
    """Expected seconds spent on each rung, by its `cost`, halos included."""
    saved: float
    """Share (0–1) of the cost of the top rung everywhere that was not spent."""
    expected_loss_db: float
    """Expected loss against the top rung everywhere."""
    falls: tuple[Fall, ...] = ()


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What the result was held to, measured."""

    consistency_db: float
    """PSNR of the result, scaled down again by antialiased bicubic, to the source; 99 where they are equal."""
    worst_cell_db: float
    """The least of it over cells."""
    colour_shift: float
    """Largest shift of a channel's mean, levels of 255."""
    local_colour_shift: float
    """Largest shift of a cell's mean colour, levels of 255."""
    corrected: int
    """Cells that were back-projected or had their colour locked."""
    consistency: NDArray[np.float32]
    """rows×cols, dB, at most 99."""
    wanted: NDArray[np.float32]
    """rows×cols, dB: what a cell is to reach: the bound, and no more than the source's noise and its levels let it; 0 when
    cleaning."""
    invention: NDArray[np.float32]
    """rows×cols: unexplained detail as `Guards.invention` counts it, where a rung that invents was tried; 0 elsewhere."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of one picture."""

    scale: int
    target: Target = field(default_factory=Target)
    cutting: Cutting = field(default_factory=Cutting)
    guards: Guards = field(default_factory=Guards)
    protected: tuple[Box, ...] = ()
    """Boxes, px of the input, where rungs above `guards.protected_top` are never used."""
    choice: NDArray[np.int8] | None = None
    """A routing given from outside (rows×cols) in place of the predicted one, as a rerun of one region does."""


@dataclass(frozen=True, slots=True)
class Enlarged:
    """The picture, and how it was made."""

    raster: Raster
    """At the source's depth, with its alpha and metadata."""
    routing: Routing
    fidelity: Fidelity
