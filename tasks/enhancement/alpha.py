"""The alpha of an enlarged picture: by Lanczos, in bands."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Raster
from tasks.enhancement.joining import Levels

_BAND = 256
_AROUND = 8
"""Rows of the input around a band; Lanczos looks at four."""


def enlarge_alpha(raster: Raster, out: Levels, scale: int) -> None:
    """Fill the last channel of `out` ((H·scale)×(W·scale)×C, in place) with the raster's alpha enlarged by Lanczos
    (Duchon 1979), clipped; bit-identical at scale 1. Nothing happens where there is no alpha."""
    if not raster.has_alpha:
        return
    if scale == 1:
        out[..., -1] = raster.pixels[..., -1]
        return
    for top in range(0, raster.height, _BAND):
        bottom = min(top + _BAND, raster.height)
        first = max(top - _AROUND, 0)
        shown = raster.pixels[first : bottom + _AROUND, :, -1].astype(np.float32)
        size = (raster.width * scale, shown.shape[0] * scale)
        grown = cv2.resize(shown, size, interpolation=cv2.INTER_LANCZOS4)
        own = grown[(top - first) * scale : (bottom - first) * scale]
        out[top * scale : bottom * scale, :, -1] = np.rint(np.clip(own, 0, raster.levels))
