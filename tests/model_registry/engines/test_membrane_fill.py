"""The membrane: exact where the ground is harmonic, between the extremes of its edge, blind to what is under the hole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from model_registry.engines import wrap
from model_registry.engines.classical.membrane import MembraneFill
from model_registry.engines.contract import Hole, ParamValue, Pixels
from model_registry.engines.load import load_engine
from model_registry.registry import Registry

REGISTRY = Registry.load()


def fill(name: str, image: Pixels, hole: Hole, **params: ParamValue) -> Pixels:
    card = REGISTRY.get(name)
    return wrap.fill(card, load_engine(card, REGISTRY.folder_of(name)), image, hole, seed=0, params=params)


def direct(image: Pixels, hole: Hole, smooth: float = 0.0) -> Pixels:
    """Without the wrapper, which hides the hole's content and keeps the outside."""
    return MembraneFill().fill(image, hole, seed=0, prompt="", params={"smooth": smooth})


def harmonic(h: int, w: int) -> Pixels:
    """Of degree 2 and 3, which no plane fits."""
    y, x = (axis / 60 - 0.5 for axis in np.mgrid[:h, :w])
    planes = [0.5 + x * x - y * y, 0.4 + x * y + 0.3 * x, 0.5 + x**3 - 3 * x * y * y]
    return np.stack(planes, axis=2).astype(np.float32)


def lettering(h: int, w: int) -> Hole:
    canvas = np.zeros((h, w), np.uint8)
    cv2.putText(canvas, "Ag", (8, h - 16), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (1,), 5)
    return canvas > 0


def psnr(made: Pixels, truth: Pixels, hole: Hole) -> float:
    return float(-10 * np.log10(np.mean((made[hole].astype(np.float64) - truth[hole]) ** 2)))


@pytest.mark.parametrize("hole", [lettering(60, 60), np.pad(np.ones((30, 20), bool), ((15, 15), (20, 20)))])
def test_a_harmonic_ground_comes_back_where_a_plane_does_not_fit(hole: Hole) -> None:
    truth = harmonic(60, 60)
    assert abs(fill("membrane", truth, hole) - truth)[hole].max() < 0.3 / 255
    assert abs(fill("plane", truth, hole) - truth)[hole].max() > 3 / 255


@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_what_is_under_the_hole_is_never_read_and_inputs_stay(smooth: float) -> None:
    truth, hole = harmonic(60, 60), lettering(60, 60)
    other = truth.copy()
    other[hole] = (9, -3, 0.5)
    before = other.copy()
    made = direct(other, hole, smooth)
    np.testing.assert_array_equal(made[hole], direct(truth, hole, smooth)[hole])
    np.testing.assert_array_equal(made[~hole], truth[~hole])
    np.testing.assert_array_equal(other, before)


def test_nothing_is_brighter_or_darker_than_the_edge() -> None:
    photo = data.coffee()[40:140, 60:180].astype(np.float32) / np.float32(255)
    hole = np.zeros((100, 120), bool)
    hole[30:70, 40:80] = True
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~hole
    made = direct(photo, hole)[hole]
    assert (made.min(axis=0) >= photo[ring].min(axis=0) - 0.1 / 255).all()
    assert (made.max(axis=0) <= photo[ring].max(axis=0) + 0.1 / 255).all()


def test_holes_at_the_border_and_many_holes_are_filled() -> None:
    truth = np.full((60, 60, 3), (0.2, 0.5, 0.8), np.float32)
    hole = lettering(60, 60)
    hole[:5] = hole[:, -7:] = True
    marked = truth.copy()
    marked[hole] = (1, 0, 1)
    np.testing.assert_allclose(direct(marked, hole), truth, atol=0.1 / 255)
    np.testing.assert_array_equal(direct(marked, np.ones((60, 60), bool)), marked)


def test_smooth_shading_under_lettering_is_filled_better_than_by_telea() -> None:
    photo = data.astronaut()[:80, 420:500].astype(np.float32) / np.float32(255)
    hole = lettering(80, 80)
    assert (
        psnr(fill("membrane", photo, hole), photo, hole) > psnr(fill("telea", photo, hole), photo, hole) + 0.5
    )


def test_means_of_the_edge_keep_grain_from_running_inwards() -> None:
    rng = np.random.default_rng(3)
    noisy = (0.5 + rng.normal(0, 0.03, (80, 80, 3))).astype(np.float32)
    hole = np.zeros((80, 80), bool)
    hole[20:60, 38:43] = True
    bare, smooth = (abs(direct(noisy, hole, sigma) - 0.5)[hole].mean() for sigma in (0.0, 1.5))
    assert smooth < 0.7 * bare
