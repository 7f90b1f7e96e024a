"""Small copies of a picture for the review sheet, made while its pixels are at hand."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import Raster
from tasks.lossless import Integers
from tasks.patched import Patched

SIDE = 960
QUALITY = 85
_BAND = 512
"""Rows looked at together."""


def thumbnail(raster: Raster | Patched) -> tuple[bytes, str]:
    """At most SIDE px on the longer side, 8 bit; and its media type: JPEG, which is ten times as quick, or WebP to keep alpha.

    Nothing of the picture's size is made on the way."""
    pixels = _shown(raster if isinstance(raster, Patched) else Patched(raster))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[raster.channels]
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if mode == "L" else pixels), mode)
    out = io.BytesIO()
    if raster.channels in (2, 4):
        picture.convert("RGBA").save(out, "WEBP", quality=QUALITY, method=2)
    else:
        picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), media_type(out.getvalue())


def media_type(data: bytes) -> str:
    """What a thumbnail's bytes are."""
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/webp"


def _shown(picture: Patched) -> NDArray[np.uint8]:
    """H×W×C uint8, scaled down by area to SIDE: first by a whole factor, a band at a time, then the rest of the way."""
    share = min(SIDE / max(picture.width, picture.height), 1.0)
    size = max(round(picture.width * share), 1), max(round(picture.height * share), 1)
    factor = max(min(max(picture.width, picture.height) // SIDE, picture.width, picture.height), 1)
    step = max(_BAND // factor, 1) * factor
    last = picture.height // factor * factor
    bands = [_by_whole_factor(picture.rows(y, min(y + step, last)), factor) for y in range(0, last, step)]
    pixels: NDArray[Any] = np.concatenate(bands) if len(bands) > 1 else bands[0]
    if pixels.shape[1::-1] != size:
        pixels = np.atleast_3d(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return np.asarray(pixels, np.uint8)


def _by_whole_factor(rows: Integers, factor: int) -> NDArray[np.uint8]:
    """Means over squares of `factor` px, 8 bit; the columns that make no whole square are left out."""
    levels: NDArray[Any] = rows if rows.dtype == np.uint8 else (rows >> 8).astype(np.uint8)
    if factor == 1:
        return np.asarray(levels, np.uint8)
    height, width = rows.shape[0] // factor, rows.shape[1] // factor
    cut = np.ascontiguousarray(levels[:, : width * factor])
    small = np.atleast_3d(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA))
    return np.asarray(small.reshape(height, width, -1), np.uint8)
