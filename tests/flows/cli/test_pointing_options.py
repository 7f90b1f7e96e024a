"""`--object-box`, `--click`, `--click-off` and `--object`: what they make of a wish, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.conftest import Command, picture

OBJECT = ("plan", "a.png", "--remove-object", "--json")


@pytest.mark.parametrize(
    ("options", "mask", "engine"),
    [
        (("--click", "9,8", "--click", "10,8", "--click-off", "1,1"),
         {"kind": "click", "on": [[9, 8], [10, 8]], "off": [[1, 1]]}, ["grabcut"]),
        (("--object-box", "1,2,30,20"),
         {"kind": "object-box", "boxes": [[1, 2, 30, 20]], "on": [], "off": []}, ["grabcut"]),
        (("--object-box", "1,2,30,20", "--object-box", "3,4,9,9", "--click", "5,5", "--click-off", "29,3"),
         {"kind": "object-box", "boxes": [[1, 2, 30, 20], [3, 4, 9, 9]], "on": [[5, 5]], "off": [[29, 3]]}, ["grabcut"]),
        (("--object", "the red mug"), {"kind": "words", "words": "the red mug"}, ["grabcut", "owlv2"]),
        (("--object", "the red mug", "--engine", "detection=grounding-dino+sam"),
         {"kind": "words", "words": "the red mug"}, ["sam", "grounding-dino"]),
        (("--mask", "click:9,8"), {"kind": "click", "on": [[9, 8]], "off": []}, ["grabcut"]),
    ],
)  # fmt: skip
def test_a_wish_is_planned(
    pentimento: Command, here: Path, options: tuple[str, ...], mask: dict[str, object], engine: list[str]
) -> None:
    picture(here / "a.png")
    made = pentimento(*OBJECT, *options)
    assert made.code == 0, made.err
    assert made.json["intent"]["mask"] == mask
    stages = {stage["stage"]: stage for stage in made.json["stages"]}
    assert [choice["id"] for choice in stages["detection"]["engines"]] == engine


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--mask", "box:1,2,3,4", "--click", "1,1"), "--mask and --click were given together"),
        (("--object", "a mug", "--object-box", "1,2,3,4"), "--object and --object-box were given together"),
        (("--click-off", "1,1"), "--click-off alone"),
        (("--click", "1;1"), "cannot read the mask"),
        (("--object-box", "1,2,3"), "cannot read the mask"),
        ((), "--click"),
    ],
)
def test_bad_pointing_is_bad_usage(
    pentimento: Command, here: Path, options: tuple[str, ...], words: str
) -> None:
    picture(here / "a.png")
    said = pentimento("edit", "a.png", "--remove-object", *options)
    assert said.code == 2
    assert said.out == ""
    assert words in said.err


def test_text_takes_no_pointing(pentimento: Command, here: Path) -> None:
    picture(here / "a.png")
    said = pentimento("edit", "a.png", "--remove-text", "--click", "3,3")
    assert said.code == 2
    assert "takes no mask" in said.err
