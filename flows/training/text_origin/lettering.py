"""Draws words as coverage: how much of each pixel the letters, their outline and their shadow take."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Coverage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lettering:
    """Words in their own frame, with a margin. All H×W, 0–1."""

    letters: Coverage
    outlined: Coverage
    """Letters and outline."""

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of the letters."""
        ys, xs = np.nonzero(self.letters > 0.3)
        if not len(xs):
            return 0, 0, 0, 0
        return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def lettering(face: str, size: int, text: str, outline: int = 0, finer: int = 1) -> Lettering:
    """size: of the type, px; outline: px; finer: drawn so many times larger and shrunk, for letters off the pixel grid."""
    font = ImageFont.truetype(face, size * finer)
    left, top, right, bottom = font.getbbox(text, stroke_width=outline * finer)
    margin = round(0.5 * size) * finer + 2
    canvas = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    canvas = (canvas[0] + -canvas[0] % finer, canvas[1] + -canvas[1] % finer)
    place = (margin - left, margin - top)
    return Lettering(*(_drawn(canvas, place, text, font, width, finer) for width in (0, outline * finer)))


def _drawn(
    canvas: tuple[int, int], place: tuple[float, float], text: str, font: ImageFont.FreeTypeFont, stroke: int, finer: int
) -> Coverage:  # fmt: skip
    page = Image.new("L", canvas, 0)
    ImageDraw.Draw(page).text(place, text, fill=255, font=font, stroke_width=stroke)
    drawn = np.asarray(page, np.float32) / np.float32(255)
    if finer == 1:
        return drawn
    return np.asarray(
        cv2.resize(drawn, (canvas[0] // finer, canvas[1] // finer), interpolation=cv2.INTER_AREA), np.float32
    )


def shrunk(words: Lettering, by: int) -> Lettering:
    """Each pixel the mean of `by`×`by`: words that were turned or bent while large are as crisp as those set straight."""
    height, width = words.letters.shape
    size = (max(width // by, 1), max(height // by, 1))
    return Lettering(*(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
                       for part in (words.letters, words.outlined)))  # fmt: skip


def bent(words: Lettering, bow: float) -> Lettering:
    """The words along an arc: rows moved by `bow` px at the ends."""
    height, width = words.letters.shape
    pad = int(abs(bow)) + 1
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(-pad, height + pad, dtype=np.float32))
    ys = ys - np.float32(bow) * (2 * xs / max(width - 1, 1) - 1) ** 2
    return Lettering(*(np.asarray(cv2.remap(part, xs, ys, cv2.INTER_LINEAR), np.float32)
                       for part in (words.letters, words.outlined)))  # fmt: skip


def turned(words: Lettering, degrees: float) -> Lettering:
    """The words turned about their middle, counter-clockwise."""
    height, width = words.letters.shape
    matrix = np.asarray(
        cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0), np.float64
    )
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(np.ceil(height * sin + width * cos)), int(np.ceil(height * cos + width * sin)))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return Lettering(*(np.asarray(cv2.warpAffine(part, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
                       for part in (words.letters, words.outlined)))  # fmt: skip


def arched(words: Lettering, radius: float) -> Lettering:
    """The words on a circle of that radius, px, its middle below them: every letter keeps its form and is turned."""
    height, width = words.letters.shape
    half = min(width / (2 * radius), 1.4)
    out_w = int(2 * (radius + height) * np.sin(half)) + 2
    out_h = int(height + radius * (1 - np.cos(half))) + 2
    xs, ys = np.meshgrid(np.arange(out_w, dtype=np.float32), np.arange(out_h, dtype=np.float32))
    across, up = xs - np.float32((out_w - 1) / 2), np.float32(height / 2 + radius) - ys
    source_x = (width - 1) / 2 + radius * np.arctan2(across, up)
    source_y = height / 2 + radius - np.hypot(across, up)
    return Lettering(*(np.asarray(cv2.remap(part, source_x.astype(np.float32), source_y.astype(np.float32),
                                            cv2.INTER_LINEAR), np.float32)
                       for part in (words.letters, words.outlined)))  # fmt: skip
