"""Looks at what each rung makes as it is made: how far the cheap network moves a cell, and who invents too much."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tasks.contracts import Box, Pixels, Raster, Zone
from tasks.enhancement.features import Features, moved
from tasks.enhancement.grid import Cells, Window, means
from tasks.enhancement.invention import invention
from tasks.enhancement.joining import Canvas, cropped
from tasks.enhancement.rungs import Rung


@dataclass(slots=True)
class Witness:
    """Of one picture."""

    raster: Raster
    seen: Features
    canvas: Canvas
    rungs: tuple[Rung, ...]
    bound: float
    """Most invention that a rung which invents may keep."""
    probed: bool = False
    """True once the cheap rungs lie on the canvas everywhere."""
    moved: Cells = field(init=False)
    """rows×cols, levels²: how far the second rung moved each cell from bicubic; where it was looked at."""
    invented: Cells = field(init=False)
    """rows×cols: invention of the rungs that invent."""

    def __post_init__(self) -> None:
        self.moved = np.zeros(self.canvas.grid.shape, np.float32)
        self.invented = np.zeros(self.canvas.grid.shape, np.float32)

    def probe(self, rung: int, made: Pixels, box: Box, part: Window) -> Zone | None:
        """Note how far a rung moved the cells of `part`; refuses none."""
        made, box = self._inner(made, box, part)
        side = self.canvas.grid.cell * self.canvas.scale
        self.moved[part.where] = means(moved(self.raster, made, box, self.canvas.scale), side)
        return None

    def judge(self, rung: int, made: Pixels, box: Box, part: Window) -> Zone | None:
        """The cells of `part` (rows×cols) in which a rung that invents does so beyond the bound; None for other rungs."""
        if not self.rungs[rung].invents:
            return None
        made, box = self._inner(made, box, part)
        cheap = self._cheap(box, made.shape[2]) if self.probed else None
        canvas, detail = self.canvas, self.seen.detail[part.where]
        score = invention(self.raster, detail, made, cheap, box, canvas.grid.cell, canvas.scale)
        self.invented[part.where] = score
        return np.asarray(score > self.bound)

    def _inner(self, made: Pixels, box: Box, part: Window) -> tuple[Pixels, Box]:
        """Without the ramp around the cells."""
        inner = self.canvas.grid.box(part)
        return cropped(made, inner, box, self.canvas.scale), inner

    def _cheap(self, box: Box, channels: int) -> Pixels:
        return self.canvas.view(box, channels).astype(np.float32) / np.float32(self.canvas.levels)
