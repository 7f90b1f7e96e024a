"""Fusion takes a fill's low frequencies as they are and gives it the surroundings' detail; off, it changes nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.generation.fusion import MOST, fused

Pixels = NDArray[np.float32]


def ground(channels: int = 3) -> Pixels:
    rng = np.random.default_rng(6)
    grain = cv2.GaussianBlur(rng.normal(0, 0.2, (96, 110, channels)).astype(np.float32), (0, 0), 0.7)
    return np.clip(0.5 + grain.reshape(96, 110, channels), 0, 1).astype(np.float32)


def hole() -> NDArray[np.bool_]:
    where = np.zeros((96, 110), bool)
    where[30:66, 36:76] = True
    return where


def smooth(picture: Pixels, where: NDArray[np.bool_]) -> Pixels:
    return np.where(where[..., None], np.float32(0.5), picture).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.0, -1.0])
def test_off_is_the_fill_itself(sigma: float) -> None:
    fill = smooth(ground(), hole())
    made, scores = fused(ground(), hole(), fill, sigma)
    assert made is fill
    assert scores == {}


@pytest.mark.parametrize("channels", [1, 3])
def test_a_smooth_fill_gets_grain_inside_the_hole_alone(channels: int) -> None:
    picture, where = ground(channels), hole()
    fill = smooth(picture, where)
    kept = fill.copy()
    made, scores = fused(picture, where, fill, 1.5)
    assert made.shape == picture.shape
    assert made.dtype == np.float32
    assert (made[~where] == picture[~where]).all()
    assert (fill == kept).all()
    inner = where.copy()
    inner[:36] = inner[60:] = inner[:, :42] = inner[:, 70:] = False
    assert 0.6 * picture[inner].std() < made[inner].std() < 1.4 * picture[inner].std()
    assert abs(float(made[inner].mean()) - 0.5) < 0.02
    assert scores["fusion_sigma"] == 1.5
    assert scores["fusion_changed"] > 5


def test_the_old_content_has_no_say() -> None:
    picture, where = ground(), hole()
    fill = smooth(picture, where)
    other = picture.copy()
    other[where] = 0
    assert (fused(other, where, fill, 1.5)[0][where] == fused(picture, where, fill, 1.5)[0][where]).all()


def test_a_fill_without_any_whole_patch_around_it_stays() -> None:
    picture = ground()[:20, :20]
    where = np.ones((20, 20), bool)
    where[0] = False
    fill = smooth(picture, where)
    assert (fused(picture, where, fill, 1.5)[0] == fill).all()


def test_no_wider_band_than_makes_sense() -> None:
    assert fused(ground(), hole(), smooth(ground(), hole()), 50.0)[1]["fusion_sigma"] == MOST
