"""Ring match: sharpness that is missing comes back, halo goes, a cast at the rim fades; what is right is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from model_registry.engines.classical.ring_match import BAND, matched
from tests.model_registry.blend.conftest import Zone, random_picture, zones

Picture = NDArray[np.float32]


@pytest.fixture(scope="module")
def gravel() -> Picture:
    from skimage import data

    grey = np.asarray(data.gravel()[100:300, 100:340, None], np.float32) / np.float32(255)
    return np.repeat(grey, 3, axis=2)


@pytest.fixture
def hole(gravel: Picture) -> Zone:
    found = np.zeros(gravel.shape[:2], np.uint8)
    cv2.circle(found, (120, 100), 40, (1,), -1)
    return found > 0


def error(made: Picture, truth: Picture, hole: Zone) -> float:
    return float(np.sqrt(((made - truth)[hole] ** 2).mean()))


def only(image: Picture, hole: Zone, **share: float) -> Picture:
    return matched(image, hole, **{"colour": 0.0, "halo": 0.0, "sharpness": 0.0} | share)


def test_a_soft_fill_comes_nearer_to_the_truth(gravel: Picture, hole: Zone) -> None:
    soft = np.where(hole[..., None], cv2.GaussianBlur(gravel, (0, 0), 0.8), gravel)
    out = only(soft, hole, sharpness=1.0)
    assert error(out, gravel, hole) < 0.8 * error(soft, gravel, hole)
    half = only(soft, hole, sharpness=0.5)
    assert error(out, gravel, hole) < error(half, gravel, hole) < error(soft, gravel, hole)


def test_a_fill_as_sharp_as_its_ring_and_one_without_detail_are_left(gravel: Picture, hole: Zone) -> None:
    assert np.array_equal(only(gravel, hole, sharpness=1.0), gravel)
    smooth = np.where(hole[..., None], cv2.GaussianBlur(gravel, (0, 0), 6.0), gravel)
    assert np.array_equal(only(smooth, hole, sharpness=1.0), smooth)


def test_halo_is_calmed_in_the_seam_band_alone_and_edges_stay() -> None:
    rng = np.random.default_rng(0)
    truth = np.full((120, 160, 3), 0.4, np.float32)
    truth[:, 80:] = 0.8
    hole = np.zeros((120, 160), bool)
    hole[30:90, 40:120] = True
    noisy = np.where(hole[..., None], truth + rng.normal(0, 4 / 255, truth.shape), truth).astype(np.float32)
    out = only(noisy, hole, halo=1.0)
    depth = ndimage.distance_transform_edt(hole)
    rim = (depth > 0) & (depth <= 2)
    assert error(out, truth, rim) < 0.75 * error(noisy, truth, rim)
    assert np.array_equal(out[depth > BAND + 1], noisy[depth > BAND + 1])
    edge = rim & (np.abs(np.arange(160) - 79.5) < 2)
    assert np.abs(out - noisy)[edge].max() < 0.05


def test_a_cast_at_the_rim_is_taken_off_and_fades_inwards() -> None:
    truth = np.full((140, 140, 3), 0.5, np.float32)
    hole = np.zeros((140, 140), bool)
    hole[30:110, 30:110] = True
    cast = np.where(hole[..., None], truth + np.float32(12 / 255), truth)
    out = only(cast, hole, colour=1.0)
    depth = ndimage.distance_transform_edt(hole)
    assert error(out, truth, (depth > 0) & (depth <= 2)) < 0.25 * 12 / 255
    assert np.array_equal(out[depth > 20], cast[depth > 20])


@given(hole=zones(16), channels=st.sampled_from([1, 3]), seed=st.integers(0, 50), share=st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_only_the_hole_changes_and_inputs_stay(hole: Zone, channels: int, seed: int, share: float) -> None:
    image = random_picture((*hole.shape, channels), seed)
    kept = image.copy()
    out = matched(image, hole, colour=share, halo=share, sharpness=share)
    assert out.dtype == np.float32
    assert out.shape == image.shape
    assert np.array_equal(out[~hole], image[~hole])
    assert np.array_equal(image, kept)
    assert out.min(initial=0) >= 0
    assert out.max(initial=1) <= 1
