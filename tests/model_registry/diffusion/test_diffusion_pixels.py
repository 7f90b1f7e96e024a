"""Canvas, padding, the smooth fill under a hole, and the mask on latent cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_registry.engines import diffusion_pixels as px

LIMITS = px.Limits(minimum=32, maximum=64, cell=8)


@given(st.integers(1, 400), st.integers(1, 400), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_canvas_holds_its_picture_in_whole_cells_and_within_limits(
    height: int, width: int, enlarge: bool
) -> None:
    canvas = px.canvas_for(height, width, LIMITS, enlarge=enlarge)
    for inner, side, asked in zip(canvas.inner, canvas.size, (height, width), strict=True):
        assert side % 8 == 0
        assert 32 <= side <= 64
        assert 1 <= inner <= side
        assert side < max(inner, 32) + 8
        assert inner == asked or max(height, width) > 64 or enlarge


@pytest.mark.parametrize(
    ("size", "inner"), [((30, 300), (6, 64)), ((16, 16), (32, 32)), ((10, 40), (16, 64))]
)
def test_scaling_keeps_the_aspect(size: tuple[int, int], inner: tuple[int, int]) -> None:
    assert px.canvas_for(*size, LIMITS, enlarge=True).inner == inner


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 2)])
def test_reflection_reaches_any_size_and_keeps_the_picture(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((*size, 3), np.float32)
    padded = px.reflect_to(picture, (32, 40))
    assert padded.shape == (32, 40, 3)
    assert np.array_equal(padded[: size[0], : size[1]], picture)
    assert set(padded.ravel()) == set(picture.ravel())


def test_one_pixel_marks_its_cell_and_the_eight_around() -> None:
    hole = np.zeros((40, 48), np.float32)
    hole[17, 31] = 0.01
    mask = px.latent_mask(hole, 8)
    expected = np.zeros_like(mask)
    expected[8:32, 16:40] = 1
    assert np.array_equal(mask, expected)


def test_the_smooth_fill_continues_a_ramp_and_never_reads_the_hole() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 40, dtype=np.float32)[None, :, None], (30, 40, 3)).copy()
    hole = np.zeros((30, 40), bool)
    hole[10:20, 15:25] = True
    spoilt = np.where(hole[..., None], np.float32("nan"), ramp)
    filled = px.smooth_under(spoilt, hole)
    assert np.array_equal(filled[~hole], ramp[~hole])
    assert np.abs(filled - ramp).max() < 0.15
    assert np.array_equal(px.smooth_under(ramp, hole), filled)
