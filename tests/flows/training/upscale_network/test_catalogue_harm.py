"""What pictures go through before they are enlarged: sizes, ranges, the same again, and no shift."""

from __future__ import annotations

import numpy as np
import pytest

from flows.training.upscale_network.degradations import (
    CLEAN,
    TOOLS,
    Harm,
    drawn_harm,
    harmed,
    shrunk,
    through_jpeg,
)
from flows.training.upscale_network.imresize import Bytes3


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_any_harm_keeps_size_and_type_and_comes_out_the_same_again(scale: int, drawn: Bytes3) -> None:
    picture = drawn[: 240 // scale * scale, : 320 // scale * scale]
    before, kinds = picture.copy(), set()
    for n in range(25):
        harm = drawn_harm(rng(scale, n), scale)
        assert harm == drawn_harm(rng(scale, n), scale)
        small = harmed(picture, scale, harm, rng(9, n))
        assert small.shape == (picture.shape[0] // scale, picture.shape[1] // scale, 3)
        assert small.dtype == np.uint8
        assert (small == harmed(picture, scale, harm, rng(9, n))).all()
        kinds.add((bool(harm.noise), bool(harm.quality), bool(harm.blur)))
    assert (picture == before).all()
    assert len(kinds) >= 3


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("tool", ["bicubic", *sorted(TOOLS)])
def test_no_tool_shifts_the_picture(tool: str, scale: int) -> None:
    """A blob's middle stays in the middle, in units of the picture."""
    rows, columns = np.mgrid[:96, :96]
    blob = 200 * np.exp(-((rows - 40.5) ** 2 + (columns - 57.5) ** 2) / 90.0)
    small = shrunk(blob.astype(np.uint8)[..., None].repeat(3, 2), scale, tool)[..., 0].astype(float)
    y, x = (np.mgrid[: small.shape[0], : small.shape[1]] + 0.5) * scale - 0.5
    assert (y * small).sum() / small.sum() == pytest.approx(40.5, abs=0.1)
    assert (x * small).sum() / small.sum() == pytest.approx(57.5, abs=0.1)


def test_the_mixture_covers_what_it_says() -> None:
    drawn_ones = [drawn_harm(rng(1, n), 2) for n in range(2000)]
    clean = [h for h in drawn_ones if h == Harm(tool=CLEAN)]
    saved = [h.quality for h in drawn_ones if h.quality]
    assert 0.17 < len(clean) / len(drawn_ones) < 0.26
    assert min(saved) >= 60
    assert max(saved) <= 98
    assert {h.tool for h in drawn_ones} == set(TOOLS)
    assert {h.thin_colours for h in drawn_ones if h.quality} == {True, False}
    assert 0.15 < np.mean([h.sharpening > 0 for h in drawn_ones]) < 0.3


def test_sharpening_steepens_edges_and_leaves_flat_ground_alone() -> None:
    step = np.full((32, 32, 3), 100, np.uint8)
    step[:, 16:] = 150
    made = harmed(step, 1, Harm(tool=CLEAN, sharpening=1.0), rng(1))
    assert (made[:, :12] == 100).all()
    assert (made[:, 20:] == 150).all()
    assert made[16, 15, 0] < 100
    assert made[16, 16, 0] > 150


def test_jpeg_harms_more_at_lower_quality_and_with_thin_colours(drawn: Bytes3) -> None:
    def off(quality: int, thin: bool) -> float:
        return float(np.abs(through_jpeg(drawn, quality, thin).astype(int) - drawn).mean())

    assert off(95, False) < off(75, False) < off(60, False)
    assert off(75, False) < off(75, True)


def test_pillows_bicubic_is_the_benchmarks_away_from_the_border(drawn: Bytes3) -> None:
    """Where columns come before rows and something is clipped between them, a few pixels differ by more."""
    off = np.abs(shrunk(drawn, 2, CLEAN).astype(int) - shrunk(drawn, 2, "bicubic"))[2:-2, 2:-2]
    assert (off <= 1).mean() > 0.99
    assert (np.abs(shrunk(drawn, 2, "area").astype(int) - shrunk(drawn, 2, "bicubic")) <= 1).mean() < 0.9
