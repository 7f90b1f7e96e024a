"""A mask given as a picture file: decoded, checked for size, turned as the edited picture is."""

from __future__ import annotations

import struct
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import Mask, Raster
from tasks.errors import BadMask, Undecodable
from tasks.lossless import orient
from tasks.pieces import check_pieces

FORMATS = (
    "PNG", "JPEG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "TGA", "JPEG2000", "AVIF", "PCX", "SGI",
)  # fmt: skip
"""What is decoded: none of these runs another program."""

_MOST_EXTRA, _MOST_PER_PIXEL = 16 * 2**20, 64
"""Bytes of a file: what it may say about itself, and for each pixel."""

Integers = NDArray[np.uint8] | NDArray[np.uint16]


def mask_from_file(data: bytes, raster: Raster) -> Mask:
    """The mask that a file holds, H×W float32 0–1 of the raster's size; all 0 when nothing in it is brighter than half.

    An alpha channel that varies is the mask; otherwise the luminance is (Rec. 601). Pixels brighter than half are kept
    at their own value, as are their direct neighbours, which are the anti-aliased edge; everything else is 0.
    The file's own EXIF orientation is applied. It must then be of the picture's size as displayed, or as stored, in
    which case it is turned like the picture. Raises BadMask when it is neither, or cannot be decoded."""
    if len(data) > _MOST_EXTRA + _MOST_PER_PIXEL * raster.width * raster.height:
        raise BadMask(f"the mask file has {len(data)} bytes, far more than its pixels need")
    image = _open(data)
    own = _orientation(image)
    turned = (image.height, image.width) if own >= 5 else (image.width, image.height)
    further = _turn_for(turned, raster)
    try:
        levels = _levels(image)
    except Exception as fault:  # decoders raise all sorts on damaged files
        raise BadMask(f"the mask file is damaged: {fault}") from fault
    levels = orient(orient(levels[..., None], own), further)[..., 0]
    return _soft(levels.astype(np.float32) / np.float32(np.iinfo(levels.dtype).max))


def _open(data: bytes) -> Image.Image:
    """Reads the header alone, so that a file of the wrong size is never decoded."""
    try:
        check_pieces(data)
    except Undecodable as fault:
        raise BadMask(f"the mask file: {fault.message}", cure=fault.cure) from fault
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except Exception as fault:
        raise BadMask(
            f"the mask file is not a picture ({len(data)} bytes)", cure="give a PNG, JPEG, TIFF, WebP or BMP"
        ) from fault


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError, struct.error):
        return 1  # unreadable EXIF says nothing about the pixels
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turn_for(size: tuple[int, int], raster: Raster) -> int:
    """The EXIF orientation to apply to a mask of this size (w, h): 1, or the picture's own."""
    if size == (raster.width, raster.height):
        return 1
    swapped = raster.meta.orientation >= 5
    if swapped and size == (raster.height, raster.width):
        return raster.meta.orientation
    stored = f" ({raster.height}×{raster.width} as stored)" if swapped else ""
    raise BadMask(
        f"the mask is {size[0]}×{size[1]} pixels, the picture {raster.width}×{raster.height}{stored}"
    )


def _levels(image: Image.Image) -> Integers:
    """H×W uint8 or uint16: alpha when it varies, else luminance."""
    if image.mode.startswith(("I", "F")):
        return _deep(image)
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        if np.ptp(rgba[..., 3]):
            return rgba[..., 3]
        image = image.convert("RGB")
    return np.asarray(image.convert("L"))


def _deep(image: Image.Image) -> NDArray[np.uint16]:
    """Modes of more than 8 bits: integers of 16 bits, floats of 0–1."""
    values = np.asarray(image).astype(np.float64)
    scale = 65535 if image.mode.startswith("F") else 1
    return np.clip(np.nan_to_num(values) * scale, 0, 65535).astype(np.uint16)


def _soft(mask: Mask) -> Mask:
    """Keep what is brighter than half and its direct neighbours."""
    core = (mask > 0.5).astype(np.uint8)
    kept = cv2.dilate(core, np.ones((3, 3), np.uint8)).astype(bool)
    return np.where(kept, mask, np.float32(0))
