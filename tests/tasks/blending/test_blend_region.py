"""The blending stage: zone, guarantees, and the measure of mismatch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.classical.blend_gradient import GradientBlend
from model_registry.engines.classical.blend_measured import ring_mismatch
from tasks.blending.stage import blend_region
from tasks.blending.zone import write_zone
from tasks.contracts import Pixels, Zone
from tasks.errors import EngineFailed


@pytest.fixture
def target() -> Pixels:
    from skimage import data

    return np.asarray(data.coffee()[60:200, 100:280], np.float32) / np.float32(255)


@pytest.fixture
def hole() -> NDArray[np.bool_]:
    hole = np.zeros((140, 180), bool)
    hole[50:90, 60:120] = True
    hole[65:70, 80:90] = False
    return hole


def gradient(target: Pixels, source: Pixels, hole: Zone, zone: Zone) -> Pixels:
    return GradientBlend().blend(target, source, hole, zone, params={})


def off_by(target: Pixels, hole: Zone, levels: float) -> Pixels:
    return np.where(hole[..., None], target + np.float32(levels / 255), target)


def test_whatever_the_blender_does_outside_stays_and_old_content_is_gone(target: Pixels, hole: Zone) -> None:
    """A blender that keeps its whole target and spoils the outside leaks nothing, and spoils nothing."""
    source = np.full_like(target, 0.5)
    out, zone = blend_region(target, source, hole, 3, lambda t, s, h, z: np.where(z[..., None], t, 0))
    assert np.array_equal(zone, write_zone(hole, 3))
    assert np.array_equal(out[~zone], target[~zone])
    assert (out[hole] == 0.5).all()


def test_gradient_blend_through_the_stage(target: Pixels, hole: Zone) -> None:
    kept = target.copy()
    source = off_by(target, hole, 8)
    out, _ = blend_region(target, source, hole, 4, gradient)
    assert out.dtype == np.float32
    assert np.array_equal(target, kept)
    before, after = ring_mismatch(source, hole), ring_mismatch(out, hole)
    assert 6.5 < before < 9.5
    assert after < 0.25 * before
    changed = np.where(hole[..., None], np.float32(0), target)
    assert np.array_equal(blend_region(changed, source, hole, 4, gradient)[0], out)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_blender_fails_loudly(target: Pixels, hole: Zone, bad: float) -> None:
    with pytest.raises(EngineFailed):
        blend_region(target, target, hole, 2, lambda t, s, h, z: np.full_like(t, bad))
    with pytest.raises(EngineFailed):
        blend_region(target, target, hole, 2, lambda t, s, h, z: t[1:])
