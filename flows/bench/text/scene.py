"""Puts print on a picture as a camera would see it: in perspective, shaded, blurred and with the picture's noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from flows.bench.text.faces import faces
from flows.bench.text.lettering import Polygon
from flows.bench.text.words import PRINTS
from tasks.contracts import Pixels, Zone

Levels = NDArray[np.uint8]
_FINE = 4


def printed(truth: Levels, rng: np.random.Generator) -> tuple[Levels, tuple[Polygon, ...]]:
    """The picture with a label or bare print on it, in its upper two thirds; the polygons of the print's lines."""
    height, width = truth.shape[:2]
    words = PRINTS[int(rng.integers(len(PRINTS)))]
    wide = int(width * rng.uniform(0.4, 0.6))
    tall = int(wide * (0.24 if len(words) == 1 else 0.42))
    page, ink, lines = _label(words, wide, tall, rng)
    x0 = int(rng.uniform(0.06, 0.9) * (width - wide))
    y0 = int(rng.uniform(0.08, 0.6) * (height - tall))
    corners = _tilted(x0, y0, wide, tall, rng)
    flat = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    seen = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    fine = seen @ np.diag([1 / _FINE, 1 / _FINE, 1.0])
    blur = float(rng.uniform(0.8, 1.4))
    layers = [_warped(plane, fine, (height, width), blur) for plane in (page, ink)]
    made = _lit(truth, layers, rng)
    return made, tuple(cv2.perspectiveTransform(line[None], seen)[0].astype(np.float64) for line in lines)


def _label(
    words: tuple[str, ...], wide: int, tall: int, rng: np.random.Generator
) -> tuple[Pixels, Pixels, list[NDArray[np.float32]]]:
    """Coverage of the label's paper (none for bare print) and of its ink, at 4×, and the lines' boxes at 1×."""
    sheet = Image.new("L", (wide * _FINE, tall * _FINE), 255 if rng.integers(0, 3) else 0)
    page = Image.new("L", sheet.size, 0)
    known = faces("bold")
    face = known[int(rng.integers(len(known)))]
    lines, row = [], tall / len(words)
    for n, text in enumerate(words):
        size = int(row * (0.62 if n == 0 else 0.45))
        font = ImageFont.truetype(face.path, size * _FINE, layout_engine=ImageFont.Layout.BASIC)
        size = int(size * min(1.0, 0.86 * wide * _FINE / font.getlength(text)))
        font = ImageFont.truetype(face.path, size * _FINE, layout_engine=ImageFont.Layout.BASIC)
        at = (wide * _FINE / 2, (n + 0.5) * row * _FINE)
        ImageDraw.Draw(page).text(at, text, fill=255, font=font, anchor="mm")
        left, top, right, bottom = (v / _FINE for v in font.getbbox(text, anchor="mm"))
        x, y = wide / 2, (n + 0.5) * row
        box = [[x + left, y + top], [x + right, y + top], [x + right, y + bottom], [x + left, y + bottom]]
        lines.append(np.array(box, np.float32))
    return _unit(sheet), _unit(page), lines


def _unit(page: Image.Image) -> Pixels:
    return np.asarray(page, np.float32) / np.float32(255)


def _tilted(x0: int, y0: int, wide: int, tall: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Corners of a rectangle seen askew."""
    corners = np.array([[x0, y0], [x0 + wide, y0], [x0 + wide, y0 + tall], [x0, y0 + tall]], np.float64)
    middle = corners.mean(axis=0)
    angle = np.deg2rad(rng.uniform(-14, 14))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(
        (corners - middle) @ turn + middle + rng.uniform(-0.14, 0.14, (4, 2)) * tall, np.float64
    )


def _warped(plane: Pixels, matrix: NDArray[np.float64], shape: tuple[int, int], blur: float) -> Pixels:
    height, width = shape
    fine = np.diag([2.0, 2.0, 1.0]) @ matrix
    large = cv2.warpPerspective(plane, fine, (2 * width, 2 * height), flags=cv2.INTER_AREA)
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), blur), np.float32)


def _lit(truth: Levels, layers: list[Pixels], rng: np.random.Generator) -> Levels:
    """Paper and ink under the picture's own light, with a gradient of their own and the picture's noise."""
    height, width = truth.shape[:2]
    picture = truth.astype(np.float32) / 255
    light = cv2.GaussianBlur(picture.mean(axis=2), (0, 0), 14)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    fall = 1 + 0.18 * ((x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle))
    shade = (np.clip(0.45 + 0.6 * light, 0.35, 1.0) * fall)[..., None]
    paper, ink = rng.uniform(0.72, 0.98, 3), rng.uniform(0.02, 0.35, 3)
    if layers[0].max() < 0.5 and float(light[layers[1] > 0.3].mean()) < 0.45:
        ink = rng.uniform(0.75, 0.95, 3)
    made = picture
    for cover, colour in zip(layers, (paper, ink), strict=True):
        made = made + cover[..., None] * (shade * colour.astype(np.float32) - made)
    drawn: Zone = np.maximum(layers[0], layers[1]) > 0.02
    noise = rng.normal(0, max(noise_sigma(truth), 0.6) / 255, (*drawn.shape, 1)) * drawn[..., None]
    return np.rint(np.clip(made + noise, 0, 1) * 255).astype(np.uint8)


def noise_sigma(picture: Levels) -> float:
    """Noise in levels of 255 (Immerkaer, Fast Noise Variance Estimation, 1996), over the smoother half of the picture."""
    grey = picture.astype(np.float32).mean(axis=2)
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(grey, -1, kernel))[1:-1, 1:-1]
    return float(response[response <= np.median(response)].mean() * 2.4 * np.sqrt(np.pi / 2) / 6)
