"""Masks given as picture files: kinds of pixels, size, orientation, damage."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tasks.contracts import Mask, PictureMeta, Raster
from tasks.detection.masks import build_mask
from tasks.errors import BadMask
from tasks.intents import MaskFile

SPEC = MaskFile(path="m.png")
SHAPE = np.zeros((8, 12), np.uint8)
SHAPE[2:5, 3:9] = 255


def raster(height: int = 8, width: int = 12, orientation: int = 1) -> Raster:
    return Raster(np.zeros((height, width, 3), np.uint8), PictureMeta(orientation=orientation))


def encoded(image: Image.Image, container: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, container, **options)
    return out.getvalue()


def read(data: bytes, target: Raster | None = None) -> Mask:
    return build_mask(SPEC, target or raster(), data)


def with_alpha(colour: int, alpha: np.ndarray, mode: str = "RGBA") -> Image.Image:
    image = Image.new(mode, (12, 8), (colour,) * (len(mode) - 1) + (0,))
    image.putalpha(Image.fromarray(alpha))
    return image


def sixteen_bit(shape: np.ndarray) -> bytes:
    return cv2.imencode(".png", shape.astype(np.uint16) * 257)[1].tobytes()


KINDS = {
    "grey": encoded(Image.fromarray(SHAPE)),
    "one bit": encoded(Image.fromarray(SHAPE).convert("1")),
    "RGB": encoded(Image.fromarray(SHAPE).convert("RGB")),
    "palette": encoded(Image.fromarray(SHAPE).convert("P")),
    "opaque alpha": encoded(Image.fromarray(SHAPE).convert("RGBA")),
    "alpha alone, on black": encoded(with_alpha(0, SHAPE)),
    "alpha alone, on white": encoded(with_alpha(255, SHAPE)),
    "grey and alpha": encoded(with_alpha(0, SHAPE, "LA")),
    "16 bit": sixteen_bit(SHAPE),
    "16 bit RGBA": sixteen_bit(np.dstack([SHAPE, SHAPE, SHAPE, np.full_like(SHAPE, 255)])),
    "TIFF": encoded(Image.fromarray(SHAPE), "TIFF"),
    "float TIFF": encoded(Image.fromarray((SHAPE / 255).astype(np.float32)), "TIFF"),
    "WebP": encoded(Image.fromarray(SHAPE).convert("RGB"), "WEBP", lossless=True),
    "BMP": encoded(Image.fromarray(SHAPE), "BMP"),
    "GIF": encoded(Image.fromarray(SHAPE), "GIF"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_mask(kind: str) -> None:
    mask = read(KINDS[kind])
    assert mask.dtype == np.float32
    np.testing.assert_array_equal(mask, (SHAPE > 0).astype(np.float32))


def test_a_jpegs_noise_is_no_edit() -> None:
    shape = np.zeros((64, 64), np.uint8)
    shape[20:40, 20:40] = 255
    hole = read(encoded(Image.fromarray(shape), "JPEG", quality=40), raster(64, 64)) > 0
    assert hole[20:40, 20:40].all()
    assert not hole[shape_far(shape)].any()


def shape_far(shape: np.ndarray) -> np.ndarray:
    return cv2.dilate(shape, np.ones((5, 5), np.uint8)) == 0


def test_brighter_than_half_is_edit_and_the_anti_aliased_edge_stays_soft() -> None:
    row = np.array([[0, 90, 127, 128, 255, 60, 40, 0, 0, 0, 127, 0]], np.uint8)
    mask = read(encoded(Image.fromarray(row)), raster(1, 12))
    np.testing.assert_allclose(mask[0] * 255, [0, 0, 127, 128, 255, 60, 0, 0, 0, 0, 0, 0], atol=1e-4)


@pytest.mark.parametrize("value", [0, 127])
def test_a_mask_with_nothing_over_half_is_empty(value: int) -> None:
    with pytest.raises(BadMask, match="empty"):
        read(encoded(Image.new("L", (12, 8), value)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_of_the_stored_size_is_turned_as_the_picture_is(orientation: int) -> None:
    """The stored mask must land where Pillow's own transposition of the stored picture puts it."""
    stored = Image.fromarray(SHAPE)
    tagged = encoded(stored, exif=_exif(orientation))
    displayed = ImageOps.exif_transpose(Image.open(BytesIO(tagged)))
    target = raster(displayed.height, displayed.width, orientation)
    expected = np.asarray(displayed) / np.float32(255)
    np.testing.assert_array_equal(read(encoded(displayed), target), expected)
    np.testing.assert_array_equal(read(tagged, target), expected)
    if orientation >= 5:
        np.testing.assert_array_equal(read(encoded(stored), target), expected)


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def test_another_size_is_refused_saying_both() -> None:
    with pytest.raises(BadMask, match="mask is 12×8 pixels, the picture 13×8"):
        read(encoded(Image.fromarray(SHAPE)), raster(8, 13))
    with pytest.raises(BadMask, match=r"mask is 12×8 pixels, the picture 9×13 \(13×9 as stored\)"):
        read(encoded(Image.fromarray(SHAPE)), raster(13, 9, orientation=6))
    with pytest.raises(BadMask, match="the picture 8×12"):
        read(encoded(Image.fromarray(SHAPE)), raster(12, 8, orientation=1))


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), cut=st.floats(0, 0.98), flip=st.integers(0, 10**6))
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_damaged_file_is_a_bad_mask_or_still_a_mask(kind: str, cut: float, flip: int) -> None:
    data = bytearray(KINDS[kind][: int(len(KINDS[kind]) * cut)])
    if data:
        data[flip % len(data)] ^= 0x55
    try:
        mask = read(bytes(data))
    except BadMask:
        return
    assert mask.shape == (8, 12)
    assert mask.any()
    assert np.isfinite(mask).all()


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 12 8\n"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadMask, match="not a picture"):
        read(data)


def test_a_truncated_file_says_so() -> None:
    shape = np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8)
    whole = encoded(Image.fromarray(shape))
    with pytest.raises(BadMask, match="damaged"):
        read(whole[: len(whole) // 2], raster(200, 200))
