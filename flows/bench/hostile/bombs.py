"""Small or cheap files that would cost a decoder hours or gigabytes: each is made here, to be sent through the product's own."""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from flows.bench.hostile.seeds import SIDE
from tasks.lossless import png_chunk
from tasks.pieces import MOST_CHUNKS, MOST_SEGMENTS, MOST_STRIPS

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp\0"
_FLOOD = 24 * 2**20
"""Bytes of a flood: a quarter of a second a million pieces is felt already, and the limit of the settings is 20 times more."""


def bombs() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Name and maker of each, in a fixed order."""
    for kind in (b"tEXt", b"prVt", b"IDAT", b"tRNS", b"fdAT"):
        yield f"png-flood-{kind.decode()}", partial(_png_flood, kind, b"")
    yield "png-flood-IDAT-of-a-byte", partial(_png_flood, b"IDAT", b"\0")
    yield "png-flood-broken-sums", partial(_png_flood, b"prVt", b"", broken=True)
    for kind, body in ((b"prVt", b""), (b"IDAT", b""), (b"IDAT", b"\0")):
        most = MOST_CHUNKS - 8
        yield f"png-most-{kind.decode()}-of-{len(body)}", partial(_png_flood, kind, body, most=most)
    yield "png-most-broken-sums", partial(_png_flood, b"prVt", b"", broken=True, most=MOST_CHUNKS - 8)
    yield "png-many-xmp-bombs", partial(_png_flood, b"iTXt", _XMP + b"\1\0\0\0" + _zeros(4), most=3000)
    yield "png-text-bomb", partial(_png_flood, b"zTXt", b"k\0\0" + _zeros(400), most=20)
    yield "png-icc-bomb", partial(_png_flood, b"iCCP", b"k\0\0" + _zeros(400), most=20)
    yield "png-xmp-of-siblings", partial(_png_flood, b"iTXt", _siblings(), most=1)
    yield "png-exif-overlaps", partial(_png_flood, b"eXIf", overlapping(2**22 - 64), most=1)
    for name, piece in (
        ("comments", b"\xff\xfe\0\2"),
        ("fill", b"\xff"),
        ("tem", b"\xff\x01"),
        ("junk", b"\0"),
    ):
        yield f"jpeg-flood-{name}", partial(_jpeg_flood, piece)
    yield "jpeg-flood-tables", partial(_jpeg_flood, _segment(0xDB, (b"\0" + bytes(range(1, 65))) * 1000))
    yield (
        "jpeg-flood-exif",
        partial(_jpeg_flood, _segment(0xE1, b"Exif\0\0" + b"II*\0\x08\0\0\0" + bytes(60_000))),
    )
    yield (
        "jpeg-flood-photoshop",
        partial(_jpeg_flood, _segment(0xED, b"Photoshop 3.0\0" + (b"8BIM" + bytes(8)) * 5000)),
    )
    yield (
        "jpeg-flood-frames",
        partial(_jpeg_flood, _segment(0xC0, bytes.fromhex("0800180018 03 011100 021100 031100"))),
    )
    yield "jpeg-exif-overlaps", partial(_jpeg_exif)
    yield "jpeg-flood-after-the-scan", partial(_jpeg_flood, b"\xff\xfe\0\2", late=True)
    for scans in (1000, 30_000):
        yield f"jpeg-{scans}-scans", partial(_jpeg_scans, scans)
    yield "jpeg-most-comments", partial(_jpeg_flood, b"\xff\xfe\0\2", most=MOST_SEGMENTS - 64)
    yield "tiff-long-chain", _tiff_chain
    yield "tiff-cycle", partial(_tiff_chain, 1)
    yield "tiff-cycle-of-two", partial(_tiff_chain, 2)
    yield "jpeg-end-before-the-picture", partial(_jpeg_flood, b"\xff\xd9")
    yield "jpeg-flood-restarts", partial(_jpeg_flood, b"\xff\xd0")
    yield "tiff-tag-flood", _tiff_tags
    yield "tiff-tags-that-overlap", partial(_tiff_tags, 3000)
    yield "tiff-strip-flood", _tiff_strips
    for bits, code, strip in ((8, 1, bytes(64)), (16, 1, bytes(128)), (16, 8, zlib.compress(bytes(128)))):
        made = partial(_tiff_strips, MOST_STRIPS, bits, code, strip)
        yield f"tiff-most-strips-{bits}-{'zlib' if code == 8 else 'raw'}", made
    for name, code, packed in (("zlib", 8, _zeros(400)), ("lzma", 34925, _lzma())):
        for bits in (8, 16):
            yield f"tiff-{name}-bomb-{bits}", partial(_tiff, bits, code, packed)
    yield "tiff-packed-bits-16", partial(_tiff, 16, 32773, b"\x81\0" * (_FLOOD // 2))
    yield "webp-flood", _webp_flood
    yield "webp-frames", _webp_frames
    yield "gif-frames", _gif
    yield "bmp-run-flood", _bmp_runs
    yield "bmp-runs-of-a-giant", partial(_bmp_runs, 10_000, 2**20)
    yield "bmp-most-runs", partial(_bmp_runs, 3_990, 2**22 - 2**13)


def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    piece = bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()


def _lzma() -> bytes:
    return lzma.compress(bytes(400 * 2**20), preset=0)


def _png_flood(kind: bytes, body: bytes, *, broken: bool = False, most: int = 10**9) -> bytes:
    """A good picture with so many chunks of that kind before its pixels, or before its end."""
    rows = zlib.compress(bytes((3 * SIDE + 1) * SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunk = png_chunk(kind, body)
    chunk = chunk[:-4] + b"\1\2\3\4" if broken else chunk
    flood = chunk * min(most, _FLOOD // len(chunk))
    parts = (png_chunk(b"IHDR", header), flood, png_chunk(b"IDAT", rows), png_chunk(b"IEND", b""))
    return _SIGNATURE + b"".join(parts if kind != b"IDAT" else (parts[0], parts[2], parts[1], parts[3]))


def _siblings() -> bytes:
    """XMP of hundreds of thousands of properties, every one to be dropped."""
    rdf = '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description>'
    return _XMP + b"\0" * 4 + (rdf + "<gps/>" * 650_000 + "</r:Description></r:RDF>").encode()


def overlapping(size: int) -> bytes:
    """EXIF of a thousand tags that each claim nearly the whole block."""
    tags = b"".join(struct.pack("<HHII", 0x8298 + n, 7, size - 20_000, 16_000) for n in range(1000))
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 1000) + tags + bytes(4)
    return block + bytes(size - len(block))


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(out, "JPEG", progressive=True)
    return out.getvalue()


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def _jpeg_flood(piece: bytes, *, late: bool = False, most: int = _FLOOD) -> bytes:
    good = _jpeg()
    flood = piece * min(most, _FLOOD // len(piece))
    return good[:-2] + flood + good[-2:] if late else good[:2] + flood + good[2:]


def _jpeg_exif() -> bytes:
    good, block = _jpeg(), overlapping(2**22 - 64)
    pieces = (_segment(0xE1, b"Exif\0\0" + block[at : at + 65_000]) for at in range(0, len(block), 65_000))
    return good[:2] + b"".join(pieces) + good[2:]


def _jpeg_scans(count: int) -> bytes:
    good = _jpeg()
    first = good.find(b"\xff\xda")
    return good[:-2] + good[first : good.find(b"\xff", first + 14)] * count + good[-2:]


def _directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def _first(
    bits: int, code: int, offset: int, count: int, side: int = SIDE
) -> list[tuple[int, int, int, int]]:
    """The tags of a grey picture in one strip."""
    numbers = (
        (256, side),
        (257, side),
        (258, bits),
        (259, code),
        (262, 1),
        (273, offset),
        (277, 1),
        (278, side),
        (279, count),
    )
    return [(tag, 4, 1, value) for tag, value in numbers]  # fmt: skip


def _tiff(bits: int, code: int, packed: bytes, following: int = 0) -> bytes:
    head = b"II*\0" + struct.pack("<I", 8 + len(packed))
    return head + packed + _directory(_first(bits, code, 8, len(packed)), following)


def _tiff_chain(cycle: int = 0) -> bytes:
    """A good page with millions of empty ones after it, or with one that leads back."""
    pixels = bytes(SIDE * SIDE)
    start = 8 + len(pixels)
    entries = _first(8, 1, 8, len(pixels))
    at = start + 6 + 12 * len(entries)
    head = b"II*\0" + struct.pack("<I", start) + pixels
    if cycle == 1:
        return head + _directory(entries, start)
    page = struct.Struct("<HHHIII")
    if cycle == 2:
        return head + _directory(entries, at) + page.pack(1, 256, 4, 1, 1, start)
    pages = [page.pack(1, 256, 4, 1, 1, at + (n + 1) * page.size) for n in range(_FLOOD // page.size)]
    return head + _directory(entries, at) + b"".join(pages)


def _tiff_tags(count: int = 25_000) -> bytes:
    """A directory of so many tags, every one of which claims the whole file."""
    pixels = bytes(_FLOOD)
    entries = _first(8, 1, 8, SIDE * SIDE)
    entries += [(tag, 7, _FLOOD - 8, 8) for tag in range(40_000, 40_000 + count)]
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + _directory(entries, 0)


def _tiff_strips(rows: int = _FLOOD // 8, bits: int = 8, code: int = 1, strip: bytes = bytes(64)) -> bytes:
    """So many strips of one row of 64 pixels, all of them the same bytes."""
    offsets, counts = np.full(rows, 8, "<u4").tobytes(), np.full(rows, len(strip), "<u4").tobytes()
    tables = 8 + len(strip)
    entries = [e for e in _first(bits, code, 8, 1) if e[0] not in (256, 257, 273, 278, 279)]
    entries += [
        (256, 4, 1, 64),
        (257, 4, 1, rows),
        (278, 4, 1, 1),
        (273, 4, rows, tables),
        (279, 4, rows, tables + 4 * rows),
    ]
    head = b"II*\0" + struct.pack("<I", tables + 8 * rows)
    return head + strip + offsets + counts + _directory(entries, 0)


def _webp(still: bytes, flags: int, chunks: bytes) -> bytes:
    side = (SIDE - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + side + side + chunks + still
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _still() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(out, "WEBP")
    return out.getvalue()[12:]


def _webp_flood() -> bytes:
    return _webp(_still(), 0, (b"prVt" + bytes(4)) * (_FLOOD // 8))


def _webp_frames() -> bytes:
    """Frames in a file that does not say that it is animated."""
    side = (SIDE - 1).to_bytes(3, "little")
    frame = bytes(6) + side + side + bytes(4) + _still()
    return _webp(
        _still(), 0, (b"ANMF" + struct.pack("<I", len(frame)) + frame) * (_FLOOD // (len(frame) + 8))
    )


def _gif() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("L", (SIDE, SIDE), n) for n in range(64)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def _bmp_runs(side: int = SIDE, length: int = _FLOOD) -> bytes:
    """Run-length codes that end a row, and end it again."""
    palette = bytes(1024)
    size = length + 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, length, 2835, 2835, 256, 0)
    runs = b"\1\7\0\0" * (length // 4) if side > SIDE else bytes(length)
    return b"BM" + struct.pack("<IHHI", size, 0, 0, 54 + len(palette)) + info + palette + runs
