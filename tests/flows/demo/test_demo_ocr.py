"""The overlays are readable by an OCR, and nothing else in the pictures is read as text."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import pytest

from flows.demo.baseline import Eight, eight_bit, read_lines
from flows.demo.catalogue import Catalogue
from flows.demo.files import decode
from tasks.contracts import Box

Lines = dict[str, list[tuple[Box, str]]]


def picture(sample: Catalogue, path: str) -> Eight:
    return eight_bit(decode(sample.path(path).read_bytes()))


@pytest.fixture(scope="session")
def read(sample: Catalogue) -> Lines:
    return {item.id: read_lines(picture(sample, item.image)) for item in sample.items if item.texts}


def alike(a: str, b: str) -> float:
    plain = [re.sub(r"[^a-z0-9]", "", text.lower()) for text in (a, b)]
    return SequenceMatcher(None, *plain).ratio()


def test_ocr_reads_at_least_nine_of_ten_overlays(sample: Catalogue, read: Lines) -> None:
    wanted = [(item.id, text) for item in sample.items for text in item.texts]
    missed = [
        (name, text, [line for _, line in read[name]])
        for name, text in wanted
        if max((alike(text, line) for _, line in read[name]), default=0.0) < 0.8
    ]
    assert len(wanted) == 15
    assert len(missed) <= 0.1 * len(wanted), missed


def test_the_boxes_of_what_is_read_lie_on_the_overlay(sample: Catalogue, read: Lines) -> None:
    for item in sample.items:
        for text in item.texts:
            overlay = decode(sample.path(item.overlay).read_bytes())[..., 0] > 0
            hits = [box for box, line in read[item.id] if alike(text, line) >= 0.8]
            assert all(overlay[y0:y1, x0:x1].mean() > 0.1 for x0, y0, x1, y1 in hits), (item.id, hits)


def test_letters_are_of_a_size_that_line_boxes_can_take(read: Lines) -> None:
    heights = [
        y1 - y0 for name, lines in read.items() if name != "text-rotated" for (_, y0, _, y1), _ in lines
    ]
    assert min(heights) >= 18, sorted(heights)
    assert max(heights) <= 72, sorted(heights)


def test_nothing_but_the_overlays_is_read(sample: Catalogue, read: Lines) -> None:
    strays = {
        item.id: [line for _, line in read[item.id] if max(alike(text, line) for text in item.texts) < 0.5]
        for item in sample.items
        if item.texts
    }
    assert not {name: lines for name, lines in strays.items() if lines}
