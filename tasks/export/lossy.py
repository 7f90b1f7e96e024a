"""Writes JPEG and WebP, close to how the source was coded."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from tasks.contracts import PictureMeta
from tasks.errors import BadRequest
from tasks.export.baggage import Baggage
from tasks.export.options import ExportOptions
from tasks.lossless import LOSSLESS_WEBP, RGB_JPEG, Integers

_QUALITY = 92
_LONGEST = {"JPEG": 65500, "WEBP": 16383}
_SUBSAMPLINGS = {"444": 0, "422": 1, "420": 2}


def write_jpeg(pixels: Integers, baggage: Baggage, meta: PictureMeta, options: ExportOptions) -> bytes:
    """H×W×1 or H×W×3 uint8 as a baseline JPEG, with the source's tables and subsampling unless told otherwise."""
    how: dict[str, Any] = {"subsampling": _subsampling(meta, options)}
    if options.quality is None and meta.format == "JPEG" and meta.jpeg_tables:
        how["qtables"] = [list(table) for table in meta.jpeg_tables[: 1 if pixels.shape[2] == 1 else 2]]
        how["keep_rgb"] = RGB_JPEG in meta.notes and pixels.shape[2] == 3
    else:
        how["quality"] = options.quality or _QUALITY
    if baggage.exif:
        how["exif"] = b"Exif\0\0" + baggage.exif
    if baggage.dpi:
        how["dpi"] = tuple(round(value) for value in baggage.dpi)
    return _save(pixels, "JPEG", baggage, how)


def write_webp(pixels: Integers, baggage: Baggage, meta: PictureMeta, options: ExportOptions) -> bytes:
    """H×W×3 or H×W×4 uint8 as a WebP: lossless (transparent pixels too) where the source was and no quality is asked."""
    how: dict[str, Any] = {"method": 4}
    if options.quality is None and meta.format == "WEBP" and LOSSLESS_WEBP in meta.notes:
        how |= {"lossless": True, "exact": True, "quality": 60}
    else:
        how["quality"] = options.quality or _QUALITY
    if baggage.exif:
        how["exif"] = baggage.exif
    return _save(pixels, "WEBP", baggage, how)


def _subsampling(meta: PictureMeta, options: ExportOptions) -> int:
    if options.subsampling != "keep":
        return _SUBSAMPLINGS[options.subsampling]
    return meta.jpeg_subsampling or 0 if meta.format == "JPEG" else 0


def _save(pixels: Integers, container: str, baggage: Baggage, how: dict[str, Any]) -> bytes:
    height, width, channels = pixels.shape
    if max(height, width) > _LONGEST[container]:
        raise BadRequest(
            f"{width}×{height} does not fit {container}, whose longest side is {_LONGEST[container]}",
            cure="export it as PNG or TIFF",
        )
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    out = io.BytesIO()
    if baggage.icc:
        how["icc_profile"] = baggage.icc
    if baggage.xmp:
        how["xmp"] = baggage.xmp
    image.save(out, container, **how)
    return out.getvalue()
