"""Unpacks a large PNG a band of rows at a time: beside the file and its pixels, next to nothing is held in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.errors import Undecodable
from tasks.lossless import png_chunk
from tasks.triage.sniff import PNG_SIGNATURE

WORTH_IT = 16 * 2**20
"""Bytes of pixels from which it is done: OpenCV makes a second copy of a picture that it decodes."""
_SAMPLES = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples a pixel by colour type, of those that are not looked up in a palette."""
_BAND_BYTES = 2 * 2**20
_PIECE = 2**18
_DAMAGED = "truncated or damaged PNG: its pixel data end early or do not unpack"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a picture lie in the unpacked data."""

    width: int
    height: int
    depth: int
    colour: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, without the number of its filter."""
        return self.width * _SAMPLES[self.colour] * self.depth // 8

    @property
    def by_bands(self) -> bool:
        """Whether bands are worth it, and every pixel is whole bytes."""
        known = self.colour in _SAMPLES and self.depth in (8, 16)
        return known and self.row_bytes * self.height >= WORTH_IT


def bands(layout: Layout, packed: Sequence[memoryview]) -> Iterator[NDArray[Any]]:
    """The picture's rows from top to bottom, some at a time, as `cv2.imdecode` gives them unchanged (blue first).

    packed: the bodies of the IDAT chunks of a picture that is not interlaced. Every band is handed to OpenCV as a small PNG
    of its own whose first row is the last of the band before, which the filters of its rows refer to. Raises Undecodable."""
    step = layout.row_bytes + 1
    rows = max(_BAND_BYTES // step, 1)
    source = _unpacked(packed, rows * step)
    above = bytes(layout.row_bytes)
    for y in range(0, layout.height, rows):
        count = min(rows, layout.height - y)
        lines = next(source, b"")[: count * step]
        if len(lines) < count * step:
            raise Undecodable(_DAMAGED)
        stored = _decoded(layout, b"\0" + above + lines, count + 1)
        above = _as_in_file(stored[-1], layout)
        yield stored[1:]


def _unpacked(packed: Sequence[memoryview], size: int) -> Iterator[bytes]:
    """What the chunks unpack to, in pieces of `size` bytes; the last may be shorter. Raises Undecodable."""
    held = bytearray()
    unpacker = zlib.decompressobj()
    try:
        for chunk in packed:
            for at in range(0, len(chunk), _PIECE):
                rest: Any = chunk[at : at + _PIECE]
                while rest and not unpacker.eof:
                    held += unpacker.decompress(rest, size)
                    rest = unpacker.unconsumed_tail
                    while len(held) >= size:
                        yield bytes(held[:size])
                        del held[:size]
    except zlib.error as fault:
        raise Undecodable(_DAMAGED) from fault
    yield bytes(held)


def _decoded(layout: Layout, lines: bytes, rows: int) -> NDArray[Any]:
    header = struct.pack(">IIBBBBB", layout.width, rows, layout.depth, layout.colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 0)), (b"IEND", b""))
    png = PNG_SIGNATURE + b"".join(png_chunk(*part) for part in parts)
    stored = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.shape[:2] != (rows, layout.width):
        raise Undecodable(_DAMAGED)
    return stored


def _as_in_file(row: NDArray[Any], layout: Layout) -> bytes:
    """A decoded row (W×C, or W for grey) as the bytes that a PNG's filters know."""
    order = {0: [0], 2: [2, 1, 0], 4: [0, 3], 6: [2, 1, 0, 3]}[layout.colour]
    samples = row.reshape(layout.width, -1)[:, order]
    return (samples.astype(">u2") if layout.depth == 16 else samples).tobytes()
