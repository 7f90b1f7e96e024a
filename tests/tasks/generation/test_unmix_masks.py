"""What a mask says helps, and what it misses is found; noise of a lossy file is not blown up."""

import cv2
import numpy as np
import pytest

from tasks.generation.unmix import unmix
from tasks.generation.unmix_background import noise_of_tables, spread_around
from tasks.generation.unmix_calm import calmed
from tasks.generation.unmix_evidence import Overlay
from tasks.generation.unmix_fit import Fit, fitted, pairs_of
from tasks.generation.unmix_guess import guesses
from tasks.generation.unmix_judge import heart_clearness
from tasks.generation.unmix_opaque import plainly_opaque
from tests.tasks.generation.overlay_truth import caption, case, finished, jpeg_tables, psnr

PLACES = {"coffee": (200, 60), "chelsea": (100, 40), "rocket": (230, 120), "astronaut": (0, 80)}
GOLD = (255, 236, 90)


def _boxed(hole):
    rows, columns = np.nonzero(hole)
    box = np.zeros_like(hole)
    box[rows.min() - 3 : rows.max() + 4, max(columns.min() - 3, 0) : columns.max() + 4] = True
    return box


def _torn(made):
    """The mask without every third letter's width."""
    torn = made.hole.copy()
    for left in range(0, torn.shape[1], 60):
        torn[:, left : left + 20] = False
    return torn


@pytest.mark.parametrize("name", sorted(PLACES))
def test_letters_that_the_mask_misses_come_off_too(name):
    made = case(name, caption("shop-pictures", opacity=0.5), at=PLACES[name], grow=1)
    found = unmix(made.crop, _torn(made), levels=255, line=_boxed(made.hole))
    assert found is not None
    assert psnr(finished(found, made.crop, _torn(made)), made.truth, made.alpha > 0.02) >= 28


@pytest.mark.parametrize(("through", "least", "most"), [(0.6, 0.9, 1.1), (0.0, -0.1, 0.2)])
def test_strokes_over_a_ground_of_two_shades_are_judged_by_what_they_follow(through, least, most):
    """Nearly all black or white: there is no spread about the median to go by."""
    ground = np.where(np.arange(240)[None, :, None] % 120 < 66, 0.1, 0.8) * np.ones((80, 1, 3))
    hole = np.zeros((80, 240), bool)
    hole[20:60, 8:232] = (np.arange(224) % 16 < 8)[None]
    pixels = np.where(hole[..., None], through * ground + (1 - through), ground).astype(np.float32)
    spread = spread_around(pixels, ~hole, 255)
    fit = Fit(Overlay(0.4, np.ones(3, np.float32)), 1.0, 0.0, 0.3, 0.3, 100.0)
    seen = heart_clearness(pixels, hole, ~hole, fit, hole.astype(np.float32), spread, 0.001)
    assert least < seen < most


@pytest.mark.parametrize("opacity", [0.25, 0.45, 0.65])
@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_the_fit_is_not_flattened_by_the_error_of_its_pairs(name, opacity):
    made = case(name, caption("shop-pictures", opacity=opacity, colour=GOLD), at=PLACES[name])
    core, clear = made.alpha > 0.98 * opacity, made.alpha == 0
    fit = fitted(pairs_of(made.crop, core, clear, spread_around(made.crop, clear, 255)), 0.001)
    assert fit is not None
    assert fit.overlay.opacity == pytest.approx(opacity, abs=0.04)
    assert fit.over_opaque > 60


def test_opaque_ink_gains_nothing_over_opaque():
    made = case("coffee", caption("shop-pictures", opacity=1.0, colour=GOLD), at=PLACES["coffee"])
    core, clear = made.alpha > 0.98, made.alpha == 0
    fit = fitted(pairs_of(made.crop, core, clear, spread_around(made.crop, clear, 255)), 0.001)
    assert fit is None or fit.over_opaque < 12


def test_a_mask_names_the_ink_among_the_strongest_edges_of_a_picture():
    made = case("coffee", caption("shop-pictures", opacity=0.3), at=PLACES["coffee"], grow=1)
    crop = made.crop.copy()
    crop[::7] *= 0.3  # Edges of the picture's own, far stronger than the lettering's.
    line, known = _boxed(made.hole), ~_boxed(made.hole)
    found = guesses(crop, line, made.hole, known, spread_around(crop, known, 255), 0.001)
    assert min(abs(guess.opacity - 0.3) for guess in found) < 0.08


@pytest.mark.parametrize(("quality", "short"), [(75, 0.5), (90, 2.5)])
def test_a_jpeg_comes_back_as_well_as_with_the_true_matte(quality, short):
    """The mean over pictures, dB that it may fall short by: least where noise counts most, for that is calmed."""
    gaps = []
    for name, at in sorted(PLACES.items()):
        made = case(name, caption("shop-pictures", size=34), at=at, grow=1, jpeg=quality)
        found = unmix(made.crop, made.hole, levels=255, noise=noise_of_tables(jpeg_tables(quality)))
        assert found is not None
        alpha = made.alpha[..., None]
        best = psnr(np.clip((made.crop - alpha) / (1 - alpha), 0, 1), made.truth, made.hole)
        gaps.append(best - psnr(finished(found, made.crop, made.hole), made.truth, made.hole))
    assert float(np.mean(gaps)) < short


def test_calming_takes_noise_and_leaves_edges_and_everything_outside():
    chance = np.random.default_rng(1)
    truth = np.full((64, 64, 3), 0.3, np.float32)
    truth[:, 32:] = 0.8
    hole = np.zeros((64, 64), bool)
    hole[8:56, 8:56] = True
    coverage = hole.astype(np.float32)
    clear = truth + chance.normal(0, 0.05, truth.shape).astype(np.float32) * hole[..., None]
    calm = calmed(clear, hole, coverage, Overlay(0.8, np.ones(3, np.float32)), 0.01)
    middle = np.zeros_like(hole)
    middle[12:52, 12:52] = True
    assert psnr(calm, truth, middle) > psnr(clear, truth, middle) + 4
    assert float(calm[12:52, 34:40].mean() - calm[12:52, 24:30].mean()) > 0.45
    assert (calm[~hole] == clear[~hole]).all()


def test_a_dark_ground_within_the_hole_is_not_taken_for_opaque_ink():
    """A wide hole: much of it is the picture's black, and the ground beside varies."""
    made = case("coffee", caption("shop-pictures", opacity=0.5), at=PLACES["coffee"], grow=1)
    dark = (np.arange(360) % 90 < 45)[None, :, None]
    truth = np.where(dark, np.float32(0.02), made.truth)
    alpha = made.alpha[..., None]
    crop = np.asarray((1 - alpha) * truth + alpha, np.float32)
    wide = cv2.dilate(made.hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert not plainly_opaque(crop, wide, ~wide)
    opaque = np.where(made.alpha[..., None] > 0.25, np.float32(1), truth)
    assert plainly_opaque(opaque, wide, ~wide)
