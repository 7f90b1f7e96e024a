"""Wide holes in even textures: told from shading, stripes and calm grounds, pieced together of what is known, and sharp."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model_registry.engines.classical import exemplar
from model_registry.engines.classical.exemplar import ExemplarFill
from model_registry.engines.classical.exemplar_pyramid import Level, pyramid
from model_registry.engines.classical.exemplar_quilt import is_even, quilted
from model_registry.engines.contract import Hole, Pixels

SIDE = 300
RNG_SEED = 3


def pebbles() -> Pixels:
    """Round stones of many greys, laid over one another at random: no direction, and even all over."""
    rng = np.random.default_rng(RNG_SEED)
    page = np.full((SIDE, SIDE), 60, np.uint8)
    for _ in range(3000):
        place = tuple(int(v) for v in rng.integers(0, SIDE, 2))
        cv2.circle(page, place, int(rng.integers(5, 9)), (int(rng.integers(60, 220)),), -1, cv2.LINE_AA)
    return np.repeat(page[..., None], 3, axis=2).astype(np.float32) / np.float32(255)


def disc(radius: int) -> Hole:
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(canvas, (SIDE // 2, SIDE // 2), radius, (1,), -1)
    return canvas > 0


def level_of(image: Pixels, radius: int) -> Level:
    return pyramid(image, disc(radius))[1]


def test_an_even_texture_is_one() -> None:
    assert is_even(level_of(pebbles(), 50))


def test_narrow_holes_stripes_shading_and_calm_grounds_are_left_to_single_patches() -> None:
    stones = pebbles()
    rows = np.arange(SIDE, dtype=np.float32)[:, None, None]
    stripes = np.broadcast_to(0.5 + 0.3 * np.sign(np.sin(rows / 3)), stones.shape).astype(np.float32)
    shaded = stones * 0.2 + 0.8 * rows / SIDE
    half = stones.copy()
    half[:, SIDE // 2 :] = 0.5 + (half[:, SIDE // 2 :] - 0.5) * 0.05
    assert not is_even(level_of(stones, 18))
    for image in (stripes, shaded, half, np.full_like(stones, 0.4)):
        assert not is_even(level_of(np.ascontiguousarray(image, np.float32), 50))


def test_every_pixel_is_copied_from_where_its_piece_says_and_that_was_known() -> None:
    level = level_of(pebbles(), 50)
    made = quilted(level, np.random.default_rng(0))
    assert made is not None
    rows, columns = np.nonzero(level.hole)
    assert made.laid[rows, columns].all()
    down, across = made.offset[rows, columns].T
    assert not level.hole[rows + down, columns + across].any()
    np.testing.assert_array_equal(made.image[rows, columns], level.image[rows + down, columns + across])


def test_what_the_hole_held_is_not_read() -> None:
    image, hole = pebbles(), disc(50)
    other = image.copy()
    other[hole] = (9, -3, 0.5)
    one, two = (_filled(picture, hole) for picture in (image, other))
    assert one[hole].tobytes() == two[hole].tobytes()


def test_a_hole_larger_than_may_be_pieced_begins_at_a_coarser_size(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = pyramid(pebbles(), disc(60))
    monkeypatch.setattr("model_registry.engines.classical.exemplar_quilt._MOST", 2000)
    assert not is_even(levels[1])


def test_the_texture_is_as_sharp_in_the_hole_as_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    image, hole = pebbles(), disc(50)
    detail = {}
    for pieces in (True, False):
        if not pieces:
            monkeypatch.setattr(exemplar, "is_even", lambda level: False)
        made = _filled(image, hole)
        detail[pieces] = _detail(made, hole) / _detail(image, ~hole)
    assert detail[True] > 0.65
    assert detail[True] > detail[False] * 1.1, detail


def _filled(image: Pixels, hole: Hole) -> Pixels:
    return ExemplarFill().fill(image, hole, seed=1, prompt="", params={"context": 96, "samples": 4})


def _detail(image: Pixels, where: Hole) -> float:
    """Mean absolute Laplacian well inside an area."""
    inner = cv2.erode(where.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float(np.abs(cv2.Laplacian(image[..., 0], cv2.CV_32F))[inner].mean())
