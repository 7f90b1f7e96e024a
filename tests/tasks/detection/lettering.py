"""Text drawn over known grounds, with what it changed: the truth for tests of stroke masks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
INK: Colour = (24, 26, 30)
PAPER: Colour = (236, 232, 224)
MARGIN = 44


@dataclass(frozen=True, slots=True)
class Written:
    """A picture with one line of text."""

    picture: NDArray[np.uint8]
    ground: NDArray[np.uint8]
    polygon: NDArray[np.bool_]
    """The letters' rectangle, grown by a few pixels, turned with the text."""
    reach: NDArray[np.bool_]
    full: NDArray[np.bool_]
    """Wholly covered by the letters' fill."""

    @property
    def change(self) -> NDArray[np.intp]:
        return np.asarray(np.abs(self.picture.astype(int) - self.ground).max(axis=2))

    @property
    def overlay(self) -> NDArray[np.bool_]:
        return self.change > 0

    @property
    def visible(self) -> NDArray[np.bool_]:
        return self.change > 12


def written(
    text: str, *, ink: Colour = INK, paper: Colour | str = PAPER, size: int = 32, angle: float = 0.0,
    opacity: float = 1.0, outline: int = 0, shadow: float = 0.0,
) -> Written:  # fmt: skip
    """Pillow's built-in font. `paper="gradient"` runs from dark blue to light brown."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text, stroke_width=outline)
    shape = (int(bottom - top) + 2 * MARGIN, int(right - left) + 2 * MARGIN)
    at = (MARGIN - left, MARGIN - top)
    ground = _ground(shape, paper)
    coverage = _turned(_drawn(text, font, shape, at, 0), angle)
    out = ground.astype(np.float64)
    if shadow:
        moved = np.roll(coverage, (3, 3), axis=(0, 1))
        out *= 1 - shadow * cv2.GaussianBlur(moved, (0, 0), 1.5)[..., None]
    if outline:
        line = _turned(_drawn(text, font, shape, at, outline), angle)
        out += line[..., None] * (np.array([10.0, 10.0, 12.0]) - out)
    out += opacity * coverage[..., None] * (np.array(ink, np.float64) - out)
    picture = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    rectangle = np.zeros(shape, np.float32)
    pad = 4
    rectangle[MARGIN - pad : shape[0] - MARGIN + pad, MARGIN - pad : shape[1] - MARGIN + pad] = 1
    polygon = _turned(rectangle, angle) > 0.5
    reach = cv2.dilate(polygon.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    return Written(picture, ground, polygon, reach, coverage > 0.999)


def noisy(case: Written, sigma: float) -> Written:
    """The same with soft grain in the ground and under the letters none."""
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, case.ground.shape), (0, 0), 1.2)
    scaled = np.asarray(grain, np.float64) * (sigma / float(np.std(grain)))
    ground = np.clip(np.rint(case.ground + scaled), 0, 255).astype(np.uint8)
    picture = np.where(case.visible[..., None], case.picture, ground)
    return replace(case, picture=picture, ground=ground)


def _ground(shape: tuple[int, int], paper: Colour | str) -> NDArray[np.uint8]:
    if not isinstance(paper, str):
        return np.broadcast_to(np.array(paper, np.uint8), (*shape, 3)).copy()
    across = np.linspace(0, 1, shape[1])[None, :, None] + np.linspace(0, 0.3, shape[0])[:, None, None]
    shade = np.array([40, 50, 90]) + across / 1.3 * np.array([120, 90, 40])
    return np.asarray(np.rint(shade), np.uint8)


def _drawn(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, shape: tuple[int, int],
    at: tuple[float, float], stroke: int,
) -> NDArray[np.float32]:  # fmt: skip
    page = Image.new("L", (shape[1], shape[0]), 0)
    ImageDraw.Draw(page).text(at, text, fill=255, font=font, stroke_width=stroke)
    return np.asarray(page, np.float32) / np.float32(255)


def _turned(coverage: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    if not angle:
        return coverage
    h, w = coverage.shape
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
    turned = cv2.warpAffine(coverage, matrix, (w, h), flags=cv2.INTER_LINEAR)
    return np.asarray(np.clip(turned, 0, 1), np.float32)
