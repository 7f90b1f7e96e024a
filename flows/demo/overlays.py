"""Draws overlay text of the kinds suppliers put on catalogue pictures, with fonts that matplotlib ships."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tasks.contracts import Mask, Pixels

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Caption:
    """One overlay. Lengths are in pixels, opacities 0–1, the angle in degrees, anti-clockwise."""

    text: str
    x: float
    y: float
    """Centre of the text."""
    size: int
    colour: Colour = (255, 255, 255)
    opacity: float = 1.0
    font: str = "DejaVuSans-Bold"
    angle: float = 0.0
    outline: int = 0
    outline_colour: Colour = (0, 0, 0)
    shadow: float = 0.0
    """Opacity of a soft shadow below and to the right."""
    plate: Colour | None = None
    """A filled, rounded plate behind the text."""
    plate_opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Layer:
    """A colour and where it goes: H×W coverage, 0–1."""

    coverage: Mask
    colour: Colour


def overlaid(picture: Pixels, captions: tuple[Caption, ...]) -> Pixels:
    """A new picture with the captions drawn over its colours, in order."""
    h, w, channels = picture.shape
    out = picture.astype(np.float64)
    for caption in captions:
        for layer in layers(caption, h, w):
            colour = np.asarray(layer.colour, dtype=np.float64)[:channels] / 255
            out += layer.coverage[..., None].astype(np.float64) * (colour - out)
    return out.astype(np.float32)


def layers(caption: Caption, height: int, width: int) -> tuple[Layer, ...]:
    """The caption's layers, lowest first: plate, shadow, outline, text."""
    text = _turned(_text(caption, height, width, 0), caption)
    made: list[Layer] = []
    if caption.plate is not None:
        plate = _turned(_plate(caption, height, width), caption)
        made.append(Layer(plate * np.float32(caption.plate_opacity), caption.plate))
    if caption.shadow:
        made.append(Layer(_shadow(text) * np.float32(caption.shadow), (0, 0, 0)))
    if caption.outline:
        line = _turned(_text(caption, height, width, caption.outline), caption)
        made.append(Layer(line * np.float32(caption.opacity), caption.outline_colour))
    return (*made, Layer(text * np.float32(caption.opacity), caption.colour))


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout engine: raqm is not on every machine and would shift glyphs.
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def _text(caption: Caption, height: int, width: int, stroke: int) -> Mask:
    page = Image.new("L", (width, height), 0)
    font = _font(caption.font, caption.size)
    at = (round(caption.x), round(caption.y))
    ImageDraw.Draw(page).text(at, caption.text, fill=255, font=font, anchor="mm", stroke_width=stroke)
    return np.asarray(page, dtype=np.float32) / np.float32(255)


def _plate(caption: Caption, height: int, width: int) -> Mask:
    page = Image.new("L", (4 * width, 4 * height), 0)
    x0, y0, x1, y1 = _font(caption.font, caption.size).getbbox(caption.text, anchor="mm")
    pad = caption.size * 0.4
    box = [
        round(4 * (caption.x + x0 - pad)),
        round(4 * (caption.y + y0 - pad)),
        round(4 * (caption.x + x1 + pad)),
        round(4 * (caption.y + y1 + pad)),
    ]
    ImageDraw.Draw(page).rounded_rectangle(box, radius=round(4 * caption.size * 0.25), fill=255)
    small = page.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def _turned(coverage: Mask, caption: Caption) -> Mask:
    if not caption.angle:
        return coverage
    h, w = coverage.shape
    matrix = cv2.getRotationMatrix2D((caption.x, caption.y), caption.angle, 1.0)
    turned = cv2.warpAffine(coverage, matrix, (w, h), flags=cv2.INTER_CUBIC)
    return np.clip(turned, 0, 1).astype(np.float32)


def _shadow(coverage: Mask) -> Mask:
    moved = np.roll(coverage, (3, 3), axis=(0, 1))
    moved[:3], moved[:, :3] = 0, 0
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), 2.0), dtype=np.float32)
