"""A PNG written row by row is the picture, patches and all, and no larger than what OpenCV writes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.contracts import Patch, Raster
from tasks.export import png_lines
from tasks.export.encode import encode
from tasks.patched import Patched
from tests.tasks.triage import made_pictures as made


def seen(data: bytes) -> NDArray[np.generic]:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return np.asarray(found[..., ::-1] if found.ndim == 3 else found[..., None])


def drawn(height: int, width: int) -> NDArray[np.uint8]:
    """Flat shapes that repeat."""
    y, x = np.mgrid[:height, :width]
    return np.where(((x // 24 + y // 24) % 2 == 0)[..., None], [240, 30, 60], [255, 255, 255]).astype(
        np.uint8
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 30), st.integers(1, 4), st.integers(0, 2**32 - 1), st.booleans())
def test_rows_are_those_of_the_whole_picture_with_its_patches(
    height: int, width: int, channels: int, seed: int, deep: bool
) -> None:
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if deep else np.uint8
    raster = Raster(rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True))
    patches = []
    for _ in range(3):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        h, w = int(rng.integers(1, height - y + 1)), int(rng.integers(1, width - x + 1))
        pixels = rng.random((h, w, raster.colours), np.float32)
        patches.append(Patch(x, y, pixels, rng.random((h, w)) < 0.7))
    picture, whole = Patched(raster, tuple(patches)), raster.with_patches(tuple(patches))
    for _ in range(5):
        y0 = int(rng.integers(height))
        y1 = int(rng.integers(y0 + 1, height + 1))
        assert (picture.rows(y0, y1) == whole.pixels[y0:y1]).all()
    assert (picture.whole().pixels == whole.pixels).all()
    assert encode(picture).data == encode(whole).data


def test_rows_that_no_patch_reaches_are_not_copied() -> None:
    raster = Raster(made.photo(50, 40))
    picture = Patched(raster, (Patch(3, 20, np.zeros((5, 6, 3), np.float32), np.ones((5, 6), bool)),))
    assert np.shares_memory(picture.rows(0, 20), raster.pixels)
    assert np.shares_memory(picture.rows(25, 50), raster.pixels)
    assert not np.shares_memory(picture.rows(19, 21), raster.pixels)


@pytest.mark.parametrize("kind", range(5))
def test_whatever_filter_is_chosen_the_pixels_come_back(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png_lines, "_best", lambda here, above, step: kind)
    for pixels in (made.photo(150, 97), drawn(150, 97)):
        assert (seen(encode(Raster(pixels)).data) == pixels).all()


@pytest.mark.parametrize("pixels", [made.photo(300, 400), drawn(300, 400)], ids=["photograph", "drawing"])
def test_it_is_no_larger_than_opencvs_and_drawings_are_packed_by_their_repeats(
    pixels: NDArray[np.uint8],
) -> None:
    _, theirs = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 4])
    described = 1000  # the note of who made the pixels, which the other lacks, and a filter a band, not a row
    assert len(encode(Raster(pixels)).data) < 1.03 * len(theirs) + described
