"""Overlay text goes, scene text stays, and what stays is told with its reason."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from model_registry.engines.contract import TextLine
from tasks.detection.overlay_letters import Letters
from tasks.steps import whose_text
from tasks.steps.whose_text import sorted_out

BOX = ((10.0, 10.0), (60.0, 10.0), (60.0, 30.0), (10.0, 30.0))
LINES = tuple(TextLine(BOX, name, 0.9) for name in ("put on", "printed", "an eye"))


class Kind:
    def __init__(self, kind: str) -> None:
        self.kind, self.score, self.why = kind, 0.5, "because"


@pytest.mark.parametrize(
    ("text", "gone"), [("overlay", ["put on"]), ("scene", ["printed"]), ("all", ["put on", "printed"])]
)
def test_each_choice_takes_its_own(text: str, gone: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        whose_text, "origins", lambda image, lines: tuple(Kind(k) for k in ("overlay", "scene", "none"))
    )
    wanted, kept = sorted_out(np.zeros((40, 80, 3), np.uint8), LINES, text)
    assert [line.text for line in wanted] == gone
    assert [one.text for one in kept] == [line.text for line in LINES if line.text not in gone]
    assert all(one.why and one.box == (10, 10, 60, 30) for one in kept)


def test_a_slogan_on_a_photograph_is_an_overlay_however_it_was_read(tmp_path: Path) -> None:
    picture = Image.fromarray(data.chelsea())
    ImageDraw.Draw(picture).text(
        (60, 60), "SALE", fill=(255, 40, 40), font_size=48, stroke_width=2, stroke_fill=(0, 0, 0)
    )
    box = ((58.0, 66.0), (190.0, 66.0), (190.0, 108.0), (58.0, 108.0))
    image = np.asarray(picture, np.uint8)
    for text, score in (("SALE", 0.99), ("", 0.0)):
        wanted, _ = sorted_out(image, (TextLine(box, text, score),), "overlay")
        assert wanted
    blurred = np.asarray(cv2.GaussianBlur(image, (0, 0), 2.5), np.uint8)
    grain = np.random.default_rng(3).normal(0, 4, image.shape)
    seen = np.clip(np.rint(blurred + grain), 0, 255).astype(np.uint8)
    wanted, _ = sorted_out(seen, (TextLine(box, "SALE", 0.99),), "overlay")
    assert not wanted, "lettering as soft as the picture and with its grain was there when it was taken"


def test_an_overlays_loose_box_is_trimmed_and_a_print_is_left_as_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def judged(image: object, lines: tuple[TextLine, ...], *, letters: Letters) -> tuple[Kind, ...]:
        return tuple(Kind("overlay" if line.text == "put on" else "scene") for line in lines)

    monkeypatch.setattr(whose_text, "origins", judged)
    seen = np.zeros((120, 320), np.float32)
    seen[20:40, 40:200] = seen[80:100, 40:200] = 0.95
    loose = tuple(
        TextLine(((36.0, y), (300.0, y), (300.0, y + 24), (36.0, y + 24)), text, 0.9)
        for text, y in (("put on", 18.0), ("printed", 78.0))
    )
    letters = Letters(seen, np.zeros_like(seen))
    image = np.zeros((120, 320, 3), np.uint8)
    (over,), _ = sorted_out(image, loose, "overlay", letters)
    assert 200 < over.polygon[1][0] < 210
    both, _ = sorted_out(image, loose, "all", letters)
    assert both[1] is loose[1]
