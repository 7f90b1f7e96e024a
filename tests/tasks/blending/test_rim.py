"""A hole cut too tight: what the object left around it is found, taken off before the blend, and never where the ring is clean."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.classical.blend_gradient import GradientBlend
from tasks.blending.rim import cleaned, contamination
from tasks.blending.stage import blend_region
from tasks.contracts import Pixels, Zone


@pytest.fixture(scope="module")
def truth() -> Pixels:
    from skimage import data

    return np.asarray(data.coffee()[60:240, 100:320], np.float32) / np.float32(255)


@pytest.fixture(scope="module")
def cover() -> NDArray[np.float32]:
    """A disc with a soft rim."""
    page = np.zeros((180 * 4, 220 * 4), np.uint8)
    cv2.circle(page, (110 * 4, 90 * 4), 40 * 4, (255,), -1)
    return cv2.resize(page, (220, 180), interpolation=cv2.INTER_AREA)[..., None] / np.float32(255)


def over(truth: Pixels, cover: Pixels, colour: tuple[float, float, float]) -> Pixels:
    return (truth + cover * (np.array(colour, np.float32) - truth)).astype(np.float32)


def tight(cover: Pixels, by: int) -> Zone:
    whole = (cover[..., 0] > 0).astype(np.uint8)
    return cv2.erode(whole, np.ones((3, 3), np.uint8), iterations=by) > 0


def gradient(target: Pixels, source: Pixels, hole: Zone, zone: Zone) -> Pixels:
    return GradientBlend().blend(target, source, hole, zone, params={})


COLOURS = [(1.0, 0.1, 0.1), (0.0, 0.9, 1.0), (1.0, 1.0, 1.0)]


@pytest.mark.parametrize("colour", COLOURS)
def test_a_clean_ring_is_left_bit_by_bit(
    truth: Pixels, cover: Pixels, colour: tuple[float, float, float]
) -> None:
    picture, hole = over(truth, cover, colour), tight(cover, 0)
    assert cleaned(picture, hole, 3) is picture
    assert not contamination(picture, hole, 3)[0].any()


@pytest.mark.parametrize("by", [1, 2])
@pytest.mark.parametrize("colour", COLOURS)
def test_what_a_tight_hole_leaves_is_taken_off(
    truth: Pixels, cover: Pixels, colour: tuple[float, float, float], by: int
) -> None:
    picture, hole = over(truth, cover, colour), tight(cover, by)
    kept = picture.copy()
    share, _ = contamination(picture, hole, 3)
    rim = (cover[..., 0] > 0.5) & ~hole
    assert share[rim].mean() > 0.5
    assert not share[hole].any()
    out, zone = blend_region(picture, truth, hole, 3, gradient)

    def error(made: Pixels, where: Zone) -> float:
        return float(np.abs(made - truth)[where].mean())

    plain = np.where(hole[..., None], gradient(picture, truth, hole, zone), picture)
    assert error(out, rim) < 0.5 * error(picture, rim)
    assert error(out, hole) < 0.5 * error(plain, hole)
    np.testing.assert_array_equal(out[~zone], picture[~zone])
    np.testing.assert_array_equal(picture, kept)


def test_only_the_part_that_was_cut_too_tight_is_cleaned(truth: Pixels) -> None:
    picture, hole = truth.copy(), np.zeros(truth.shape[:2], bool)
    picture[40:80, 30:70] = picture[40:80, 140:180] = (0, 0, 1)
    hole[40:80, 30:70] = True
    hole[41:79, 141:179] = True
    share, _ = contamination(picture, hole, 3)
    assert not share[:, :100].any()
    assert share[40, 141:179].mean() > 0.8


def test_strokes_without_an_inside_empty_holes_and_no_zone_say_nothing(truth: Pixels) -> None:
    thin = np.zeros(truth.shape[:2], bool)
    thin[60:63, 20:180] = True
    picture = truth.copy()
    picture[59:64, 20:180] = 1
    for hole, width in ((thin, 3), (np.zeros_like(thin), 3), (np.ones_like(thin), 3), (thin, 0)):
        assert cleaned(picture, hole, width) is picture


def test_an_object_like_its_ground_stains_nothing(truth: Pixels, cover: Pixels) -> None:
    picture = (truth + cover * np.float32(10 / 255)).astype(np.float32)
    assert not contamination(picture, tight(cover, 1), 3)[0].any()
