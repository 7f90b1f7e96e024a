"""One contract, two readers: what they read, where, in which order, at which sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model_registry.engines.contract import TextReader
from model_registry.errors import EngineFault
from tests.model_registry.paddle.lettering import (
    PHOTOGRAPHS,
    Reader,
    box,
    centre,
    lettered,
    line_saying,
    paper,
    photograph,
    words,
)


@pytest.mark.parametrize(
    ("name", "font"),
    list(zip(PHOTOGRAPHS, ("DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Bold"), strict=True)),
)
def test_lettering_on_photographs_is_read_where_it_stands(reader: Reader, name: str, font: str) -> None:
    image = lettered(photograph(name), "Spring sale 25%", (220, 230), font=font)
    line = line_saying(reader.read(image), "Spring sale 25%")
    assert centre(line) == pytest.approx((220, 230), abs=6)
    assert 0.9 < line.score <= 1
    assert all(isinstance(v, float) for corner in line.polygon for v in corner)
    assert len(line.polygon) == 4


@pytest.mark.parametrize("degrees", [-20, 15, 40])
def test_turned_text_keeps_its_slant(reader: Reader, degrees: int) -> None:
    image = lettered(photograph("coffee"), "Rotated banner", (300, 200), 32, degrees=degrees)
    line = line_saying(reader.read(image), "Rotated banner")
    (x0, y0), (x1, y1) = line.polygon[:2]
    assert math.degrees(math.atan2(y0 - y1, x1 - x0)) == pytest.approx(degrees, abs=3)
    assert centre(line) == pytest.approx((300, 200), abs=8)


def test_lines_come_from_top_to_bottom_then_left_to_right(reader: Reader) -> None:
    image = paper(220, 420)
    for text, where in (("LOWER", (90, 170)), ("RIGHT", (320, 54)), ("LEFT", (70, 50)), ("NEXT", (260, 174))):
        image = lettered(image, text, where, 30, fill=(20, 30, 120), stroke=(20, 30, 120))
    lines = reader.read(image)
    assert words(lines) == ["left", "right", "lower", "next"]
    assert lines == reader.read(image)


def test_boxes_lie_on_the_text(reader: Reader) -> None:
    image = lettered(paper(200, 420), "SUMMER", (210, 100), 40, fill=(20, 30, 120), stroke=(20, 30, 120))
    ink = np.argwhere(image[..., 0] < 128)
    (line,) = reader.read(image)
    x0, y0, x1, y1 = box(line)
    assert x0 <= ink[:, 1].min()
    assert x1 >= ink[:, 1].max()
    assert y0 <= ink[:, 0].min()
    assert y1 >= ink[:, 0].max()
    assert x1 - x0 < np.ptp(ink[:, 1]) + 40
    assert y1 - y0 < np.ptp(ink[:, 0]) + 40
    assert line.polygon[0] == min(line.polygon, key=sum)


@pytest.mark.parametrize(
    ("h", "w", "x", "y", "size"),
    [
        (32, 90, 45, 16, 18),
        (48, 1600, 1300, 24, 30),
        (1600, 170, 85, 1300, 30),
        (2200, 2600, 1900, 1800, 120),
    ],
)
def test_any_shape_is_read_in_its_own_pixels(
    reader: Reader, h: int, w: int, x: int, y: int, size: int
) -> None:
    image = lettered(paper(h, w), "OFFER", (x, y), size, fill=(20, 30, 120), stroke=(20, 30, 120))
    line = line_saying(reader.read(image, max_side=900, enlarge=2.0), "OFFER")
    assert centre(line) == pytest.approx((x, y), abs=0.3 * size)
    x0, y0, x1, y1 = box(line)
    assert 0 <= x0 < x1 <= w
    assert 0 <= y0 < y1 <= h


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 7), (64, 64), (9, 2000)])
def test_blank_pictures_of_any_size_hold_nothing(reader: Reader, shape: tuple[int, int]) -> None:
    assert reader.read(np.full((*shape, 3), 200, np.uint8), max_side=900) == ()


def test_text_cut_by_the_border_stays_within_the_picture(reader: Reader) -> None:
    """The engine's own lines; a picture this flat is read inside a margin."""
    image = lettered(paper(200, 600), "Espresso set", (300, 100), 60, fill=(20, 30, 120))[76:124, 120:480]
    assert isinstance(reader.engine, TextReader)
    lines = reader.engine.read(np.ascontiguousarray(image), params=reader.card.defaults)
    assert lines
    for x, y in (corner for line in lines for corner in line.polygon):
        assert 0 <= x <= image.shape[1]
        assert 0 <= y <= image.shape[0]


def test_grey_pictures_are_read_as_their_rgb(reader: Reader) -> None:
    image = lettered(paper(120, 300), "SALE", (150, 60), 40, fill=(20,) * 3, stroke=(20,) * 3)
    grey = np.ascontiguousarray(image[..., :1])
    lines = reader.read(grey)
    assert words(lines) == ["sale"]
    assert lines == reader.read(np.repeat(grey, 3, axis=2))


def test_flags_of_one_call_do_not_reach_the_next(reader: Reader) -> None:
    image = lettered(paper(120, 300), "SALE", (150, 60), 40, fill=(20, 30, 120), stroke=(20, 30, 120))
    usual = reader.read(image)
    assert words(usual) == ["sale"]
    assert reader.read(image, min_score=1.0) == ()
    assert reader.read(image) == usual
    (grown,) = reader.read(image, unclip=3.0)
    assert box(grown)[0] < box(usual[0])[0]
    assert reader.read(image) == usual


def test_accents_are_read(reader: Reader) -> None:
    image = lettered(photograph("coffee"), "Größe & Maß", (300, 200), 36)
    assert "größe&maß" in words(reader.read(image))


def test_the_picture_is_left_as_it_was(reader: Reader) -> None:
    image = lettered(paper(120, 300), "SALE", (150, 60), 40)
    image.flags.writeable = False
    before = image.copy()
    assert isinstance(reader.engine, TextReader)
    reader.engine.read(image, params=reader.card.defaults)
    assert np.array_equal(image, before)


def test_unknown_parameters_are_refused(reader: Reader) -> None:
    with pytest.raises(EngineFault, match="dilate"):
        reader.read(paper(64, 64), dilate=3)
