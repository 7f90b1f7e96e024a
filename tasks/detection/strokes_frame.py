"""The box a reader drew around a text line, with its own axes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from unicodedata import normalize

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.arc import Arc
from tasks.detection.strokes_axis import line_size

_ON_THE_LINE = frozenset("ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789abcdefhiklmnorstuvwxz .-+%:!?'\"*=&©®°")
"""What stands on the line; letters of which nothing is known may reach below."""
_TALL = frozenset("bdfhklß")
_SOME = 4
_TALLEST = 3.5
"""Height of a line in rooms of a letter: straight lines were seen up to 3.4."""

_UPRIGHT = 0.5
"""Sine of the place on its circle from which the letters' feet are known to be towards the picture's foot."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """The box a reader drew around a text line, in a crop."""

    middle: tuple[float, float]
    """x, y."""
    along: tuple[float, float]
    """Unit vector of the longer side, x, y."""
    length: float
    height: float
    """px, along and across."""
    text: str = ""
    """As read; empty where that is not known."""

    upright: bool = False
    """Whether the letters' feet are known to be on the side of the greater places across."""

    @property
    def letters(self) -> int:
        """How many letters and signs were read."""
        return len("".join(self.text.split()))

    @property
    def bent(self) -> bool:
        """Whether the box is far too high for as many letters side by side: they stand on an arc, or in a part of it."""
        return self.letters >= _SOME and self.height * self.letters > _TALLEST * self.length

    @property
    def ascends(self) -> bool:
        """Whether some letters are surely as high as all else: no dots over low ones only, no accents over capitals."""
        accented = any(c.isupper() and len(normalize("NFD", c)) > 1 for c in self.text)
        tall = any(c.isupper() or c.isdigit() or c in _TALL for c in self.text)
        return self.upright and tall and not accented

    @property
    def descends(self) -> bool:
        """Whether a letter may reach below the others' foot."""
        return not self.upright or not set(self.text) <= _ON_THE_LINE

    def turned(self, slope: float) -> Frame:
        """The same box turned about its middle by a slope across a step along."""
        x, y = self.along[0] - slope * self.along[1], self.along[1] + slope * self.along[0]
        norm = float(np.hypot(x, y))
        return replace(self, along=(x / norm, y / norm))

    def places(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Values, Values]:
        """Of pixels, the place along and across the line, from its middle, px."""
        x = columns.astype(np.float32) - np.float32(self.middle[0])
        y = rows.astype(np.float32) - np.float32(self.middle[1])
        ux, uy = np.float32(self.along[0]), np.float32(self.along[1])
        return x * ux + y * uy, y * ux - x * uy


@dataclass(frozen=True, slots=True)
class ArcFrame(Frame):
    """The box about a line on an arc, its axes bent: along the circle, and across it from the letters' heads to their feet."""

    arc: Arc = field(kw_only=True)
    """In the crop."""

    @property
    def bent(self) -> bool:
        """The letters stand in one line, as these axes go."""
        return False

    def turned(self, slope: float) -> Frame:
        """A circle leaves no slope to be taken off."""
        return self

    def places(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Values, Values]:
        """Of pixels, the place along and across the circle, from the middle of the text, px."""
        return self.arc.places(columns.astype(np.float32) + 0.5, rows.astype(np.float32) + 0.5)

    def along_circle(self, size: tuple[int, ...]) -> Values:
        """Of every pixel of a crop of that size (h, w), the place along."""
        return self.places(*np.ogrid[: size[0], : size[1]])[0]


def arc_frame(arc: Arc, origin: tuple[int, int], text: str) -> ArcFrame:
    """origin: x, y of the crop's corner in the picture, in whose pixels the arc is."""
    moved = replace(arc, centre=(arc.centre[0] - origin[0], arc.centre[1] - origin[1]))
    x, y = (float(v[0]) for v in moved.points(np.zeros(1, np.float32), np.zeros(1, np.float32)))
    along = -np.sin(arc.turn) * arc.way, np.cos(arc.turn) * arc.way
    return ArcFrame(
        (x - 0.5, y - 0.5), (float(along[0]), float(along[1])), arc.length, arc.height, text,
        abs(float(np.sin(arc.turn))) > _UPRIGHT, arc=moved,
    )  # fmt: skip


def frame_of(corners: NDArray[np.float64], origin: tuple[int, int], text: str) -> Frame:
    """corners: 4×2 x,y clockwise; origin: x, y of the crop's corner in the picture."""
    sides = (
        (corners[1] - corners[0] + corners[2] - corners[3]) / 2,
        (corners[3] - corners[0] + corners[2] - corners[1]) / 2,
    )
    long, short = sorted(sides, key=lambda side: -float(np.linalg.norm(side)))
    length = max(float(np.linalg.norm(long)), 1.0)
    x, y = corners.mean(axis=0) - np.array(origin) - 0.5
    way = long / length
    height = max(abs(float(way[0] * short[1] - way[1] * short[0])), 1.0)
    return Frame((float(x), float(y)), (float(way[0]), float(way[1])), length, height, text, long is sides[0])


def frame_around(inside: Zone) -> Frame:
    """The smallest rectangle around a line's polygon."""
    rows, columns = np.nonzero(inside)
    (x, y), (w, h), angle = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.float32))
    turn = np.deg2rad(angle if w >= h else angle + 90)
    length, height = line_size(inside)
    return Frame((float(x), float(y)), (float(np.cos(turn)), float(np.sin(turn))), length, height)
