"""Stored pixels come back exactly, and damage never passes for a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import lossless
from tasks.contracts import PictureMeta, Raster
from tasks.errors import ArtifactDamaged

SIDES = st.integers(1, 12)
SEEDS = st.integers(0, 2**32 - 1)
META = PictureMeta(
    "JPEG", 6, b"icc\0", b"II*\0exif", b"<xmp/>", (300.0, 72.5), ((1,) * 64, (2,) * 64), 2, ("one", "two")
)


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, st.sampled_from([1, 3]), SEEDS)
def test_pixels_on_the_grid_return_exactly(height: int, width: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.integers(0, 65536, (height, width, channels)).astype(np.float32) / np.float32(65535)
    back = lossless.decode_pixels(lossless.encode_pixels(grid))
    assert back.dtype == np.float32
    assert np.array_equal(back, grid)
    free = rng.uniform(-0.2, 1.2, grid.shape).astype(np.float32)
    once = lossless.decode_pixels(lossless.encode_pixels(free))
    assert np.abs(once - np.clip(free, 0, 1)).max() <= 0.5 / 65535 + 1e-7
    assert np.array_equal(lossless.decode_pixels(lossless.encode_pixels(once)), once)


def test_every_level_of_the_grid_survives() -> None:
    levels = (np.arange(65536, dtype=np.float32) / np.float32(65535)).reshape(256, 256, 1)
    assert np.array_equal(lossless.decode_pixels(lossless.encode_pixels(levels)), levels)
    assert np.array_equal(lossless.decode_mask(lossless.encode_mask(levels[..., 0])), levels[..., 0])


def test_the_hole_of_a_mask_never_shrinks() -> None:
    mask = np.array([[0, 1e-9, 0.3, 1, 2, -1]], np.float32)
    back = lossless.decode_mask(lossless.encode_mask(mask))
    assert ((back > 0) == (mask > 0)).all()
    assert back.max() == 1
    assert back.dtype == np.float32


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, st.integers(1, 4), st.sampled_from([np.uint8, np.uint16]), SEEDS)
def test_whole_pictures_return_with_all_they_say(
    height: int, width: int, channels: int, dtype: type, seed: int
) -> None:
    levels = np.iinfo(dtype).max
    pixels = np.random.default_rng(seed).integers(0, levels, (height, width, channels), dtype, endpoint=True)
    for meta in (META, PictureMeta()):
        data = lossless.encode_raster(Raster(pixels, meta))
        back = lossless.decode_raster(data)
        assert back.meta == meta
        assert back.pixels.dtype == dtype
        assert np.array_equal(back.pixels, pixels)
        assert not back.pixels.flags.writeable
        assert lossless.encode_raster(back) == data


@pytest.mark.parametrize("cut", [0, 3, 20, 40, 60, -30, -4])
def test_damaged_bytes_are_found(cut: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)
    whole = lossless.encode_raster(Raster(pixels))
    with pytest.raises(ArtifactDamaged):
        lossless.decode_raster(whole[:cut])
    with pytest.raises(ArtifactDamaged):
        lossless.decode_pixels(lossless.encode_pixels(pixels.astype(np.float32) / 255)[: min(cut, 60)])


def test_wrong_kinds_are_refused() -> None:
    colour = lossless.encode_pixels(np.zeros((2, 2, 3), np.float32))
    with pytest.raises(ArtifactDamaged):
        lossless.decode_mask(colour)
    with pytest.raises(ArtifactDamaged):
        lossless.decode_raster(colour)
    with pytest.raises(ValueError, match="expected"):
        lossless.encode_pixels(np.zeros((2, 2, 4), np.float32))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_back_undoes_turning(orientation: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3, 5, 2), np.uint8)
    assert np.array_equal(lossless.unorient(lossless.orient(pixels, orientation), orientation), pixels)
