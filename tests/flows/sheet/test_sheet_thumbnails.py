"""Thumbnails: exact while small, averaged when large, alpha over a checkerboard."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from flows.sheet.model import SheetPicture
from flows.sheet.pictures import Levels, PictureBank, thumbnail


def decoded(picture: SheetPicture) -> Levels:
    return np.asarray(Image.open(BytesIO(picture.data)).convert("RGB"))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (40, 60), (200, 200)])
def test_a_small_opaque_picture_is_kept_exactly(size: tuple[int, int], channels: int) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*size, channels), np.uint8)
    before = pixels.copy()
    picture = thumbnail(pixels, 320, "x")
    assert (picture.media_type, picture.caption, picture.label) == ("image/png", "", "x")
    np.testing.assert_array_equal(decoded(picture), np.broadcast_to(pixels, (*size, 3)))
    np.testing.assert_array_equal(pixels, before)


def test_a_large_picture_is_averaged_down_and_says_so() -> None:
    pixels = np.zeros((1200, 2000, 3), np.uint8)
    pixels[:, ::2] = 200
    picture = thumbnail(pixels, 500, "x")
    assert (picture.media_type, picture.caption) == ("image/jpeg", "25% of 2000 × 1200")
    small = decoded(picture)
    assert small.shape == (300, 500, 3)
    assert np.abs(small.astype(int) - 100).max() < 5


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_shows_a_checkerboard_and_hides_what_is_transparent(channels: int) -> None:
    pixels = np.full((64, 64, channels), 7, np.uint8)
    pixels[:32, :, -1], pixels[32:, :, -1] = 0, 255
    shown = decoded(thumbnail(pixels, 64, "x"))
    assert set(np.unique(shown[:32])) == {205, 255}
    assert set(np.unique(shown[32:])) == {7}


def test_reducing_never_mixes_in_the_colour_of_transparent_pixels() -> None:
    pixels = np.zeros((400, 400, 4), np.uint8)
    pixels[:, 0::2] = (200, 0, 0, 255)
    pixels[:, 1::2] = (0, 255, 0, 0)
    shown = decoded(thumbnail(pixels, 100, "x"))
    assert shown[..., 1].max() <= 130, "half of a 255 board at most: the green is transparent"


def test_the_same_pixels_give_the_same_bytes() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)
    assert thumbnail(pixels, 256, "x") == thumbnail(pixels.copy(), 256, "x")


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 5), np.uint8), np.zeros((0, 4, 3), np.uint8),
               np.zeros((4, 4, 3), np.float32)],
)  # fmt: skip
def test_other_shapes_and_types_are_refused(pixels: Levels) -> None:
    with pytest.raises(ValueError, match=r"thumbnail|nothing to show"):
        thumbnail(pixels, 64, "x")


def test_the_bank_keeps_each_picture_once() -> None:
    bank, picture = PictureBank(), thumbnail(np.zeros((5, 9, 3), np.uint8), 64, "a")
    one, two = bank.add(picture), bank.add(SheetPicture("b", picture.data, picture.media_type, "again"))
    assert (one.key, one.width, one.height) == (two.key, 9, 5)
    assert (two.label, len(bank.data_uris())) == ("b", 1)


@pytest.mark.parametrize(
    ("data", "media_type", "message"),
    [(b"<svg onload=alert(1)>", "image/svg+xml", "is not shown"), (b"GIF89a", "image/png", "is not image/png"),
     (b"", "image/png\"></script><script>", "is not shown")],
)  # fmt: skip
def test_the_bank_takes_only_pictures(data: bytes, media_type: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PictureBank().add(SheetPicture("x", data, media_type))
