"""The gradient-domain blend removes what does not belong, and only that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from model_registry.engines.classical.blend_gradient import GradientBlend, box_of, edge_steps, wanted_steps
from model_registry.engines.classical.poisson_blend import poisson_blend
from tests.model_registry.blend.conftest import Zone, dense_harmonic, random_picture, zones

LEVEL = 1 / 255
Picture = NDArray[np.float32]


def blend(target: Picture, source: Picture, hole: Zone, zone: Zone, clip: float | None = None) -> Picture:
    return GradientBlend().blend(target, source, hole, zone, params={} if clip is None else {"clip": clip})


def decibels(a: Picture, b: Picture, hole: Zone) -> float:
    return float(-10 * np.log10(max(float(((a - b)[hole] ** 2).mean()), 1e-9)))


def plane(shape: tuple[int, int]) -> Picture:
    yy, xx = np.mgrid[: shape[0], : shape[1]]
    return np.stack([0.3 + 0.002 * xx, 0.9 - 0.002 * yy, 0.5 + 0.001 * (xx - yy)], -1).astype(np.float32)


@given(
    hole=zones(16), offset=st.lists(st.floats(-0.15, 0.15), min_size=3, max_size=3), everywhere=st.booleans()
)
@settings(deadline=None, max_examples=150)
def test_constant_offset_is_removed_entirely(hole: Zone, offset: list[float], everywhere: bool) -> None:
    """Pasted into the hole, or a fill that is off around it too; on an even picture nothing is left of it."""
    target = np.broadcast_to(np.float32([0.3, 0.5, 0.7]), (*hole.shape, 3)).copy()
    shift = np.array(offset, np.float32)
    source = target + shift if everywhere else np.where(hole[..., None], target + shift, target)
    out = blend(target, source, hole, hole)
    if hole.all():
        assert np.array_equal(out, np.clip(source, 0, 1))
    else:
        assert np.abs(out - target).max() < 1e-4


def test_constant_offset_on_a_slope_is_removed_entirely(disc: Zone) -> None:
    """The picture's own slope across the hole's edge is not taken for a step."""
    target = plane(disc.shape)
    source = np.where(disc[..., None], target + np.float32(0.06), target)
    assert np.abs(blend(target, source, disc, disc) - target).max() < 1e-4


@given(hole=zones(10), channels=st.sampled_from([1, 3]), seed=st.integers(0, 50))
@settings(deadline=None, max_examples=150)
def test_the_wanted_steps_are_spread_exactly(hole: Zone, channels: int, seed: int) -> None:
    """Perez's equation over the hole with these steps on its ring, against a dense solve."""
    target = random_picture((*hole.shape, channels), seed) * 0.2 + 0.4
    source = random_picture(target.shape, seed + 77) * 0.2 + 0.4
    out = blend(target, source, hole, hole)
    box = box_of(hole, 4) if hole.any() else ()  # what the engine sees of the picture
    steps = wanted_steps(np.where(hole[..., None], source, target)[box], hole[box])
    expected = source[box] + dense_harmonic(steps.astype(np.float64), hole[box])
    assert np.abs(out[box] - np.clip(expected, 0, 1))[hole[box]].max(initial=0) < LEVEL / 10
    assert np.array_equal(out[~hole], target[~hole])


def test_the_engine_blends_by_the_solver_that_is_benched(photograph: Picture, disc: Zone) -> None:
    """Bit for bit what `poisson_blend` makes of a picture that lies by the wanted steps off the fill on the ring."""
    source = np.clip(np.roll(photograph, 40, 1) * 0.8 + 0.1, 0, 1).astype(np.float32)
    steps = wanted_steps(np.where(disc[..., None], source, photograph), disc)
    ring = ndimage.binary_dilation(disc) & ~disc
    # Zero on the ring, so that no rounding of (source + steps) - source stands between the two.
    fill = np.where(ring[..., None], np.float32(0), source)
    made = poisson_blend(steps, fill, disc)
    out = blend(photograph, source, disc, disc)
    assert np.array_equal(out[disc], np.clip(made, 0, 1)[disc])
    assert not np.array_equal(out[disc], source[disc])


def test_what_a_fill_holds_outside_the_hole_does_not_count(photograph: Picture, disc: Zone) -> None:
    source = np.clip(photograph + 0.05, 0, 1)
    pasted = np.where(disc[..., None], source, photograph)
    zone = ndimage.binary_dilation(disc, iterations=3)
    assert np.array_equal(blend(photograph, source, disc, zone), blend(photograph, pasted, disc, zone))


def test_gradient_of_the_fill_is_kept(photograph: Picture, disc: Zone) -> None:
    """The correction is harmonic: away from the hole's edge the Laplacian is the source's."""
    source = np.clip(photograph * 0.9 + 0.03, 0, 1)
    out = blend(photograph, source, disc, disc)
    inner = ndimage.binary_erosion(disc, iterations=2) & ((out > 0) & (out < 1)).all(-1)
    change = np.stack([ndimage.laplace((out - source)[..., c].astype(np.float64)) for c in range(3)], -1)
    unclipped = ndimage.binary_erosion(((out > 0) & (out < 1)).all(-1))
    assert np.abs(change[inner & unclipped]).max() < 0.1 * LEVEL


@pytest.mark.parametrize("levels", [5, 10, 20])
def test_offset_in_a_photograph(photograph: Picture, disc: Zone, levels: int) -> None:
    shift = np.array([1, -0.6, 0.8], np.float32) * levels / 255
    fill = np.where(disc[..., None], photograph + shift, photograph)
    out = blend(photograph, fill, disc, disc)
    assert decibels(out, photograph, disc) > decibels(fill, photograph, disc) + 8


def test_a_perfect_fill_is_hardly_touched(photograph: Picture, disc: Zone) -> None:
    raw, _ = edge_steps(photograph, disc)
    wanted = wanted_steps(photograph, disc)
    assert (wanted**2).sum() < 0.05 * (raw**2).sum()
    assert decibels(blend(photograph, photograph, disc, disc), photograph, disc) > 50


def test_residue_on_the_ring_does_not_stain(photograph: Picture, disc: Zone) -> None:
    """A tenth of the ring carries dark residue: clipping outliers keeps it from spreading into the fill."""
    ring = ndimage.binary_dilation(disc) & ~disc
    dirty = ring & (np.random.default_rng(2).random(ring.shape) < 0.1)
    target = np.where(dirty[..., None], np.maximum(photograph - 0.5, 0), photograph).astype(np.float32)
    source = np.clip(photograph + 0.02, 0, 1)
    guarded = decibels(blend(target, source, disc, disc), photograph, disc)
    naive = decibels(blend(target, source, disc, disc, clip=0), photograph, disc)
    assert guarded > naive + 10


def test_clean_pixels_of_another_part_are_left(photograph: Picture) -> None:
    """Two holes, one with a bad fill: the other, perfect, stays within a level."""
    hole = np.zeros(photograph.shape[:2], bool)
    hole[20:60, 20:60] = True
    hole[150:190, 180:230] = True
    source = photograph.copy()
    source[20:60, 20:60] = np.clip(source[20:60, 20:60] + 0.05, 0, 1)
    zone = ndimage.binary_dilation(hole, iterations=3)
    out = blend(photograph, source, hole, zone)
    assert np.array_equal(out[zone & ~hole], photograph[zone & ~hole])
    assert (
        np.abs(out - photograph)[20:60, 20:60].mean() < 0.5 * np.abs(source - photograph)[20:60, 20:60].mean()
    )
