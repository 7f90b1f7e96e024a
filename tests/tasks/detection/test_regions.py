"""Regions from masks and from text lines: boxes, merging, order, rotation, work in proportion to the region."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model_registry.engines.contract import TextLine
from tasks.contracts import Region, Zone
from tasks.detection.lines import glyph_height, grown_corners
from tasks.detection.order import reading_order
from tasks.detection.regions import regions_from_lines, regions_from_mask


def line(x0: float, y0: float, x1: float, y1: float, text: str = "SALE", score: float = 0.9) -> TextLine:
    return TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), text, score)


def turned(
    centre: tuple[float, float], width: float, height: float, degrees: float, text: str = "SALE"
) -> TextLine:
    angle = np.deg2rad(degrees)
    along, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    corners = [np.array(centre) + a * width / 2 * along + b * height / 2 * down for a, b in signs]
    return TextLine(tuple((float(x), float(y)) for x, y in corners), text, 0.9)


def zone_of(region: Region, size: tuple[int, int], feather: int = 0) -> Zone:
    full = np.zeros(size, np.uint8)
    x0, y0, x1, y1 = region.box
    full[y0:y1, x0:x1] = region.hole
    return cv2.dilate(full, np.ones((2 * feather + 1,) * 2, np.uint8)).astype(bool)


masks = arrays(
    np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)),
    elements=st.sampled_from([0.0, 1e-4, 0.3, 1.0]), fill=st.just(np.float32(0)),
)  # fmt: skip


@settings(deadline=None)
@given(mask=masks, feather=st.integers(0, 6), gap=st.integers(0, 9))
def test_regions_hold_every_hole_pixel_once_and_their_write_zones_never_meet(
    mask: np.ndarray, feather: int, gap: int
) -> None:
    kept = mask.copy()
    regions = regions_from_mask(mask, feather=feather, merge_gap=gap)
    np.testing.assert_array_equal(mask, kept)
    total = np.zeros(mask.shape, int)
    written = np.zeros(mask.shape, int)
    for region in regions:
        x0, y0, x1, y1 = region.box
        assert region.mask.shape == (y1 - y0, x1 - x0)
        assert region.mask.dtype == np.float32
        total[y0:y1, x0:x1] += region.hole
        zone = zone_of(region, mask.shape, feather)
        written += zone
        outside = zone.copy()
        outside[y0:y1, x0:x1] = False
        assert not outside.any()
    np.testing.assert_array_equal(total, (mask > 0).astype(int))
    assert written.max(initial=0) <= 1
    assert [r.n for r in regions] == list(range(1, len(regions) + 1))


@given(between=st.integers(0, 40), gap=st.integers(0, 30), feather=st.integers(0, 12), upright=st.booleans())
def test_pieces_join_up_to_the_gap_and_no_further(
    between: int, gap: int, feather: int, upright: bool
) -> None:
    mask = np.zeros((9, 100), np.float32)
    mask[4, 20:24] = 1
    mask[4, 24 + between] = 1
    mask = mask.T if upright else mask
    regions = regions_from_mask(mask, feather=feather, merge_gap=gap)
    assert len(regions) == (1 if between <= max(gap, 2 * feather) else 2)


def test_a_box_encloses_hole_and_feather_clipped_to_the_picture() -> None:
    mask = np.zeros((50, 60), np.float32)
    mask[2:10, 20:30] = 0.5
    (region,) = regions_from_mask(mask, feather=5, kind="picture")
    assert region.box == (15, 0, 35, 15)
    assert region.kind == "picture"
    assert region.mask[2, 5] == np.float32(128 / 255)


def test_an_empty_mask_has_no_regions_and_a_full_one_has_one() -> None:
    assert regions_from_mask(np.zeros((5, 5), np.float32), feather=3) == ()
    (region,) = regions_from_mask(np.ones((1, 1), np.float32), feather=3)
    assert region.box == (0, 0, 1, 1)


def test_regions_are_numbered_in_reading_order() -> None:
    mask = np.zeros((100, 200), np.float32)
    for x, y in [(150, 8), (20, 12), (90, 10), (20, 60), (120, 58)]:
        mask[y : y + 10, x : x + 10] = 1
    boxes = [r.box[:2] for r in regions_from_mask(mask, feather=0)]
    assert boxes == [(20, 12), (90, 10), (150, 8), (20, 60), (120, 58)]


spans = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 30), st.integers(1, 30))


@given(boxes=st.lists(spans, max_size=8), data=st.data())
def test_reading_order_does_not_depend_on_the_order_given(
    boxes: list[tuple[int, ...]], data: st.DataObject
) -> None:
    as_boxes = [(x, y, x + w, y + h) for x, y, w, h in boxes]
    shuffled = data.draw(st.permutations(as_boxes))
    assert [as_boxes[i] for i in reading_order(as_boxes)] == [shuffled[i] for i in reading_order(shuffled)]


def test_a_line_grows_in_proportion_to_its_height() -> None:
    for scale in (1, 2, 5):
        (region,) = regions_from_lines(
            [line(20 * scale, 20 * scale, 80 * scale, 40 * scale)], (300, 600), feather=0, grow=0.2
        )
        assert region.box == (16 * scale, 16 * scale, 84 * scale, 44 * scale)
        assert region.hole.all()
        assert (region.kind, region.text, region.confidence) == ("text", "SALE", 0.9)


@pytest.mark.parametrize(
    ("text", "width", "height", "expected"),
    [("SALE", 80, 20, 20), ("1", 9, 30, 30), ("—", 30, 6, 30), ("IN", 18, 30, 30), ("縦書き文字", 30, 160, 30), ("", 9, 30, 9)],
)  # fmt: skip
def test_the_height_of_letters(text: str, width: float, height: float, expected: float) -> None:
    assert glyph_height(turned((100, 100), width, height, 30, text)) == pytest.approx(expected)


@given(degrees=st.floats(-180, 180), width=st.floats(20, 90), height=st.floats(4, 20), grow=st.floats(0, 0.5))
def test_a_turned_line_stays_turned(degrees: float, width: float, height: float, grow: float) -> None:
    tilted = turned((100, 100), width, height, degrees)
    expected = turned((100, 100), width + 2 * grow * height, height + 2 * grow * height, degrees)
    np.testing.assert_allclose(grown_corners(tilted, grow), expected.polygon, atol=1e-6)
    (region,) = regions_from_lines([tilted], (200, 200), feather=2, grow=grow)
    wide, high = width + 2 * grow * height, height + 2 * grow * height
    assert abs(region.hole.sum() - wide * high) <= wide + high + 1  # a row and a column more, at the most


def test_overlapping_lines_are_one_region_with_the_text_in_order() -> None:
    lines = [
        line(10, 40, 90, 60, "50% off", 0.7),
        line(10, 20, 90, 42, "SALE", 0.95),
        line(150, 20, 190, 40, "NEW", 0.8),
    ]
    regions = regions_from_lines(lines, (100, 200), feather=2)
    assert [(r.n, r.text, r.confidence) for r in regions] == [(1, "SALE 50% off", 0.7), (2, "NEW", 0.8)]


@given(between=st.integers(0, 24), feather=st.integers(0, 9), below=st.booleans())
def test_lines_join_where_their_write_zones_would_meet_and_no_further(
    between: int, feather: int, below: bool
) -> None:
    x, y = (10, 30 + between) if below else (50 + between, 20)
    lines = [line(10, 20, 50, 30), line(x, y, x + 40, y + 10)]
    regions = regions_from_lines(lines, (90, 150), feather=feather, grow=0)
    assert len(regions) == (1 if between <= 2 * feather else 2)


def test_crossing_boxes_of_tilted_lines_are_not_overlap() -> None:
    lines = [turned((100, 80), 150, 10, 45, "one"), turned((140, 80), 150, 10, 45, "two")]
    first, second = regions_from_lines(lines, (200, 260), feather=2)
    assert first.box[2] > second.box[0]
    assert not (zone_of(first, (200, 260), 2) & zone_of(second, (200, 260), 2)).any()


line_places = st.tuples(
    st.floats(-20, 120), st.floats(-20, 120), st.floats(3, 60), st.floats(3, 20), st.floats(0, 180)
)


@settings(deadline=None, max_examples=60)
@given(places=st.lists(line_places, max_size=5), feather=st.integers(0, 5), data=st.data())
def test_lines_in_any_order_give_the_same_regions_with_zones_apart(
    places: list[tuple[float, ...]], feather: int, data: st.DataObject
) -> None:
    size = (90, 110)
    lines = [turned((x, y), w, h, a, f"t{n}") for n, (x, y, w, h, a) in enumerate(places)]
    regions = regions_from_lines(lines, size, feather=feather)
    again = regions_from_lines(data.draw(st.permutations(lines)), size, feather=feather)
    assert [(r.n, r.box) for r in regions] == [(r.n, r.box) for r in again]
    for one, other in zip(regions, again, strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
    written = sum((zone_of(r, size, feather).astype(int) for r in regions), np.zeros(size, int))
    assert written.max(initial=0) <= 1
    for region in regions:
        box = np.zeros(size, bool)
        box[region.box[1] : region.box[3], region.box[0] : region.box[2]] = True
        assert not (zone_of(region, size, feather) & ~box).any()


def test_lines_outside_the_picture_give_no_region() -> None:
    assert regions_from_lines([line(500, 500, 600, 520), line(-90, 5, -20, 25)], (100, 200), feather=3) == ()
    assert regions_from_lines([], (100, 200), feather=3) == ()


def test_lines_of_a_large_picture_cost_memory_by_their_own_size() -> None:
    lines = [
        line(100 + 700 * i, 100 + 400 * j, 400 + 700 * i, 150 + 400 * j) for i in range(10) for j in range(14)
    ]
    tracemalloc.start()
    regions = regions_from_lines(lines, (6000, 8000), feather=3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(regions) == 140
    assert peak < 48e6  # one byte a pixel of the picture
