"""Real lettering on real photographs, and readers called the way the product calls them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Engine, ParamValue, TextLine

READERS = ("rapidocr", "paddleocr")
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea")
Bytes3 = np.ndarray[Any, np.dtype[np.uint8]]
Colour = tuple[int, int, int]
Quick: dict[str, ParamValue] = {"enlarge": 1.0}
"""The lettering here is large enough as it is; half the side is a quarter of the time."""


@dataclass(frozen=True)
class Reader:
    card: Card
    engine: Engine

    def read(self, image: Bytes3, **params: ParamValue) -> tuple[TextLine, ...]:
        return wrap.read_text(self.card, self.engine, image, {**Quick, **params})


def photograph(name: str) -> Bytes3:
    return np.array(Image.fromarray(getattr(data, name)()).convert("RGB"))


def paper(h: int, w: int) -> Bytes3:
    return np.full((h, w, 3), (250, 240, 220), np.uint8)


def lettered(
    image: Bytes3, text: str, centre: tuple[float, float], size: int = 34, *, font: str = "DejaVuSans-Bold",
    fill: Colour = (255, 255, 255), stroke: Colour = (0, 0, 0), degrees: float = 0.0,
) -> Bytes3:  # fmt: skip
    """A copy with outlined text about `centre`, turned anticlockwise."""
    canvas = Image.fromarray(image)
    layer = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    drawn = ImageFont.truetype(str(FONTS / f"{font}.ttf"), size)
    ImageDraw.Draw(layer).text(
        centre, text, font=drawn, fill=fill, stroke_width=max(size // 16, 1), stroke_fill=stroke, anchor="mm"
    )
    if degrees:
        layer = layer.rotate(degrees, center=centre, resample=Image.Resampling.BICUBIC)
    canvas.paste(layer, (0, 0), layer)
    return np.array(canvas)


def plain(text: str) -> str:
    return "".join(text.split()).lower()


def words(lines: tuple[TextLine, ...]) -> list[str]:
    return [plain(line.text) for line in lines]


def line_saying(lines: tuple[TextLine, ...], text: str) -> TextLine:
    (found,) = [line for line in lines if plain(line.text) == plain(text)]
    return found


def box(line: TextLine) -> tuple[float, float, float, float]:
    xs, ys = zip(*line.polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def centre(line: TextLine) -> tuple[float, float]:
    x0, y0, x1, y1 = box(line)
    return (x0 + x1) / 2, (y0 + y1) / 2
