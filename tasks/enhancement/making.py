"""Make the cells of one rung, window by window, in pieces that fit the memory; what cannot be made falls to the next rung."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model_registry.errors import EngineFault
from tasks.contracts import Box, Pixels, Raster, Zone
from tasks.enhancement.grid import Window
from tasks.enhancement.joining import Canvas, Turn, cropped, join
from tasks.enhancement.rungs import Cutting, Fall, Rung
from tasks.enhancement.windows import cover, numbered, shown_area

Judge = Callable[[int, Pixels, Box, Window], Zone | None]
"""(rung, what it made, the input box of that, the cells in it) to the cells (rows×cols of the window) it may not keep."""


@dataclass(slots=True)
class Maker:
    """The state of one picture: which rung each cell is to be made by, and what fell."""

    raster: Raster
    canvas: Canvas
    rungs: tuple[Rung, ...]
    cutting: Cutting
    choice: NDArray[np.int8]
    """rows×cols, changed as cells fall."""
    closed: Zone
    """rows×cols: cells that no ramp enters."""
    judge: Judge | None = None
    shown: list[int] = field(init=False)
    """Pixels of the input that each rung was shown, the surroundings of its windows included."""
    fallen: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)
    """Cell to the rung first chosen for it, and why that one failed."""

    def __post_init__(self) -> None:
        self.shown = [0] * len(self.rungs)

    def sweep(self, rung: int) -> None:
        """Make all cells whose choice is `rung`; those that fail are made by the next lower rung that can.

        Fallen cells come after their neighbours, so their ramp enters these. EngineFault where the first rung fails."""
        left = self._turn(rung, self.choice == rung, (self.choice < rung) & ~self.closed)
        while left.any():
            rung -= 1
            left = self._turn(rung, left, ~left & ~self.closed)

    @property
    def falls(self) -> tuple[Fall, ...]:
        return tuple(
            Fall(*at, chosen, int(self.choice[at]), why) for at, (chosen, why) in sorted(self.fallen.items())
        )

    def _turn(self, rung: int, wanted: Zone, open_: Zone) -> Zone:
        """The cells (rows×cols) that fell."""
        context = context_of(self.rungs[rung], self.cutting)
        windows = cover(wanted, self.canvas.grid, context, self.cutting.most_cells)
        number = np.where(wanted, numbered(windows, wanted.shape), -1).astype(np.int32)
        turn = Turn(number, open_.copy())
        for n, window in enumerate(windows):
            self.shown[rung] += shown_area(self.canvas.grid, window, context)
            self._window(rung, turn, n, window)
        return wanted & (turn.number < 0)

    def _window(self, rung: int, turn: Turn, n: int, window: Window) -> None:
        grid = self.canvas.grid
        seen = grid.box(window, context_of(self.rungs[rung], self.cutting))
        for part in self._pieces(rung, window, seen):
            self._piece(rung, turn, n, part, window, seen)

    def _pieces(self, rung: int, window: Window, seen: Box) -> Iterator[Window]:
        """The window in halves, and halves of these, until each fits the memory or is one cell."""
        x0, y0, x1, y1 = self._shown(rung, self._core(window, window), seen)
        if (x1 - x0) * (y1 - y0) <= self.cutting.memory or window.shape == (1, 1):
            yield window
        else:
            for half in halves(window):
                yield from self._pieces(rung, half, seen)

    def _piece(self, rung: int, turn: Turn, n: int, part: Window, window: Window, seen: Box) -> None:
        """Make and join one piece, in halves where memory runs short; one cell that cannot be made falls."""
        core = self._core(part, window)
        shown = self._shown(rung, core, seen)
        try:
            made = self.rungs[rung].enlarge(self.raster.crop(shown))
        except (EngineFault, MemoryError) as error:
            if part.shape != (1, 1):
                for half in halves(part):
                    self._piece(rung, turn, n, half, window, seen)
                return
            if not rung:
                raise
            self._fall(rung, turn, part, np.ones((1, 1), np.bool_), _reason(error))
            return
        made = cropped(made, core, shown, self.canvas.scale)
        refused = self.judge(rung, made, core, part) if rung and self.judge else None
        if refused is not None and refused.any():
            self._fall(rung, turn, part, refused, "invention")
        join(self.canvas, made, core, turn, n)

    def _fall(self, rung: int, turn: Turn, part: Window, which: Zone, why: str) -> None:
        """`which` (rows×cols of `part`): cells of this turn that the next lower rung must make."""
        for row, column in np.argwhere(which):
            at = (int(part.top + row), int(part.left + column))
            if turn.number[at] >= 0:
                self.fallen.setdefault(at, (rung, why))
                self.choice[at] = rung - 1
                turn.number[at], turn.open[at] = -1, True

    def _core(self, part: Window, window: Window) -> Box:
        """The pixels a piece answers for: its cells, and the ramp where they are at the window's rim."""
        grid, ramp = self.canvas.grid, self.canvas.ramp
        x0, y0, x1, y1 = grid.box(part)
        return (
            max(x0 - ramp * (part.left == window.left), 0),
            max(y0 - ramp * (part.top == window.top), 0),
            min(x1 + ramp * (part.right == window.right), grid.width),
            min(y1 + ramp * (part.bottom == window.bottom), grid.height),
        )

    def _shown(self, rung: int, core: Box, seen: Box) -> Box:
        """A piece with the rung's whole reach around it, never more than the window is shown."""
        by = self.rungs[rung].halo
        x0, y0, x1, y1 = core
        return max(x0 - by, seen[0]), max(y0 - by, seen[1]), min(x1 + by, seen[2]), min(y1 + by, seen[3])


def context_of(rung: Rung, cutting: Cutting) -> int:
    """Px of the input that a rung is shown around a window."""
    return max(min(rung.halo, cutting.context), cutting.ramp)


def halves(part: Window) -> tuple[Window, Window]:
    """The longer side in two, between cells."""
    top, left, bottom, right = part.top, part.left, part.bottom, part.right
    if bottom - top > right - left:
        middle = (top + bottom) // 2
        return Window(top, left, middle, right), Window(middle, left, bottom, right)
    middle = (left + right) // 2
    return Window(top, left, bottom, middle), Window(top, middle, bottom, right)


def _reason(error: Exception) -> str:
    kind = "engine fault" if type(error) is EngineFault else "out of memory"
    return f"{kind}: {error}" if str(error) else kind
