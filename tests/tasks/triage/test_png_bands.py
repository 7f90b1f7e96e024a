"""Large PNGs are unpacked by bands: the same pixels and the same refusals as at once."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
import pytest

from tasks.contracts import Raster
from tasks.errors import Undecodable
from tasks.export.encode import encode
from tasks.lossless import png_chunk
from tasks.triage import png, png_bands
from tasks.triage.limits import Limits
from tests.tasks.triage import made_pictures as made

LIMITS = Limits(10**8, 10**9)


@pytest.fixture
def by_bands(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every picture by bands, of a few rows each; the heights of the bands."""
    monkeypatch.setattr(png_bands, "WORTH_IT", 0)
    monkeypatch.setattr(png_bands, "_BAND_BYTES", 900)
    monkeypatch.setattr(png_bands, "_PIECE", 37)
    heights: list[int] = []
    decoded = png_bands._decoded

    def noted(layout: png_bands.Layout, lines: bytes, rows: int) -> object:
        heights.append(rows)
        return decoded(layout, lines, rows)

    monkeypatch.setattr(png_bands, "_decoded", noted)
    return heights


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("writer", ["ours", "opencv", "plain"])
def test_pixels_are_the_same(by_bands: list[int], channels: int, dtype: type, writer: str) -> None:
    rng = np.random.default_rng(channels)
    smooth = np.cumsum(rng.integers(0, 3, (61, 47, channels)), axis=0)
    pixels = (smooth * (np.iinfo(dtype).max // 200)).astype(dtype)
    if writer == "plain":
        data = made.png(pixels)
    elif writer == "ours" or channels == 2:
        data = encode(Raster(pixels)).data
    else:
        order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
        data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., order]))[1].tobytes()
    found = png.read_png(data, LIMITS).pixels
    assert found.dtype == dtype
    assert (found == pixels).all()
    assert len(by_bands) > 3


def test_what_needs_more_than_whole_bytes_is_read_at_once(by_bands: list[int]) -> None:
    data = made.png(made.photo(30, 40), (b"tRNS", bytes(6)))
    assert png.read_png(data, LIMITS).channels == 4
    assert by_bands == []


@pytest.mark.parametrize("rows", [0, 1, 30, 59])
def test_data_that_end_early_or_do_not_unpack_are_refused(by_bands: list[int], rows: int) -> None:
    lines = np.zeros((60, 1 + 3 * 50), np.uint8)
    header = (b"IHDR", bytes.fromhex("000000320000003c0802000000"))
    for packed in (zlib.compress(lines[:rows].tobytes()), zlib.compress(lines.tobytes())[: 12 + rows // 30]):
        data = png.PNG_SIGNATURE + b"".join(
            png_chunk(*part) for part in (header, (b"IDAT", packed), (b"IEND", b""))
        )
        with pytest.raises(Undecodable):
            png.read_png(data, LIMITS)
    broken = bytearray(zlib.compress(np.random.default_rng(0).bytes(lines.size)))
    broken[5] ^= 0xFF
    data = png.PNG_SIGNATURE + b"".join(
        png_chunk(*part) for part in (header, (b"IDAT", bytes(broken)), (b"IEND", b""))
    )
    with pytest.raises(Undecodable):
        png.read_png(data, LIMITS)
