"""The enhancement stage changes the hole and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from model_registry.engines.classical.grain import GrainMatch
from tasks.enhancement.stage import enhance_region
from tasks.errors import EngineFailed

HOLE = np.zeros((60, 70), bool)
HOLE[20:40, 25:50] = True


def test_only_the_hole_changes() -> None:
    image = np.random.default_rng(1).random((60, 70, 3), np.float32)
    kept = image.copy()
    out = enhance_region(image, HOLE, lambda i, h: i * 0)
    assert np.array_equal(out[~HOLE], image[~HOLE])
    assert not out[HOLE].any()
    assert out.dtype == np.float32
    assert np.array_equal(image, kept)


def test_grain_through_the_stage() -> None:
    noise = np.random.default_rng(2).normal(0.5, 4 / 255, (60, 70, 3)).astype(np.float32)
    image = np.where(HOLE[..., None], np.float32(0.5), noise)
    out = enhance_region(image, HOLE, lambda i, h: GrainMatch().enhance(i, h, seed=5, params={}))
    assert 2.5 < out[HOLE].std() * 255 < 5.0


def test_a_broken_enhancer_fails_loudly() -> None:
    image = np.zeros((60, 70, 3), np.float32)
    with pytest.raises(EngineFailed):
        enhance_region(image, HOLE, lambda i, h: i[:5])
    with pytest.raises(EngineFailed):
        enhance_region(image, HOLE, lambda i, h: i * np.nan)
