"""PNG and TIFF out: what went in comes out, to the bit, whatever the depth, channels, orientation or size."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import Patch, PictureMeta, Raster
from tasks.export.encode import ExportOptions, encode
from tasks.triage.decode import decode
from tests.tasks.triage import made_pictures as made

SIDES = st.integers(1, 9)
DEPTHS = st.sampled_from([np.uint8, np.uint16])


def read(data: bytes) -> Raster:
    return decode(data, name="x", max_pixels=10**8, max_bytes=10**9)


def noise(height: int, width: int, channels: int, dtype: type, seed: int) -> NDArray[np.generic]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


@settings(max_examples=150, deadline=None)
@given(SIDES, SIDES, st.integers(1, 4), DEPTHS, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_png_decode_encode_decode_is_the_identity(
    height: int, width: int, channels: int, dtype: type, orientation: int, seed: int
) -> None:
    stored = noise(height, width, channels, dtype, seed)
    source = made.png(stored, made.iccp(), (b"eXIf", made.exif(orientation)))
    first = read(source)
    out = encode(first)
    again = read(out.data)
    assert np.array_equal(again.pixels, first.pixels)
    assert again.pixels.dtype == dtype
    assert (again.meta.icc, again.meta.orientation) == (made.ICC, orientation)
    assert (out.suffix, out.media_type) == (".png", "image/png")
    assert (out.width, out.height) == (first.width, first.height)
    assert encode(read(source)).data == out.data


@settings(max_examples=80, deadline=None)
@given(SIDES, SIDES, st.integers(1, 4), DEPTHS, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_tiff_keeps_all_too(
    height: int, width: int, channels: int, dtype: type, orientation: int, seed: int
) -> None:
    stored = noise(height, width, channels, dtype, seed)
    first = read(made.png(stored, made.iccp(), (b"eXIf", made.exif(orientation))))
    out = encode(first, ExportOptions(format="tiff"))
    again = read(out.data)
    assert np.array_equal(again.pixels, first.pixels)
    assert again.pixels.dtype == dtype
    assert (again.meta.icc, again.meta.orientation, again.meta.format) == (made.ICC, orientation, "TIFF")
    assert np.array_equal(tifffile.imread(io.BytesIO(out.data)).reshape(stored.shape), stored)
    kept = encode(again)
    assert kept.suffix == ".tif"
    assert read(kept.data).pixels.tobytes() == first.pixels.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_other_readers_see_the_stored_pixels(channels: int, dtype: type) -> None:
    stored = noise(40, 51, channels, dtype, 3)
    data = encode(read(made.png(stored, (b"eXIf", made.exif(6))))).data
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).reshape(40, 51, -1)
    order = {1: [0], 2: [0, 3], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert seen.dtype == dtype
    assert np.array_equal(seen[..., order], stored)
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.getexif()[0x0112] == 6
    if dtype == np.uint8:
        assert np.array_equal(np.asarray(image).reshape(stored.shape), stored)


def test_large_tiff_in_many_strips_opens_in_pillow() -> None:
    pixels = made.photo(1500, 1001)
    data = encode(Raster(pixels, PictureMeta(dpi=(300.0, 300.0))), ExportOptions(format="tiff")).data
    image = Image.open(io.BytesIO(data))
    assert np.array_equal(np.asarray(image), pixels)
    assert image.info["dpi"] == (300, 300)
    assert len(image.tag_v2[273]) > 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_pixels_outside_a_patch_equal_the_source(orientation: int) -> None:
    stored = noise(30, 44, 4, np.uint16, 9)
    raster = read(made.png(stored, (b"eXIf", made.exif(orientation))))
    zone = np.ones((5, 6), bool)
    patch = Patch(3, 2, np.full((5, 6, 3), 0.5, np.float32), zone)
    data = encode(raster.with_patches((patch,))).data
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]]
    changed = (seen != stored).any(axis=2)
    assert changed.sum() == 30
    assert np.array_equal(seen[..., 3], stored[..., 3])


def test_bmp_becomes_png_and_lossless_webp_stays_exact() -> None:
    pixels = made.photo(21, 33)
    bmp = encode(read(made.saved(Image.fromarray(pixels), "BMP")))
    assert bmp.suffix == ".png"
    assert np.array_equal(read(bmp.data).pixels, pixels)
    hidden = made.photo(21, 33, 4)
    hidden[4:9, 5:20, 3] = 0
    for source in (pixels, hidden):
        webp = encode(read(made.saved(Image.fromarray(source), "WEBP", lossless=True, exact=True)))
        assert webp.suffix == ".webp"
        assert np.array_equal(read(webp.data).pixels, source)


def test_resolution_and_palette_survive() -> None:
    image = Image.fromarray(made.photo(12, 13)).quantize(16)
    first = read(made.saved(image, "PNG", dpi=(300, 240), transparency=0))
    again = read(encode(first).data)
    assert again.meta.dpi == first.meta.dpi
    assert np.array_equal(again.pixels, first.pixels)
    assert first.meta.dpi == pytest.approx((300, 240), abs=0.02)
