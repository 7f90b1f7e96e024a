"""Reads PNG: walks and checks the chunks here, gives the decoder only those that make pixels (PNG 3rd edition, W3C 2025)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import PictureMeta, Raster
from tasks.errors import Undecodable
from tasks.lossless import Integers, whole
from tasks.triage.limits import Limits
from tasks.triage.metadata import LIMIT, exif_block, kept, orientation, resolution
from tasks.triage.png_bands import Layout, bands
from tasks.triage.sniff import PNG_SIGNATURE

_GREY, _PALETTE, _GREY_ALPHA = 0, 3, 4
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_XMP_KEYWORD = b"XML:com.adobe.xmp\0"
_SRGB_GAMMA = 45455
_BAND = 256
"""Rows turned at once."""
_MOST_NOTES = 16


@dataclass
class _Found:
    """What the walk over the chunks has seen."""

    header: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Width, height, bit depth, colour type."""
    pixels: list[bytes | memoryview] = field(default_factory=lambda: [PNG_SIGNATURE])
    """The chunks that make pixels, as they lie in the file."""
    packed: list[memoryview] = field(default_factory=list)
    """The bodies of the IDAT chunks."""
    interlaced: bool = False
    plain: bool = True
    """Whether the file holds no chunks but those that make pixels."""
    trns: bytes = b""
    once: set[bytes] = field(default_factory=set)
    """Of the chunks that make pixels and may stand only once, those that were seen."""
    described: dict[bytes, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_png(data: bytes, limits: Limits) -> Raster:
    """Decode to a raster in stored orientation. Raises Undecodable or TooLarge."""
    found = _walk(data, limits)
    width, height, depth, colour = found.header
    # Deflate packs 1,032 bytes into one at the best (RFC 1951).
    densest = 1032 * 8 // (depth * _SAMPLES[colour])
    limits.check_density(width, height, sum(map(len, found.packed)), densest, "PNG")
    layout = Layout(*found.header)
    if layout.by_bands and not (found.interlaced or found.trns):
        return Raster(_by_bands(layout, found), _meta(found))
    shown = data if found.plain else b"".join(found.pixels)  # no copy of the file where none is needed
    stored = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_UNCHANGED)
    del shown
    found.pixels.clear()
    if stored is None:
        raise Undecodable("truncated or damaged PNG: its pixel data end early or do not unpack")
    if stored.shape[:2] != (height, width):
        raise Undecodable("damaged PNG: its pixels do not have the size the header gives")
    return Raster(_arrange(stored, found), _meta(found))


def _by_bands(layout: Layout, found: _Found) -> Integers:
    """The picture put together in the only memory of its size that is taken."""
    out: Integers | None = None
    y = 0
    for band in bands(layout, found.packed):
        rows = _arrange(band, found)
        if out is None:
            out = np.empty((layout.height, layout.width, rows.shape[2]), rows.dtype)
        out[y : y + len(rows)] = rows
        y += len(rows)
    assert out is not None
    return out


def _walk(data: bytes, limits: Limits) -> _Found:
    found = _Found()
    for at, kind, start, end in _chunks(data):
        if at == len(PNG_SIGNATURE):
            found.header = _header(kind, data[start:end])
            found.interlaced = data[end - 1] == 1
            limits.check(found.header[0], found.header[1])
        sound = zlib.crc32(memoryview(data)[at + 4 : end]) == struct.unpack_from(">I", data, end)[0]
        found.plain &= kind in _PIXEL_CHUNKS
        if kind in _PIXEL_CHUNKS:
            if not sound:
                raise Undecodable(f"damaged PNG: the checksum of its {kind.decode()} chunk is wrong")
            if kind in found.once:
                raise Undecodable(f"damaged PNG: a second {kind.decode()} chunk")
            if kind != b"IDAT":
                found.once.add(kind)
            found.pixels.append(memoryview(data)[at : end + 4])
            if kind == b"IDAT":
                found.packed.append(memoryview(data)[start:end])
            found.trns = data[start:end] if kind == b"tRNS" else found.trns
        elif kind[:1].isupper():
            raise Undecodable("damaged PNG: unknown chunk that may not be skipped")
        elif sound:
            _describe(found, kind, data[start:end])
        else:
            _note(found, f"dropped damaged {kind.decode('ascii')} chunk")
    return found


def _chunks(data: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    at = len(PNG_SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise Undecodable("truncated PNG")
        length, kind = struct.unpack_from(">I4s", data, at)
        if not (kind.isalpha() and kind.isascii()):
            raise Undecodable("damaged PNG: a chunk has no proper name")
        start, end = at + 8, at + 8 + length
        if end + 4 > len(data):
            raise Undecodable("truncated PNG")
        yield at, kind, start, end
        if kind == b"IEND":
            return
        at = end + 4


def _header(kind: bytes, body: bytes) -> tuple[int, int, int, int]:
    if kind != b"IHDR" or len(body) != 13:
        raise Undecodable("damaged PNG: it does not begin with a header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    sound = depth in _DEPTHS.get(colour, ()) and compression == filtering == 0 and interlace in (0, 1)
    if not sound or not width or not height:
        raise Undecodable("damaged PNG: impossible values in its header")
    return width, height, depth, colour


def _note(found: _Found, note: str) -> None:
    if len(found.notes) < _MOST_NOTES and note not in found.notes:
        found.notes.append(note)


def _describe(found: _Found, kind: bytes, body: bytes) -> None:
    if kind == b"iTXt" and body.startswith(_XMP_KEYWORD):
        found.described.setdefault(kind, body[len(_XMP_KEYWORD) :])
    elif kind in (b"iCCP", b"eXIf", b"pHYs", b"gAMA", b"sRGB", b"acTL", b"cICP"):
        found.described.setdefault(kind, body)


def _itxt(body: bytes, notes: list[str]) -> bytes | None:
    flag, rest = body[:1], body[2:]
    text = rest.split(b"\0", 2)[-1]
    return _inflate("XMP", text, notes) if flag == b"\1" else kept("XMP", text, notes)


def _inflate(name: str, packed: bytes, notes: list[str]) -> bytes | None:
    try:
        return kept(name, zlib.decompressobj().decompress(packed, LIMIT + 1), notes)
    except zlib.error:
        notes.append(f"dropped damaged {name}")
        return None


def _meta(found: _Found) -> PictureMeta:
    said, notes = found.described, found.notes
    profile = said.get(b"iCCP", b"").partition(b"\0")[2]
    exif = exif_block(said.get(b"eXIf"), notes)
    icc = _inflate("ICC profile", profile[1:], notes) if profile else None
    gamma = int.from_bytes(said.get(b"gAMA", b""), "big")
    if gamma and icc is None and b"sRGB" not in said and abs(gamma - _SRGB_GAMMA) > 1000:
        notes.append(f"the PNG's gamma of {gamma / 1e5:.3f} is not kept")
    if b"cICP" in said and icc is None:
        notes.append("the PNG's cICP colour code is not kept")
    xmp = _itxt(said[b"iTXt"], notes) if b"iTXt" in said else None
    if b"acTL" in said:
        notes.append("animated: only the first picture is used")
    return PictureMeta(
        format="PNG",
        orientation=orientation(exif),
        icc=icc,
        exif=exif,
        xmp=xmp,
        dpi=_dpi(said.get(b"pHYs", b"")),
        notes=tuple(notes),
    )


def _dpi(body: bytes) -> tuple[float, float] | None:
    if len(body) != 9 or body[8] != 1:
        return None
    x, y = struct.unpack(">II", body[:8])
    return resolution((x * 0.0254, y * 0.0254))


def _arrange(stored: NDArray[Any], found: _Found) -> Integers:
    """Channels in the order of `Raster`, from the decoder's BGR; a colour key or palette transparency becomes alpha."""
    _, _, depth, colour = found.header
    if stored.ndim == 2:
        stored = stored[..., None]
    if colour == _PALETTE:
        found.notes.append("palette expanded")
        return whole(stored[..., [2, 1, 0, 3]] if stored.shape[2] == 4 else stored[..., ::-1])
    if colour == _GREY_ALPHA:
        return whole(stored[..., [0, 3]])
    if colour == _GREY:
        return _keyed(whole(stored[..., :1]), found.trns, depth)
    _turn(stored)
    return _keyed(whole(stored[..., :3]), found.trns, depth) if colour == 2 else whole(stored)


def _turn(stored: NDArray[Any]) -> None:
    """The decoder's BGR(A) to RGB(A), in its own memory: a copy of the whole picture would be the largest thing there is."""
    code = cv2.COLOR_BGR2RGB if stored.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    for y in range(0, len(stored), _BAND):
        stored[y : y + _BAND] = cv2.cvtColor(stored[y : y + _BAND], code)


def _keyed(colours: Integers, trns: bytes, depth: int) -> Integers:
    """Add alpha 0 where every colour equals the file's transparent one. The key is in samples of the file's depth."""
    if len(trns) != 2 * colours.shape[2]:
        return colours
    samples = np.frombuffer(trns, ">u2").astype(np.int64) & (2**depth - 1)
    key = (samples * (255 // (2**depth - 1)) if depth < 8 else samples).astype(colours.dtype)
    full = np.iinfo(colours.dtype).max
    alpha = np.where((colours == key).all(axis=2), 0, full).astype(colours.dtype)
    return whole(np.concatenate([colours, alpha[..., None]], axis=2))
