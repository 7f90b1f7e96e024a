"""Draws words as an editor sets them: straight, turned, slanted or on an arc, spaced, level with the pixel grid or off it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from flows.training.text_origin.lettering import Coverage, Lettering, arched, shrunk, turned

_FINEST = 3


@lru_cache(maxsize=256)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    # raqm is not on every machine and would set words otherwise
    return ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.BASIC)


def set_straight(face: str, size: int, text: str, outline: int = 0, spacing: float = 0.0) -> Lettering:
    """size: of the type, px; outline: px; spacing: between letters, in sizes."""
    font, gap = _font(face, size), round(spacing * size)
    left, top, right, bottom = (int(v) for v in font.getbbox(text, stroke_width=outline))
    more = gap * (len(text) - 1)
    margin = max(size // 4, 2) + outline
    canvas = (max(right - left + more, 1) + 2 * margin, max(bottom - top, 1) + 2 * margin)
    place = (margin - left, margin - top)
    letters = _drawn(canvas, place, text, font, 0, gap)
    return Lettering(letters, _drawn(canvas, place, text, font, outline, gap) if outline else letters)


def _drawn(
    canvas: tuple[int, int], place: tuple[int, int], text: str, font: ImageFont.FreeTypeFont, stroke: int, gap: int
) -> Coverage:  # fmt: skip
    page = Image.new("L", canvas, 0)
    pen, x = ImageDraw.Draw(page), float(place[0])
    for part in text if gap else (text,):
        pen.text((x, place[1]), part, fill=255, font=font, stroke_width=stroke)
        x += font.getlength(part) + gap
    return np.asarray(page, np.float32) / np.float32(255)


def any_way(face: str, size: int, text: str, random: np.random.Generator) -> Lettering:
    """The words in one of the ways that editors offer; half of them plain and level."""
    outline = max(round(size * float(random.uniform(0.03, 0.12))), 1) if random.random() < 0.25 else 0
    spacing = float(random.uniform(0.03, 0.4)) if random.random() < 0.12 else 0.0
    way = random.random()
    if way < 0.35:
        return set_straight(face, size, text, outline, spacing)
    finer = _FINEST if size < 50 else 2
    large = set_straight(face, size * finer, text, outline * finer, spacing)
    if random.random() < 0.2:
        large = _slanted(large, random)
    if way < 0.55:
        return shrunk(large, finer)
    if way < 0.75:
        radius = float(np.exp(random.uniform(np.log(0.35), np.log(2.5)))) * large.letters.shape[1]
        bow = arched(large, radius)
        if random.random() < 0.25:  # along the foot of a ring
            bow = _upset(arched(_upset(large), radius))
        return shrunk(bow if random.random() < 0.7 else turned(bow, float(random.uniform(-60, 60))), finer)
    angle = float(
        random.choice([90, -90, random.uniform(-60, 60), random.uniform(-45, 45), random.normal(0, 8)])
    )
    return shrunk(turned(large, angle), finer)


def _upset(words: Lettering) -> Lettering:
    return Lettering(*(np.ascontiguousarray(part[::-1]) for part in (words.letters, words.outlined)))


def _slanted(words: Lettering, random: np.random.Generator) -> Lettering:
    """Sheared and stretched along its axes."""
    height, width = words.letters.shape
    shear, wide = float(random.uniform(-0.3, 0.3)), float(random.uniform(0.7, 1.4))
    size = (int(width * wide + abs(shear) * height) + 1, height)
    matrix = np.array([[wide, shear, max(-shear, 0) * height], [0, 1, 0]], np.float32)
    parts = (words.letters, words.outlined)
    return Lettering(*(np.asarray(cv2.warpAffine(part, matrix, size), np.float32) for part in parts))
