"""Headers that claim far more than their file can hold, and pictures that are all length."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from tasks.contracts import PictureMeta, Raster
from tasks.errors import Undecodable
from tasks.triage.decode import decode
from tasks.triage.facts import measure


def _decode(data: bytes) -> Raster:
    return decode(data, name="lie", max_pixels=120_000_000, max_bytes=2**29)


def _jpeg(**options: object) -> bytearray:
    out = io.BytesIO()
    Image.new("RGB", (24, 24), (90, 20, 200)).save(out, "JPEG", **options)
    return bytearray(out.getvalue())


def test_a_jpeg_of_800_bytes_is_no_120_megapixels() -> None:
    data = _jpeg(progressive=True)
    struct.pack_into(">HH", data, data.find(b"\xff\xc2") + 5, 30000, 4000)
    with pytest.raises(Undecodable, match="cannot hold"):
        _decode(bytes(data))


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_painted() -> None:
    data = bytes(_jpeg(progressive=True))
    first = data.find(b"\xff\xda")
    scan = data[first : data.find(b"\xff", first + 14)]
    hostile = bytearray(data[:-2] + scan * 2000 + b"\xff\xd9")
    struct.pack_into(">HH", hostile, hostile.find(b"\xff\xc2") + 5, 1900, 1900)
    with pytest.raises(Undecodable, match="scans"):
        _decode(bytes(hostile))


def test_a_png_of_little_data_is_no_100_megapixels() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 10000, 10000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(Undecodable, match="cannot hold"):
        _decode(data)


def test_a_flat_png_at_the_best_deflate_can_do_is_read() -> None:
    out = io.BytesIO()
    Image.new("RGB", (2400, 2000)).save(out, "PNG", compress_level=9)
    assert _decode(out.getvalue()).pixels.shape == (2000, 2400, 3)


def test_a_flat_jpeg_at_the_best_huffman_can_do_is_read() -> None:
    out = io.BytesIO()
    Image.new("L", (3000, 2000)).save(out, "JPEG", progressive=True, optimize=True)
    assert _decode(out.getvalue()).pixels.shape == (2000, 3000, 1)


def test_a_tiff_without_most_of_its_strips_is_refused() -> None:
    out = io.BytesIO()
    tifffile.imwrite(
        out, np.full((24, 24, 3), 999, np.uint16), rowsperstrip=24, compression="zlib", photometric="rgb"
    )
    data = bytearray(out.getvalue())
    at = data.find(struct.pack("<H", 257), 4)
    struct.pack_into("<I", data, at + 8, 30000)
    with pytest.raises(Undecodable, match="pieces"):
        _decode(bytes(data))


@pytest.mark.parametrize("shape", [(24, 65500, 3), (65500, 1, 3), (1, 9000, 1), (1, 1, 4)])
def test_ribbons_have_facts(shape: tuple[int, int, int]) -> None:
    facts = measure(Raster(np.full(shape, 128, np.uint8), PictureMeta("PNG")))
    assert (facts.height, facts.width) == shape[:2]
    assert len(facts.fingerprint) == 16
