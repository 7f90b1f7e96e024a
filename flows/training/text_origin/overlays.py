"""Lays words over a finished picture, as shops and editors do: crisp, in one colour, with outline, shadow or plate."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.lettering import Coverage, Lettering, bent, lettering, turned
from flows.training.text_origin.sources import words_for

Levels3 = NDArray[np.float32]
Box = tuple[int, int, int, int]
_VIVID = (
    (255, 255, 255),
    (0, 0, 0),
    (220, 20, 30),
    (255, 210, 0),
    (20, 60, 200),
    (255, 120, 0),
    (0, 140, 70),
)


def words_of_overlay(
    random: np.random.Generator, faces: tuple[str, ...], widest: int, largest: int = 80
) -> Lettering:
    """Words no wider than `widest` px: mostly level, some turned or bent, some outlined."""
    face = str(random.choice(np.asarray(faces)))
    size = int(np.exp(random.uniform(np.log(10), np.log(largest))))
    outline = int(random.integers(1, max(2, size // 10) + 1)) if size >= 16 and random.random() < 0.25 else 0
    words = lettering(face, size, words_for(face, random), outline)
    while words.letters.shape[1] > widest and size > 9:
        size = max(int(size * 0.8), 9)
        words = lettering(face, size, words_for(face, random), min(outline, size // 10))
    if random.random() < 0.06:
        words = bent(words, float(random.uniform(-0.6, 0.6)) * size)
    if random.random() < 0.2:
        words = turned(words, float(random.choice([90, -90, random.uniform(-45, 45), random.uniform(-8, 8)])))
    return words


def lay_over(
    picture: Levels3, words: Lettering, corner: tuple[int, int], random: np.random.Generator
) -> None:
    """Changes `picture` (H×W×3, levels) where the words are put, their frame's top left at `corner` (x, y)."""
    x, y = corner
    height, width = words.letters.shape
    view = picture[y : y + height, x : x + width]
    opacity = 1.0 if random.random() < 0.62 else float(random.uniform(0.2, 0.95))
    ink = _colour(random)
    if opacity == 1.0 and random.random() < 0.22:
        _plate(view, words, ink, random)
    elif random.random() < 0.25:
        _shadow(view, words.outlined, opacity, random)
    if words.outlined is not words.letters and (words.outlined > words.letters + 0.1).any():
        contrary = np.float32(255) - np.rint(ink / 255) * 255
        _mix(view, words.outlined * np.float32(opacity), contrary)
    if random.random() < 0.07:
        ink = _gradient(ink, _colour(random), view.shape)
    _mix(view, words.letters * np.float32(opacity), ink)


def _colour(random: np.random.Generator) -> Levels3:
    if random.random() < 0.65:
        return np.asarray(
            _VIVID[int(random.choice(len(_VIVID), p=[0.4, 0.22, 0.1, 0.08, 0.08, 0.06, 0.06]))], np.float32
        )
    return random.integers(0, 256, 3).astype(np.float32)


def _gradient(first: Levels3, second: Levels3, shape: tuple[int, ...]) -> Levels3:
    share = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    return np.asarray(first * (1 - share) + second * share, np.float32)


def _mix(view: Levels3, coverage: Coverage, colour: Levels3) -> None:
    view += coverage[..., None] * (colour - view)


def _shadow(view: Levels3, coverage: Coverage, opacity: float, random: np.random.Generator) -> None:
    dx, dy = (int(v) for v in random.integers(1, 5, 2))
    moved = np.roll(coverage, (dy, dx), (0, 1))
    moved = np.asarray(cv2.GaussianBlur(moved, (0, 0), float(random.uniform(0.4, 3))), np.float32)
    _mix(view, moved * np.float32(opacity * random.uniform(0.4, 0.9)), np.zeros(3, np.float32))


def _plate(view: Levels3, words: Lettering, ink: Levels3, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = words.extent
    pad = int(random.uniform(0.15, 0.5) * min(x1 - x0, y1 - y0)) + 2
    canvas: Coverage = np.zeros(words.letters.shape, np.float32)
    first, last = (max(x0 - pad, 0), max(y0 - pad, 0)), (x1 + pad, y1 + pad)
    if random.random() < 0.3:
        middle, axes = (
            ((x0 + x1) // 2, (y0 + y1) // 2),
            ((x1 - x0) * 6 // 10 + pad, (y1 - y0) * 7 // 10 + pad),
        )
        cv2.ellipse(canvas, middle, axes, 0, 0, 360, (1.0,), -1, cv2.LINE_AA)
        canvas = np.clip(canvas, 0, 1)
    else:
        cv2.rectangle(canvas, first, last, (1.0,), -1)
    colour = _colour(random)
    while np.abs(colour - ink).mean() < 70:
        colour = random.integers(0, 256, 3).astype(np.float32)
    _mix(view, canvas * np.float32(random.choice([1.0, 1.0, random.uniform(0.4, 0.9)])), colour)
