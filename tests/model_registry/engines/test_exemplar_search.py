"""Where exemplar patches come from: far repeats are found, near likenesses preferred, coarse ones continued."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model_registry.engines.classical import exemplar, exemplar_search
from model_registry.engines.classical.exemplar import ExemplarFill
from model_registry.engines.classical.exemplar_patches import RADIUS, descriptors, to_opponent
from model_registry.engines.classical.exemplar_pyramid import pull_push, pyramid
from model_registry.engines.classical.exemplar_search import Field, Search, _start, complete
from model_registry.engines.classical.exemplar_vote import Lattice, voted, votes
from model_registry.engines.contract import Hole, Pixels

SIDE = 260


def repeats(period: int) -> Pixels:
    """Smooth noise of no direction that comes again after `period` px, across and down."""
    noise = np.random.default_rng(2).random((period, period, 3)).astype(np.float32)
    tiled = np.tile(noise, (SIDE // period + 1, SIDE // period + 1, 1))[:SIDE, :SIDE]
    smooth = cv2.GaussianBlur(tiled, (0, 0), 2.0)
    return np.asarray(np.clip(0.5 + 3 * (smooth - 0.5), 0, 1), np.float32)


def disc(radius: int) -> Hole:
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(canvas, (SIDE // 2, SIDE // 2), radius, (1,), -1)
    return canvas > 0


def psnr(image: Pixels, hole: Hole, context: int) -> float:
    made = ExemplarFill().fill(image, hole, seed=1, prompt="", params={"context": context, "samples": 4})
    return float(-10 * np.log10(np.mean((made[hole].astype(np.float64) - image[hole]) ** 2)))


def test_what_comes_again_only_far_off_is_found_within_the_context() -> None:
    image, hole = repeats(90), disc(20)
    assert psnr(image, hole, 96) > 25
    assert psnr(image, hole, 40) < 20


def far(image: Pixels, hole: Hole) -> float:
    """Mean px between the patches of a level and their likenesses."""
    level = pyramid(to_opponent(image), hole)[0]
    _, field = complete(pull_push(level.image, ~hole), level, 1, None, Search(np.random.default_rng(0), 4))
    assert field is not None
    width = field.lattice.width
    rows, columns = field.source // width, field.source % width
    apart = np.hypot(rows - field.lattice.places // width, columns - field.lattice.places % width)
    return float(apart.mean())


def test_of_patches_alike_the_nearer_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    grain = np.random.default_rng(5).normal(0, 0.002, (SIDE, SIDE, 3))
    image, hole = (0.5 + grain).astype(np.float32), disc(8)
    near = far(image, hole)
    monkeypatch.setattr(exemplar_search, "_NEAR", 0.0)
    assert near < 0.6 * far(image, hole)


def test_a_form_is_copied_on_another_shade() -> None:
    """Every patch of a dark hole copies a bright pattern from far on its left: the pattern comes, its brightness does not."""
    ys, xs = np.mgrid[:SIDE, :SIDE]
    pattern = 0.05 * np.sign(np.sin(xs / 2.0) * np.sin(ys / 2.0))
    image = np.repeat((np.where(xs < 90, 0.75, 0.5) + pattern)[..., None], 3, axis=2).astype(np.float32)
    level = pyramid(to_opponent(image), disc(12))[0]
    lattice = Lattice.over(level, 2)
    canvas = cv2.copyMakeBorder(
        np.where(level.hole[..., None], to_opponent(np.full_like(image, 0.5)), level.image), *(RADIUS,) * 4, cv2.BORDER_REFLECT_101
    )  # fmt: skip
    offered = descriptors(canvas)
    source, wanted = lattice.places - 90, offered[lattice.places]
    made = voted(canvas, votes(canvas), lattice, source, np.ones(len(source), np.float32), wanted, offered)
    inside = made[RADIUS:-RADIUS, RADIUS:-RADIUS][level.hole][:, 0] / np.sqrt(3)
    assert inside.mean() == pytest.approx(0.5, abs=0.01)
    assert inside.std() > 0.03


def test_a_thin_hole_looks_no_further_than_it_needs() -> None:
    line = np.zeros((SIDE, SIDE), bool)
    line[100:104, 40:200] = True
    assert exemplar._reach(line, 96) == 24
    assert exemplar._reach(disc(6), 96) == pytest.approx(8 * 6, abs=8)
    assert exemplar._reach(disc(40), 96) == 96


@pytest.mark.parametrize(("fine", "coarse"), [(1, 1), (2, 1), (2, 2), (1, 2)])
def test_each_patch_goes_on_with_the_likeness_of_the_one_it_lies_under(fine: int, coarse: int) -> None:
    levels = pyramid(to_opponent(repeats(90)), disc(30))
    above, below = Lattice.over(levels[1], coarse), Lattice.over(levels[0], fine)
    coarser = Field(above, above.places - 7 * above.width + 5, np.zeros(len(above.places), np.float32))
    start = _start(below, coarser, np.array([0]), Search(np.random.default_rng(0), 4))
    np.testing.assert_array_equal(start - below.places, -14 * below.width + 10)
