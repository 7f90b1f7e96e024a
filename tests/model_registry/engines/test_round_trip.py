"""The bias of engines that make the whole picture anew: measured around the hole, taken off inside it, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from model_registry.engines.round_trip import BOUND, without_bias

Picture = NDArray[np.float32]
Zone = NDArray[np.bool_]


@pytest.fixture
def picture() -> Picture:
    from skimage import data

    return np.asarray(data.coffee()[60:200, 100:280], np.float32) / np.float32(255) * 0.6 + 0.2


@pytest.fixture
def hole() -> Zone:
    hole = np.zeros((140, 180), bool)
    hole[50:90, 60:120] = True
    hole[65:70, 80:90] = False
    return hole


def shift(picture: Picture) -> Picture:
    """A cast that goes from one side to the other."""
    along = np.linspace(-12, 16, picture.shape[1], dtype=np.float32)[None, :, None]
    return np.asarray(along * np.array([1.0, 0.4, -0.6], np.float32) / 255)


def test_a_sloping_cast_is_taken_off_inside_and_only_there(picture: Picture, hole: Zone) -> None:
    made = picture + shift(picture)
    kept = made.copy()
    out = without_bias(made, picture, hole)
    before = np.abs(made - picture)[hole].mean()
    assert np.abs(out - picture)[hole].mean() < 0.2 * before
    np.testing.assert_array_equal(out[~hole], made[~hole])
    np.testing.assert_array_equal(made, kept)
    assert out.dtype == np.float32


def test_detail_of_the_fill_is_kept(picture: Picture, hole: Zone) -> None:
    """What comes off is smooth: its Laplacian is far below the fill's own."""
    off = (picture + shift(picture)) - without_bias(picture + shift(picture), picture, hole)
    inner = ndimage.binary_erosion(hole, iterations=3)
    assert np.abs(ndimage.laplace(off[..., 0]))[inner].max() < 1 / 255


def test_an_engine_that_moved_detail_about_is_not_mistrusted(picture: Picture, hole: Zone) -> None:
    noise = np.random.default_rng(0).normal(0, 4 / 255, picture.shape).astype(np.float32)
    made = picture + noise
    out = without_bias(made, picture, hole)
    assert np.abs(out - made)[hole].mean() < 0.6 / 255


def test_what_the_hole_held_is_never_read(picture: Picture, hole: Zone) -> None:
    made = picture + shift(picture)
    nothing = np.where(hole[..., None], np.float32(np.nan), picture)
    np.testing.assert_array_equal(without_bias(made, nothing, hole), without_bias(made, picture, hole))


def test_other_content_around_the_hole_is_no_bias(picture: Picture, hole: Zone) -> None:
    black = np.zeros_like(picture)
    assert np.abs(without_bias(1 - black, picture, hole) - 1)[hole].max() <= BOUND + 1e-6


def test_surroundings_given_back_and_none_at_all_change_nothing(picture: Picture, hole: Zone) -> None:
    pasted = np.where(hole[..., None], np.float32(0.3), picture)
    assert without_bias(pasted, picture, hole) is pasted
    everything = np.ones_like(hole)
    assert without_bias(pasted, picture, everything) is pasted


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (40, 7)])
def test_any_size(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    image, made = rng.random((*size, 3), np.float32), rng.random((*size, 3), np.float32)
    part = rng.random(size) < 0.5
    out = without_bias(made, image, part)
    assert out.shape == image.shape
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out[~part], made[~part])
