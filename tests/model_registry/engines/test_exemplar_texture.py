"""The busyness that exemplar patches are compared by, and what it keeps a fill from: the smoothest patches there are."""

from __future__ import annotations

import numpy as np
import pytest

from model_registry.engines.classical import exemplar_search
from model_registry.engines.classical.exemplar import ExemplarFill
from model_registry.engines.classical.exemplar_pyramid import pyramid
from model_registry.engines.classical.exemplar_texture import texture

Picture = np.ndarray


def halves() -> tuple[Picture, Picture]:
    """A busy picture with a smooth strip of the same mean colour on its left, and a hole in the busy part."""
    rng = np.random.default_rng(4)
    image = np.full((160, 200, 3), 0.5, np.float32)
    image[:, 50:] += np.repeat(rng.uniform(-0.3, 0.3, (80, 75, 1)), 2, 0).repeat(2, 1).astype(np.float32)
    hole = np.zeros((160, 200), bool)
    hole[40:120, 85:165] = True
    return image, hole


def test_derivatives_of_a_ramp_are_its_slopes() -> None:
    y, x = np.mgrid[:40, :40].astype(np.float32)
    planes, seen = texture(0.01 * x + 0.03 * y, np.ones((40, 40), bool))
    assert seen.all()
    np.testing.assert_allclose(planes[8:-8, 8:-8, 0], 0.01, atol=1e-5)
    np.testing.assert_allclose(planes[8:-8, 8:-8, 1], 0.03, atol=1e-5)


def test_what_is_not_known_is_not_read() -> None:
    image, hole = halves()
    other = image.copy()
    other[hole] = np.random.default_rng(1).uniform(-9, 9, (int(hole.sum()), 3))
    one, two = (texture(picture[..., 0], ~hole)[0] for picture in (image, other))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(pyramid(image, hole)[0].texture, pyramid(other, hole)[0].texture)


def test_a_hole_in_a_busy_ground_is_expected_to_be_busy_at_every_size() -> None:
    image, hole = halves()
    for level in pyramid(image, hole):
        calm = level.texture[:, : level.hole.shape[1] // 8]
        assert level.texture[level.hole].mean() > 5 * calm.mean()


def _contrast(image: Picture, hole: Picture) -> float:
    made = ExemplarFill().fill(image, hole, seed=1, prompt="", params={"context": 64, "samples": 4})
    return float(made[hole].std() / image[20:, 60:][~hole[20:, 60:]].std())


def test_a_busy_ground_is_not_continued_by_a_smooth_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    image, hole = halves()
    with_texture = _contrast(image, hole)
    monkeypatch.setattr(exemplar_search, "_BUSY", np.float32(0))
    assert with_texture > 1.3 * _contrast(image, hole)
    assert with_texture > 0.5
