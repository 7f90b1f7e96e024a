"""A picture kept between stages comes back with every pixel and all that it says."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.contracts import PictureMeta, Raster
from tasks.lossless import decode_raster
from tasks.steps.stored_picture import encode_picture


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (301, 57)])
def test_it_comes_back_as_it_was(channels: int, dtype: type, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    pixels: NDArray[Any] = rng.integers(0, np.iinfo(dtype).max, (*size, channels), endpoint=True).astype(
        dtype
    )
    raster = Raster(pixels, PictureMeta(format="TIFF", icc=b"profile", notes=("a note",), dpi=(300.0, 72.0)))
    back = decode_raster(encode_picture(raster))
    assert back.pixels.dtype == dtype
    assert np.array_equal(back.pixels, pixels)
    assert back.meta == raster.meta
    assert encode_picture(raster) == encode_picture(Raster(pixels.copy(), raster.meta))


def test_no_copy_of_the_picture_is_made() -> None:
    pixels = np.zeros((3000, 3000, 3), np.uint8)
    pixels[::7, ::5] = 90
    tracemalloc.start()
    encode_picture(Raster(pixels))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.5 * pixels.nbytes
