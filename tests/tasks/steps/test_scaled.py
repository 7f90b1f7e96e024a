"""A preview's regions are the final's, smaller: none lost, none merged, and no old content left beside a hole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tasks.contracts import Region
from tasks.steps.scaled import scaled


def region(n: int, left: int, top: int, mask: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Region:
    return Region(n, (left, top, left + mask.shape[1], top + mask.shape[0]), mask, "text", f"t{n}", 0.5)


@pytest.mark.parametrize("new", [(100, 80), (37, 31), (61, 45), (3, 2), (1, 1)])
def test_every_pixel_that_a_hole_was_averaged_into_is_in_the_hole(new: tuple[int, int]) -> None:
    old = (100, 80)
    rng = np.random.default_rng(2)
    mask = (rng.random((23, 31)) > 0.7).astype(np.float32)
    (made,) = scaled([region(4, 60, 9, mask)], old, new, feather=2)
    whole = np.zeros((old[1], old[0]), np.float32)
    whole[9:32, 60:91] = mask
    averaged = cv2.resize(whole, new, interpolation=cv2.INTER_AREA) > 1e-6
    hole = np.zeros((new[1], new[0]), bool)
    x0, y0, x1, y1 = made.box
    hole[y0:y1, x0:x1] = made.hole
    assert made.mask.shape == (y1 - y0, x1 - x0)
    assert made.mask.dtype == np.float32
    assert not (averaged & ~hole).any()
    assert hole.sum() <= averaged.sum() * 1.3 + 4
    assert (made.n, made.kind, made.text, made.confidence) == (4, "text", "t4", 0.5)


def test_the_box_encloses_hole_and_feather_within_the_picture() -> None:
    mask = np.ones((10, 10), np.float32)
    inner, edge = scaled([region(1, 40, 40, mask), region(2, 0, 90, mask)], (100, 100), (50, 50), feather=3)
    assert inner.box == (17, 17, 28, 28)
    assert edge.box == (0, 42, 8, 50)


def test_soft_masks_keep_their_highest_value() -> None:
    mask = np.array([[0.2, 0.4], [0.0, 0.6]], np.float32)
    (made,) = scaled([region(1, 0, 0, mask)], (2, 2), (1, 1), feather=0)
    assert made.mask.tolist() == [[np.float32(0.6)]]


def test_the_final_tier_gets_the_very_regions() -> None:
    one = region(1, 3, 4, np.ones((2, 2), np.float32))
    assert scaled([one], (9, 9), (9, 9), feather=3) == (one,)
    assert scaled([], (9, 9), (3, 3), feather=3) == ()
