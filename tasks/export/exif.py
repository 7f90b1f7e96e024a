"""EXIF as it may leave: without place, serial numbers, maker's notes, or the thumbnail, which shows the old picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tasks.export.ifd import (
    BrokenDirectoryError,
    Directory,
    Entry,
    Order,
    longs,
    read_directory,
    shorts,
    write_block,
)

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005
_POINTERS: Mapping[int, Mapping[int, object]] = {EXIF: {INTEROP: {}}, GPS: {}}
_ORIENTATION = 0x0112
_DESCRIPTIVE = frozenset(
    {0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749, 0x8298}
    | {0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F}
)
"""What of the first directory describes the picture (title, maker, artist, copyright, rating, Windows' own); the rest
lays out pixels, holds other metadata formats, or private data that no reader can vouch for."""
_MAKER_NOTE = 0x927C
_SERIALS = frozenset({0xA431, 0xA435, 0xC62F})
_PADDING = frozenset({0xEA1C})
_WIDTH, _HEIGHT = 0xA002, 0xA003


def clean_exif(
    block: bytes | None, *, orientation: int, size: tuple[int, int], strip_gps: bool
) -> Directory | None:
    """The wanted part of an EXIF block as a directory, its orientation tag and pixel size set to what the file holds.

    size: width and height as stored. None where nothing is left to say. A broken block counts as absent.
    """
    source = _parsed(block)
    order: Order = source.order if source else "<"
    entries, children = _kept(source, size, strip_gps) if source else ({}, {})
    if orientation != 1 or (source and _ORIENTATION in source.entries):
        entries[_ORIENTATION] = shorts(order, orientation)
    return Directory(order, entries, children) if entries or children else None


def exif_bytes(directory: Directory | None) -> bytes | None:
    """An EXIF block without the JPEG prefix."""
    return None if directory is None else write_block(directory)


def only_orientation(directory: Directory) -> Directory | None:
    """What must be kept even where the rest is too long for its container."""
    turn = directory.entries.get(_ORIENTATION)
    return None if turn is None else Directory(directory.order, {_ORIENTATION: turn})


def _parsed(block: bytes | None) -> Directory | None:
    try:
        return None if block is None else read_directory(block, _POINTERS)
    except BrokenDirectoryError:
        return None


def _kept(
    source: Directory, size: tuple[int, int], strip_gps: bool
) -> tuple[dict[int, Entry], dict[int, Directory]]:
    entries = {tag: entry for tag, entry in source.entries.items() if tag in _DESCRIPTIVE}
    children = dict(source.children)
    if strip_gps:
        children.pop(GPS, None)
    if EXIF in children:
        children[EXIF] = _kept_exif(children[EXIF], size)
    return entries, {tag: child for tag, child in children.items() if child.entries or child.children}


def _kept_exif(source: Directory, size: tuple[int, int]) -> Directory:
    unwanted = _SERIALS | _PADDING | {_MAKER_NOTE}
    entries = {tag: entry for tag, entry in source.entries.items() if tag not in unwanted}
    for tag, value in ((_WIDTH, size[0]), (_HEIGHT, size[1])):
        if tag in entries:
            entries[tag] = longs(source.order, value)
    return dataclasses.replace(source, entries=entries)
