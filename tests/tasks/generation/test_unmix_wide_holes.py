import numpy as np
import pytest

from tasks.generation.unmix import unmix
from tasks.generation.unmix_background import spread_around
from tasks.generation.unmix_evidence import Overlay
from tasks.generation.unmix_guess import guesses
from tasks.generation.unmix_layout import LEVELS, laid_out
from tests.tasks.generation.overlay_truth import caption, case, psnr, telea

PLACES = {"coffee": (200, 60)}


def _boxed(made):
    """The hole of a reader that marks lines and not strokes."""
    rows, columns = np.nonzero(made.hole)
    hole = np.zeros_like(made.hole)
    hole[rows.min() - 3 : rows.max() + 4, max(columns.min() - 3, 0) : columns.max() + 4] = True
    return hole


def _guessed(pixels, hole):
    return guesses(pixels, hole, hole, ~hole, spread_around(pixels, ~hole, 255), 0.001)


@pytest.mark.parametrize("opacity", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("name", sorted(PLACES))
def test_letters_are_found_in_a_box_and_the_picture_between_them_stays(name, opacity):
    made = case(name, caption("shop-pictures", opacity=opacity), at=PLACES[name])
    hole = _boxed(made)
    found = unmix(made.crop, hole, levels=255)
    assert found is not None
    assert found.trusted[hole].mean() > 0.97
    assert psnr(found.pixels, made.truth, found.trusted & (made.alpha > 0.02)) >= 29
    between = hole & (made.alpha < 0.001)
    filled = telea(made.crop, hole)
    assert psnr(found.pixels, made.truth, between) > psnr(filled, made.truth, between) + 10


def test_the_layout_follows_the_strokes():
    made = case("coffee", caption("shop-pictures", opacity=0.5), at=PLACES["coffee"])
    hole = _boxed(made)
    spread = spread_around(made.crop, ~hole, 255)
    layout = laid_out(made.crop, hole, Overlay(0.5, np.ones(3, np.float32)), spread)
    assert set(np.unique(layout)) <= set(LEVELS)
    assert not layout[~hole].any()
    assert (np.abs(layout - made.alpha / 0.5)[hole] > 0.6).mean() < 0.02


@pytest.mark.parametrize("opacity", [0.3, 0.6])
def test_colour_and_opacity_are_guessed_without_any_letters(opacity):
    made = case(
        "coffee", caption("shop-pictures", opacity=opacity, colour=(214, 30, 40)), at=PLACES["coffee"]
    )
    found = unmix(made.crop, _boxed(made), levels=255)
    assert found is not None
    assert found.opacity == pytest.approx(opacity, abs=0.05)
    assert found.colour == pytest.approx(np.array((214, 30, 40)) / 255, abs=0.1)


def test_nothing_is_guessed_where_nothing_changes():
    flat = np.full((60, 200, 3), 0.5, np.float32)
    hole = np.zeros((60, 200), bool)
    hole[20:40, 20:180] = True
    assert _guessed(flat, hole) == ()


@pytest.mark.parametrize(
    ("name", "shadow", "at"),
    [
        ("rocket", 0.4, (100, 40)),
        ("coffee", 0.8, (200, 60)),
        ("chelsea", 0.4, (200, 60)),
    ],
)
def test_letters_with_a_drop_shadow_are_left_to_the_fill(name, shadow, at):
    text = caption("shop-pictures", opacity=0.6, shadow=shadow, size=30)
    made = case(name, text, at=at, grow=1)
    assert unmix(made.crop, made.hole, levels=255) is None
