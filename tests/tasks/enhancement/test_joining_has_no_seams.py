"""Where cells of different rungs meet there is no step that the content does not have."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tasks.contracts import Raster
from tasks.enhancement.rungs import Cutting, Guards, Request, Rung
from tasks.enhancement.selective import enlarge_selectively
from tests.tasks.enhancement.conftest import Ladder, bicubic, picture

CUTTING = Cutting(cell=16, most_cells=(4, 4), context=9, ramp=4)
FREE = Guards(consistency_db=0, colour_levels=255)


def steps_at(pixels: np.ndarray, period: int) -> tuple[float, float]:
    """Mean step between columns at cell borders, and everywhere else."""
    across = np.abs(np.diff(pixels.astype(np.float64), axis=1)).mean(axis=(0, 2))
    at = np.arange(1, len(across) + 1) % period == 0
    return float(across[at].mean()), float(across[~at].mean())


def test_rungs_of_unlike_brightness_are_joined_by_a_ramp() -> None:
    """Two rungs 40 levels apart: no step is steeper than the ramp's steepest, anywhere and in any direction."""
    grey = Raster(np.full((96, 96, 3), 100, np.uint8))
    rungs = (
        Rung("a", lambda x: bicubic(x, 4), 1, 3),
        Rung("b", lambda x: bicubic(x, 4) + np.float32(20 / 255), 2, 3),
        Rung("c", lambda x: bicubic(x, 4) + np.float32(40 / 255), 3, 3),
    )
    for seed in range(6):
        choice = np.random.default_rng(seed).integers(0, 3, (6, 6)).astype(np.int8)
        out = enlarge_selectively(grey, rungs, Request(4, cutting=CUTTING, guards=FREE, choice=choice))
        pixels = out.raster.pixels.astype(int)
        steepest = 1.5 * 40 / (CUTTING.ramp * 4)
        assert pixels.max() == 140
        for axis in (0, 1):
            assert np.abs(np.diff(pixels, axis=axis)).max() <= steepest * 1.6 + 1


def test_without_a_ramp_the_seam_would_be_found() -> None:
    grey = Raster(np.full((64, 64, 3), 100, np.uint8))
    rungs = (
        Rung("a", lambda x: bicubic(x, 4), 1, 3),
        Rung("b", lambda x: bicubic(x, 4) + np.float32(0.15), 2, 3),
    )
    choice = np.indices((4, 4)).sum(axis=0).astype(np.int8) % 2
    cut = replace(CUTTING, ramp=0)
    out = enlarge_selectively(grey, rungs, Request(4, cutting=cut, guards=FREE, choice=choice))
    assert np.abs(np.diff(out.raster.pixels.astype(int), axis=1)).max() > 30


def test_no_more_step_at_borders_than_elsewhere(ladder: Ladder) -> None:
    rng = np.random.default_rng(4)
    texture = cv2.GaussianBlur(rng.random((192, 192, 3)).astype(np.float32), (0, 0), 1.0)
    raster = Raster(np.rint(texture * 255).astype(np.uint8))
    choice = (np.indices((12, 12)).sum(axis=0) % 3).astype(np.int8)
    request = Request(4, cutting=CUTTING, guards=FREE, choice=choice)
    made = enlarge_selectively(raster, ladder(4), request).raster.pixels
    alone = [np.rint(rung.enlarge(raster.crop(raster.box)) * 255) for rung in ladder(4)]
    for turn in (lambda p: p, lambda p: p.swapaxes(0, 1)):
        at, elsewhere = steps_at(turn(made), 64)
        usual = max(a / e for a, e in (steps_at(turn(one), 64) for one in alone))
        assert at / elsewhere < 1.03 * usual


def test_result_is_between_its_rungs(ladder: Ladder) -> None:
    raster = picture(80, 80, 7)
    choice = (np.indices((5, 5)).sum(axis=0) % 3).astype(np.int8)
    request = Request(2, cutting=CUTTING, guards=FREE, choice=choice)
    made = enlarge_selectively(raster, ladder(2), request).raster.pixels.astype(float)
    whole = [rung.enlarge(raster.crop(raster.box)) * 255 for rung in ladder(2)]
    assert (made >= np.min(whole, axis=0) - 1.01).all()
    assert (made <= np.max(whole, axis=0) + 1.01).all()
