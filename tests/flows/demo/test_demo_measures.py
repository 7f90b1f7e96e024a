"""PSNR and changed pixels on cases whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from flows.demo.catalogue import Catalogue
from flows.demo.files import FileFormat, Levels, as_image, decode, encode, saved
from flows.demo.measures import CAP, boxes_zone, changed_outside, near, psnr


def flat(level: int, channels: int = 3, dtype: type = np.uint8) -> Levels:
    return np.full((40, 60, channels), level, dtype=dtype)


def photo(channels: int = 3) -> Levels:
    levels = np.random.default_rng(7).integers(0, 255, (9, 13, channels)).astype(np.uint8)
    image = as_image(levels).resize((104, 72), Image.Resampling.BICUBIC)
    pixels = np.array(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def test_psnr_of_a_known_error() -> None:
    # A fifth of full scale everywhere: 20 log10(5) dB.
    assert psnr(flat(51), flat(0)) == pytest.approx(13.9794, abs=1e-4)
    assert psnr(flat(51, 1), flat(0, 3)) == pytest.approx(13.9794, abs=1e-4)


def test_psnr_is_scaled_by_each_pictures_own_depth() -> None:
    assert psnr(flat(13107, 3, np.uint16), flat(0, 3, np.uint16)) == pytest.approx(13.9794, abs=1e-4)
    assert psnr(flat(128 * 257, 3, np.uint16), flat(128)) == CAP
    # One level of 65535 is far below the cap; one of 255 in a tenth of the pixels is not rounded away.
    assert psnr(flat(1, 3, np.uint16), flat(0, 3, np.uint16)) == CAP


def test_psnr_looks_only_inside_the_zone_and_not_at_alpha() -> None:
    truth, picture = flat(100, 4), flat(100, 4)
    picture[:20] += 51
    picture[20:, :, 3] = 0
    zone = np.zeros((40, 60), bool)
    zone[:20] = True
    assert psnr(picture, truth, zone) == pytest.approx(13.9794, abs=1e-4)
    assert psnr(picture, truth, ~zone) == CAP
    assert psnr(picture, truth, np.zeros_like(zone)) is None


def test_psnr_of_another_size_is_none() -> None:
    assert psnr(flat(0)[:-1], flat(0)) is None


def test_near_is_euclidean() -> None:
    zone = np.zeros((41, 41), bool)
    zone[20, 20] = True
    grown = near(zone, 12)
    assert grown[20, 32]
    assert not grown[20, 33]
    assert not grown[30, 30]
    assert not near(np.zeros((3, 3), bool), 12).any()


def test_lossless_changes_are_counted_exactly() -> None:
    source = photo()
    edited = source.copy()
    edited[10:20, 30:50] += 7
    zone = boxes_zone([(30, 10, 50, 20)], source.shape[:2])
    assert changed_outside(source, encode(edited), (zone,)) == (0,)
    edited[0, 0, 1] ^= 1
    edited[71, 103, 2] ^= 1
    edited[20, 30, 0] ^= 1
    assert changed_outside(source, encode(edited), (zone, np.ones_like(zone))) == (3, 0)


def test_sixteen_bit_changes_of_one_level_are_seen() -> None:
    source = photo().astype(np.uint16) * 257
    edited = source.copy()
    edited[5, 5, 0] += 1
    assert changed_outside(source, encode(edited), (np.zeros((72, 104), bool),)) == (1,)
    reduced = encode((edited // 257).astype(np.uint8))
    assert changed_outside(source, reduced, (np.zeros((72, 104), bool),)) == (0,)
    source += 1
    assert changed_outside(source, reduced, (np.zeros((72, 104), bool),)) == (72 * 104,)


def test_a_change_of_alpha_is_a_change() -> None:
    source = photo(4)
    edited = source.copy()
    edited[3, 4, 3] ^= 1
    assert changed_outside(source, encode(edited), (np.zeros((72, 104), bool),)) == (1,)
    assert changed_outside(source, encode(source[..., :3]), (source[..., 3] < 255,)) == (0,)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize(("subsampling", "channels"), [(0, 3), (2, 3), (0, 1)])
def test_jpeg_is_compared_with_the_untouched_input_encoded_alike(
    orientation: int, subsampling: int, channels: int
) -> None:
    how = FileFormat(".jpg", 88, subsampling, orientation)  # type: ignore[arg-type]
    source = decode(encode(photo(channels), how))
    edited = source.copy()
    edited[10:20, 30:50] //= 3
    zone = boxes_zone([(30, 10, 50, 20)], source.shape[:2])
    assert changed_outside(source, encode(edited, how), (zone,)) == (0,)
    assert changed_outside(source, encode(source, how), (np.zeros_like(zone),)) == (0,)
    edited[60:64, 90:94] //= 3
    (count,) = changed_outside(source, encode(edited, how), (zone,))
    assert count is not None
    assert 16 <= count <= 400


def test_jpeg_whose_untouched_blocks_were_copied_has_no_changes() -> None:
    data = encode(photo(), FileFormat(".jpg", 70, 2))
    assert changed_outside(decode(data), data, (np.zeros((72, 104), bool),)) == (0,)


def test_lossy_webp_cannot_be_told_and_lossless_webp_can() -> None:
    source = photo()
    nothing = np.zeros((72, 104), bool)
    assert changed_outside(source, encode(source, FileFormat(".webp", 90)), (nothing,)) == (None,)
    edited = source.copy()
    edited[3, 4, 1] ^= 1
    for options in ({}, {"icc_profile": b"x" * 400}):
        data = saved(as_image(edited), "WEBP", lossless=True, **options)
        assert changed_outside(source, data, (nothing,)) == (1,)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_stored_turned_is_decoded_upright(orientation: int) -> None:
    picture = photo()
    assert np.array_equal(decode(encode(picture, FileFormat(orientation=orientation))), picture)


def test_sixteen_bit_colours_keep_their_order(sample: Catalogue) -> None:
    picture = flat(0, 4, np.uint16)
    picture[..., 0], picture[..., 2], picture[..., 3] = 65535, 300, 40000
    assert np.array_equal(decode(encode(picture)), picture)
    retina = decode(sample.path("truth/text-shadow.png").read_bytes())[256, 256]
    assert retina[0] > 2 * retina[2], "the fundus is red"
