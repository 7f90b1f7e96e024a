"""Seeded mutants of small valid files: mutant N is the same bytes on every run, so that a find can be made again by its number."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from flows.bench.hostile.seeds import seeds

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ODD = (
    0,
    1,
    2,
    3,
    7,
    8,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)
"""Numbers at which lengths, sizes and offsets go wrong."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bent file."""

    number: int
    parent: str
    how: str
    data: bytes


def mutant(number: int) -> Mutant:
    """The mutant of that number: its parent, the kind of harm and all its places follow from the number alone."""
    rng = random.Random(number)
    parents = seeds()
    name, data = parents[number % len(parents)]
    how = rng.choice(tuple(_HARMS))
    bent = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        bent = _HARMS[how](bent, rng)
    if data.startswith(_SIGNATURE) and rng.random() < 0.8:
        bent = _with_right_sums(bent)
    return Mutant(number, name, how, bytes(bent))


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 2, 8, 32))):
        if data:
            data[_place(data, rng)] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def _splice(data: bytearray, rng: random.Random) -> bytearray:
    """The beginning of one file and the end of another, of any format."""
    other = rng.choice(seeds())[1]
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    """A piece of the file again, at another place, once or many times: two headers, hundreds of scans."""
    begin = rng.randrange(len(data) + 1)
    piece = data[begin : begin + rng.choice((4, 16, 64, 400))] * rng.choice((1, 2, 50, 1000))
    at = rng.randrange(len(data) + 1)
    return data[:at] + piece + data[at:]


def _lie(data: bytearray, rng: random.Random) -> bytearray:
    """A 16- or 32-bit number replaced by one at an edge."""
    width, value = rng.choice((2, 4)), rng.choice(_ODD)
    at = _place(data, rng)
    if at + width <= len(data):
        order, kind = rng.choice("<>"), "H" if width == 2 else "I"
        data[at : at + width] = struct.pack(order + kind, value & (1 << 8 * width) - 1)
    return data


def _grow(data: bytearray, rng: random.Random) -> bytearray:
    """The size in the header made large (or odd), where the format keeps it."""
    side = rng.choice((0, 1, 4000, 9000, 16383, 30000, 65500, 2**24, 2**31 - 1))
    if data.startswith(_SIGNATURE):
        struct.pack_into(">I", data, rng.choice((16, 20)), side)
    elif data.startswith(b"\xff\xd8"):
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        if 0 <= at < len(data) - 9:
            struct.pack_into(">H", data, at + rng.choice((5, 7)), side & 0xFFFF)
    elif data.startswith(b"BM") and len(data) > 26:
        struct.pack_into("<I", data, rng.choice((18, 22)), side)
    elif data.startswith((b"II", b"MM")):
        _grow_tiff(data, rng, side)
    elif len(data) > 30:
        data[24:30] = side.to_bytes(4, "little")[:3] * 2
    return data


def _grow_tiff(data: bytearray, rng: random.Random, side: int) -> None:
    order = "<" if data[:1] == b"I" else ">"
    tag = rng.choice((256, 257, 258, 259, 262, 273, 277, 278, 279, 322, 323, 339))
    at = data.find(struct.pack(order + "H", tag), 4)
    if 0 <= at <= len(data) - 12:
        struct.pack_into(order + "I", data, at + 8, side)


def _blank(data: bytearray, rng: random.Random) -> bytearray:
    begin = rng.randrange(len(data) + 1)
    end = min(len(data), begin + rng.choice((1, 8, 64, 512)))
    data[begin:end] = bytes([rng.choice((0, 0xFF))]) * (end - begin)
    return data


def _place(data: bytearray, rng: random.Random) -> int:
    """Headers are hit as often as all the rest."""
    return rng.randrange(min(len(data), 128) if rng.random() < 0.5 else len(data)) if data else 0


def _with_right_sums(data: bytearray) -> bytearray:
    """The checksums of a PNG's chunks put right, so that what was changed gets past them."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        end = at + 8 + int(struct.unpack_from(">I", data, at)[0])
        if end + 4 > len(data):
            break
        struct.pack_into(">I", data, end, zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return data


_HARMS: dict[str, Callable[[bytearray, random.Random], bytearray]] = {
    "flip": _flip, "cut": _cut, "splice": _splice, "repeat": _repeat, "lie": _lie, "grow": _grow, "blank": _blank,
}  # fmt: skip
