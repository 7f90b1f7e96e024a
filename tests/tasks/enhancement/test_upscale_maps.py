"""The maps of an enlargement: each cell in its rung's colour over the picture's grey, at any depth and size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.enhancement.maps import COLOURS, SHARE, SIDE, colour_of, confidence_map, routing_map


def test_each_cell_has_the_colour_of_its_rung() -> None:
    pixels = np.full((64, 96, 3), 100, np.uint8)
    choice = np.array([[0, 1, 2], [2, 0, 1]], np.int8)
    drawn = routing_map(pixels, choice, 32)
    assert max(drawn.shape) == SIDE
    for row in range(2):
        for column in range(3):
            seen = drawn[int((row + 0.5) * drawn.shape[0] / 2), int((column + 0.5) * drawn.shape[1] / 3)]
            wanted = (1 - SHARE) * 100 + SHARE * np.array(COLOURS[choice[row, column]])
            assert np.abs(seen - wanted).max() <= 1


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_channels_and_depth_look_alike(channels: int, dtype: type) -> None:
    grey = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (30, 1))
    pixels: NDArray[Any] = np.repeat(grey[..., None], channels, axis=2).astype(dtype)
    if dtype is np.uint16:
        pixels *= 257
    plain = np.repeat(grey[..., None], 3, axis=2)
    choice = np.zeros((4, 5), np.int8)
    assert np.abs(routing_map(pixels, choice, 8).astype(int) - routing_map(plain, choice, 8)).max() <= 1


def test_the_less_sure_the_redder() -> None:
    pixels = np.full((32, 96, 3), 128, np.uint8)
    drawn = confidence_map(pixels, np.array([[0.0, 0.5, 1.0]], np.float32), 32).astype(int)
    redness = (drawn[..., 0] - drawn[..., 1])[drawn.shape[0] // 2, [50, 320, 600]]
    assert redness[0] < redness[1] < redness[2]


def test_a_picture_that_is_no_whole_number_of_cells_is_covered() -> None:
    drawn = routing_map(np.zeros((1, 2001, 3), np.uint8), np.ones((1, 63), np.int8), 32)
    assert drawn.shape == (1, SIDE, 3)


def test_colours_are_written_as_the_page_wants_them_and_never_run_out() -> None:
    assert colour_of(0) == "#4477aa"
    assert colour_of(100) == colour_of(len(COLOURS) - 1)
