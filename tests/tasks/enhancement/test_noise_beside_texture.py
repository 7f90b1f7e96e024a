"""Texture is not taken for noise, and noise is not taken for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.contracts import Raster
from tasks.enhancement.features import features
from tasks.enhancement.grid import Grid
from tasks.enhancement.noise import noise_of

SIDE = 128


def noise_in(levels: np.ndarray) -> float:
    raster = Raster(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    return noise_of(features(raster, Grid(SIDE, SIDE, 32)), raster.meta)


@pytest.mark.parametrize("sigma", [3.0, 6.0])
def test_noise_is_found_as_strong_as_it_is(sigma: float) -> None:
    """The same in all three colours; what is put down to texture is left out."""
    noise = np.random.default_rng(4).normal(0, sigma, (SIDE, SIDE, 1)).repeat(3, axis=2)
    assert noise_in(120 + noise) == pytest.approx(sigma - 0.7, rel=0.2)


def test_a_small_picture_full_of_edges_is_not_noisy() -> None:
    """Bars 12 px wide in every cell, as on a butterfly's wing, with calm ground between."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    bars = np.where((rows + 2 * columns) // 24 % 2, 60.0, 190.0)
    assert noise_in(bars[..., None].repeat(3, axis=2)) < 0.3
