"""A picture enlarged in overlapping pieces, where an engine cannot take it whole: too large for it, or for the memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model_registry.engines.contract import Pixels
from model_registry.errors import EngineFault, EngineOutOfMemory

HALO = 32
"""Least pixels looked at beyond a piece and thrown away: more than any of our classical engines sees, so their pieces fit
exactly."""
LEAST = 64
"""Pieces no larger than this, px, are not cut again."""
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Piecework:
    """How a picture is worked on."""

    engine: str
    """For messages."""
    scale: int
    most: int
    """Longest side that the engine takes, px; 0 for any."""
    step: int
    """Pieces begin at multiples of this, px."""
    make: Callable[[Pixels], Pixels]
    """Enlarges a picture; raises EngineOutOfMemory where it is too large for the memory."""
    reach: int = 0
    """Pixels around a pixel that the engine looks at; 0 = not known."""

    @property
    def halo(self) -> int:
        """At least the engine's reach, and a multiple of `step`."""
        return -(-max(HALO, self.reach) // self.step) * self.step


def enlarged(image: Pixels, how: Piecework) -> Pixels:
    """(H·scale)×(W·scale)×C from H×W×C: whole where that can be done, else in halves, and halves of these, each with a halo.

    Only what failed is cut, so the rest keeps its pieces. Raises EngineOutOfMemory when the smallest piece is too large, and
    EngineFault when the engine takes no piece of a useful size."""
    height, width = image.shape[:2]
    out = np.empty((height * how.scale, width * how.scale, image.shape[2]), np.float32)
    _into(out, image, (0, 0, width, height), how)
    return out


def _into(out: Pixels, image: Pixels, core: Box, how: Piecework) -> None:
    seen = _grown(core, how.halo, image.shape[1], image.shape[0])
    longest = max(seen[2] - seen[0], seen[3] - seen[1])
    smallest = max(core[2] - core[0], core[3] - core[1]) <= max(LEAST, how.step)
    if not how.most or longest <= how.most:
        try:
            _write(out, how.make(_cut(image, seen)), core, seen, how.scale)
        except EngineOutOfMemory:
            if smallest:
                raise
        else:
            return
    elif smallest:
        raise EngineFault(
            f"{how.engine} takes sides up to {how.most} px, too few for a piece and its surroundings ({longest} px)"
        )
    for half in _halves(core, how.step):
        _into(out, image, half, how)


def _write(out: Pixels, made: Pixels, core: Box, seen: Box, scale: int) -> None:
    x0, y0, x1, y1 = (side * scale for side in core)
    left, top = seen[0] * scale, seen[1] * scale
    out[y0:y1, x0:x1] = made[y0 - top : y1 - top, x0 - left : x1 - left]


def _cut(image: Pixels, box: Box) -> Pixels:
    x0, y0, x1, y1 = box
    return image[y0:y1, x0:x1]


def _grown(box: Box, by: int, width: int, height: int) -> Box:
    x0, y0, x1, y1 = box
    return max(x0 - by, 0), max(y0 - by, 0), min(x1 + by, width), min(y1 + by, height)


def _halves(box: Box, step: int) -> tuple[Box, Box]:
    """The longer side in two, at a multiple of `step`."""
    x0, y0, x1, y1 = box
    if x1 - x0 >= y1 - y0:
        middle = x0 + _middle(x1 - x0, step)
        return (x0, y0, middle, y1), (middle, y0, x1, y1)
    middle = y0 + _middle(y1 - y0, step)
    return (x0, y0, x1, middle), (x0, middle, x1, y1)


def _middle(length: int, step: int) -> int:
    return max(-(-length // 2) // step * step, step)
