"""Reads and writes picture files for the demo: its own decoder, so that no score rests on what it judges."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from flows.demo.icc import display_p3

Levels = NDArray[np.uint8] | NDArray[np.uint16]
"""H×W×C; C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGB+alpha."""

_TO_STORED: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation to the turn that takes the displayed picture to the stored one."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How an item is written."""

    suffix: Literal[".png", ".jpg", ".webp"] = ".png"
    quality: int = 90
    subsampling: Literal[0, 2] = 2
    """0 = 4:4:4, 2 = 4:2:0."""
    orientation: int = 1
    p3: bool = False
    """Carry a Display-P3 profile."""


PNG = FileFormat()


def encode(pixels: Levels, how: FileFormat = PNG) -> bytes:
    """The file's bytes for a displayed picture. Raises ValueError for 16 bit outside PNG."""
    if pixels.dtype == np.uint16:
        return _png16(pixels, how)
    picture = stored(as_image(pixels), how.orientation)
    options: dict[str, Any] = {"icc_profile": display_p3()} if how.p3 else {}
    if how.orientation != 1:
        options["exif"] = _orientation_tag(how.orientation)
    if how.suffix == ".png":
        return saved(picture, "PNG", compress_level=3, **options)
    if how.suffix == ".webp":
        return saved(picture, "WEBP", quality=how.quality, method=4, **options)
    return saved(picture, "JPEG", quality=how.quality, subsampling=how.subsampling, **options)


def decode(data: bytes) -> Levels:
    """The picture as displayed, alpha kept, at the file's own depth. Raises OSError if it is not whole."""
    with Image.open(io.BytesIO(data)) as picture:
        if picture.format == "PNG" and data[24] == 16:
            return _decode16(data)
        upright = ImageOps.exif_transpose(picture)
        if upright.mode not in ("L", "LA", "RGB", "RGBA"):
            upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
        pixels = np.array(upright, dtype=np.uint8)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def as_image(pixels: NDArray[np.uint8] | Levels) -> Image.Image:
    """An 8-bit picture as a Pillow image."""
    if pixels.dtype != np.uint8:
        raise ValueError("only 8-bit pixels")
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def stored(picture: Image.Image, orientation: int) -> Image.Image:
    """The displayed picture as a file of this EXIF orientation stores it."""
    turn = _TO_STORED.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Pillow's encoding, in memory."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _orientation_tag(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _png16(pixels: Levels, how: FileFormat) -> bytes:
    if how.suffix != ".png":
        raise ValueError("16 bit is written as PNG only")
    ok, data = cv2.imencode(".png", _swapped(pixels), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not ok:
        raise ValueError("the encoder refused the picture")
    return bytes(data)


def _decode16(data: bytes) -> Levels:
    # Pillow would reduce 16-bit colour to 8 bit without a word.
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise OSError("damaged 16-bit PNG")
    return _swapped(np.asarray(pixels[..., None] if pixels.ndim == 2 else pixels, dtype=np.uint16))


def _swapped(pixels: Levels) -> Levels:
    """RGB(A) from the codec's BGR(A) and back; grey as it is."""
    out = pixels.copy()
    if pixels.shape[2] >= 3:
        out[..., :3] = pixels[..., 2::-1]
    return out
