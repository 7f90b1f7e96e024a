"""Draws holes: words, lines, scratches and small blobs."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Zone = NDArray[np.bool_]
Rng = np.random.Generator

KINDS: Final = ("words", "lines", "scratches", "blobs")
LETTERS: Final = "ABCDEFGHKMNPRSTVWXYZabcdefghijklmnoprstuvwxyz0123456789%&€!?.-"
MOST: Final = 0.35
"""Share of a crop that may be hole."""
_MARGIN: Final = 6
"""px at the crop's edges that are left whole: a fill is judged by what is around it."""
_TRIES: Final = 20


def hole(kind: str, size: int, rng: Rng, faces: tuple[str, ...]) -> Zone:
    """size×size, true = hole: never empty, at most MOST of the crop."""
    for _ in range(_TRIES):
        page = _DRAW[kind](size, rng, faces)
        page[:_MARGIN] = page[-_MARGIN:] = 0
        page[:, :_MARGIN] = page[:, -_MARGIN:] = 0
        if 0 < np.count_nonzero(page) <= MOST * page.size:
            return page > 0
    middle = np.zeros((size, size), np.bool_)
    middle[size // 2 - 4 : size // 2 + 4, size // 4 : -size // 4] = True
    return middle


def _words(size: int, rng: Rng, faces: tuple[str, ...]) -> NDArray[np.uint8]:
    """One to three words, turned by up to 25 degrees, thickened as masks of lettering are."""
    canvas = Image.new("L", (size, size))
    pen = ImageDraw.Draw(canvas)
    for _ in range(int(rng.integers(1, 4))):
        text = "".join(rng.choice(list(LETTERS), int(rng.integers(2, 8))))
        font = ImageFont.truetype(faces[int(rng.integers(len(faces)))], int(rng.integers(12, 56)))
        pen.text((int(rng.integers(-10, size // 2)), int(rng.integers(0, size - 12))), text, 255, font)
    turned = canvas.rotate(float(rng.uniform(-25, 25)) if rng.random() < 0.5 else 0.0)
    page = (np.asarray(turned) > 64).astype(np.uint8)
    grown = int(rng.integers(0, 4))
    return np.asarray(cv2.dilate(page, _disc(grown)), np.uint8)


def _lines(size: int, rng: Rng, faces: tuple[str, ...]) -> NDArray[np.uint8]:
    """Broken lines of even width, 2 to 12 px."""
    page = np.zeros((size, size), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        walk = np.cumsum(rng.integers(-30, 31, (int(rng.integers(2, 7)), 2)), axis=0) + rng.integers(
            0, size, 2
        )
        cv2.polylines(page, [walk.astype(np.int32)], False, (1,), int(rng.integers(2, 13)))
    return page


def _scratches(size: int, rng: Rng, faces: tuple[str, ...]) -> NDArray[np.uint8]:
    """Long bent strokes whose width wanders, 1 to 7 px."""
    page = np.zeros((size, size), np.uint8)
    for _ in range(int(rng.integers(1, 5))):
        at, angle = rng.uniform(0, size, 2), float(rng.uniform(0, 2 * np.pi))
        width, bend = float(rng.uniform(1, 5)), float(rng.uniform(-0.08, 0.08))
        for _ in range(int(rng.integers(15, 60))):
            cv2.circle(page, (int(at[0]), int(at[1])), max(int(width / 2), 0), (1,), -1)
            angle += bend + float(rng.normal(0, 0.08))
            width = float(np.clip(width + rng.normal(0, 0.4), 1, 7))
            at = at + 2 * np.array([np.cos(angle), np.sin(angle)])
    return page


def _blobs(size: int, rng: Rng, faces: tuple[str, ...]) -> NDArray[np.uint8]:
    """Round things with a wavy outline, 6 to 28 px across."""
    page = np.zeros((size, size), np.uint8)
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for _ in range(int(rng.integers(1, 5))):
        waves = [rng.uniform(-0.3, 0.3) / k * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5)]
        radius = rng.uniform(3, 14) * (1 + np.sum(waves, axis=0))
        outline = rng.uniform(14, size - 14, 2) + radius[:, None] * np.stack(
            [np.cos(angle), np.sin(angle)], 1
        )
        cv2.fillPoly(page, [outline.astype(np.int32)], (1,))
    return page


_DRAW: Final = {"words": _words, "lines": _lines, "scratches": _scratches, "blobs": _blobs}


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
