"""The harmonic correction is the exact one, whatever the zone's shape and whichever solver ran."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from model_registry.engines.classical import poisson, poisson_exact
from model_registry.engines.classical.poisson import harmonic_correction
from tests.model_registry.blend.conftest import Zone, dense_harmonic, random_picture, zones

LEVEL = 1 / 255


@pytest.fixture(params=["direct", "multigrid"])
def solver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "multigrid":
        monkeypatch.setattr(poisson, "DIRECT_LIMIT", 0)
    return str(request.param)


@pytest.mark.parametrize("limit", [0, 10**9], ids=["multigrid", "direct"])
@given(zone=zones(), channels=st.sampled_from([1, 3]), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=120)
def test_equals_dense_solution_on_any_zone(limit: int, zone: Zone, channels: int, seed: int) -> None:
    boundary = random_picture((*zone.shape, channels), seed) * 2 - 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poisson, "DIRECT_LIMIT", limit)
        found = harmonic_correction(boundary, zone)
    assert np.abs(found - dense_harmonic(boundary, zone)).max() < 0.1 * LEVEL


SHAPES = {
    "strip": lambda h, w, r: np.broadcast_to(np.arange(w) % (w - 1) > 0, (h, w)),
    "all but one pixel": lambda h, w, r: np.arange(h * w).reshape(h, w) != h * w // 3,
    "upper half": lambda h, w, r: np.broadcast_to(np.arange(h)[:, None] < h // 2, (h, w)),
    "pierced": lambda h, w, r: r.random((h, w)) > 0.004,
    "islands": lambda h, w, r: ndimage.gaussian_filter(r.random((h, w)), 5) > 0.5,
    "strokes": lambda h, w, r: np.abs(ndimage.gaussian_filter(r.random((h, w)), 2) - 0.5) < 0.02,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(97, 130), (64, 64), (2, 1500), (1, 1500)], ids=str)
def test_multigrid_equals_direct(shape: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    zone = np.array(SHAPES[shape](*size, rng))
    boundary = rng.random((*size, 3)) * 2 - 1
    monkeypatch.setattr(poisson, "DIRECT_LIMIT", 10**9)
    direct = harmonic_correction(boundary, zone)
    monkeypatch.setattr(poisson, "DIRECT_LIMIT", 0)
    assert np.abs(harmonic_correction(boundary, zone) - direct).max() < 0.1 * LEVEL


def test_the_fallback_is_taken_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pyramid cannot be sure, preconditioned conjugate gradients solve, to their own bound."""
    zone = np.array(SHAPES["islands"](180, 190, np.random.default_rng(5)))
    boundary = np.random.default_rng(6).random((180, 190, 3)) * 2 - 1
    expected = poisson_exact.solve_directly(boundary, zone)
    calls: list[int] = []

    def iterated(planes: NDArray[np.floating], part: Zone) -> NDArray[np.float64]:
        calls.append(planes.shape[2])
        return poisson_exact.solve_by_conjugate_gradients(planes, part)

    unsure = SimpleNamespace(solve=lambda *_: None)
    exact = SimpleNamespace(DIRECT_LIMIT=0, solve_by_conjugate_gradients=iterated, solve_directly=None)
    monkeypatch.setattr(poisson, "poisson_pyramid", unsure)
    monkeypatch.setattr(poisson, "poisson_exact", exact)
    found = harmonic_correction(boundary, zone)
    assert calls == [3]
    assert np.abs(found[zone] - expected).max() < poisson_exact.ACCURACY * np.abs(boundary).max()


@pytest.mark.parametrize("shape", ["strip", "all but one pixel", "pierced", "strokes"])
def test_conjugate_gradients_keep_their_bound(shape: str) -> None:
    zone = np.array(SHAPES[shape](61, 70, np.random.default_rng(7)))
    boundary = np.random.default_rng(8).random((61, 70, 2)) * 200 - 100
    expected = poisson_exact.solve_directly(boundary, zone)
    found = poisson_exact.solve_by_conjugate_gradients(boundary, zone)
    assert np.abs(found - expected).max() < poisson_exact.ACCURACY * np.abs(boundary).max()
    assert np.abs(found - expected).max() > 0


def test_large_zone_never_needs_the_direct_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its residual bound is reached by the iteration: the fallback stays a fallback."""
    monkeypatch.setattr(poisson, "_solve_exactly", None)
    zone = np.zeros((300, 340), bool)
    zone[1:-1, 1:-1] = True
    zone[100:140, 150:153] = False
    found = harmonic_correction(np.ones((300, 340, 3)), zone)
    assert np.abs(found[zone] - 1).max() < 0.1 * LEVEL


@pytest.mark.usefixtures("solver")
def test_reads_nothing_but_the_ring() -> None:
    zone = np.zeros((30, 31), bool)
    zone[8:20, 9:22] = True
    zone[12, 12] = False
    ring = ndimage.binary_dilation(zone) & ~zone
    boundary = random_picture((30, 31, 3), 1)
    expected = harmonic_correction(boundary, zone)
    hostile = np.where(ring[..., None], boundary, np.nan)
    assert np.array_equal(harmonic_correction(hostile, zone), expected)


@pytest.mark.usefixtures("solver")
def test_constant_ring_gives_constant_and_no_ring_gives_nothing() -> None:
    zone = np.ones((40, 33), bool)
    assert not harmonic_correction(np.ones((40, 33)), zone).any()
    zone[17, 5] = False
    found = harmonic_correction(np.full((40, 33), 0.25), zone)
    assert np.allclose(found[zone], 0.25, atol=1e-4)
    assert found[17, 5] == 0


def test_result_stays_within_the_ring_s_range_and_inputs_stay() -> None:
    """The maximum principle; and one plane or three are the same."""
    zone = ndimage.gaussian_filter(np.random.default_rng(3).random((80, 90)), 4) > 0.5
    boundary = random_picture((80, 90, 3), 4)
    kept, kept_zone = boundary.copy(), zone.copy()
    found = harmonic_correction(boundary, zone)
    assert found.dtype == np.float32
    assert found[zone].min() >= -1e-6
    assert found[zone].max() <= 1 + 1e-6
    assert np.allclose(harmonic_correction(boundary[..., 1], zone), found[..., 1], atol=poisson.ACCURACY)
    assert np.array_equal(kept, boundary)
    assert np.array_equal(kept_zone, zone)


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="differ in size"):
        harmonic_correction(np.zeros((3, 4)), np.ones((4, 3), bool))
