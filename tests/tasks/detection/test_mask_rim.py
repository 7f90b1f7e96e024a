"""A mask that is off by a few pixels is put right on its object's rim; without evidence not one bit of it moves."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.contracts import Mask, Raster, Zone
from tasks.detection.mask_refine import grown, noted, refined
from tasks.detection.regions import regions_from_mask

SIDE = 200
Levels = NDArray[np.uint8]


def ground(seed: int = 0, texture: float = 9.0) -> Levels:
    """A shaded surface with a soft texture."""
    rng = np.random.default_rng(seed)
    shade = np.linspace(90, 150, SIDE)[None, :, None] + np.linspace(-20, 20, SIDE)[:, None, None]
    rough = cv2.GaussianBlur(rng.normal(0, 4 * texture, (SIDE, SIDE, 3)), (0, 0), 1.6)
    return np.clip(shade + rough, 0, 255).astype(np.uint8)


def disc(radius: float = 40, centre: tuple[float, float] = (100, 100)) -> Zone:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.hypot((x - centre[0]) / 1.2, y - centre[1]) <= radius)


def with_object(picture: Levels, zone: Zone, colour: tuple[int, int, int] = (190, 40, 60)) -> Levels:
    cover = cv2.GaussianBlur(zone.astype(np.float32), (0, 0), 0.6)[..., None]
    return np.rint(picture + cover * (np.asarray(colour, np.float32) - picture)).astype(np.uint8)


def missed(zone: Zone, fault: str, by: int) -> Zone:
    if fault == "shifted":
        return np.roll(zone, (by // 2, -by), (0, 1))
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    change = cv2.erode if fault == "small" else cv2.dilate
    return np.asarray(change(zone.astype(np.uint8), round_) > 0)


def as_mask(zone: Zone) -> Mask:
    return zone.astype(np.float32)


def iou(a: Zone, b: Zone) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize(
    ("fault", "by"),
    [("small", 3), ("small", 4), ("small", 6), ("big", 4), ("big", 6), ("shifted", 3), ("shifted", 5)],
)
def test_a_mask_that_misses_its_object_is_put_right(fault: str, by: int) -> None:
    zone = disc()
    raster = Raster(with_object(ground(), zone))
    given = as_mask(missed(zone, fault, by))
    before = given.copy()
    made, (rim,) = refined(given, raster, 2.0)
    assert rim.fit.state == "off"
    touched = missed(zone, "big", 1)
    assert iou(made > 0, touched) > max(0.93, iou(given > 0, touched))
    assert (zone & ~(made > 0)).sum() <= 0.01 * zone.sum(), "some of the object would stay"
    assert "put right" in rim.note
    assert (given == before).all()


def test_it_says_which_way_a_mask_was_off() -> None:
    zone = disc()
    raster = Raster(with_object(ground(), zone))
    assert re.search("[45] px too small", refined(as_mask(missed(zone, "small", 4)), raster, 2.0)[1][0].note)
    assert re.search("[45] px too big", refined(as_mask(missed(zone, "big", 5)), raster, 2.0)[1][0].note)
    moved = as_mask(np.roll(zone, (-5, 0), (0, 1)))
    assert "5 px too high" in refined(moved, raster, 2.0)[1][0].note
    moved = as_mask(np.roll(zone, (0, 5), (0, 1)))
    assert "5 px too far right" in refined(moved, raster, 2.0)[1][0].note


@pytest.mark.parametrize("seed", range(6))
def test_an_exact_mask_keeps_every_bit(seed: int) -> None:
    zone = disc(30 + 2 * seed)
    raster = Raster(with_object(ground(seed), zone))
    given = as_mask(missed(zone, "big", 1))
    made, (rim,) = refined(given, raster, 2.0)
    assert made is given
    assert rim.fit.state == "right"


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_on_no_object_keeps_every_bit(seed: int) -> None:
    given = as_mask(disc(28 + 3 * seed))
    assert refined(given, Raster(ground(seed, texture=4.0 * seed)), 2.0)[0] is given


def test_a_plain_picture_says_nothing() -> None:
    given = as_mask(disc())
    made, (rim,) = refined(given, Raster(np.full((SIDE, SIDE, 3), 127, np.uint8)), 1.0)
    assert made is given
    assert rim.fit.state == "unclear"
    assert rim.note == ""


def test_letters_and_wires_are_left_alone() -> None:
    page = np.zeros((SIDE, SIDE), np.uint8)
    cv2.putText(page, "SALE", (20, 110), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (1,), 4)
    cv2.line(page, (10, 180), (190, 150), (1,), 5)
    raster = Raster(with_object(ground(), page > 0))
    given = as_mask(page > 0)
    made, rims = refined(given, raster, 2.0)
    assert made is given
    assert rims == (), "a piece is judged by an inside that it does not have"


def test_a_mask_that_holds_the_shadow_is_not_shrunk_to_the_object() -> None:
    zone = disc()
    fall = cv2.GaussianBlur(np.roll(zone.astype(np.float32), (6, 5), (0, 1)), (0, 0), 3.0)[..., None]
    picture = with_object((ground() * (1 - 0.4 * fall)).astype(np.uint8), zone)
    given = as_mask(zone | missed(fall[..., 0] > 0.1, "big", 1))
    made, _ = refined(given, Raster(picture), 2.0)
    assert made is given


def test_grey_and_16_bit_pictures_are_judged_alike() -> None:
    zone = disc()
    picture = with_object(ground(), zone, (230, 230, 230))
    given = as_mask(missed(zone, "small", 4))
    deep = picture[..., :1].astype(np.uint16) * 257
    made = [refined(given, Raster(pixels), 2.0)[0] for pixels in (picture[..., :1], deep)]
    assert (made[0] == made[1]).all()
    assert iou(made[0] > 0, zone) > 0.93


def test_a_mask_on_the_pictures_border_is_put_right_inside_it() -> None:
    zone = disc(centre=(100, 12))
    raster = Raster(with_object(ground(), zone))
    made, (rim,) = refined(as_mask(missed(zone, "small", 4)), raster, 2.0)
    assert rim.fit.growth >= 3
    assert iou(made > 0, zone) > 0.93


def test_only_the_piece_that_is_off_moves() -> None:
    first, second = disc(24, (50, 100)), disc(24, (150, 100))
    raster = Raster(with_object(ground(), first | second))
    right = as_mask(missed(second, "big", 1))
    given = np.maximum(as_mask(missed(first, "small", 4)), right)
    made, rims = refined(given, raster, 2.0)
    assert sorted(rim.fit.state for rim in rims) == ["off", "right"]
    assert (made[:, 110:] == given[:, 110:]).all()
    assert iou(made[:, :110] > 0, first[:, :110]) > 0.9
    notes = [region.note for region in noted(regions_from_mask(made, feather=3), rims)]
    assert "too small" in notes[0]
    assert notes[1] == ""


def test_the_work_does_not_grow_with_the_picture() -> None:
    """The same object in the corner of a picture forty times as large gives the same mask."""
    zone = disc()
    small = with_object(ground(), zone)
    large = np.full((1300, 1300, 3), 120, np.uint8)
    large[:SIDE, :SIDE] = small
    given = as_mask(missed(zone, "small", 4))
    wide = np.zeros((1300, 1300), np.float32)
    wide[:SIDE, :SIDE] = given
    made = refined(wide, Raster(large), 2.0)[0]
    assert (made[:SIDE, :SIDE] == refined(given, Raster(small), 2.0)[0]).all()
    assert not made[SIDE:].any()


@pytest.mark.parametrize("by", [0, 1, 5, 12])
def test_growth_is_euclidean_and_in_pixels(by: int) -> None:
    mask = np.zeros((41, 41), np.float32)
    mask[20, 20] = 0.5
    y, x = np.mgrid[:41, :41]
    made = grown(mask, by)
    assert ((made > 0) == (np.hypot(x - 20, y - 20) <= by)).all()
    assert made[20, 20] == np.float32(0.5)
