"""Agreement of two readers as a confidence: place decides, text helps."""

from __future__ import annotations

import math

import pytest

from model_registry.engines.contract import TextLine
from tasks.detection.agreement import agreement, polygon_iou, text_likeness


def line(x: float, y: float, w: float, h: float, text: str = "", degrees: float = 0.0) -> TextLine:
    """A w×h line with its top left at x, y, turned about that corner."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = ((0.0, 0.0), (w, 0.0), (w, h), (0.0, h))
    return TextLine(tuple((x + c * u - s * v, y + s * u + c * v) for u, v in corners), text, 0.9)


def test_the_same_place_is_certain_and_another_place_is_nothing() -> None:
    ours = [line(10, 10, 100, 20, "SALE"), line(10, 200, 100, 20, "SALE")]
    assert agreement(ours, [line(10, 10, 100, 20, "OTHER")]) == pytest.approx((1.0, 0.0))
    assert agreement(ours, []) == (0.0, 0.0)
    assert agreement([], ours) == ()


@pytest.mark.parametrize(
    ("theirs", "text", "expected"),
    [
        ((50, 0, 100, 20), "xyz", 50 / 150),
        ((50, 0, 100, 20), "SALE", math.sqrt(50 / 150)),
        ((50, 0, 100, 20), "SA", (50 / 150) ** 0.75),
        ((50, 0, 100, 20), "s a l e", math.sqrt(50 / 150)),
        ((50, 0, 100, 20), "ＳＡＬＥ", math.sqrt(50 / 150)),
        ((25, 5, 50, 10), "xyz", 500 / 2000),
        ((100, 0, 100, 20), "SALE", 0.0),
        ((300, 0, 100, 20), "SALE", 0.0),
    ],
)
def test_worked_figures(theirs: tuple[int, int, int, int], text: str, expected: float) -> None:
    (found,) = agreement([line(0, 0, 100, 20, "SALE")], [line(*theirs, text)])
    assert found == pytest.approx(expected, abs=1e-6)


def test_text_that_nobody_read_helps_nothing() -> None:
    (found,) = agreement([line(0, 0, 100, 20)], [line(50, 0, 100, 20)])
    assert found == pytest.approx(1 / 3, abs=1e-6)


def test_the_best_of_the_others_counts_in_any_order() -> None:
    ours = line(0, 0, 100, 20, "SALE")
    others = [line(60, 0, 100, 20, "SALE"), line(20, 0, 100, 20, "xyz"), line(30, 0, 100, 20, "SALE")]
    best = max(agreement([ours], [other])[0] for other in others)
    assert best == pytest.approx(math.sqrt(70 / 130))
    assert agreement([ours], others) == agreement([ours], others[::-1]) == (best,)


@pytest.mark.parametrize("degrees", [0, 7, 30, 45, 90, 135, 180, 271])
def test_turned_lines_are_compared_as_they_lie(degrees: float) -> None:
    ours = line(300, 300, 120, 24, "A", degrees)
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    theirs = line(300 + 40 * c, 300 + 40 * s, 120, 24, "B", degrees)
    assert agreement([ours], [theirs]) == pytest.approx((80 / 160,), abs=1e-5)


def test_a_square_and_its_diamond() -> None:
    square = line(-1, -1, 2, 2)
    half = math.sqrt(2)
    diamond = TextLine(((0, -half), (half, 0), (0, half), (-half, 0)), "", 1.0)
    octagon = 8 * (math.sqrt(2) - 1)
    assert agreement([square], [diamond])[0] == pytest.approx(octagon / (8 - octagon), abs=1e-5)


def test_direction_and_first_corner_of_a_polygon_do_not_matter() -> None:
    ours, theirs = line(0, 0, 100, 20, "A"), line(30, 4, 100, 20, "B", 5)
    turned = TextLine(theirs.polygon[2:] + theirs.polygon[:2], "B", 0.9)
    mirrored = TextLine(theirs.polygon[::-1], "B", 0.9)
    expected = pytest.approx(agreement([ours], [theirs]), abs=1e-6)
    assert agreement([ours], [turned]) == expected
    assert agreement([ours], [mirrored]) == expected
    assert agreement([theirs], [ours]) == expected
    assert 0.2 < agreement([ours], [theirs])[0] < 0.4


@pytest.mark.parametrize(
    "flat", [((5, 5),) * 4, ((0, 0), (9, 0), (9, 0), (0, 0)), ((0, 0), (9, 9), (9, 9), (0, 0))]
)
def test_polygons_without_area_confirm_nothing(flat: tuple[tuple[float, float], ...]) -> None:
    ours, theirs = line(0, 0, 20, 20, "A"), TextLine(flat, "A", 1.0)
    assert (
        agreement([ours], [theirs]) == agreement([theirs], [ours]) == agreement([theirs], [theirs]) == (0.0,)
    )


def test_corners_that_are_not_finite_are_refused() -> None:
    bad = TextLine(((0.0, 0.0), (math.nan, 0.0), (9.0, 9.0), (0.0, 9.0)), "A", 1.0)
    with pytest.raises(ValueError, match="finite"):
        agreement([bad], [])


def test_likeness_and_overlap_on_their_own() -> None:
    assert text_likeness("kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert text_likeness("", "abc") == 0.0
    assert text_likeness("", "") == 0.0
    triangle = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)]
    assert polygon_iou(triangle, [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]) == pytest.approx(0.5)
