"""What a reader cannot read is found all the same: every box, with the detector's own confidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from model_registry.engines.contract import TextLine, TextReader
from model_registry.engines.load import load_engine
from model_registry.engines.ocr import line_of
from model_registry.registry import Registry

REGISTRY = Registry.load()
CARD = REGISTRY.get("rapidocr")
Bytes3 = np.ndarray[Any, np.dtype[np.uint8]]


@pytest.fixture(scope="module")
def reader() -> TextReader:
    engine = load_engine(CARD, REGISTRY.folder_of("rapidocr"))
    assert isinstance(engine, TextReader)
    return engine


def poster() -> Bytes3:
    canvas = Image.new("RGB", (640, 420), (250, 240, 220))
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.truetype(findfont("DejaVu Sans"), 44)
    for n, text in enumerate(("SALE", "БЕСПЛАТНАЯ ДОСТАВКА", "mild")):
        draw.text((30, 40 + 120 * n), text, font=font, fill=(20, 30, 120))
    return np.array(canvas)


def read(reader: TextReader, image: Bytes3, **given: float) -> tuple[TextLine, ...]:
    return reader.read(image, params=dict(CARD.defaults) | given)


def test_with_no_least_confidence_every_box_comes_back(reader: TextReader) -> None:
    lines = read(reader, poster(), min_score=0.0)
    assert len(lines) == 3
    assert all(0.5 <= line.found <= 1 for line in lines)
    assert [line.polygon[0][1] < y for line, y in zip(lines, (60, 180, 300), strict=True)] == [True] * 3
    assert all((line.score == 0) == (line.text == "") for line in lines)


def test_the_least_confidence_leaves_out_what_is_read_worse_and_nothing_else(reader: TextReader) -> None:
    every = read(reader, poster(), min_score=0.0)
    assert read(reader, poster(), min_score=0.9) == tuple(line for line in every if line.score >= 0.9)
    assert min(line.score for line in every) < 0.9 < max(line.score for line in every)


def strip(text: str, size: int) -> Bytes3:
    canvas = Image.new("RGB", (400, 120), (245, 245, 245))
    font = ImageFont.truetype(findfont("DejaVu Sans"), size)
    ImageDraw.Draw(canvas).text((40, 30), text, font=font, fill=(20, 30, 120))
    return np.array(canvas)


def test_boxes_keep_their_own_confidence_whatever_the_order(reader: TextReader) -> None:
    """The detector is sure of a word and less so of a ring, above it or below: the library sorts only the boxes."""
    strips = [strip("SALE", 44), strip("iii", 14), strip("O", 60)]
    for order in (strips, strips[::-1]):
        lines = read(reader, np.vstack(order), min_score=0.0, pixel_score=0.3, box_score=0.3, enlarge=2.0)
        word, ring = (lines[0], lines[-1]) if order is strips else (lines[-1], lines[0])
        assert word.text == "SALE"
        assert word.found > ring.found + 0.08


def test_what_was_not_read_says_so() -> None:
    corners = np.array([(-2.0, 1.0), (30.0, 1.0), (30.0, 9.0), (-2.0, 9.0)])
    line = line_of(corners, (20, 8), "  ", 0.4, 1.2)
    assert line == TextLine(((0.0, 1.0), (20.0, 1.0), (20.0, 8.0), (0.0, 8.0)), "", 0.0, 1.0)
    assert line_of(corners, (20, 8), "ab", 0.4, 0.7).score == 0.4
