"""What both blends promise for any picture, hole and feather."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from model_registry.engines.classical.blend_gradient import GradientBlend
from model_registry.engines.classical.blend_measured import MeasuredBlend
from model_registry.engines.classical.blend_multiband import MultiBandBlend
from model_registry.engines.classical.blend_soft import SoftBlend, falloff
from model_registry.engines.contract import Blender
from tests.model_registry.blend.conftest import Zone, random_picture, zones

BLENDERS = {
    "soft": SoftBlend(),
    "gradient": GradientBlend(),
    "multi-band": MultiBandBlend(),
    "measured": MeasuredBlend(),
}


def grown(hole: Zone, feather: int) -> Zone:
    if not hole.any():
        return hole.copy()
    return np.asarray(ndimage.distance_transform_edt(~hole) <= feather)


@pytest.mark.parametrize("name", BLENDERS)
@given(
    hole=zones(14),
    feather=st.integers(0, 4),
    channels=st.sampled_from([1, 3]),
    pasted=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=150)
def test_promises(name: str, hole: Zone, feather: int, channels: int, pasted: bool, seed: int) -> None:
    """Outside bit-equal, old content irrelevant (NaN even), inputs unchanged, deterministic, in range."""
    blender: Blender = BLENDERS[name]
    target = random_picture((*hole.shape, channels), seed)
    source = random_picture(target.shape, seed + 1000)
    if pasted:
        source = np.where(hole[..., None], source, target)
    zone = grown(hole, feather)
    before = [a.copy() for a in (target, source, hole, zone)]
    out = blender.blend(target, source, hole, zone, params={})
    assert out.dtype == np.float32
    assert out.shape == target.shape
    assert out is not target
    assert np.array_equal(out[~zone], target[~zone])
    assert out.min(initial=0) >= 0
    assert out.max(initial=1) <= 1
    other = np.where(hole[..., None], np.float32(np.nan), target)
    assert np.array_equal(out, blender.blend(other, source, hole, zone, params={}))
    assert all(np.array_equal(a, b) for a, b in zip(before, (target, source, hole, zone), strict=True))


@pytest.mark.parametrize("name", BLENDERS)
@pytest.mark.parametrize("stroke", [4, 6, 8, 12])
@pytest.mark.parametrize("feather", [0, 3, 8])
def test_no_leak_on_thin_strokes(name: str, stroke: int, feather: int) -> None:
    """White strokes on grey, grey fill: not one hole pixel keeps any white."""
    target = np.full((60, 80, 3), 0.4, np.float32)
    hole = np.zeros((60, 80), bool)
    hole[20 : 20 + stroke, 10:70] = True
    hole[10:50, 30 : 30 + stroke] = True
    source = target.copy()
    target[hole] = 1.0
    out = BLENDERS[name].blend(target, source, hole, grown(hole, feather), params={})
    leak = np.abs(out[hole] - 0.4) / 0.6
    assert leak.max() <= 1e-6


@given(hole=zones(20), feather=st.integers(0, 6))
@settings(deadline=None, max_examples=150)
def test_falloff_is_one_on_the_hole_and_falls_outside(hole: Zone, feather: int) -> None:
    zone = grown(hole, feather)
    alpha = falloff(hole, zone)
    assert (alpha[hole] == 1).all()
    assert (alpha[~zone] == 0).all()
    band = zone & ~hole
    assert not zone.any() or (alpha[band] > 0).all()
    if not zone.all():
        assert (alpha[band] < 1).all()


def test_soft_falloff_goes_down_with_distance() -> None:
    hole = np.zeros((1, 30), bool)
    hole[0, :10] = True
    alpha = falloff(hole, grown(hole, 8))[0]
    assert (np.diff(alpha[9:19]) < 0).all()
    assert alpha[18] == 0
    assert np.abs(np.diff(alpha)).max() < 0.2


@pytest.mark.parametrize("name", BLENDERS)
def test_bad_input_is_refused(name: str) -> None:
    picture, hole = np.zeros((5, 6, 3), np.float32), np.ones((5, 6), bool)
    with pytest.raises(ValueError, match="outside the zone"):
        BLENDERS[name].blend(picture, picture, hole, ~hole, params={})
    with pytest.raises(ValueError, match="sizes differ"):
        BLENDERS[name].blend(picture, picture[1:], hole, hole, params={})


def test_engines_keep_the_protocol(photograph: NDArray[np.float32]) -> None:
    assert all(isinstance(blender, Blender) for blender in BLENDERS.values())
    assert photograph.shape == (220, 260, 3)
