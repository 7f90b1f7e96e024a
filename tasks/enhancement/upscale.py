"""Enlarge a whole raster at its own bit depth: colour by the engine, alpha by Lanczos."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tasks.contracts import Pixels, Raster


def upscale_raster(raster: Raster, scale: int, upscaler: Callable[[Pixels, int], Pixels]) -> Raster:
    """A raster of (H·scale)×(W·scale) with the same channels, depth and metadata. scale 1 cleans at the same size.

    At scale 1 alpha is bit-identical; otherwise it is resampled by Lanczos (Duchon 1979) and clipped."""
    colour = upscaler(raster.crop(raster.box), scale)
    dtype, levels = raster.pixels.dtype, raster.levels
    out = np.rint(np.clip(colour, 0, 1) * levels).astype(dtype)
    if raster.has_alpha:
        alpha = raster.pixels[..., -1]
        if scale != 1:
            size = (raster.width * scale, raster.height * scale)
            grown = cv2.resize(alpha.astype(np.float32), size, interpolation=cv2.INTER_LANCZOS4)
            alpha = np.rint(np.clip(grown, 0, levels)).astype(dtype)
        out = np.dstack([out, alpha])
    return Raster(out, raster.meta)
