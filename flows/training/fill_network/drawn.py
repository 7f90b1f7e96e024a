"""Draws pictures of clean edges: planes, discs, polygons and stripes, softly shaded, as renderings of products have them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Rng = np.random.Generator

_FINE: Final = 2
"""Drawn so much larger and shrunk, for edges that are neither jagged nor all alike."""
_WHITE: Final = 0.35
"""Share of scenes on white."""


def scene(size: int, rng: Rng) -> Pixels:
    """size×size×3, 0–1."""
    side = size * _FINE
    page = np.ones((side, side, 3), np.float32) if rng.random() < _WHITE else _shading(side, rng)
    for _ in range(int(rng.integers(1, 5))):
        area = _AREAS[int(rng.integers(len(_AREAS)))](side, rng)
        page = np.where(area[..., None], _shading(side, rng), page)
    small = np.asarray(cv2.resize(page, (size, size), interpolation=cv2.INTER_AREA), np.float32)
    if rng.random() < 0.6:
        small = np.asarray(cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.4, 1.3))), np.float32)
    if rng.random() < 0.4:
        small = small + rng.normal(0, rng.uniform(0.2, 3.0) / 255, small.shape).astype(np.float32)
    return np.clip(small, 0, 1)


def _along(side: int, rng: Rng) -> Pixels:
    """How far each pixel is along a direction, −1 to 1 about a point near the middle."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / np.float32(side)
    angle, at = float(rng.uniform(0, 2 * np.pi)), rng.uniform(0.25, 0.75, 2)
    return np.asarray((x - at[0]) * np.cos(angle) + (y - at[1]) * np.sin(angle), np.float32)


def _shading(side: int, rng: Rng) -> Pixels:
    """One colour, lighter to one side."""
    colour = rng.uniform(0, 1, 3) if rng.random() < 0.6 else np.full(3, rng.uniform(0.5, 1.0))
    slope = rng.uniform(-0.3, 0.3) * (rng.random() < 0.7)
    return np.clip(colour + slope * _along(side, rng)[..., None], 0, 1).astype(np.float32)


def _plane(side: int, rng: Rng) -> NDArray[np.bool_]:
    return _along(side, rng) > 0


def _stripes(side: int, rng: Rng) -> NDArray[np.bool_]:
    period = rng.uniform(4, 24) * _FINE / side
    inside = np.mod(_along(side, rng), period) < period * rng.uniform(0.25, 0.75)
    return inside & _plane(side, rng) if rng.random() < 0.5 else inside


def _disc(side: int, rng: Rng) -> NDArray[np.bool_]:
    page = np.zeros((side, side), np.uint8)
    centre = tuple(int(v) for v in rng.integers(0, side, 2))
    axes = tuple(int(v) for v in rng.integers(side // 8, side // 2, 2))
    cv2.ellipse(page, centre, axes, float(rng.uniform(0, 180)), 0, 360, (1,), -1)
    return page > 0


def _polygon(side: int, rng: Rng) -> NDArray[np.bool_]:
    page = np.zeros((side, side), np.uint8)
    cv2.fillPoly(page, [rng.integers(0, side, (int(rng.integers(3, 6)), 2)).astype(np.int32)], (1,))
    return page > 0


_AREAS: Final = (_plane, _plane, _stripes, _disc, _polygon)
