"""Sharpness and repetition: planted blur, sharpening, clones and tiles against untouched photographs and honest patterns."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.policy.load import default_policy
from tasks.verification.repetition import repetition
from tasks.verification.sharpness import sharpness_ratio

LIMITS = default_policy().thresholds


@pytest.fixture(scope="module")
def gravel() -> Pixels:
    from skimage import data

    return np.asarray(data.gravel()[100:320, 100:340, None], np.float32) / np.float32(255)


@pytest.fixture
def hole(gravel: Pixels) -> NDArray[np.bool_]:
    found = np.zeros(gravel.shape[:2], bool)
    cv2.circle(found.view(np.uint8), (120, 110), 36, (1,), -1)
    return found


def filled(image: Pixels, fill: Pixels, hole: Zone) -> Pixels:
    return np.where(hole[..., None], fill.reshape(image.shape), image).astype(np.float32)


def moved(image: Pixels, dx: int) -> Pixels:
    return np.roll(image, -dx, 1)


def test_the_untouched_photograph_is_as_sharp_inside_and_repeats_nothing(gravel: Pixels, hole: Zone) -> None:
    assert sharpness_ratio(gravel, hole, hole) == pytest.approx(1, abs=0.15)
    assert repetition(gravel, hole) < 0.2


@pytest.mark.parametrize("sigma", [1.2, 2.0])
def test_blur_lowers_sharpness(gravel: Pixels, hole: Zone, sigma: float) -> None:
    blurred = filled(gravel, cv2.GaussianBlur(gravel, (0, 0), sigma), hole)
    assert sharpness_ratio(blurred, hole, hole) < 0.5
    assert repetition(blurred, hole) < LIMITS["repetition_max"]


def test_a_halo_of_sharpening_raises_it(gravel: Pixels, hole: Zone) -> None:
    soft = cv2.GaussianBlur(gravel, (0, 0), 1.2).reshape(gravel.shape)
    sharpened = filled(gravel, np.clip(gravel + 2 * (gravel - soft), 0, 1), hole)
    assert sharpness_ratio(sharpened, hole, hole) > 1.3


def test_weaker_detail_of_the_same_fineness_is_as_sharp(gravel: Pixels, hole: Zone) -> None:
    assert sharpness_ratio(filled(gravel, 0.5 + 0.4 * (gravel - 0.5), hole), hole, hole) == pytest.approx(
        1, abs=0.15
    )


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_clone_from_beside_the_hole_is_a_repetition_of_its_share(gravel: Pixels, share: float) -> None:
    small = np.zeros(gravel.shape[:2], bool)
    small[90:130, 100:140] = True
    part = small & (np.arange(small.shape[1]) < 100 + 40 * share)
    cloned = filled(gravel, moved(gravel, 44), part)
    assert repetition(cloned, small) == pytest.approx(share, abs=0.15)
    assert repetition(cloned, small) > LIMITS["repetition_max"]


def test_a_tile_laid_over_the_hole_is_a_repetition_within_it(gravel: Pixels, hole: Zone) -> None:
    tiles = np.tile(gravel[4:28, 4:28], (10, 11, 1))[: hole.shape[0], : hole.shape[1]]
    assert repetition(filled(gravel, tiles, hole), hole) > LIMITS["repetition_max"]


def test_a_pattern_that_repeats_all_around_may_repeat_in_the_hole(hole: Zone) -> None:
    draw = np.random.default_rng(4)
    tile = cv2.GaussianBlur(draw.random((20, 20)).astype(np.float32), (0, 0), 1.0)
    cloth = np.tile(tile, (11, 12))[..., None].astype(np.float32)
    assert repetition(cloth, hole) < 0.1


def test_grain_on_a_flat_ground_and_thin_holes_say_nothing(gravel: Pixels, hole: Zone) -> None:
    noise = np.random.default_rng(1).normal(0, 1.0 / 255, (*hole.shape, 3))
    flat = (np.full((*hole.shape, 3), 0.5) + noise).astype(np.float32)
    assert repetition(flat, hole) < 0.1
    thin = np.zeros_like(hole)
    thin[100:110, 20:200] = True
    cloned = filled(gravel, moved(gravel, 30), thin)
    assert repetition(cloned, thin) == 0
    assert sharpness_ratio(filled(gravel, np.full_like(gravel, 0.5), thin), thin, thin) == 1


def test_a_hole_without_a_ring_is_compared_with_nothing(gravel: Pixels) -> None:
    whole = np.ones(gravel.shape[:2], bool)
    assert sharpness_ratio(gravel, whole, whole) == 1
    assert repetition(gravel, whole) < LIMITS["repetition_max"]
    assert repetition(gravel, ~whole) == 0
