"""How much around a region it is worked on with: more around compact ones, whatever the picture's size."""

from __future__ import annotations

import pytest

from tasks.generation.context import LEAST, MOST, context_box


def margin(w: int, h: int) -> int:
    return 5000 - context_box((5000, 5000, 5000 + w, 5000 + h), 20_000, 20_000)[0]


@pytest.mark.parametrize(
    ("w", "h", "expected"),
    [
        (300, 20, LEAST),
        (40, 40, 96),
        (80, 40, 48),
        (8, 8, LEAST),
        (20, 20, 60),
        (400, 400, 240),
        (2000, 1000, MOST),
    ],
)
def test_compact_regions_get_more_than_lines_of_text(w: int, h: int, expected: int) -> None:
    assert margin(w, h) == margin(h, w) == expected


def test_the_pictures_size_plays_no_part_but_for_its_border() -> None:
    box = (500, 400, 700, 460)
    assert context_box(box, 1000, 800) == context_box(box, 8000, 6000)
    assert context_box((2, 3, 42, 43), 100, 60) == (0, 0, 100, 60)


def test_a_margin_that_is_asked_for_is_taken() -> None:
    assert context_box((500, 400, 700, 460), 2000, 2000, 7) == (493, 393, 707, 467)
