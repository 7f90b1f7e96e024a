"""Where pictures of several sizes are laid over one another: counted from a corner, an edge's middle or the centre, or scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

Size = tuple[int, int]
"""Height and width, px."""
Levels = NDArray[np.uint8]
_PLACES = (0.0, 0.5, 1.0)
_SAME_SHAPE = 0.01


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where positions are counted from, as a share of width and height: 0 left or top, 0.5 the middle, 1 right or bottom."""

    x: float
    y: float

    def corner(self, size: Size, window: Size) -> tuple[int, int]:
        """Top left (x, y) of a window of height×width in a picture of height×width, px."""
        return round((size[1] - window[1]) * self.x), round((size[0] - window[0]) * self.y)


@dataclass(frozen=True, slots=True)
class Placement:
    """How the pictures are aligned: an anchor, and whether the overlay grows with the picture's width."""

    anchor: Anchor
    window: Size
    """Height and width that boxes are counted in."""
    scaled: bool = False
    """True: a picture is first brought to the window's width."""

    def factor(self, size: Size) -> float:
        """By how much lengths in the window grow on a picture of this size."""
        return size[1] / self.window[1] if self.scaled else 1.0

    def box_in(self, box: Box, size: Size) -> Box:
        """Where a box of the window lies on a picture of this size; may reach outside it."""
        factor = self.factor(size)
        virtual = (round(size[0] / factor), self.window[1]) if self.scaled else size
        left, top = self.anchor.corner(virtual, self.window)
        x0, y0, x1, y1 = box
        return (
            round((x0 + left) * factor), round((y0 + top) * factor),
            round((x1 + left) * factor), round((y1 + top) * factor),
        )  # fmt: skip

    def cut(self, levels: Levels, box: Box) -> Levels | None:
        """The picture (H×W×3) inside a box of the window, at the window's scale; None where it reaches outside."""
        height, width = levels.shape[:2]
        x0, y0, x1, y1 = self.box_in(box, (height, width))
        if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
            return None
        part = levels[y0:y1, x0:x1]
        size = (box[2] - box[0], box[3] - box[1])
        if (x1 - x0, y1 - y0) == size:
            return part
        way = cv2.INTER_AREA if x1 - x0 > size[0] else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)


def placements(sizes: Sequence[Size]) -> tuple[Placement, ...]:
    """Every way to lay pictures of these sizes over one another."""
    heights, widths = {size[0] for size in sizes}, {size[1] for size in sizes}
    window = (min(heights), min(widths))
    across = _PLACES if len(widths) > 1 else (0.0,)
    down = _PLACES if len(heights) > 1 else (0.0,)
    fixed = [Placement(Anchor(x, y), window) for y in down for x in across]
    if len(widths) == 1:
        return tuple(fixed)
    width = sorted(size[1] for size in sizes)[len(sizes) // 2]
    shares = [size[0] / size[1] for size in sizes]
    alike = max(shares) / min(shares) - 1 < _SAME_SHAPE
    height = int(min(shares) * width)
    grown = [Placement(Anchor(0.0, y), (height, width), scaled=True) for y in ((0.0,) if alike else _PLACES)]
    return (*fixed, *grown)


def nearest_anchor(box: Box, window: Size) -> Anchor:
    """The corner, edge or centre that a box lies at: for pictures of other sizes, when all learnt from were of one."""
    x, y = (box[0] + box[2]) / 2 / window[1], (box[1] + box[3]) / 2 / window[0]
    return Anchor(*(0.0 if at < 0.4 else 1.0 if at > 0.6 else 0.5 for at in (x, y)))


def size_classes(sizes: Sequence[Size], fewest: int, reach: float = 1.6) -> list[list[int]]:
    """Places of the pictures that are near enough in size to share an overlay, largest class first."""
    left, classes = list(range(len(sizes))), []
    while len(left) >= fewest:
        middle = [sorted(sizes[n][axis] for n in left)[len(left) // 2] for axis in (0, 1)]
        near = [
            n for n in left if all(m / reach <= s <= m * reach for s, m in zip(sizes[n], middle, strict=True))
        ]
        if not near:
            break
        if len(near) >= fewest:
            classes.append(near)
        left = [n for n in left if n not in near]
    return classes
