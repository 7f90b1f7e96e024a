"""Shadows on restless ground, dots of small letters, and letters on an arc: all of them belong to the overlay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model_registry.engines.contract import TextLine
from tasks.detection.strokes_axis import stretches
from tasks.detection.strokes_frame import frame_around
from tasks.detection.strokes_lines import line_masks
from tasks.detection.strokes_shadow import cast_shadow
from tests.tasks.detection.lettering import INK, MARGIN, noisy, written
from tests.tasks.detection.test_strokes_body import box_of, hole_of

LIGHT = (250, 250, 250)


def restless(size: tuple[int, int], seed: int) -> NDArray[np.float64]:
    """Blobs of two to twelve px, 25 levels about 150."""
    chance = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(chance.normal(0, 1, size), (0, 0), sigma) for sigma in (1.5, 3.0, 6.0)]
    ground = np.asarray(sum(layer / layer.std() for layer in layers), np.float64)
    return np.clip(150 + 25 * ground / ground.std(), 20, 235)


def shaded(text: str, depth: float) -> tuple[NDArray[np.uint8], NDArray[np.bool_], tuple[int, int, int, int]]:
    """White letters on a restless ground with a soft shadow to the lower right, where it shows, and the letters' box."""
    plain = written(text, ink=LIGHT, paper=(0, 0, 0), size=40)
    letters = plain.picture[..., 0].astype(np.float64) / 250
    moved = np.roll(letters, (4, 4), axis=(0, 1))
    shadow = depth * cv2.GaussianBlur(moved, (0, 0), 2.2)
    ground = restless(letters.shape, 5)
    picture = (ground * (1 - shadow)) * (1 - letters) + 250 * letters
    levels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    seen = (shadow * ground > 12) & (letters < 0.5)
    return np.repeat(levels[..., None], 3, axis=2), seen, box_of(plain)


def cast(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """What is taken for the shadow of the white letters."""
    core = picture[..., 0] > 245
    frame = frame_around(core)
    parts = stretches(core, frame.height)
    nowhere = np.zeros_like(core)
    return cast_shadow(picture.astype(np.float32), core, nowhere, 1.0, parts, frame, frame.height)


def test_a_shadow_is_found_on_ground_too_restless_to_trace_it() -> None:
    picture, shadow, _ = shaded("Summer Sale 50", 0.7)
    assert cast(picture)[shadow].mean() > 0.85


def test_restless_ground_alone_casts_no_shadow() -> None:
    picture, _, _ = shaded("Summer Sale 50", 0.0)
    assert not cast(picture).any()


def test_the_mask_holds_the_shadow_and_no_more_than_the_letters_without_one() -> None:
    picture, shadow, box = shaded("Summer Sale 50", 0.7)
    bare, _, _ = shaded("Summer Sale 50", 0.0)
    wide, tight = hole_of(picture, box, "Summer Sale 50"), hole_of(bare, box, "Summer Sale 50")
    assert wide[shadow].mean() > 0.97
    assert tight.sum() < 0.7 * wide.sum()


@pytest.mark.parametrize("text", ["best-supply in India", "limited edition, mini"])
def test_dots_and_dashes_of_small_letters_go(text: str) -> None:
    case = noisy(written(text, size=13), 2.5)
    hole = hole_of(case.picture, box_of(case), text)
    count, label = cv2.connectedComponents((case.change > 60).astype(np.uint8), connectivity=8)
    held = [hole[label == n].mean() for n in range(1, count)]
    assert min(held) > 0.9


def arc(text: str, radius: float, size: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Dark letters on paper, set upon a circle, and where they are."""
    page = Image.new("L", (420, 240), 0)
    font = ImageFont.load_default(size)
    middle = sum(font.getlength(letter) for letter in text) / 2
    at = 0.0
    for letter in text:
        turn = (at + font.getlength(letter) / 2 - middle) / radius
        spot = (210 + radius * np.sin(turn), 60 + radius * (1 - np.cos(turn)))
        tile = Image.new("L", (64, 64), 0)
        ImageDraw.Draw(tile).text((32, 32), letter, fill=255, font=font, anchor="mm")
        turned = tile.rotate(-float(np.degrees(turn)), resample=Image.Resampling.BICUBIC)
        page.paste(turned, (round(spot[0]) - 32, round(spot[1]) - 32 + MARGIN), turned)
        at += font.getlength(letter)
    coverage = np.asarray(page, np.float64)[..., None] / 255
    picture = np.rint(240 + coverage * (np.array(INK) - 240)).astype(np.uint8)
    grain = np.random.default_rng(2).normal(0, 2.0, picture.shape[:2])[..., None]
    return np.clip(picture + np.rint(grain), 0, 255).astype(np.uint8), coverage[..., 0] > 0.3


def test_letters_on_an_arc_are_held_whole() -> None:
    picture, letters = arc("Free Delivery", 120, 34)
    rows, columns = np.nonzero(letters)
    x0, x1 = float(columns.min()) - 3, float(columns.max()) + 3
    y0, y1 = float(rows.min()) - 3, float(rows.max()) + 3
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    (made,) = line_masks(picture, [TextLine(corners, "Free Delivery", 0.9)], 0.1).values()
    hole = np.zeros(letters.shape, bool)
    hole[made.box[1] : made.box[3], made.box[0] : made.box[2]] = made.mask > 0
    assert made.found == "strokes"
    assert hole[letters].mean() > 0.99
    assert hole.sum() < 2.5 * letters.sum()
