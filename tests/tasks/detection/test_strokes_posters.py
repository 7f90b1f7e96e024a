"""Lettering as posters have it: signs of several parts, letters whose colours run, a plate that just holds its line."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.strokes import stroke_mask
from tasks.detection.strokes_lines import line_masks
from tests.tasks.detection.lettering import written
from tests.tasks.detection.test_strokes_plates import lettered

Bytes3 = NDArray[np.uint8]


def signs(count: int) -> tuple[Bytes3, NDArray[np.bool_]]:
    """Dark signs on a light ground, each of a high and a low part that touch nowhere, as Han signs are."""
    picture = np.full((120, 60 * count + 40, 3), 200, np.uint8)
    for n in range(count):
        x = 30 + 60 * n
        cv2.rectangle(picture, (x, 34), (x + 40, 39), (20, 20, 24), cv2.FILLED)
        cv2.line(picture, (x + 6, 46), (x + 2, 56), (20, 20, 24), 4)
        cv2.line(picture, (x + 34, 46), (x + 38, 56), (20, 20, 24), 4)
        cv2.rectangle(picture, (x + 4, 64), (x + 36, 84), (20, 20, 24), 5)
        if n % 2:
            cv2.rectangle(picture, (x + 18, 40), (x + 22, 62), (20, 20, 24), cv2.FILLED)
    return picture, np.asarray((picture < 190).any(axis=2))


def line_over(ink: NDArray[np.bool_], text: str) -> TextLine:
    ys, xs = np.nonzero(ink)
    x0, y0, x1, y1 = xs.min() - 4.0, ys.min() - 4.0, xs.max() + 5.0, ys.max() + 5.0
    return TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), text, 0.9)


def hole_of(picture: Bytes3, line: TextLine) -> NDArray[np.bool_]:
    (found,) = line_masks(picture, [line], 0.1).values()
    hole = np.zeros(picture.shape[:2], np.bool_)
    x0, y0, x1, y1 = found.box
    hole[y0:y1, x0:x1] = found.mask > 0
    return hole


def test_every_part_of_a_sign_goes() -> None:
    picture, ink = signs(5)
    picture = np.clip(picture + np.random.default_rng(1).normal(0, 1.5, picture.shape), 0, 255).astype(
        np.uint8
    )
    hole = hole_of(picture, line_over(ink, "品昌晶"))
    assert hole[ink].mean() > 0.995


@pytest.mark.parametrize("turn", [1, -1])
def test_letters_whose_colours_run_go_whole(turn: int) -> None:
    """From purple to orange on a ground that shades: no one ink explains them."""
    case = written("BLUETOOTH 24", size=44, paper=(0, 0, 0), ink=(255, 255, 255))
    cover = case.picture[..., :1].astype(np.float64) / 255
    h, w = cover.shape[:2]
    run = np.linspace(0, 1, w)[None, ::turn, None]
    ink = np.array([90, 20, 190.0]) * (1 - run) + np.array([235, 120, 10.0]) * run
    slope = np.linspace(120, 235, w)[None, :, None] * np.ones((h, 1, 3))
    grain = np.random.default_rng(2).normal(0, 1, (h, w, 3))
    picture = np.clip(slope + grain + cover * (ink - slope), 0, 255).astype(np.uint8)
    found = stroke_mask(picture, case.polygon, reach=case.reach)
    letters = cover[..., 0] > 0.5
    assert found.trusted
    assert (found.mask > 0)[letters].mean() > 0.99
    assert (found.mask > 0).sum() < 2.2 * letters.sum()


def test_letters_are_told_from_a_plate_that_just_holds_the_line() -> None:
    """Around it white is common and blue is rare; the letters are white nevertheless."""
    grain = np.random.default_rng(4).normal(0, 6, (130, 420, 3))
    plain = np.clip(247 + grain, 0, 255).astype(np.uint8)
    _, polygon = lettered(plain, 130, 48, size=30)
    plain[cv2.dilate(polygon.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0] = (12, 100, 170)
    picture, _ = lettered(plain, 130, 48, size=30)
    ink = np.abs(picture.astype(int) - plain).max(axis=2) > 20
    found = stroke_mask(picture, polygon)
    assert (found.mask > 0)[ink].mean() > 0.99
    assert (found.mask > 0).sum() < 0.7 * polygon.sum()
