"""Writes TIFF of 8 or 16 bits: deflated strips with horizontal prediction, every wanted tag (TIFF 6.0; XMP part 3)."""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate

from tasks.errors import BadRequest
from tasks.export.baggage import Baggage
from tasks.export.ifd import Directory, Entry, Order, longs, opaque, ratio, shorts, write_directory
from tasks.lossless import Integers

_STRIP_BYTES = 2**20
_LEVEL = {1: 6, 2: 2}
_DEFLATE, _HORIZONTAL, _CONTIGUOUS, _INCH, _STRAIGHT_ALPHA = 8, 2, 1, 2, 2


def write_tiff(pixels: Integers, baggage: Baggage, orientation: int) -> bytes:
    """H×W×C (1–4) uint8 or uint16 as a TIFF file, losslessly, in the byte order of its EXIF. BadRequest over 4 GB."""
    directory = baggage.directory or Directory("<")
    order = directory.order
    rows = max(1, _STRIP_BYTES // (pixels.shape[1] * pixels.shape[2] * pixels.dtype.itemsize))
    strips = [_strip(pixels[y : y + rows], order) for y in range(0, pixels.shape[0], rows)]
    # Each strip starts at an even place, as the specification wants of whatever a tag points to.
    *offsets, end = accumulate((len(strip) + len(strip) % 2 for strip in strips), initial=8)
    if end > 2**32 - 2**24:
        raise BadRequest("the picture is too large for TIFF", cure="export it as PNG")
    tags = _layout(pixels, order, rows, offsets, [len(strip) for strip in strips])
    tags |= _described(baggage, order)
    tags[274] = shorts(order, orientation)
    whole = Directory(order, {**directory.entries, **tags}, directory.children)
    padded = (strip + b"\0" * (len(strip) % 2) for strip in strips)
    mark = b"II" if order == "<" else b"MM"
    return b"".join([mark, struct.pack(order + "HI", 42, end), *padded, write_directory(whole, end)])


def _strip(rows: Integers, order: Order) -> bytes:
    guessed = rows.copy()
    guessed[:, 1:] -= rows[:, :-1]
    raw = guessed.astype(guessed.dtype.newbyteorder(order)).tobytes()
    return zlib.compress(raw, _LEVEL[rows.dtype.itemsize])


def _layout(
    pixels: Integers, order: Order, rows: int, offsets: list[int], lengths: list[int]
) -> dict[int, Entry]:
    height, width, channels = pixels.shape
    colours = channels - 1 if channels in (2, 4) else channels
    tags = {
        256: longs(order, width),
        257: longs(order, height),
        258: shorts(order, *[8 * pixels.dtype.itemsize] * channels),
        259: shorts(order, _DEFLATE),
        262: shorts(order, 2 if colours == 3 else 1),
        273: longs(order, *offsets),
        277: shorts(order, channels),
        278: longs(order, min(rows, height)),
        279: longs(order, *lengths),
        284: shorts(order, _CONTIGUOUS),
        317: shorts(order, _HORIZONTAL),
    }
    if colours != channels:
        tags[338] = shorts(order, _STRAIGHT_ALPHA)
    return tags


def _described(baggage: Baggage, order: Order) -> dict[int, Entry]:
    tags: dict[int, Entry] = {}
    if baggage.dpi:
        tags[282], tags[283] = (ratio(order, value) for value in baggage.dpi)
        tags[296] = shorts(order, _INCH)
    if baggage.icc:
        tags[34675] = opaque(baggage.icc)
    if baggage.xmp:
        tags[700] = Entry(1, len(baggage.xmp), baggage.xmp)
    return tags
