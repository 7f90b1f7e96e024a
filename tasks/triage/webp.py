"""Reads WebP: walks the chunks here, and has OpenCV decode straight into the picture (RFC 9649, 2024).

Pillow gives the same pixels by way of an animation's two canvases, which is five times the picture's own memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import cv2
import numpy as np

from tasks.contracts import PictureMeta, Raster
from tasks.errors import Undecodable
from tasks.lossless import LOSSLESS_WEBP
from tasks.triage.limits import Limits
from tasks.triage.metadata import exif_block, kept, orientation

_BAND = 256
"""Rows turned at once."""
_ANIMATED = 2


def read_webp(data: bytes, limits: Limits) -> Raster:
    """Decode a still WebP to a raster in stored orientation; an animated one is Undecodable."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if len(data) < end:
        raise Undecodable("truncated WebP")
    if any(at + length > end for at, _, length in _chunks(data)):
        raise Undecodable("damaged WebP: a chunk reaches past its end")
    if data[12:16] == b"VP8X" and data[20] & _ANIMATED:
        raise Undecodable("animated WebP is not supported")
    width, height = _size(data)
    limits.check(width, height)
    stored = cv2.imdecode(np.frombuffer(data, np.uint8, end), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.shape[:2] != (height, width) or stored.ndim != 3:
        raise Undecodable("damaged WebP: its pixel data do not unpack")
    code = cv2.COLOR_BGR2RGB if stored.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    for y in range(0, height, _BAND):  # a copy of the whole picture would be the largest thing there is
        stored[y : y + _BAND] = cv2.cvtColor(stored[y : y + _BAND], code)
    return Raster(np.asarray(stored, np.uint8), _meta(data))


def _size(data: bytes) -> tuple[int, int]:
    """Width and height by the first chunk: of the canvas, the lossy frame, or the lossless one."""
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X" and len(body) == 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise Undecodable("damaged WebP: no size in its header")


def _chunks(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Where each body begins, its kind and its length."""
    at, end = 12, 8 + int.from_bytes(data[4:8], "little")
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        yield at + 8, kind, length
        at += 8 + length + length % 2


def _meta(data: bytes) -> PictureMeta:
    said: dict[bytes, bytes] = {}
    lossless: bool | None = None
    for at, kind, length in _chunks(data):
        if kind in (b"ICCP", b"EXIF", b"XMP "):
            said.setdefault(kind, data[at : at + length])
        elif kind in (b"VP8 ", b"VP8L") and lossless is None:
            lossless = kind == b"VP8L"
    notes = [LOSSLESS_WEBP] if lossless else []
    icc = kept("ICC profile", said.get(b"ICCP"), notes)
    exif = exif_block(said.get(b"EXIF"), notes)
    return PictureMeta(
        format="WEBP", orientation=orientation(exif), icc=icc, exif=exif, xmp=kept("XMP", said.get(b"XMP "), notes),
        notes=tuple(notes),
    )  # fmt: skip
