import numpy as np
import pytest

from flows.demo.photographs import FILES, photograph
from tasks.generation.unmix import unmix
from tests.tasks.generation.overlay_truth import caption, case

NAMES = sorted(set(FILES) - {"hubble", "retina"})
COLOURS = ((255, 255, 255), (0, 0, 0), (214, 30, 40), (30, 70, 180), (128, 128, 128), (255, 214, 40))


def _opaque(n):
    chance = np.random.default_rng([n, 17])
    name = NAMES[n % len(NAMES)]
    height, width = photograph(name).shape[:2]
    extra = [{}, {"outline": 2}, {"shadow": 0.7}][n % 3]
    text = caption(
        "Sample 24",
        opacity=1.0,
        colour=COLOURS[n % len(COLOURS)],
        size=int(chance.choice([18, 24, 34, 46])),
        **extra,
    )
    at = (int(chance.integers(0, height - 120)), int(chance.integers(0, width - 360)))
    return case(name, text, at=at, grow=int(chance.integers(0, 4)), jpeg=(0, 95, 90, 85)[n % 4])


def _ghost(found, made):
    """Mean step that stays between strokes and surroundings, in levels of 255, the largest over the channels."""
    off = (found.pixels - made.truth) * 255
    core = found.trusted & (made.alpha > 0.95)
    return float(np.abs(off[core].mean(axis=0)).max()) if core.any() else 0.0


def test_opaque_overlays_are_never_taken_off():
    made = [_opaque(n) for n in range(120)]
    found = [unmix(each.crop, each.hole, levels=255, noise=0.004) for each in made]
    ghosts = [_ghost(got, each) for got, each in zip(found, made, strict=True) if got is not None]
    assert max(ghosts, default=0.0) < 4  # Levels: about what an eye can tell on a flat surface.
    assert not ghosts


@pytest.mark.parametrize("opacity", [0.3, 0.6])
def test_flat_surroundings_are_left_to_the_fill(opacity):
    flat = np.full((120, 360, 3), 0.8, np.float32)
    hole = np.zeros((120, 360), bool)
    hole[50:70, 60:300:6] = True
    crop = flat.copy()
    crop[hole] = np.rint(255 * (0.8 * (1 - opacity))) / 255
    assert unmix(crop, hole, levels=255) is None


def test_a_hole_with_nothing_in_it_is_no_overlay():
    chance = np.random.default_rng(3)
    crop = photograph("coffee")[100:220, 100:460].copy()
    hole = np.zeros(crop.shape[:2], bool)
    hole[40:80, 60:300] = chance.random((40, 240)) > 0.5
    assert unmix(crop, hole, levels=255) is None


def test_an_empty_hole_and_a_hole_without_surroundings():
    crop = photograph("coffee")[:40, :40].copy()
    assert unmix(crop, np.zeros((40, 40), bool), levels=255) is None
    assert unmix(crop, np.ones((40, 40), bool), levels=255) is None
