"""Pictures small enough to inline: reduced, laid over a checkerboard, encoded, each stored once."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flows.sheet.model import SheetPicture
from tasks.contracts import Raster
from tasks.steps.stored_picture import encode_picture

Levels = NDArray[np.uint8]

LOSSLESS_PIXELS = 40_000
"""A picture of at most this many pixels (200×200) is kept exactly; a larger one as JPEG, which is five times as quick as WebP."""
QUALITY = 90
MEDIA_TYPES = ("image/png", "image/webp", "image/jpeg")


def thumbnail(pixels_u8: Levels, max_side: int, label: str) -> SheetPicture:
    """Encode a picture for the sheet, its longer side at most `max_side` pixels.

    `pixels_u8` is H×W×C uint8, C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGB+alpha; it is not changed. A larger picture is
    averaged down, its alpha premultiplied, and the caption says by how much. A smaller one keeps its own pixels: the
    page shows it enlarged by a whole factor of at most 4, nearest neighbour. Alpha is laid over a checkerboard.
    Raises ValueError for any other shape or type.
    """
    _check(pixels_u8, max_side)
    height, width = pixels_u8.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    small = pixels_u8 if scale == 1.0 else _reduced(pixels_u8, scale)
    data, media_type = _encoded(_opaque(small))
    caption = "" if scale == 1.0 else f"{scale:.0%} of {width} × {height}"
    return SheetPicture(label, data, media_type, caption)


def _check(pixels: Levels, max_side: int) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4):
        raise ValueError(f"a thumbnail needs H×W×1..4 uint8, not {pixels.shape} {pixels.dtype}")
    if 0 in pixels.shape or max_side < 1:
        raise ValueError(f"nothing to show: {pixels.shape}, at most {max_side} pixels")


def _reduced(pixels: Levels, scale: float) -> Levels:
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if pixels.shape[2] in (1, 3):
        return _area(pixels, size)
    alpha = pixels[..., -1:]
    # Averaging unweighted would let the colour of transparent pixels bleed into the edge.
    weighted = (pixels[..., :-1].astype(np.uint16) * alpha + 127) // 255
    small_alpha = _area(alpha, size)
    colours = _area(weighted.astype(np.uint8), size).astype(np.uint16) * 255
    straight = np.minimum(colours // np.maximum(small_alpha, 1), 255).astype(np.uint8)
    return np.concatenate((straight, small_alpha), axis=2)


def _area(pixels: Levels, size: tuple[int, int]) -> Levels:
    small = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).reshape(size[1], size[0], -1)


def _opaque(pixels: Levels) -> Levels:
    """H×W×3, alpha laid over the checkerboard."""
    colours = pixels if pixels.shape[2] in (1, 3) else pixels[..., :-1]
    rgb = np.broadcast_to(colours, (*pixels.shape[:2], 3))
    if pixels.shape[2] in (1, 3):
        return np.ascontiguousarray(rgb)
    alpha = pixels[..., -1:].astype(np.uint32)
    board = _checkerboard(*pixels.shape[:2])[..., None].astype(np.uint32)
    return ((rgb * alpha + board * (255 - alpha) + 127) // 255).astype(np.uint8)


def _checkerboard(height: int, width: int) -> Levels:
    side = max(1, min(8, max(height, width) // 8))
    rows, columns = np.arange(height) // side, np.arange(width) // side
    return np.where((rows[:, None] + columns) % 2, 255, 205).astype(np.uint8)


def _encoded(rgb: Levels) -> tuple[bytes, str]:
    if rgb.shape[0] * rgb.shape[1] <= LOSSLESS_PIXELS:
        return encode_picture(Raster(rgb)), "image/png"
    out = BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return out.getvalue(), "image/jpeg"


@dataclass(frozen=True)
class Banked:
    """A picture's place in the bank, and its own size in pixels."""

    key: str
    width: int
    height: int
    label: str
    caption: str


class PictureBank:
    """Holds each distinct picture once, however often it is shown."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, bytes], tuple[str, int, int]] = {}

    def add(self, picture: SheetPicture) -> Banked:
        """Raises ValueError for a media type outside `MEDIA_TYPES`, or bytes that are no such picture."""
        content = (picture.media_type, picture.data)
        if content not in self._keys:
            self._keys[content] = (f"p{len(self._keys)}", *_size(picture))
        return Banked(*self._keys[content], picture.label, picture.caption)

    def data_uris(self) -> list[tuple[str, str]]:
        """(key, data URI), in the order they were added."""
        return [
            (key, f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}")
            for (media_type, data), (key, _, _) in self._keys.items()
        ]


def _size(picture: SheetPicture) -> tuple[int, int]:
    if picture.media_type not in MEDIA_TYPES:
        raise ValueError(f"picture {picture.label!r}: media type {picture.media_type!r} is not shown")
    try:
        with Image.open(BytesIO(picture.data), formats=("PNG", "WEBP", "JPEG")) as opened:
            return opened.width, opened.height
    except OSError as error:
        raise ValueError(f"picture {picture.label!r} is not {picture.media_type}") from error
