"""The fast solvers and the blend on whole levels equal a sparse direct solve, on any zone, for any depth of picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model_registry.engines.classical import poisson, poisson_exact, poisson_tiles, poisson_zone
from model_registry.engines.classical.poisson import harmonic_correction
from model_registry.engines.classical.poisson_blend import poisson_blend

Zone = NDArray[np.bool_]
LEVEL = 1 / 255


def _drawn(kind: str, height: int, width: int, seed: int) -> Zone:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - height / 2, x - width / 2) / min(height, width)
    zone = {
        "rectangle": np.pad(np.ones((height - 6, width - 6), bool), 3),
        "disc": away < 0.45,
        "ring": (away < 0.45) & (away > 0.3),
        "border": x < width // 2,
        "corner": (x < width // 2) & (y > height // 3),
        "across": (y > 9) & (y < height - 9),
        "islands": (away < 0.48) & (rng.random((height, width)) > 0.002),
        "blobs": cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 4) > 0,
        "noise": rng.random((height, width)) < 0.6,
        "lines": (x % 7 == 3) | (y % 11 == 5),
        "all but one": (y != height // 3) | (x != 3),
    }[kind]
    return np.asarray(zone)


KINDS = (
    "rectangle", "disc", "ring", "border", "corner", "across", "islands", "blobs", "noise", "lines", "all but one",
)  # fmt: skip


def _levels(shape: tuple[int, ...], seed: int, top: int, dtype: type) -> NDArray[Any]:
    """Rough and smooth at once, using the whole range."""
    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.random((6, 6, *shape[2:])), shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip((0.7 * smooth.reshape(shape) + 0.3 * rng.random(shape)) * top, 0, top).astype(dtype)


def _exact(target: NDArray[Any], source: NDArray[Any], zone: Zone) -> NDArray[np.float64]:
    planes = np.atleast_3d(target.astype(np.float64) - source)
    return np.asarray(np.atleast_3d(source)[zone] + poisson_exact.solve_directly(planes, zone))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(61, 93), (160, 161)], ids=str)
@pytest.mark.parametrize("small", [1 << 17, 0], ids=["one tile", "tiles"])
def test_blend_is_within_one_level_of_a_direct_solve(
    kind: str, size: tuple[int, int], small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poisson_tiles, "_SMALL", small)
    monkeypatch.setattr(poisson_tiles, "_SHARE", 1.0)
    zone = _drawn(kind, *size, 1)
    target, source = (_levels((*size, 3), seed, 255, np.uint8) for seed in (2, 3))
    made = poisson_blend(target, source, zone)
    wanted = np.clip(np.rint(_exact(target, source, zone)), 0, 255)
    assert np.abs(made[zone] - wanted).max() <= 1
    assert np.array_equal(made[~zone], target[~zone])


@given(
    kind=st.sampled_from(KINDS), height=st.integers(12, 90), width=st.integers(12, 90), channels=st.integers(1, 5),
    seed=st.integers(0, 999), small=st.sampled_from([0, 1 << 17]),
)  # fmt: skip
@settings(deadline=None, max_examples=120)
def test_correction_keeps_its_promise(
    kind: str, height: int, width: int, channels: int, seed: int, small: int
) -> None:
    zone = _drawn(kind, height, width, seed)
    values = _levels((height, width, channels), seed, 1, np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poisson_tiles, "_SMALL", small)
        patch.setattr(poisson_tiles, "_SHARE", 1.0)
        found = harmonic_correction(values, zone)
    if zone.any() and not zone.all():
        assert np.abs(found[zone] - poisson_exact.solve_directly(values, zone)).max() < 0.1 * LEVEL
    assert not found[~zone].any()


@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
@pytest.mark.parametrize(("top", "dtype"), [(255, np.uint8), (65535, np.uint16), (1, np.float32)])
def test_any_depth_and_channels(channels: int | None, top: int, dtype: type) -> None:
    shape = (70, 80) if channels is None else (70, 80, channels)
    zone = _drawn("blobs", 70, 80, 5)
    target, source = (_levels(shape, seed, top, dtype) for seed in (6, 7))
    kept = target.copy(), source.copy()
    made = poisson_blend(target, source, zone)
    wanted = _exact(target, source, zone)
    wanted = np.clip(wanted, 0, top) if dtype != np.float32 else wanted
    assert made.dtype == target.dtype
    assert made.shape == target.shape
    assert np.abs(np.atleast_3d(made)[zone] - wanted).max() <= top / 255 + (top > 1)
    assert np.array_equal(made[~zone], target[~zone])
    assert np.array_equal(kept[0], target)
    assert np.array_equal(kept[1], source)


def test_a_constant_difference_in_a_rectangle_is_taken_off_exactly() -> None:
    zone = _drawn("rectangle", 30, 41, 0)
    target = _levels((30, 41, 3), 4, 200, np.uint8)
    assert np.array_equal(poisson_blend(target, target + np.uint8(9), zone), target)


def test_sixteen_bit_rectangle_is_exact_to_its_own_level() -> None:
    zone = _drawn("rectangle", 97, 131, 0)
    target, source = (_levels((97, 131, 3), seed, 65535, np.uint16) for seed in (8, 9))
    wanted = np.clip(np.rint(_exact(target, source, zone)), 0, 65535)
    assert np.abs(poisson_blend(target, source, zone)[zone] - wanted).max() <= 1


@pytest.mark.parametrize("kind", ["rectangle", "islands"])
def test_same_bytes_whatever_the_number_of_threads(kind: str) -> None:
    zone = _drawn(kind, 420, 430, 3)
    target, source = (_levels((420, 430, 3), seed, 255, np.uint8) for seed in (10, 11))
    threads = cv2.getNumThreads()
    try:
        made = []
        for number in (1, 2, 4):
            cv2.setNumThreads(number)
            made += [harmonic_correction(target.astype(np.float32) - source, zone).tobytes()]
    finally:
        cv2.setNumThreads(threads)
    assert len(set(made)) == 1


def test_usual_zones_never_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes whose grids halve unevenly, many levels deep: the pyramid contracts, at either accuracy."""
    monkeypatch.setattr(poisson, "_solve_exactly", None)
    for size in ((711, 709), (300, 1201)):
        zone = _drawn("disc", *size, 0)
        target, source = (_levels((*size, 3), seed, 255, np.uint8) for seed in (12, 13))
        poisson_blend(target, source, zone)
        harmonic_correction((target / 255.0 - source / 255.0).astype(np.float32), zone)


def test_parts_far_apart_are_solved_in_their_own_boxes() -> None:
    zone = np.zeros((900, 900), bool)
    zone[5:45, 5:65] = zone[850:895, 700:880] = True
    found = [part.box for part in poisson_zone.parts(zone)]
    assert sorted((b[0].stop - b[0].start, b[1].stop - b[1].start) for b in found) == [(42, 62), (47, 182)]
    target, source = (_levels((900, 900, 3), seed, 255, np.uint8) for seed in (14, 15))
    wanted = np.clip(np.rint(_exact(target, source, zone)), 0, 255)
    assert np.abs(poisson_blend(target, source, zone)[zone] - wanted).max() <= 1


def test_only_a_full_box_with_a_ring_is_a_rectangle() -> None:
    zone = np.zeros((9, 12), np.uint8)
    zone[1:-1, 1:-1] = 1
    box = slice(0, 9), slice(0, 12)
    assert poisson_zone.is_rectangle(zone, box)
    for at in ((4, 5), (0, 5)):
        other = zone.copy()
        other[at] = 1 - other[at]
        assert not poisson_zone.is_rectangle(other, box)
    assert not poisson_zone.is_rectangle(np.ones((9, 12), np.uint8), box)


def test_what_differs_in_size_or_depth_is_refused() -> None:
    picture: NDArray[Any] = np.zeros((5, 6, 3), np.uint8)
    with pytest.raises(ValueError, match="differ"):
        poisson_blend(picture, picture[:4], np.zeros((5, 6), bool))
    with pytest.raises(ValueError, match="differ"):
        poisson_blend(picture, picture.astype(np.float32), np.zeros((5, 6), bool))
