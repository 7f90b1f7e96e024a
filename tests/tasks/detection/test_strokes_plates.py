"""Plates under text: found when closed and compact, never on walls and studio backdrops."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.regions import regions_from_lines
from tasks.detection.strokes_lines import line_masks
from tasks.detection.strokes_plate import plate_around
from tests.tasks.detection.lettering import written

Bytes3 = NDArray[np.uint8]
Zone = NDArray[np.bool_]
PLATE = (204, 24, 36)


def gravel(height: int, width: int) -> Bytes3:
    grain = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 1, (height, width, 3)), (0, 0), 2)
    return np.asarray(np.clip(120 + 30 * np.asarray(grain) / float(np.std(grain)), 0, 255), np.uint8)


def lettered(picture: Bytes3, x: int, y: int, size: int = 26) -> tuple[Bytes3, Zone]:
    """The picture with `SALE 50` in white at x, y, and the polygon of the text."""
    text = written("SALE 50", ink=(255, 255, 255), paper=(0, 0, 0), size=size)
    cover = text.picture[44:-44, 44:-44]
    h, w = cover.shape[:2]
    out = picture.copy()
    alpha = cover.astype(np.float64) / 255
    view = out[y : y + h, x : x + w]
    out[y : y + h, x : x + w] = np.rint(view + alpha * (255.0 - view)).astype(np.uint8)
    polygon = np.zeros(picture.shape[:2], np.bool_)
    polygon[y - 4 : y + h + 4, x - 4 : x + w + 4] = True
    return out, polygon


def plated(form: str) -> tuple[Bytes3, Zone, Zone]:
    """A picture with text on a plate, the plate, the text's polygon."""
    picture = gravel(240, 300)
    cover = np.zeros(picture.shape[:2], np.uint8)
    if form == "round":
        cv2.ellipse(cover, (150, 112), (84, 56), 0, 0, 360, (255,), cv2.FILLED, cv2.LINE_AA)
    else:
        cv2.rectangle(cover, (82, 84), (222, 138), (255,), cv2.FILLED)
    if form == "tilted":
        cover = np.asarray(
            cv2.warpAffine(cover, cv2.getRotationMatrix2D((150, 112), 8, 1), (300, 240)), np.uint8
        )
    opacity = 0.85 if form == "see-through" else 1.0
    alpha = cover[..., None] / 255 * opacity
    picture = np.rint(picture + alpha * (np.array(PLATE) - picture)).astype(np.uint8)
    picture, polygon = lettered(picture, 98, 102)
    return picture, cover > 0, polygon


@pytest.mark.parametrize("form", ["square", "round", "tilted", "see-through"])
def test_a_plate_is_found_whole_and_little_else(form: str) -> None:
    picture, plate, polygon = plated(form)
    kept = picture.copy()
    found = plate_around(picture, polygon)
    assert found is not None
    np.testing.assert_array_equal(picture, kept)
    assert found[plate].mean() > 0.998
    distance = cv2.distanceTransform((~plate).astype(np.uint8), cv2.DIST_L2, 5)
    assert distance[found].max() <= 7
    np.testing.assert_array_equal(found, plate_around(picture, polygon))


@given(level=st.integers(0, 200), slope=st.floats(0, 60))
@settings(deadline=None, max_examples=15)
def test_no_plate_on_studio_backdrops(level: int, slope: float) -> None:
    fall = np.linspace(0, slope, 240)[:, None, None]
    picture = np.broadcast_to(np.rint(level + fall), (240, 300, 3)).astype(np.uint8)
    picture, polygon = lettered(picture, 98, 102)
    assert plate_around(picture, polygon) is None


def test_no_plate_on_a_wall_that_leaves_the_picture() -> None:
    picture = gravel(240, 300)
    picture[60:160] = (90, 110, 130)
    picture, polygon = lettered(picture, 98, 102)
    assert plate_around(picture, polygon) is None


def test_a_patch_cut_by_the_border_is_open() -> None:
    picture = gravel(240, 300)
    picture[84:138, 82:] = PLATE
    picture, polygon = lettered(picture, 98, 102)
    polygon[98:130, 82:290] = True
    assert plate_around(picture[:, :296], polygon[:, :296]) is None
    picture[:, 292:] = gravel(240, 300)[:, 292:]
    assert plate_around(picture, polygon) is not None


def test_no_plate_on_texture_or_far_too_large_a_patch() -> None:
    picture, polygon = lettered(gravel(240, 300), 98, 102)
    assert plate_around(picture, polygon) is None
    picture = gravel(240, 300)
    picture[10:230, 10:290] = (90, 110, 130)
    picture, polygon = lettered(picture, 98, 102)
    assert plate_around(picture, polygon) is None


def test_no_plate_without_pixels() -> None:
    assert plate_around(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.bool_)) is None
    assert plate_around(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40), np.bool_)) is None


def as_line(polygon: Zone, text: str = "SALE 50") -> TextLine:
    rows, columns = np.nonzero(polygon)
    x0, y0, x1, y1 = map(float, (columns.min() + 2, rows.min() + 2, columns.max() - 1, rows.max() - 1))
    return TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), text, 0.9)


def test_a_line_tells_what_its_mask_is() -> None:
    picture, _, polygon = plated("square")
    line = as_line(polygon)
    assert line_masks(picture, [line], 0.1)[line].found == "plate"
    picture, polygon = lettered(gravel(240, 300) // 3, 98, 102)
    assert line_masks(picture, [as_line(polygon)], 0.1)[as_line(polygon)].found == "strokes"
    empty = line_masks(np.full((240, 300, 3), 90, np.uint8), [line], 0.1)[line]
    assert (empty.found, bool(empty.reason)) == ("polygon", True)


def test_regions_are_trimmed_with_the_picture_and_whole_without() -> None:
    picture, polygon = lettered(gravel(240, 300) // 12, 98, 40)
    picture, second = lettered(picture, 98, 75)
    lines = [
        as_line(polygon, "first"),
        as_line(second, "second"),
        TextLine(((900.0, 900.0),) * 4, "away", 1.0),
    ]
    kept = picture.copy()
    whole = regions_from_lines(lines, (240, 300), feather=3)
    tight = regions_from_lines(lines, (240, 300), feather=3, image=picture)
    np.testing.assert_array_equal(picture, kept)
    assert [r.n for r in tight] == list(range(1, len(tight) + 1))
    assert " ".join(r.text for r in tight) == "first second"
    assert sum(int(r.hole.sum()) for r in tight) < 0.85 * sum(int(r.hole.sum()) for r in whole)
    seen = np.zeros((240, 300), np.bool_)
    for region in tight:
        x0, y0, x1, y1 = region.box
        assert region.mask.dtype == np.float32
        np.testing.assert_array_equal(region.mask * 255, np.rint(region.mask * 255))
        seen[y0:y1, x0:x1] |= region.hole
    changed = (picture.astype(int) - gravel(240, 300) // 12).max(axis=2) > 12
    assert seen[changed].mean() > 0.99
    again = regions_from_lines(lines[::-1], (240, 300), feather=3, image=picture)
    for one, other in zip(tight, again, strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
