"""The anchored fill: lines go on through the hole, detail comes from the ring, every ingredient can be switched off."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import cv2
import numpy as np
import pytest

from model_registry.engines import wrap
from model_registry.engines.classical.anchored import DEFAULTS, AnchoredFill
from model_registry.engines.classical.anchored_detail import low_band, with_detail
from model_registry.engines.classical.structure_depth import estimated
from model_registry.engines.classical.structure_ends import line_ends
from model_registry.engines.classical.structure_lines import drawn, matched
from model_registry.engines.contract import Hole, ParamValue, Pixels
from model_registry.engines.diffusion_pixels import smooth_under
from model_registry.engines.load import load_engine
from model_registry.registry import PACKAGED, Registry

DARK, LIGHT = np.array([0.25, 0.3, 0.2], np.float32), np.array([0.8, 0.7, 0.75], np.float32)


def slope(h: int = 120, w: int = 140, rise: float = 0.35) -> Pixels:
    """Dark above, light below a slanted straight edge, anti-aliased."""
    rows, columns = np.mgrid[:h, :w]
    below = np.clip(rows - (h * 0.3 + rise * columns) + 0.5, 0, 1)[..., None].astype(np.float32)
    return np.asarray(DARK + below * (LIGHT - DARK), np.float32)


def middle(h: int = 120, w: int = 140) -> Hole:
    hole = np.zeros((h, w), bool)
    hole[40:84, 46:94] = True
    return hole


def fill(image: Pixels, hole: Hole, **params: ParamValue) -> Pixels:
    asked: Mapping[str, ParamValue] = {**DEFAULTS, **params}
    return AnchoredFill().fill(image, hole, seed=3, prompt="", params=asked)


def off(made: Pixels, truth: Pixels, hole: Hole) -> float:
    return float(np.abs(made[hole] - truth[hole]).mean()) * 255


def test_the_cards_defaults_are_the_engines_own() -> None:
    card = tomllib.loads((PACKAGED / "anchored.toml").read_text())
    assert card["defaults"] == DEFAULTS


def test_an_edge_that_enters_on_both_sides_is_one_line() -> None:
    image, hole = slope(), middle()
    smooth = smooth_under(image, hole)
    lines = matched(line_ends(smooth, hole), hole)
    assert len(lines) == 1
    shown, done = drawn(image, hole, lines)
    assert done.any()
    assert not (done & ~hole).any()
    assert off(shown, image, done) < 4


def test_lines_alone_bring_the_edge_back_and_without_them_it_is_lost() -> None:
    image, hole = slope(), middle()
    with_lines = fill(image, hole, patches=False)
    without = fill(image, hole, lines=False, patches=False)
    band = hole & (np.abs(np.gradient(image[..., 0], axis=0)) > 0.05)
    assert band.any()
    assert off(with_lines, image, band) < 0.3 * off(without, image, band)


def test_an_edge_that_enters_on_one_side_only_is_not_continued() -> None:
    image, hole = slope(), middle()
    image[:, 94:] = DARK
    lines = matched(line_ends(smooth_under(image, hole), hole), hole)
    assert lines == ()


def test_edges_of_other_colours_are_no_pair() -> None:
    """The same geometry, but what is light on the left is dark on the right."""
    image, hole = slope(), middle()
    image[:, 70:] = 1 - image[:, 70:]
    assert matched(line_ends(smooth_under(image, hole), hole), hole) == ()


def test_a_bent_edge_goes_on_along_a_curve() -> None:
    rows, columns = np.mgrid[:120, :140]
    below = np.clip(rows - (60 + (columns - 70) ** 2 / 500) + 0.5, 0, 1)[..., None].astype(np.float32)
    image, hole = np.asarray(DARK + below * (LIGHT - DARK), np.float32), middle()
    lines = matched(line_ends(smooth_under(image, hole), hole), hole)
    assert len(lines) == 1
    shown, _ = drawn(image, hole, lines)

    def height(picture: Pixels, column: int = 70) -> float:
        return float(np.interp(0.55, picture[54:68, column, 0], np.arange(54, 68)))

    straight = (lines[0].first.y + lines[0].last.y) / 2
    assert abs(height(shown) - height(image)) < 0.75
    assert straight - height(image) > 1
    assert height(shown, 58) == pytest.approx(height(shown, 82), abs=0.12)  # bent at both ends alike


@pytest.mark.parametrize("name", ["lines", "depth", "patches", "detail"])
def test_every_ingredient_can_be_turned_over(name: str) -> None:
    rng = np.random.default_rng(2)
    image = np.clip(slope() + rng.normal(0, 0.03, (120, 140, 3)), 0, 1).astype(np.float32)
    hole = middle()
    for value in (True, False):
        made = fill(image, hole, **{name: value})
        assert made.dtype == np.float32
        assert (made[~hole] == image[~hole]).all()
        assert np.isfinite(made).all()


@pytest.mark.parametrize("depth", [True, False])
def test_what_the_hole_held_does_not_matter_and_the_bytes_are_the_same(depth: bool) -> None:
    rng = np.random.default_rng(4)
    image = np.clip(slope() + rng.normal(0, 0.03, (120, 140, 3)), 0, 1).astype(np.float32)
    hole = middle()
    first = fill(image, hole, depth=depth)
    before = image.copy()
    other = image.copy()
    other[hole] = rng.random((int(hole.sum()), 3)).astype(np.float32)
    assert (fill(other, hole, depth=depth)[hole] == first[hole]).all()
    assert (image == before).all()


def test_the_anchors_say_what_the_fill_is_held_to() -> None:
    image, hole = slope(), middle()
    found = AnchoredFill().anchors(image, hole, params={**DEFAULTS, "depth": True})
    scores = found.scores()
    assert scores["anchor_lines"] == 1
    assert scores["anchor_ends"] >= 2
    assert {"anchor_vanishing", "anchor_defocus"} <= set(scores)
    maps = found.maps()
    assert maps.shape == image.shape
    assert maps[..., 0].any()
    assert (
        AnchoredFill().anchors(image, hole, params={**DEFAULTS, "lines": False}).scores()["anchor_lines"] == 0
    )


def test_a_networks_depths_take_the_place_of_the_estimate() -> None:
    image, hole = slope(), middle()
    near = np.tile(np.linspace(0, 1, 140, dtype=np.float32), (120, 1))
    engine = AnchoredFill(near)
    scores = engine.anchors(image, hole, params={**DEFAULTS, "depth": True}).scores()
    assert scores["anchor_depth_network"] == 1
    assert "anchor_vanishing" not in scores


def textured(h: int = 128, w: int = 128) -> Pixels:
    rng = np.random.default_rng(8)
    grain = low_band(rng.normal(0, 0.25, (h, w, 3)).astype(np.float32), 0.8)
    shade = np.linspace(0.3, 0.7, w, dtype=np.float32)[None, :, None]
    return np.clip(shade + grain, 0, 1).astype(np.float32)


def test_detail_gives_a_blurred_fill_the_grain_of_the_ring_and_keeps_its_low_band() -> None:
    image, hole = textured(), middle(128, 128)
    blurred = np.where(hole[..., None], low_band(image, 4.0), image)
    made = with_detail(image, hole, blurred, 1.5)
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0

    def energy(picture: Pixels) -> float:
        return float((picture - low_band(picture, 1.5))[inner].std())

    assert energy(blurred) < 0.4 * energy(image)
    assert 0.7 * energy(image) < energy(made) < 1.3 * energy(image)
    apart = np.abs(low_band(made, 4.0) - low_band(blurred, 4.0))[inner]
    assert float(apart.mean()) < 4 / 255


def test_detail_leaves_a_fill_that_has_its_own() -> None:
    image, hole = textured(), middle(128, 128)
    made = with_detail(image, hole, image, 1.5)
    blurred = np.where(hole[..., None], low_band(image, 4.0), image)
    changed = np.abs(with_detail(image, hole, blurred, 1.5) - blurred)[hole].mean()
    assert np.abs(made - image)[hole].mean() < 0.35 * changed


def test_depths_fall_off_towards_a_vanishing_point() -> None:
    """A corridor: lines from all sides meet in the middle, which is farthest."""
    page = np.full((160, 200, 3), 0.6, np.float32)
    for x, y in ((0, 0), (199, 0), (0, 159), (199, 159), (0, 60), (199, 100), (100, 159), (60, 0)):
        cv2.line(page, (100, 80), (x, y), (0.1, 0.1, 0.1), 2, cv2.LINE_AA)
    hole = np.zeros((160, 200), bool)
    hole[20:40, 140:170] = True
    found = estimated(smooth_under(page, hole), hole)
    assert found.vanishing > 0.3
    assert found.near[75:85, 95:105].mean() < found.near[140:, 180:].mean() - 0.3


def test_it_stands_on_the_ladder_before_the_exemplar_fill_and_takes_small_pieces() -> None:
    registry = Registry.load()
    ladder = [card.id for card in registry.of_role("fill")]
    assert ladder.index("anchored") == ladder.index("exemplar") - 1
    card = registry.get("anchored")
    engine = load_engine(card, registry.folder_of("anchored"))
    image, hole = slope(20, 24), np.zeros((20, 24), bool)
    hole[8:12, 9:15] = True
    made = wrap.fill(card, engine, image, hole, seed=1, params={"lines": False})
    assert (made[~hole] == image[~hole]).all()
