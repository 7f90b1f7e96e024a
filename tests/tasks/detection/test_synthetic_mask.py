"""Masks of text on drawn grounds: every pixel that the ground does not explain, and no other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from tasks.detection.synthetic import synthetic_mask

H, W = 120, 260
YS, XS = np.mgrid[:H, :W].astype(np.float64)


def zone(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    out = np.zeros((H, W), bool)
    out[y0:y1, x0:x1] = True
    return out


INSIDE = zone(30, 38, 232, 86)
REACH = zone(16, 28, 246, 96)


def lettered(ground: np.ndarray, lcd: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The ground with anti-aliased lettering, its colour fringes shifted by channel when `lcd`; and the changed pixels."""
    cover = np.zeros((H, W, 3), np.uint8)
    for channel in range(3):
        plane = np.zeros((H, W), np.uint8)
        cv2.putText(
            plane,
            "Add to cart",
            (36 + (channel if lcd else 0), 70),
            cv2.FONT_HERSHEY_SIMPLEX,
            1,
            255,
            2,
            cv2.LINE_AA,
        )
        cover[..., channel] = plane
    share = cover / 255.0
    out = np.rint(ground * (1 - share) + np.array([250.0, 250, 250]) * share).astype(np.uint8)
    return out, (out != ground).any(axis=-1)


def ui() -> np.ndarray:
    ground = np.full((H, W, 3), (40, 90, 160), np.uint8)
    ground[60] = (200, 30, 30)
    ground[:, 100] = (200, 30, 30)
    return ground


GROUNDS = {
    "flat": np.full((H, W, 3), (40, 90, 160), np.uint8),
    "ramp": np.rint(np.stack([20 + YS, 90 + 0 * YS, 160 - YS], -1)).astype(np.uint8),
    "lines": ui(),
    "dither": np.where(((XS + YS) % 2 == 0)[..., None], (40, 90, 160), (44, 94, 164)).astype(np.uint8),
}


@pytest.mark.parametrize("lcd", [False, True])
@pytest.mark.parametrize("name", list(GROUNDS))
def test_the_mask_is_every_changed_pixel_and_no_other(name: str, lcd: bool) -> None:
    crop, changed = lettered(GROUNDS[name], lcd)
    before = crop.copy()
    mask = synthetic_mask(crop, INSIDE, reaches=(REACH,))
    assert mask is not None
    np.testing.assert_array_equal(mask > 0, changed)
    np.testing.assert_array_equal(crop, before)


def test_a_button_that_fits_its_text_closely_stays() -> None:
    ground = np.full((H, W, 3), 245, np.uint8)
    ground[34:90, 22:240] = (40, 90, 160)
    crop, changed = lettered(ground)
    mask = synthetic_mask(crop, INSIDE, reaches=(REACH,))
    assert mask is not None
    np.testing.assert_array_equal(mask > 0, changed)


def test_what_only_reaches_in_from_beside_stays() -> None:
    ground = GROUNDS["flat"].copy()
    ground[30:60, 238:258] = (250, 200, 10)
    crop, changed = lettered(ground)
    mask = synthetic_mask(crop, INSIDE, reaches=(REACH,))
    assert mask is not None
    np.testing.assert_array_equal(mask > 0, changed)


def test_photographs_are_left_to_others() -> None:
    photo = data.coffee()
    for top, left in ((0, 0), (100, 100), (250, 300)):
        crop, _ = lettered(photo[top : top + H, left : left + W])
        assert synthetic_mask(crop, INSIDE, reaches=(REACH,)) is None


def test_an_outline_that_shows_no_ground_proves_nothing() -> None:
    crop = GROUNDS["flat"].copy()
    crop[INSIDE] = np.random.default_rng(1).integers(0, 255, (int(INSIDE.sum()), 3))
    assert synthetic_mask(crop, INSIDE) is None


def test_other_lines_are_not_learned_from() -> None:
    crop, changed = lettered(GROUNDS["ramp"])
    others = zone(0, 100, W, 110)
    crop[others] = np.random.default_rng(1).integers(0, 255, (int(others.sum()), 3))
    mask = synthetic_mask(crop, INSIDE, others=others)
    assert mask is not None
    np.testing.assert_array_equal(mask > 0, changed)
