"""Brings pixels to what a lossy container can hold: 8 bits, no alpha where there is none. Rounds, never truncates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.lossless import Integers, whole


def to_8_bit(pixels: Integers) -> NDArray[np.uint8]:
    """The nearest of 256 levels; 8-bit pixels are returned as they are."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def flatten(pixels: Integers, background: tuple[int, int, int]) -> Integers:
    """Lay grey+alpha or RGBA over a background given in levels of 255; becomes RGB if the background is coloured."""
    colours = pixels.shape[2] - 1
    if colours == 1 and len(set(background)) > 1:
        pixels, colours = pixels[..., [0, 0, 0, 1]], 3
    full = int(np.iinfo(pixels.dtype).max)
    under = np.array(background[:colours], np.uint32) * np.uint32(full // 255)
    alpha = pixels[..., -1:].astype(np.uint32)
    # Largest sum: 65535² + 32767, still below 2³².
    mixed = pixels[..., :-1] * alpha + under * (np.uint32(full) - alpha)
    return whole(((mixed + np.uint32(full // 2)) // np.uint32(full)).astype(pixels.dtype))


def to_colour(pixels: Integers) -> Integers:
    """Grey to RGB, grey+alpha to RGBA; the rest as it is."""
    picks = {1: [0, 0, 0], 2: [0, 0, 0, 1]}.get(pixels.shape[2])
    return pixels if picks is None else pixels[..., picks]
