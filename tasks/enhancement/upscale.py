"""Enlarge a whole raster at its own bit depth: colour by the engine, alpha by Lanczos."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Raster

Plane = NDArray[np.float32]


def upscale_raster(raster: Raster, scale: int, upscaler: Callable[[Pixels, int], Pixels]) -> Raster:
    """A raster of (H·scale)×(W·scale) with the same channels, depth and metadata. scale 1 cleans at the same size.

    At scale 1 alpha is bit-identical; otherwise it is resampled by Lanczos (Duchon 1979) and clipped."""
    colour = upscaler(raster.crop(raster.box), scale)
    planes = [np.rint(np.clip(colour, 0, 1) * raster.levels)]
    if raster.has_alpha:
        planes.append(_grown(raster.pixels[..., -1].astype(np.float32), scale, raster.levels)[..., None])
    joined = np.concatenate(planes, axis=2)
    pixels = joined.astype(np.uint8) if raster.pixels.dtype == np.uint8 else joined.astype(np.uint16)
    return Raster(pixels, raster.meta)


def _grown(alpha: Plane, scale: int, levels: int) -> Plane:
    if scale == 1:
        return alpha
    size = (alpha.shape[1] * scale, alpha.shape[0] * scale)
    return np.rint(np.clip(cv2.resize(alpha, size, interpolation=cv2.INTER_LANCZOS4), 0, levels)).astype(
        np.float32
    )
