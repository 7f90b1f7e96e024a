"""Small copies of a picture for the review sheet, made while its pixels are at hand."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import Raster

SIDE = 960
QUALITY = 85


def thumbnail(raster: Raster) -> tuple[bytes, str]:
    """At most SIDE px on the longer side, 8 bit; and its media type: JPEG, which is ten times as quick, or WebP to keep alpha."""
    pixels = _shown(
        raster.pixels if raster.pixels.dtype == np.uint8 else (raster.pixels >> 8).astype(np.uint8)
    )
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[raster.channels]
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if mode == "L" else pixels), mode)
    out = io.BytesIO()
    if raster.has_alpha:
        picture.convert("RGBA").save(out, "WEBP", quality=QUALITY, method=2)
    else:
        picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), media_type(out.getvalue())


def media_type(data: bytes) -> str:
    """What a thumbnail's bytes are."""
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/webp"


def _shown(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """H×W×C uint8, scaled down by area to SIDE."""
    height, width = pixels.shape[:2]
    share = min(SIDE / max(width, height), 1.0)
    if share < 1.0:
        size = (max(round(width * share), 1), max(round(height * share), 1))
        pixels = np.atleast_3d(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return np.asarray(pixels, np.uint8)
