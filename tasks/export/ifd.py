"""TIFF directories as values: read them warily, write them anew. EXIF blocks and TIFF files share them (TIFF 6.0, 1992)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Order = Literal["<", ">"]
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_ENTRIES = 1000
SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7


class BrokenDirectoryError(ValueError):
    """A directory points outside its block or holds more than a directory can."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: its TIFF type, how many values, and their bytes in the directory's byte order."""

    kind: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Directory:
    """Tags by number, and the directories some of them point to."""

    order: Order
    entries: Mapping[int, Entry] = field(default_factory=dict)
    children: Mapping[int, Directory] = field(default_factory=dict)


def read_directory(block: bytes, pointers: Mapping[int, Mapping[int, object]]) -> Directory:
    """The first directory of a TIFF structure (the next one, a thumbnail's, is not read).

    Values that together are longer than the block overlap on purpose: those beyond its length are left out.

    pointers: tags that point to a directory, each with the pointers inside that one. Values that reach outside the
    block are left out; raises BrokenDirectoryError where the directory itself does.
    """
    if block[:4] not in (b"II*\0", b"MM\0*") or len(block) < 8:
        raise BrokenDirectoryError("no TIFF structure")
    order: Order = "<" if block[:2] == b"II" else ">"
    return _read(block, struct.unpack_from(order + "I", block, 4)[0], order, pointers)


def _read(block: bytes, at: int, order: Order, pointers: Mapping[int, Mapping[int, object]]) -> Directory:
    if at < 8 or at + 2 > len(block):
        raise BrokenDirectoryError("a directory lies outside its block")
    count = struct.unpack_from(order + "H", block, at)[0]
    if count > _MOST_ENTRIES or at + 2 + 12 * count > len(block):
        raise BrokenDirectoryError("a directory reaches past its block")
    entries: dict[int, Entry] = {}
    children: dict[int, Directory] = {}
    taken = 0
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", block, place)
        size = _SIZES.get(kind, 0) * number
        start = place + 8 if size <= 4 else struct.unpack_from(order + "I", block, place + 8)[0]
        if not size or start + size > len(block) or (taken := taken + size) > len(block):
            continue
        if tag in pointers:
            child = struct.unpack_from(order + "I", block, place + 8)[0]
            inner: Mapping[int, Mapping[int, object]] = pointers[tag]  # type: ignore[assignment]
            _adopt(children, tag, block, child, order, inner)
        else:
            entries[tag] = Entry(kind, number, block[start : start + size])
    return Directory(order, entries, children)


def _adopt(
    children: dict[int, Directory],
    tag: int,
    block: bytes,
    at: int,
    order: Order,
    pointers: Mapping[int, Mapping[int, object]],
) -> None:
    try:
        children[tag] = _read(block, at, order, pointers)
    except BrokenDirectoryError:
        return


def write_directory(directory: Directory, at: int) -> bytes:
    """The directory's bytes for a place `at` in its file; children and long values follow it, nothing after."""
    order = directory.order
    tags = sorted({*directory.entries, *directory.children})
    tail = at + 2 + 12 * len(tags) + 4
    head, body = struct.pack(order + "H", len(tags)), b""
    for tag in tags:
        if tag in directory.children:
            child = write_directory(directory.children[tag], tail + len(body))
            head += struct.pack(order + "HHII", tag, LONG, 1, tail + len(body))
            body += child
            continue
        entry = directory.entries[tag]
        head += struct.pack(order + "HHI", tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            head += entry.data.ljust(4, b"\0")
            continue
        head += struct.pack(order + "I", tail + len(body))
        body += entry.data + b"\0" * (len(entry.data) % 2)
    out = head + struct.pack(order + "I", 0) + body
    return out + b"\0" * (len(out) % 2)


def write_block(directory: Directory) -> bytes:
    """A whole TIFF structure around one directory: an EXIF block."""
    mark = b"II" if directory.order == "<" else b"MM"
    return mark + struct.pack(directory.order + "HI", 42, 8) + write_directory(directory, 8)


def shorts(order: Order, *values: int) -> Entry:
    """An entry of 16-bit numbers."""
    return Entry(SHORT, len(values), struct.pack(f"{order}{len(values)}H", *values))


def longs(order: Order, *values: int) -> Entry:
    """An entry of 32-bit numbers."""
    return Entry(LONG, len(values), struct.pack(f"{order}{len(values)}I", *values))


def ratio(order: Order, value: float) -> Entry:
    """An entry of one fraction, to a hundredth."""
    return Entry(RATIONAL, 1, struct.pack(order + "II", round(value * 100), 100))


def opaque(data: bytes) -> Entry:
    """An entry of bytes with a meaning of their own."""
    return Entry(UNDEFINED, len(data), data)
