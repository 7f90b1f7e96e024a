"""Grain: what the ring shows and the fill lacks; nothing on flat rings; never more than the ring."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model_registry.engines.classical.grain import GrainMatch, measure_ring
from model_registry.engines.contract import Enhancer
from tests.model_registry.blend.conftest import Zone, random_picture, zones

Picture = NDArray[np.float32]
HOLE = np.zeros((160, 180), bool)
HOLE[50:110, 60:130] = True


def noisy(sigma: float, blur: float = 0.0, grey: bool = False, seed: int = 1) -> tuple[Picture, Picture]:
    """A clean gradient, and the same with noise of `sigma` levels (after blurring), rounded to 8 bit."""
    xx = np.mgrid[: HOLE.shape[0], : HOLE.shape[1]][1]
    clean = np.repeat((0.3 + 0.3 * xx / 180)[..., None], 3, 2)
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    noise = np.repeat(noise[..., :1], 3, 2) if grey else noise
    noise = cv2.GaussianBlur(noise, (0, 0), blur) if blur else noise
    noise *= sigma / 255 / noise.std()
    return clean.astype(np.float32), (np.rint((clean + noise) * 255) / 255).astype(np.float32)


def enhanced(image: Picture, hole: Zone = HOLE, seed: int = 7) -> Picture:
    return GrainMatch().enhance(image, hole, seed=seed, params={})


def neighbour_correlation(noise: Picture) -> float:
    return float(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1])


@pytest.mark.parametrize("sigma", [1.0, 3.0, 8.0])
@pytest.mark.parametrize("blur", [0.0, 0.5])
def test_missing_grain_comes_back(sigma: float, blur: float) -> None:
    clean, picture = noisy(sigma, blur)
    fill = np.where(HOLE[..., None], clean, picture)
    added = (enhanced(fill) - fill)[50:110, 60:130]
    true = (picture - clean)[50:110, 60:130]
    ratio = added.std((0, 1)) / true.std((0, 1))
    assert (ratio > 0.65).all()
    assert (ratio < 1.2).all()
    assert abs(added.mean() * 255) < 0.1 * sigma
    assert abs(neighbour_correlation(added) - neighbour_correlation(true)) < 0.15


def test_grain_that_is_there_is_not_doubled() -> None:
    _, picture = noisy(4.0)
    assert (enhanced(picture) - picture)[HOLE].std() * 255 < 1.5


def test_grey_stays_grey() -> None:
    clean, picture = noisy(4.0, grey=True)
    out = enhanced(np.where(HOLE[..., None], clean, picture))
    assert out[HOLE].std() > 0
    assert np.array_equal(out[..., 0], out[..., 1])
    assert np.array_equal(out[..., 0], out[..., 2])
    assert not np.array_equal(out[HOLE], clean[HOLE])


@pytest.mark.parametrize("sigma", [0.0, 0.05])
def test_flat_rings_stay_flat(sigma: float) -> None:
    clean, picture = noisy(sigma)
    fill = np.where(HOLE[..., None], clean, picture)
    assert np.array_equal(enhanced(fill), fill)


def test_noise_under_a_third_of_a_level_is_left() -> None:
    """Not rounded to 8 bit, so that the little noise there is can be seen."""
    clean = noisy(0.0)[0]
    noise = np.random.default_rng(4).standard_normal(clean.shape).astype(np.float32) / 255
    faint, plain = clean + 0.2 * noise, clean + 0.5 * noise
    for picture, changes in ((faint, False), (plain, True)):
        fill = np.where(HOLE[..., None], clean, picture)
        assert np.array_equal(enhanced(fill), fill) is not changes


def test_hard_edges_are_not_noise() -> None:
    """A flat synthetic picture with a stripe through the ring."""
    picture = np.full((160, 180, 3), 0.8, np.float32)
    picture[:, 90:100] = 0.1
    picture[40:44] = 0.3
    assert np.array_equal(enhanced(picture), picture)


def test_partly_textured_ring_counts_by_its_quiet_part() -> None:
    clean, picture = noisy(1.0)
    texture = np.random.default_rng(3).standard_normal(picture.shape)
    texture -= cv2.GaussianBlur(texture, (0, 0), 1.0)
    picture = picture.copy()
    picture[:, 75:] += (texture[:, 75:] * 20 / 255).astype(np.float32)
    grain = measure_ring(np.where(HOLE[..., None], clean, picture), HOLE)
    assert grain is not None
    assert (grain.sigma * 255 < 1.5).all()


def test_strength_scales_and_seed_decides() -> None:
    clean, picture = noisy(4.0)
    fill = np.where(HOLE[..., None], clean, picture)
    full = enhanced(fill)
    half = GrainMatch().enhance(fill, HOLE, seed=7, params={"strength": 0.5})
    assert np.allclose(half - fill, (full - fill) / 2, atol=1e-6)
    assert np.array_equal(enhanced(fill), full)
    assert not np.array_equal(enhanced(fill, seed=8), full)
    assert np.array_equal(GrainMatch().enhance(fill, HOLE, seed=7, params={"strength": 0.0}), fill)


@given(hole=zones(24), channels=st.sampled_from([1, 3]), seed=st.integers(0, 2**63))
@settings(deadline=None, max_examples=120)
def test_promises(hole: Zone, channels: int, seed: int) -> None:
    image = random_picture((*hole.shape, channels), seed % 97)
    kept, kept_hole = image.copy(), hole.copy()
    out = enhanced(image, hole, seed)
    assert out.shape == image.shape
    assert out.dtype == np.float32
    assert out is not image
    assert np.array_equal(out[~hole], image[~hole])
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1
    assert np.array_equal(image, kept)
    assert np.array_equal(hole, kept_hole)


def test_keeps_the_protocol() -> None:
    assert isinstance(GrainMatch(), Enhancer)
