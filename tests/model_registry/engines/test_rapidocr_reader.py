"""The text reader on real models: what it reads, where, in which order, at which sizes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from model_registry.engines import ocr, wrap
from model_registry.engines.contract import Engine, ParamValue, TextLine
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault, WeightsDamaged
from model_registry.registry import Registry

REGISTRY = Registry.load()
CARD = REGISTRY.get("rapidocr")
Bytes3 = np.ndarray[Any, np.dtype[np.uint8]]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(CARD, REGISTRY.folder_of("rapidocr"))


def paper(h: int, w: int, *texts: tuple[str, int, int, int]) -> Bytes3:
    """Dark blue text on cream: text, x, y, height in px."""
    canvas = Image.new("RGB", (w, h), (250, 240, 220))
    draw = ImageDraw.Draw(canvas)
    for text, x, y, size in texts:
        draw.text((x, y), text, font=ImageFont.load_default(size), fill=(20, 30, 120))
    return np.array(canvas)


def read(engine: Engine, image: Bytes3, **params: ParamValue) -> tuple[TextLine, ...]:
    return wrap.read_text(CARD, engine, image, params)


def words(lines: tuple[TextLine, ...]) -> list[str]:
    return [line.text.replace(" ", "") for line in lines]


def box(line: TextLine) -> tuple[float, float, float, float]:
    xs, ys = zip(*line.polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def test_lines_come_from_top_to_bottom_then_left_to_right(engine: Engine) -> None:
    image = paper(
        220, 420, ("LOWER", 40, 150, 32), ("RIGHT", 260, 34, 32), ("LEFT", 20, 30, 32), ("NEXT", 200, 155, 32)
    )
    lines = read(engine, image)
    assert words(lines) == ["LEFT", "RIGHT", "LOWER", "NEXT"]
    assert all(line.score > 0.9 for line in lines)
    assert lines == read(engine, image)


def test_boxes_lie_on_the_text(engine: Engine) -> None:
    image = paper(220, 420, ("SUMMER", 100, 80, 40))
    ink = np.argwhere(image[..., 0] < 128)
    (line,) = read(engine, image)
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
    [(40, 150, 20, 4, 28), (48, 1600, 1200, 6, 32), (1600, 160, 20, 1200, 32), (1500, 1500, 900, 1300, 60)],
)
def test_any_shape_is_read_and_boxes_are_in_its_own_pixels(
    engine: Engine, h: int, w: int, x: int, y: int, size: int
) -> None:
    image = paper(h, w, ("OFFER", x, y, size))
    ink = np.argwhere(image[..., 0] < 128)
    (line,) = read(engine, image, max_side=900)
    assert words((line,)) == ["OFFER"]
    x0, y0, x1, y1 = box(line)
    centre = np.array([(y0 + y1) / 2, (x0 + x1) / 2])
    assert np.abs(centre - (ink.max(0) + ink.min(0)) / 2).max() < 0.3 * size


def test_flags_of_one_call_do_not_reach_the_next(engine: Engine) -> None:
    image = paper(120, 300, ("SALE", 60, 30, 40))
    usual = read(engine, image)
    assert read(engine, image, min_score=1.0) == ()
    assert read(engine, image) == usual
    grown = read(engine, image, unclip=3.0)
    assert box(grown[0])[0] < box(usual[0])[0]
    assert read(engine, image) == usual


def test_grey_pictures_are_read(engine: Engine) -> None:
    assert words(read(engine, paper(120, 300, ("SALE", 60, 30, 40))[..., :1])) == ["SALE"]


def test_it_is_quiet(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    load_engine(CARD, REGISTRY.folder_of("rapidocr"))
    read(engine, np.full((64, 64, 3), 200, np.uint8))
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("RapidOCR").level >= logging.CRITICAL


def test_other_models_than_the_known_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"other")
    with pytest.raises(WeightsDamaged):
        ocr._model(tmp_path, "a.onnx", "0" * 64)


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(EngineFault, match="tesseract"):
        load_engine(CARD.model_copy(update={"entry": "tesseract"}), Path())
