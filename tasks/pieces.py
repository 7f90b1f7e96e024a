"""Counts the pieces a picture file is made of before any decoder sees it: its work is bounded by the count, not by a clock."""

from __future__ import annotations

import re
import struct

from tasks.errors import Undecodable

MOST_CHUNKS = 200_000
"""Of a PNG: encoders that write 4 KB a piece need fewer for half a gigabyte."""
MOST_SEGMENTS = 10_000
"""Of a JPEG: more full ones than the largest file can hold."""
_MOST_WEBP_CHUNKS = 1_000
_MOST_GIF_BLOCKS = 1_000_000
_MOST_LOOSE = 2**20
"""Bytes between the segments of a JPEG, which are skipped one at a time."""
_MOST_OF_KIND = {0xDB: 32, 0xC4: 1_000, 0xDD: 32, 0xCC: 32}
"""Segments of a kind before the first scan: tables of numbers, of codes, restarts, conditioning."""
_MOST_BYTES = {0xE1: 16 * 2**20, 0xED: 16 * 2**20}
"""Bytes of EXIF and XMP together, and of Photoshop's own, that are put together or looked through one at a time."""
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_MOST_FRAMES = 4
_PLAIN_SEGMENTS = frozenset({*range(0xC0, 0xD0)} - {0xC8}) | frozenset({*range(0xDA, 0xF0), 0xFE})
_SCAN, _END = 0xDA, 0xD9
MOST_TAGS, MOST_STRIPS = 4_096, 2**17
_STRIPS = (273, 279, 324, 325)
_TIFF_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
_LONGEST_CHAIN = 100_000
_RUN_LENGTH = (1, 2)
_MOST_RUN_PIXELS, _MOST_RUN_BYTES = 16_000_000, 4 * 2**20


def check_pieces(data: bytes) -> None:
    """Raises Undecodable for a file of more pieces than any real picture has, or whose pieces lead into one another.

    Knows PNG, JPEG, WebP, TIFF, GIF and BMP, by content; says nothing about other bytes, and little about damage."""
    for magic, check in _CHECKS:
        if data.startswith(magic):
            check(data)


def jpeg_scans(data: bytes) -> int:
    """How many scans the first picture of a JPEG has, by its markers; nothing is decoded. Raises Undecodable."""
    scans, count, at = 0, 0, _jpeg_header(data)
    while found := _MARKER.search(data, at):
        kind, at = data[found.start() + 1], found.end()
        if kind == _END or at + 2 > len(data):
            break
        count += 1
        if count > MOST_SEGMENTS:
            raise _too_many("JPEG", f"over {MOST_SEGMENTS} segments")
        scans += kind == _SCAN
        at += int.from_bytes(data[at : at + 2], "big")
    return scans


def _jpeg_header(data: bytes) -> int:
    """Where the first scan begins, by the segments before it."""
    at, loose, seen, sizes = 2, 0, dict.fromkeys(_MOST_OF_KIND, 0), dict.fromkeys(_MOST_BYTES, 0)
    count = frames = 0
    while found := _MARKER.search(data, at):
        kind, size = data[found.start() + 1], int.from_bytes(data[found.end() : found.end() + 2], "big")
        loose += found.start() - at
        if kind == _SCAN or found.end() + 2 > len(data):
            return found.start()
        if kind not in _PLAIN_SEGMENTS or kind == _END:
            raise Undecodable("damaged JPEG: a marker that may not stand before the picture")
        count, frames = count + 1, frames + (kind in _FRAMES)
        seen[kind] = seen.get(kind, 0) + 1
        sizes[kind] = sizes.get(kind, 0) + size
        if (
            count > MOST_SEGMENTS
            or frames > _MOST_FRAMES
            or seen[kind] > _MOST_OF_KIND.get(kind, MOST_SEGMENTS)
        ):
            raise _too_many("JPEG", f"{count} segments before its picture")
        if loose > _MOST_LOOSE or sizes[kind] > _MOST_BYTES.get(kind, len(data)):
            raise _too_many("JPEG", f"{loose + sizes[kind]} bytes of metadata or filling before its picture")
        at = found.end() + size
    return len(data)


def _check_jpeg(data: bytes) -> None:
    jpeg_scans(data)


def _check_png(data: bytes) -> None:
    at = 8
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data) or data[at + 4 : at + 8] == b"IEND":
            return
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    raise _too_many("PNG", f"over {MOST_CHUNKS} chunks")


def _check_webp(data: bytes) -> None:
    at, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    for _ in range(_MOST_WEBP_CHUNKS):
        if at + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in (b"ANMF", b"ANIM"):
            raise Undecodable("animated WebP is not supported")
        at += 8 + length + length % 2
    raise _too_many("WebP", f"over {_MOST_WEBP_CHUNKS} chunks")


def _check_gif(data: bytes) -> None:
    """Blocks and their parts, colours apart: of as many bytes a part as its first says."""
    if len(data) < 13:
        return
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    for _ in range(_MOST_GIF_BLOCKS):
        if at + 10 > len(data) or data[at] == 0x3B:
            return
        if data[at] == 0x21:
            at += 2
        elif data[at] == 0x2C:
            at += 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)
        else:
            at += 1 + data[at]
    raise _too_many("GIF", f"over {_MOST_GIF_BLOCKS} blocks")


def _check_bmp(data: bytes) -> None:
    if len(data) < 34 or struct.unpack_from("<I", data, 14)[0] < 40:
        return
    width, height = struct.unpack_from("<ii", data, 18)
    if struct.unpack_from("<I", data, 30)[0] not in _RUN_LENGTH:
        return
    pixels = abs(width * height)
    if pixels > _MOST_RUN_PIXELS or len(data) > min(_MOST_RUN_BYTES, 4 * pixels + 4 * abs(height) + 4096):
        raise Undecodable("a run-length BMP of this size is not supported", cure="save it as PNG")


def _check_tiff(data: bytes) -> None:
    order, big = ("<" if data[:1] == b"I" else ">"), data[2:4] in (b"+\0", b"\0+")
    head, tag_size, number = (16, 20, "Q") if big else (8, 12, "I")
    if len(data) < head:
        return
    at, seen = int(struct.unpack_from(order + number, data, head // 2)[0]), 0
    while at and at + 8 <= len(data):
        count = int(struct.unpack_from(order + ("Q" if big else "H"), data, at)[0])
        start = at + (8 if big else 2)
        if count > MOST_TAGS:
            raise _too_many("TIFF", f"a directory of {count} tags")
        end = start + tag_size * count
        if end + struct.calcsize(number) > len(data):
            return
        if not seen:
            _check_tags(data, start, count, order, big)
        seen += 1
        if seen > _LONGEST_CHAIN:
            raise _too_many(
                "TIFF", f"over {_LONGEST_CHAIN} pictures, or pictures that lead back to one another"
            )
        at = int(struct.unpack_from(order + number, data, end)[0])


def _check_tags(data: bytes, start: int, count: int, order: str, big: bool) -> None:
    """Values lie one after another in a file: together they are no longer than it."""
    size, form, inline = (20, order + "HHQ", 8) if big else (12, order + "HHI", 4)
    whole = 0
    for n in range(count):
        tag, kind, values = struct.unpack_from(form, data, start + n * size)
        if tag in _STRIPS and values > MOST_STRIPS:
            raise _too_many("TIFF", f"{values} strips or tiles")
        taken = values * (_TIFF_SIZES[kind] if kind < len(_TIFF_SIZES) else 0)
        # What reaches past the end is damage: the decoders leave it out, or refuse the file.
        whole += taken if inline < taken <= len(data) else 0
    if whole > len(data):
        raise _too_many("TIFF", f"{whole} bytes of tags in a file of {len(data)}")


def _too_many(what: str, found: str) -> Undecodable:
    return Undecodable(
        f"{what} with {found}: no real picture is made so", cure="save the picture anew as PNG or JPEG"
    )


_CHECKS = (
    (b"\x89PNG\r\n\x1a\n", _check_png),
    (b"\xff\xd8\xff", _check_jpeg),
    (b"RIFF", _check_webp),
    (b"II*\0", _check_tiff),
    (b"MM\0*", _check_tiff),
    (b"II+\0", _check_tiff),
    (b"MM\0+", _check_tiff),
    (b"GIF8", _check_gif),
    (b"BM", _check_bmp),
)
