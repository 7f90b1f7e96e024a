"""Lettering on a circle: found where it bends, unrolled and read along, and its mask follows the band and not a box."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.arc import Arc, bent_line
from tasks.detection.arc_fit import arc_in, bend, settled
from tasks.detection.arc_lines import crosses, with_arcs
from tasks.detection.overlay_letters import Letters, area_of
from tasks.detection.strokes_frame import arc_frame
from tasks.detection.strokes_lines import line_masks
from tests.tasks.detection.test_strokes_shadows_and_arcs import arc

Zone = NDArray[np.bool_]
Plane = NDArray[np.float32]
TEXT = "Free Delivery"
RADIUS = 120.0


def band(way: int, radius: float = 120.0, length: float = 240.0, height: float = 24.0) -> Arc:
    """An arc over (way 1) or under its middle, in a picture of 300×400."""
    centre = (200.0, 200.0) if way > 0 else (200.0, 60.0)
    return Arc(centre, radius, -way * np.pi / 2, way, length, height)


def lit(arc: Arc, size: tuple[int, int] = (300, 400)) -> Plane:
    """What a network sees that knows the band, letter by letter."""
    canvas = np.zeros(size, np.uint8)
    cv2.fillPoly(canvas, [np.rint(arc.outline()).astype(np.int32)], (1,))
    along = arc.places(*np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5))[0]
    return np.asarray((canvas > 0) & (np.remainder(along, 20) < 16), np.float32)


def drawn() -> tuple[NDArray[np.uint8], Zone, TextLine]:
    """Dark letters upon a circle, where they are, and the one loose box that a reader draws about them."""
    picture, letters = arc(TEXT, RADIUS, 34)
    rows, columns = np.nonzero(letters)
    x0, y0 = float(columns.min()) - 6, float(rows.min()) - 6
    x1, y1 = float(columns.max()) + 6, float(rows.max()) + 6
    return picture, letters, TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "Frec Delivey", 0.9)


def seen_by_network(letters: Zone) -> Letters:
    """Within 2 px of the letters."""
    near = cv2.dilate(letters.astype(np.float32), np.ones((5, 5), np.uint8))
    return Letters(np.asarray(cv2.blur(near, (3, 3)), np.float32), np.zeros(letters.shape, np.float32))


def dark_line(strip: NDArray[np.uint8]) -> tuple[TextLine, ...]:
    """A reader of one line: the box of what is dark, and no line where that is much taller than letters in one row are."""
    ink = strip.mean(axis=2) < 130
    rows, columns = np.nonzero(ink)
    if not len(rows):
        return ()
    x0, y0, x1, y1 = columns.min() - 4.0, rows.min() - 4.0, columns.max() + 5.0, rows.max() + 5.0
    tall = (y1 - y0) * len(TEXT.replace(" ", "")) < 3.0 * (x1 - x0)
    return (TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), TEXT if tall else "?", 0.99),)


@pytest.mark.parametrize("way", [1, -1])
def test_places_and_points_undo_each_other(way: int) -> None:
    arc = band(way)
    along = np.array([-100, -3, 0, 50, 110], np.float32)
    across = np.array([-10, 4, 0, 11, -2], np.float32)
    there = arc.places(*arc.points(along, across))
    np.testing.assert_allclose(there, (along, across), atol=1e-3)


@pytest.mark.parametrize("way", [1, -1])
def test_heads_are_above_feet_and_reading_goes_to_the_right(way: int) -> None:
    along, across = np.array([-20, 20, 0, 0], np.float32), np.array([0, 0, -9, 9], np.float32)
    x, y = band(way).points(along, across)
    assert x[0] < x[1]
    assert y[2] < y[3]


@pytest.mark.parametrize("way", [1, -1])
def test_the_circle_is_found_from_the_letters_on_it(way: int) -> None:
    arc = band(way)
    found = arc_in(lit(arc), (40, 40, 360, 260))
    assert found is not None
    assert found.way == way
    assert found.centre == pytest.approx(arc.centre, abs=3)
    assert found.radius == pytest.approx(arc.radius, abs=3)
    assert found.length == pytest.approx(arc.length, abs=12)


def test_a_part_of_an_arc_leads_to_the_rest() -> None:
    found = arc_in(lit(band(1)), (200, 60, 330, 190))
    assert found is not None
    assert found.length > 220


def test_straight_lettering_is_no_arc() -> None:
    plane = np.zeros((300, 400), np.float32)
    for x in range(60, 340, 20):
        plane[140:164, x : x + 16] = 1
    assert arc_in(plane, (40, 120, 360, 190)) is None


def test_lettering_that_hardly_bends_is_left_to_the_straight_rules() -> None:
    slight = Arc((200.0, 500.0), 400.0, -np.pi / 2, 1, 130.0, 24.0)
    assert slight.rise < 0.25 * slight.height
    assert arc_in(lit(slight), (100, 60, 300, 160)) is None


def test_bend_tells_an_arc_from_a_slanted_line() -> None:
    chances = lit(band(1))
    box = np.array([[80, 60], [320, 60], [320, 140], [80, 140]], np.float64)
    assert bend(chances, box) > 1
    slanted = np.zeros((300, 400), np.float32)
    cv2.line(slanted, (100, 160), (300, 120), (1.0,), 20)
    corners = np.array([[98, 148], [298, 108], [302, 132], [102, 172]], np.float64)
    assert bend(slanted, corners) < 0.05


def test_a_circle_guessed_too_flat_settles_on_the_letters() -> None:
    arc = band(1)
    flat = Arc((200.0, 260.0), 180.0, -np.pi / 2, 1, 230.0, 24.0)
    for _ in range(4):
        better = settled(lit(arc), flat)
        assert better is not None
        flat = better
    assert flat.radius == pytest.approx(arc.radius, rel=0.06)


def test_an_arc_is_unrolled_read_again_and_stands_for_its_loose_box() -> None:
    picture, letters, loose = drawn()
    (line,) = with_arcs(picture, (loose,), seen_by_network(letters), dark_line)
    assert line.text == TEXT
    inside = area_of(line, (letters.shape[0], letters.shape[1]))
    assert inside[letters].mean() > 0.99
    assert inside.sum() < 0.75 * area_of(loose, (letters.shape[0], letters.shape[1])).sum()


def test_large_letters_are_looked_at_smaller() -> None:
    picture, letters, loose = drawn()
    by, shown = 7, []

    def counted(strip: NDArray[np.uint8]) -> tuple[TextLine, ...]:
        shown.append(strip.shape)
        return dark_line(strip)

    large = np.asarray(cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_CUBIC), np.uint8)
    seen = np.asarray(cv2.resize(seen_by_network(letters).overlay, None, fx=by, fy=by), np.float32)
    marked = cv2.resize(letters.astype(np.uint8), None, fx=by, fy=by, interpolation=cv2.INTER_NEAREST) > 0
    box = TextLine(tuple((x * by, y * by) for x, y in loose.polygon), loose.text, 0.9)
    (line,) = with_arcs(large, (box,), Letters(seen, np.zeros_like(seen)), counted)
    assert area_of(line, (marked.shape[0], marked.shape[1]))[marked].mean() > 0.98
    assert max(high for high, *_ in shown) < 300


def test_an_arc_that_no_box_holds_is_found_too() -> None:
    picture, letters, _ = drawn()
    (line,) = with_arcs(picture, (), seen_by_network(letters), dark_line)
    assert line.text == TEXT


def test_an_arc_that_no_box_led_to_may_not_lie_over_a_line_that_was_read() -> None:
    chances = np.zeros((300, 400), np.float32)
    bent = bent_line(band(1), TEXT, 0.9, 0.8, (400, 300))
    over = TextLine(((180.0, 60.0), (390.0, 60.0), (390.0, 110.0), (180.0, 110.0)), "Special offer", 0.98)
    assert crosses(bent, over, chances)
    assert not crosses(bent, replace(over, score=0.2), chances)
    below = tuple((x, y + 80) for x, y in over.polygon)
    assert not crosses(bent, replace(over, polygon=below), chances)


def test_lines_beside_an_arc_are_kept() -> None:
    picture, letters, loose = drawn()
    below = TextLine(((150.0, 200.0), (260.0, 200.0), (260.0, 224.0), (150.0, 224.0)), "Since 1990", 0.99)
    lines = with_arcs(picture, (loose, below), seen_by_network(letters), dark_line)
    assert below in lines
    assert loose not in lines
    assert len(lines) == 2


def test_what_is_hardly_read_unrolled_stays_as_it_was() -> None:
    picture, letters, loose = drawn()
    assert with_arcs(picture, (loose,), seen_by_network(letters), lambda strip: ()) == (loose,)


def test_what_is_read_with_doubt_unrolled_stays_as_it_was() -> None:
    picture, letters, loose = drawn()
    doubtful = with_arcs(
        picture, (loose,), seen_by_network(letters),
        lambda strip: tuple(replace(line, score=0.6) for line in dark_line(strip)),
    )  # fmt: skip
    assert doubtful == (loose,)


def test_a_second_look_that_sees_nothing_leaves_what_the_first_one_read() -> None:
    picture, letters, loose = drawn()
    shown: list[int] = []

    def once(strip: NDArray[np.uint8]) -> tuple[TextLine, ...]:
        shown.append(len(strip))
        return (
            tuple(replace(line, polygon=lower(line)) for line in dark_line(strip)) if len(shown) == 1 else ()
        )

    def lower(line: TextLine) -> tuple[tuple[float, float], ...]:
        return tuple((x, y + 12) for x, y in line.polygon)

    (line,) = with_arcs(picture, (loose,), seen_by_network(letters), once)
    assert line.text == TEXT
    assert len(shown) > 1


def test_straight_text_is_not_read_again() -> None:
    def never(strip: NDArray[np.uint8]) -> tuple[TextLine, ...]:
        raise AssertionError("read again")

    plane = np.zeros((120, 400), np.float32)
    for x in range(60, 340, 20):
        plane[50:74, x : x + 16] = 1
    line = TextLine(((52.0, 44.0), (345.0, 44.0), (345.0, 80.0), (52.0, 80.0)), "Summer Sale 50", 0.98)
    letters = Letters(plane, np.zeros_like(plane))
    assert with_arcs(np.full((120, 400, 3), 200, np.uint8), (line,), letters, never) == (line,)


def test_the_mask_holds_the_letters_and_leaves_what_lies_under_the_arc() -> None:
    picture, letters, loose = drawn()
    (line,) = with_arcs(picture, (loose,), seen_by_network(letters), dark_line)
    below = np.asarray(cv2.circle(picture.copy(), (210, 150), 16, (24, 26, 30), cv2.FILLED), np.uint8)
    (made,) = line_masks(below, [line], 0.1).values()
    hole = np.zeros(letters.shape, bool)
    hole[made.box[1] : made.box[3], made.box[0] : made.box[2]] = made.mask > 0
    assert made.found == "strokes"
    assert hole[letters].mean() > 0.99
    assert hole.sum() < 2.2 * letters.sum()
    assert not hole[134:167, 194:227].any()


def test_an_arc_frame_measures_along_its_circle() -> None:
    arc = band(1)
    frame = arc_frame(arc, (30, 20), TEXT)
    x, y = arc.points(np.array([-60, 60], np.float32), np.array([5, -5], np.float32))
    along, across = frame.places((y - 0.5 - 20).astype(np.intp), (x - 0.5 - 30).astype(np.intp))
    np.testing.assert_allclose(along, [-60, 60], atol=1.5)
    np.testing.assert_allclose(across, [5, -5], atol=1.5)
    assert not frame.bent


def test_a_bent_line_s_rectangle_holds_its_band() -> None:
    line = bent_line(band(-1), TEXT, 0.9, 0.8, (400, 300))
    corners = np.asarray(line.polygon, np.float32)
    outside = [cv2.pointPolygonTest(corners, (float(x), float(y)), True) for x, y in band(-1).outline()]
    assert min(outside) > -0.6
    assert corners[0][0] < corners[1][0]
    assert corners[0][1] < corners[3][1]
