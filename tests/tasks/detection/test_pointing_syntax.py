"""How objects are pointed at on the command line and in a manifest's cell."""

from __future__ import annotations

import pytest

from tasks.detection.masks import parse_mask
from tasks.errors import BadRequest
from tasks.intents import MaskClick, MaskObjectBox, MaskSpec, MaskWords


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("object:1,2,30,40", MaskObjectBox(boxes=((1, 2, 30, 40),))),
        ("object:1,2,30,40;5,6,70,80", MaskObjectBox(boxes=((1, 2, 30, 40), (5, 6, 70, 80)))),
        ("object:1,2,30,40 on:7,8 off:9,10 11,12", MaskObjectBox(boxes=((1, 2, 30, 40),), on=((7, 8),), off=((9, 10), (11, 12)))),
        ("click:3,4", MaskClick(on=((3, 4),))),
        ("CLICK: 3,4 5,6 off:7,8", MaskClick(on=((3, 4), (5, 6)), off=((7, 8),))),
        ("click:3,4 on:5,6", MaskClick(on=((3, 4), (5, 6)))),
        ("words:the  red mug ", MaskWords(words="the red mug")),
        ("words:a sign on: the wall", MaskWords(words="a sign on: the wall")),
    ],
)  # fmt: skip
def test_written_and_read(text: str, spec: MaskSpec) -> None:
    assert parse_mask(text) == spec


@pytest.mark.parametrize(
    "text", ["object:", "object:1,2,3", "object:a,b,c,d", "click:", "click:off:1,2", "click:1", "click:1,2,3", "words:", "words:  "]
)  # fmt: skip
def test_what_cannot_be_read_shows_the_forms(text: str) -> None:
    with pytest.raises(BadRequest, match="cannot read the mask") as caught:
        parse_mask(text)
    assert "object:X0,Y0,X1,Y1" in caught.value.cure
