"""Writes PNG of 8 or 16 bits with its profile, EXIF, XMP and resolution (PNG 3rd edition, W3C 2025)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.export.baggage import Baggage
from tasks.lossless import Integers, png_chunk

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = {1: 4, 2: 1}
"""zlib level by bytes a sample: 16-bit noise hardly packs, whatever the time spent."""


def write_png(pixels: Integers, baggage: Baggage) -> bytes:
    """H×W×C (1–4) uint8 or uint16 as a PNG file, losslessly."""
    plain = _grey_alpha(pixels) if pixels.shape[2] == 2 else _by_opencv(pixels)
    header, *rest = _chunks(plain)
    return b"".join([_SIGNATURE, png_chunk(*header), *_described(baggage), *(png_chunk(*c) for c in rest)])


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


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind in (b"IHDR", b"IDAT", b"IEND"):
            yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def _by_opencv(pixels: Integers) -> bytes:
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
    level = [cv2.IMWRITE_PNG_COMPRESSION, _LEVEL[pixels.dtype.itemsize]]
    ok, out = cv2.imencode(".png", np.ascontiguousarray(pixels[..., order]), level)
    if not ok:
        raise ValueError(f"OpenCV wrote no PNG for {pixels.shape}")
    return out.tobytes()


def _grey_alpha(pixels: Integers) -> bytes:
    """OpenCV knows no grey+alpha. Each row is filtered by Sub or Up, whichever leaves less."""
    height, width, _ = pixels.shape
    size = pixels.dtype.itemsize
    rows = (
        np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">"))).view(np.uint8).reshape(height, -1)
    )
    sub, up = rows.copy(), rows.copy()
    sub[:, 2 * size :] -= rows[:, : -2 * size]
    up[1:] -= rows[:-1]
    better = _weight(sub) <= _weight(up)
    lines = np.empty((height, rows.shape[1] + 1), np.uint8)
    lines[:, 0] = np.where(better, 1, 2)
    lines[:, 1:] = np.where(better[:, None], sub, up)
    header = struct.pack(">IIBBBBB", width, height, 8 * size, 4, 0, 0, 0)
    data = zlib.compress(lines.tobytes(), _LEVEL[size])
    parts = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return _SIGNATURE + b"".join(png_chunk(*part) for part in parts)


def _weight(rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    weight: NDArray[np.int64] = np.abs(rows.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64)
    return weight
