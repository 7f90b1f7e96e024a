"""Reads JPEG and BMP through Pillow's own plugins, one named plugin a container, never by guessing."""

from __future__ import annotations

import io

from PIL import BmpImagePlugin, Image, JpegImagePlugin

from tasks.contracts import PictureMeta, Raster
from tasks.lossless import RGB_JPEG
from tasks.pieces import jpeg_scans
from tasks.triage.colours import to_array
from tasks.triage.limits import Limits
from tasks.triage.metadata import exif_block, kept, orientation, resolution

# The plugins are called directly because Image.open() checks sizes against a global and warns through another one:
# neither is safe between threads, and `Limits` is stricter.

_DENSEST_JPEG = 512
"""Pixels a byte: every block of 8×8 takes one bit at the least in Huffman's code (ITU-T T.81, 1992)."""
_DENSEST_BMP = 128
"""Pixels a byte: a run of 255 takes two, and a bit a pixel is 8 a byte."""


def read_jpeg(data: bytes, limits: Limits) -> Raster:
    """Decode to a raster in stored orientation, with the tables and subsampling the file was written with."""
    scans = jpeg_scans(data)
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    limits.check(*image.size)
    limits.check_density(*image.size, len(data), _DENSEST_JPEG, "JPEG")
    limits.check_passes(*image.size, scans, "JPEG")
    notes: list[str] = []
    if "mp" in image.info:
        notes.append("several pictures in one file: only the first is used")
    tables, subsampling = _jpeg_coding(image)
    if len(image.layer) == 3 and _stored_as_rgb(image):
        notes.append(RGB_JPEG)
    image.load()
    return _raster(image, "JPEG", notes, tables, subsampling)


def read_bmp(data: bytes, limits: Limits) -> Raster:
    """Decode to a raster."""
    image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    limits.check(*image.size)
    limits.check_density(*image.size, len(data), _DENSEST_BMP, "BMP")
    image.load()
    return _raster(image, "BMP", [])


def _raster(
    image: Image.Image,
    container: str,
    notes: list[str],
    tables: tuple[tuple[int, ...], ...] | None = None,
    subsampling: int | None = None,
) -> Raster:
    icc = kept("ICC profile", image.info.get("icc_profile"), notes)
    pixels, icc = to_array(image, icc, notes)
    exif = exif_block(image.info.get("exif"), notes)
    meta = PictureMeta(
        format=container,
        orientation=orientation(exif),
        icc=icc,
        exif=exif,
        xmp=kept("XMP", image.info.get("xmp"), notes),
        dpi=resolution(image.info.get("dpi")),
        jpeg_tables=tables,
        jpeg_subsampling=subsampling,
        notes=tuple(notes),
    )
    return Raster(pixels, meta)


def _jpeg_coding(
    image: JpegImagePlugin.JpegImageFile,
) -> tuple[tuple[tuple[int, ...], ...] | None, int | None]:
    """Luma's table and, in colour, chroma's (a file may number them as it likes), and 0, 1, 2 for 4:4:4, 4:2:2, 4:2:0."""
    used = [component[3] for component in image.layer[:2]]
    tables = image.quantization
    if not used or any(number not in tables or len(tables[number]) != 64 for number in used):
        return None, None
    sampling = JpegImagePlugin.get_sampling(image)
    return tuple(tuple(tables[number]) for number in used), sampling if sampling in (0, 1, 2) else None


def _stored_as_rgb(image: JpegImagePlugin.JpegImageFile) -> bool:
    if "adobe" in image.info:
        return bool(image.info.get("adobe_transform") == 0)
    return [component[0] for component in image.layer] == [82, 71, 66] and "jfif" not in image.info
