"""Rungs that need no network, and pictures with detail, edges and flat ground."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.contracts import Pixels, Raster
from tasks.enhancement.rungs import Rung

Ladder = Callable[[int], tuple[Rung, ...]]


def bicubic(image: Pixels, scale: int) -> Pixels:
    """Looks at 3 px around a pixel."""
    if scale == 1:
        return image.copy()
    size = (image.shape[1] * scale, image.shape[0] * scale)
    grown = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(grown.reshape(size[1], size[0], image.shape[2]), 0, 1).astype(np.float32)


def sharpened(image: Pixels, scale: int, by: float) -> Pixels:
    """Bicubic, and `by` times what a 5×5 blur of it takes away: looks at 6 px around a pixel."""
    grown = bicubic(image, scale)
    soft = cv2.blur(grown, (5, 5), borderType=cv2.BORDER_REPLICATE).reshape(grown.shape)
    return np.clip(grown + np.float32(by) * (grown - soft), 0, 1).astype(np.float32)


@pytest.fixture
def ladder() -> Ladder:
    """Lanczos-like, tiny-like and heavy rungs of a scale; reach 6, costs 1 : 4 : 100."""

    def of(scale: int) -> tuple[Rung, ...]:
        return (
            Rung("lanczos@1", lambda x: bicubic(x, scale), 1.0, 3),
            Rung("sr-tiny@1", lambda x: sharpened(x, scale, 0.5), 4.0, 6),
            Rung("heavy@1", lambda x: sharpened(x, scale, 1.0), 100.0, 6),
        )

    return of


def picture(height: int, width: int, seed: int = 0, channels: int = 3, depth: int = 8) -> Raster:
    """White ground, a textured disc in the middle of the left half, a hard-edged bar: all three kinds of cell."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[0:height, 0:width]
    texture = cv2.GaussianBlur(rng.random((height, width, channels)).astype(np.float32), (0, 0), 0.8)
    texture = texture.reshape(height, width, channels)
    disc = ((ys - height / 2) ** 2 + (xs - width / 3) ** 2) < (min(height, width) / 3) ** 2
    out = np.ones((height, width, channels), np.float32)
    out[disc] = texture[disc]
    out[:, width * 3 // 4 : width * 3 // 4 + 2] = 0.2
    top = 255 if depth == 8 else 65535
    kind = np.uint8 if depth == 8 else np.uint16
    return Raster(np.rint(out * top).astype(kind))


@pytest.fixture
def photo() -> Raster:
    """96×160 RGB."""
    return picture(96, 160)


def apart(a: NDArray[np.generic], b: NDArray[np.generic]) -> int:
    """The largest difference of two pictures, levels."""
    return int(np.abs(a.astype(np.int64) - b.astype(np.int64)).max(initial=0))
