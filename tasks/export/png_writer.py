"""Writes PNG of 8 or 16 bits with its profile, EXIF, XMP and resolution (PNG 3rd edition, W3C 2025)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from tasks.export.baggage import Baggage
from tasks.export.png_lines import Rows, packed_rows
from tasks.lossless import png_chunk

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels to the file's colour type: grey, grey+alpha, RGB, RGBA."""
_CHUNK = 2**18


def write_png(rows: Rows, width: int, height: int, baggage: Baggage) -> bytes:
    """A picture of 1–4 channels, uint8 or uint16, as a PNG file, losslessly. rows: asked for in bands, from top to bottom."""
    first = rows(0, 1)
    header = struct.pack(
        ">IIBBBBB", width, height, 8 * first.dtype.itemsize, _COLOUR_TYPES[first.shape[2]], 0, 0, 0
    )
    out = io.BytesIO()
    out.write(_SIGNATURE + png_chunk(b"IHDR", header))
    for chunk in _described(baggage):
        out.write(chunk)
    held = bytearray()
    for piece in packed_rows(rows, height):
        held += piece
        if len(held) >= _CHUNK:
            out.write(png_chunk(b"IDAT", bytes(held)))
            held.clear()
    if held:
        out.write(png_chunk(b"IDAT", bytes(held)))
    out.write(png_chunk(b"IEND", b""))
    return out.getvalue()


def _described(baggage: Baggage) -> Iterator[bytes]:
    if baggage.icc:
        yield png_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(baggage.icc, 9))
    if baggage.dpi:
        x, y = (round(value / 0.0254) for value in baggage.dpi)
        yield png_chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if baggage.exif:
        yield png_chunk(b"eXIf", baggage.exif)
    if baggage.xmp:
        yield png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + baggage.xmp)
