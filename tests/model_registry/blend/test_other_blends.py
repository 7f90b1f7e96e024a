"""Multi-band and measured blends: what each band keeps, and when another blend than the gradient-domain one is taken."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from model_registry.engines.classical import blend_measured
from model_registry.engines.classical.blend_gradient import GradientBlend
from model_registry.engines.classical.blend_measured import MeasuredBlend, ring_mismatch
from model_registry.engines.classical.blend_multiband import MultiBandBlend
from tests.model_registry.blend.conftest import Zone

Picture = NDArray[np.float32]


def off_by(picture: Picture, hole: Zone, levels: float) -> Picture:
    return np.where(hole[..., None], picture + np.float32(levels / 255), picture)


def test_bands_meet_the_picture_at_the_rim_and_the_fill_inside(photograph: Picture, disc: Zone) -> None:
    """The coarsest of three bands fades over 8 px: deep inside the cast stays, at the rim nothing of it."""
    source = off_by(np.full_like(photograph, 0.5), disc, 12)
    even = np.full_like(photograph, 0.5)
    out = MultiBandBlend().blend(even, source, disc, disc, params={"bands": 3})
    depth = ndimage.distance_transform_edt(disc)
    assert np.abs(out - even)[(depth > 0) & (depth <= 1)].max() < 5 / 255
    np.testing.assert_allclose(out[depth > 16], source[depth > 16], atol=0.01 / 255)


def test_more_bands_hide_a_cast_further_in(photograph: Picture, disc: Zone) -> None:
    source = off_by(photograph, disc, 12)
    found = [MultiBandBlend().blend(photograph, source, disc, disc, params={"bands": n}) for n in (2, 4, 6)]
    errors = [float(np.abs(out - photograph)[disc].mean()) for out in found]
    assert errors == sorted(errors, reverse=True)


def test_a_hole_over_everything_gets_the_fill(photograph: Picture) -> None:
    everything = np.ones(photograph.shape[:2], bool)
    out = MultiBandBlend().blend(photograph, 1 - photograph, everything, everything, params={})
    np.testing.assert_array_equal(out, 1 - photograph)


def test_mismatch_grows_with_the_offset(photograph: Picture, disc: Zone) -> None:
    found = [ring_mismatch(off_by(photograph, disc, levels), disc) for levels in (0, 5, 10, 20)]
    assert found == sorted(found)
    assert found[0] < 1.5
    assert found[3] == pytest.approx(20, abs=3)
    assert (
        ring_mismatch(photograph, np.ones_like(disc)) == ring_mismatch(photograph, np.zeros_like(disc)) == 0
    )


class _Perfect:
    """Knows the truth."""

    def __init__(self, truth: Picture) -> None:
        self.truth = truth

    def blend(self, target: Picture, source: Picture, hole: Zone, zone: Zone, *, params: object) -> Picture:
        return self.truth.copy()


def test_another_blend_is_taken_only_where_the_first_fits_badly_and_it_fits_well(
    photograph: Picture, disc: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    blend = MeasuredBlend().blend
    monkeypatch.setattr(blend_measured, "OTHERS", (_Perfect(photograph),))
    rng = np.random.default_rng(0)
    torn = np.where(disc[..., None], rng.random(photograph.shape, np.float32), photograph)
    gradient = GradientBlend().blend(photograph, torn, disc, disc, params={})
    assert ring_mismatch(gradient, disc) > 0
    np.testing.assert_array_equal(blend(photograph, torn, disc, disc, params={"least": 0.0}), photograph)
    np.testing.assert_array_equal(blend(photograph, torn, disc, disc, params={"least": 99.0}), gradient)
    np.testing.assert_array_equal(
        blend(photograph, torn, disc, disc, params={"least": 0.0, "better": 0.0}), gradient
    )
