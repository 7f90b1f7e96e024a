"""Masks from boxes, polygons and colours, and how they are written."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts import Raster
from tasks.detection.masks import build_mask, parse_mask
from tasks.detection.polygons import fill_polygon
from tasks.errors import BadMask, BadRequest
from tasks.intents import MaskBoxes, MaskColourKey, MaskFile, MaskPolygons


def blank(height: int, width: int, channels: int = 3) -> Raster:
    return Raster(np.zeros((height, width, channels), np.uint8))


spans = st.tuples(st.integers(-20, 40), st.integers(1, 40))


@given(x=spans, y=spans)
def test_a_box_is_half_open_and_clipped(x: tuple[int, int], y: tuple[int, int]) -> None:
    box = (x[0], y[0], x[0] + x[1], y[0] + y[1])
    expected = np.zeros((20, 30), np.float32)
    expected[max(box[1], 0) : max(box[3], 0), max(box[0], 0) : max(box[2], 0)] = 1
    if expected.any():
        mask = build_mask(MaskBoxes(boxes=(box,)), blank(20, 30))
        assert mask.dtype == np.float32
        np.testing.assert_array_equal(mask, expected)
    else:
        with pytest.raises(BadMask, match="covers nothing of the picture, which is 30×20"):
            build_mask(MaskBoxes(boxes=(box,)), blank(20, 30))


def test_one_box_outside_is_not_passed_over() -> None:
    with pytest.raises(BadMask, match=r"shop\.jpg: detection: box \(90, 0, 95, 5\) covers nothing"):
        build_mask(MaskBoxes(boxes=((0, 0, 5, 5), (90, 0, 95, 5))), blank(20, 30), picture="shop.jpg")


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 5, 5, 9)])
def test_a_box_without_area_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(BadMask, match="no area"):
        build_mask(MaskBoxes(boxes=(box,)), blank(20, 30))


@given(x=spans, y=spans, turn=st.integers(0, 3), back=st.booleans())
def test_a_polygon_through_a_boxs_corners_is_that_box(
    x: tuple[int, int], y: tuple[int, int], turn: int, back: bool
) -> None:
    x0, y0, x1, y1 = x[0], y[0], x[0] + x[1], y[0] + y[1]
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    corners = corners[turn:] + corners[:turn]
    expected = np.zeros((20, 30), np.bool_)
    expected[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
    found = fill_polygon(corners[::-1] if back else corners, (0, 0, 30, 20))
    np.testing.assert_array_equal(found, expected)


points = st.tuples(st.integers(-15, 35), st.integers(-15, 35))


@given(vertices=st.lists(points, min_size=3, max_size=7))
def test_a_polygon_holds_exactly_the_pixel_centres_it_winds_round(vertices: list[tuple[int, int]]) -> None:
    """Against winding numbers summed from angles, pixel by pixel, except for centres on an outline."""
    found = fill_polygon(vertices, (0, 0, 20, 20))
    ys, xs = np.mgrid[0:20, 0:20] + 0.5
    corners = np.array(vertices, float)
    winding = np.zeros((20, 20))
    doubtful = np.zeros((20, 20), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ux, uy, vx, vy = ax - xs, ay - ys, bx - xs, by - ys
        cross, dot = ux * vy - uy * vx, ux * vx + uy * vy
        winding += np.arctan2(cross, dot)
        doubtful |= (np.abs(cross) < 1e-9) & (dot <= 0)
    expected = np.abs(winding) > 1
    np.testing.assert_array_equal(found[~doubtful], expected[~doubtful])


def test_self_crossing_polygons_keep_what_they_enclose() -> None:
    star = [(50, 0), (79, 90), (2, 35), (98, 35), (21, 90)]
    assert fill_polygon(star, (0, 0, 100, 100))[50, 50]


def test_neighbouring_triangles_share_no_pixel_and_leave_none() -> None:
    lower = fill_polygon([(0, 0), (31, 17), (0, 17)], (0, 0, 31, 17))
    upper = fill_polygon([(0, 0), (31, 0), (31, 17)], (0, 0, 31, 17))
    assert (lower ^ upper).all()


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        (((1, 1), (5, 5)), "fewer than three"),
        (((1, 1), (5, 5), (9, 9)), "covers nothing"),
        (((1, 1), (5, 1), (9, 1)), "no area"),
        (((90, 90), (99, 90), (99, 99)), "covers nothing"),
        (((0, 0), (10**30, 0), (0, 10)), "beyond"),
    ],
)
def test_polygons_that_cover_nothing_are_refused(polygon: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(BadMask, match=message):
        build_mask(MaskPolygons(polygons=(((0, 0), (9, 0), (9, 9)), polygon)), blank(20, 30))


def test_several_polygons_are_joined() -> None:
    mask = build_mask(parse_mask("poly:0,0 4,0 4,4 0,4; 2,2 6,2 6,6 2,6"), blank(20, 30))
    assert mask.sum() == 16 + 16 - 4


@settings(max_examples=60)
@given(
    key=st.tuples(*[st.integers(0, 255)] * 3), tolerance=st.integers(0, 255), seed=st.integers(0, 99),
    deep=st.booleans(), alpha=st.booleans(),
)  # fmt: skip
def test_a_colour_key_takes_what_lies_within_the_tolerance(
    key: tuple[int, int, int], tolerance: int, seed: int, deep: bool, alpha: bool
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 9, 4 if alpha else 3))
    expected = (np.abs(pixels[..., :3] - key) <= tolerance).all(axis=2)
    raster = Raster((pixels * 257).astype(np.uint16) if deep else pixels.astype(np.uint8))
    spec = MaskColourKey(colour="#" + bytes(key).hex(), tolerance=tolerance)
    if expected.any():
        np.testing.assert_array_equal(build_mask(spec, raster), expected.astype(np.float32))
    else:
        with pytest.raises(BadMask, match="no pixel is within"):
            build_mask(spec, raster)


def test_sixteen_bit_values_count_as_their_nearest_level() -> None:
    values = np.array([100 * 257 - 129, 100 * 257 - 128, 100 * 257 + 128, 100 * 257 + 129], np.uint16)
    mask = build_mask(MaskColourKey(colour="#646464", tolerance=0), Raster(values.reshape(1, 4, 1)))
    assert mask.tolist() == [[0, 1, 1, 0]]


def test_a_grey_picture_has_its_value_in_all_three_channels() -> None:
    raster = Raster(np.array([[[0, 9], [100, 9], [120, 9], [255, 9]]], np.uint8))
    assert build_mask(MaskColourKey(colour="#6e6e6e", tolerance=10), raster).tolist() == [[0, 1, 1, 0]]
    with pytest.raises(BadMask):
        build_mask(MaskColourKey(colour="#00ff00"), raster)


def test_a_mask_file_that_was_not_found_is_a_bad_mask() -> None:
    with pytest.raises(BadMask, match=r"'m\.png' was not found"):
        build_mask(MaskFile(path="m.png"), blank(4, 4))


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("box:10,20,200,120", MaskBoxes(boxes=((10, 20, 200, 120),))),
        ("box:1,2,3,4;5,6,7,8", MaskBoxes(boxes=((1, 2, 3, 4), (5, 6, 7, 8)))),
        ("box: -1, 2,3,4 ; box:5,6,7,8", MaskBoxes(boxes=((-1, 2, 3, 4), (5, 6, 7, 8)))),
        ("BOX:1,2,3,4", MaskBoxes(boxes=((1, 2, 3, 4),))),
        ("poly:10,10 50,10 50,60", MaskPolygons(polygons=(((10, 10), (50, 10), (50, 60)),))),
        ("key:#00ff00~24", MaskColourKey(colour="#00ff00", tolerance=24)),
        ("key:#00FF00", MaskColourKey(colour="#00FF00")),
        ("masks/shoe.png", MaskFile(path="masks/shoe.png")),
        ("s3://bucket/shoe.png", MaskFile(path="s3://bucket/shoe.png")),
        ("boxes.png", MaskFile(path="boxes.png")),
    ],
)
def test_masks_are_read_as_written(text: str, spec: object) -> None:
    assert parse_mask(text) == spec


BAD = [
    "", "  ", "box:", "box:1,2,3", "box:1,2,3,4;", "box:1.5,2,3,4", "box:a,b,c,d", "box:" + "9" * 5000 + ",1,2,3",
    "poly:", "poly:1,1 2,2", "poly:1,1 2,2 3", "key:", "key:green", "key:#00ff0", "key:#00ff00~", "key:#00ff00~256",
    "key:#00ff00~-1",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_bad_syntax_shows_the_accepted_forms(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_mask(text)
    for form in ("box:X0,Y0,X1,Y1", "poly:X,Y X,Y X,Y", "key:#RRGGBB~TOLERANCE", "PATH"):
        assert form in str(caught.value)


@given(
    text=st.text(max_size=30)
    | st.text(max_size=20).map("box:".__add__)
    | st.text(max_size=20).map("poly:".__add__)
)
def test_any_text_is_a_mask_or_a_bad_request(text: str) -> None:
    with suppress(BadRequest):
        parse_mask(text)
