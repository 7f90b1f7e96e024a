"""Smooth random fields that the rendered materials are made of."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""H×W float32."""
Rng = np.random.Generator
_BORDER: Final = 3
"""Cells cut off, so that nothing begins at the picture's edge."""


def cells(rng: Rng, side: int, down: float, across: float) -> Field:
    """side×side, about mean 0 and deviation 1: independent values on a grid of `down`×`across` cells, smoothly joined."""
    rows, columns = max(round(down), 1) + _BORDER, max(round(across), 1) + _BORDER
    grid = rng.standard_normal((rows, columns), np.float32)
    height, width = (int(np.ceil(side * n / max(n - _BORDER, 1))) for n in (rows, columns))
    size = (min(width, 8 * side), min(height, 8 * side))
    made = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
    y, x = (size[1] - side) // 2, (size[0] - side) // 2
    return np.asarray(made[y : y + side, x : x + side], np.float32)


def cloud(
    rng: Rng, side: int, size: float, octaves: int = 4, fall: float = 0.5, stretch: float = 1.0
) -> Field:
    """Fractal noise (Perlin 1985), about deviation 1. size: cells across in the coarsest octave; stretch: how many times
    longer its blobs are along x than along y."""
    total, power = np.zeros((side, side), np.float32), 0.0
    for n in range(octaves):
        count, share = size * 2**n, fall**n
        if count > side:
            break
        total += np.float32(share) * cells(rng, side, count, count / stretch)
        power += share * share
    return np.asarray(total / np.float32(max(power, 1e-6) ** 0.5 * 0.75), np.float32)


def warped(field: Field, along_x: Field, along_y: Field) -> Field:
    """The field with each pixel taken from so many px further on; beyond the border it is mirrored."""
    height, width = field.shape
    x, y = grid(height, width)
    return np.asarray(
        cv2.remap(field, x + along_x, y + along_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
        np.float32,
    )


def grid(height: int, width: int) -> tuple[Field, Field]:
    """x and y of every pixel, px."""
    x = np.broadcast_to(np.arange(width, dtype=np.float32), (height, width))
    y = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    return x, y


def smoothstep(value: Field, low: float, high: float) -> Field:
    """0 up to `low`, 1 from `high`, smooth between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blurred(field: Field, sigma: float) -> Field:
    """Gaussian, px."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
