"""Rectangles by their sides' sine series: within the error asked for, for any size, and harmonic at heart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft  # type: ignore[import-untyped]

from model_registry.engines.classical import poisson_series
from model_registry.engines.classical.poisson_rectangle import solve
from model_registry.engines.classical.poisson_series import Opposite, last_point

Sides = list[NDArray[np.float32]]

SIZES = (
    (1, 1), (1, 9), (2, 70), (3, 40), (16, 16), (31, 32), (47, 48), (61, 200), (100, 101), (127, 419), (233, 239),
)  # fmt: skip


def _sides(kind: str, height: int, width: int) -> Sides:
    """Two channels of values of up to 255: top, bottom, left, right."""
    rng = np.random.default_rng(height * 1000 + width)
    lengths = (width, width, height, height)
    if kind == "noise":
        made = [rng.uniform(-255, 255, (2, n)) for n in lengths]
    elif kind == "jumps":
        made = [np.where(np.arange(n) < n * rng.random((2, 1)), 255, -255) for n in lengths]
    else:
        made = [
            level + np.linspace(0, 40, n)[None] * np.ones((2, 1))
            for n, level in zip(lengths, (200, -200, 90, -60), strict=True)
        ]
    return [np.asarray(side, np.float32) for side in made]


def _by_transform(sides: Sides) -> NDArray[np.float64]:
    """The same equation by the whole plane's sine transform, in double precision; HxWxC."""
    top, bottom, left, right = (s.astype(np.float64) for s in sides)
    height, width = left.shape[1], top.shape[1]
    load = np.zeros((len(top), height, width))
    load[:, 0] += top
    load[:, -1] += bottom
    load[:, :, 0] += left
    load[:, :, -1] += right
    down, across = (4 * np.sin(np.pi * np.arange(1, n + 1) / (2 * n + 2)) ** 2 for n in (height, width))
    spectrum = fft.dstn(load, 1, axes=(1, 2)) / (down[:, None] + across)
    return np.asarray(fft.idstn(spectrum, 1, axes=(1, 2)).transpose(1, 2, 0))


def _field(sides: Sides, accuracy: float) -> NDArray[np.float32]:
    top, bottom, left, right = sides
    found = solve(top, bottom, left, right, accuracy)
    out = np.full((*found.size, len(sides[0])), np.nan, np.float32)
    for rows, band in found.bands():
        out[rows.start - 1 : rows.stop - 1] = band[:, 1:-1]
    return out


@pytest.mark.parametrize("kind", ["noise", "jumps", "smooth"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_within_the_error_asked_for(kind: str, size: tuple[int, int]) -> None:
    sides = _sides(kind, *size)
    wanted = _by_transform(sides)
    for accuracy in (0.5, 0.05, 0.005):
        assert np.abs(_field(sides, accuracy) - wanted).max() < accuracy


@pytest.mark.parametrize("size", [(467, 521), (300, 1201)], ids=str)
def test_matrix_product_and_chirp_agree(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    sides = _sides("noise", *size)
    made = []
    for limit in (0, 10**12):
        monkeypatch.setattr(poisson_series, "_PRODUCT", limit)
        made.append(_field(sides, 0.05))
    assert np.abs(made[0] - made[1]).max() < 2e-3
    assert np.abs(made[0] - _by_transform(sides)).max() < 0.05


@pytest.mark.parametrize(("along", "spacing"), [(9, 1), (36, 1), (37, 2), (41, 4)])
def test_a_single_wave_decays_as_the_five_point_operator_has_it(along: int, spacing: int) -> None:
    """And it is odd about the far end, where grids reach beyond it."""
    across, wave = 50, 3
    x = np.arange(spacing * last_point(along, spacing) + 1)
    line = np.sin(np.pi * wave * x / (along + 1))
    pair = Opposite.of(line[None, 1 : along + 1].astype(np.float32), np.zeros((1, along), np.float32), across)
    rows = range(8)
    near, far = pair.rows(spacing, (rows, rows), 2)
    rate = 2 * np.arcsinh(np.sin(np.pi * wave / (2 * (along + 1))))
    y = np.arange(8) * spacing
    decay = np.sinh(rate * (across + 1 - y)) / np.sinh(rate * (across + 1))
    expected = decay[:, None] * line[::spacing]
    expected[:2] = 0
    assert np.abs(near[:, 0] - expected).max() < 1e-5
    assert not far.any()
