"""Lettering set on a circle: its band in the picture, and the straight strip that unrolling it gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine

Values = NDArray[np.float32]
Corners = NDArray[np.float64]
_STEP = 0.06
"""Radians between the corners of an outline: chords leave their circle by less than a two-thousandth of its radius."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A band of a circle that letters stand in, in reading direction. Lengths in px, places as of polygons: pixel (x, y)
    covers [x, x + 1) × [y, y + 1)."""

    centre: tuple[float, float]
    """x, y."""
    radius: float
    """Of the circle midway between the letters' heads and feet."""
    turn: float
    """Radians, clockwise as displayed from the right: where the middle of the text lies."""
    way: int
    """1: the letters' heads point outwards, and reading runs clockwise; −1: inwards, and the other way round."""
    length: float
    """Of the text, along that circle."""
    height: float
    """Of the reader's box about its letters."""

    @property
    def rise(self) -> float:
        """How far the middle of the text stands off the straight line between its ends."""
        return self.radius * (1 - math.cos(min(self.length / self.radius, 2 * math.pi) / 2))

    def points(self, along: Values, across: Values) -> tuple[Values, Values]:
        """x and y of places from the middle of the text: along it, and across it from heads to feet."""
        angle = self.turn + self.way * along / self.radius
        off = self.radius - self.way * across
        x, y = self.centre[0] + off * np.cos(angle), self.centre[1] + off * np.sin(angle)
        return np.asarray(x, np.float32), np.asarray(y, np.float32)

    def places(self, x: Values, y: Values) -> tuple[Values, Values]:
        """The same the other way round; beyond half the circle `along` goes on from the other end."""
        dx, dy = x - np.float32(self.centre[0]), y - np.float32(self.centre[1])
        ahead = np.arctan2(dy, dx) - np.float32(self.turn)
        ahead = np.remainder(ahead + np.float32(math.pi), np.float32(2 * math.pi)) - np.float32(math.pi)
        off = np.float32(self.radius) - np.hypot(dx, dy)
        way = np.float32(self.way)
        return np.asarray(way * np.float32(self.radius) * ahead, np.float32), np.asarray(
            way * off, np.float32
        )

    def outline(self, grown: float = 0.0, ends: float = 0.0) -> Corners:
        """N×2, x,y: the band grown by so many px on every side, and by `ends` more before and after the text."""
        half = min(self.length / 2 + grown + ends, math.pi * self.radius - 1)
        tall = self.height / 2 + grown
        inner = min(tall, self.radius - 1)
        heads, feet = (tall, inner) if self.way > 0 else (inner, tall)
        along = np.linspace(-half, half, max(int(2 * half / self.radius / _STEP), 2) + 1).astype(np.float32)
        above = self.points(along, np.full_like(along, -heads))
        below = self.points(along[::-1], np.full_like(along, feet))
        return np.concatenate([np.stack(above, axis=1), np.stack(below, axis=1)]).astype(np.float64)

    def strip(
        self, image: NDArray[Any], half: float, tall: float, scale: float, beyond: int = cv2.BORDER_REPLICATE
    ) -> NDArray[Any]:
        """The band unrolled: `half` px before and after the middle of the text, `tall` above and below, times `scale`.

        image: H×W or H×W×3, unchanged; beyond its border its own rim is seen, or with BORDER_CONSTANT nothing. No more of the
        picture than the band's own surroundings is touched."""
        wide, high = max(round(2 * half * scale), 1), max(round(2 * tall * scale), 1)
        along = ((np.arange(wide, dtype=np.float32) + 0.5) / scale - half)[None]
        across = ((np.arange(high, dtype=np.float32) + 0.5) / scale - tall)[:, None]
        x, y = self.points(*(np.broadcast_to(v, (high, wide)).astype(np.float32) for v in (along, across)))
        columns, rows = _reach(x, image.shape[1]), _reach(y, image.shape[0])
        part = _folded(image[rows, columns], int(1 / scale))
        x = (x - columns.start) * np.float32(part.shape[1] / (columns.stop - columns.start)) - np.float32(0.5)
        y = (y - rows.start) * np.float32(part.shape[0] / (rows.stop - rows.start)) - np.float32(0.5)
        return np.asarray(cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=beyond))


def _reach(places: Values, size: int) -> slice:
    """The pixels about places along one axis of a picture, one at least."""
    first = min(max(math.floor(float(places.min())) - 2, 0), size - 1)
    return slice(first, max(min(math.ceil(float(places.max())) + 2, size), first + 1))


def _folded(part: NDArray[Any], by: int) -> NDArray[Any]:
    """Averaged over squares of `by` px, so that what is shown much smaller does not flicker."""
    if by < 2:
        return np.ascontiguousarray(part)
    size = max(part.shape[1] // by, 1), max(part.shape[0] // by, 1)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, slots=True)
class BentLine(TextLine):
    """A line of text that stands on an arc; its polygon is the smallest rectangle about the band."""

    arc: Arc = field(kw_only=True)


def bent_line(arc: Arc, text: str, score: float, found: float, size: tuple[int, int]) -> BentLine:
    """size: w, h of the picture that the rectangle is clipped to."""
    corners = cv2.boxPoints(cv2.minAreaRect(arc.outline().astype(np.float32))).astype(np.float64)
    along = np.array([-math.sin(arc.turn), math.cos(arc.turn)]) * arc.way
    down = np.array([-along[1], along[0]])
    sides = corners[1] - corners[0], corners[2] - corners[1]
    first, second = sides if abs(sides[0] @ along) >= abs(sides[1] @ along) else sides[::-1]
    first, second = first * np.sign(first @ along or 1.0), second * np.sign(second @ down or 1.0)
    start = corners.mean(axis=0) - (first + second) / 2
    placed = np.clip(np.array([start, start + first, start + first + second, start + second]), 0, size)
    return BentLine(tuple((float(x), float(y)) for x, y in placed), text, score, found, arc=arc)
