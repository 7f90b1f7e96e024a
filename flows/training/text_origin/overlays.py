"""Lays words over a finished picture, as shops and editors do: crisp, in one colour, with outline, shadow or plate."""

from __future__ import annotations

import cv2
import numpy as np

from flows.training.text_origin.lettering import Coverage, Lettering, arched, bent, lettering, shrunk, turned
from flows.training.text_origin.sources import words_for
from flows.training.text_origin.tones import Levels3, contrary, ink_on

_LARGE = 3
"""How much larger words are drawn that are turned or bent."""
SEEN = 22.0
"""Levels that words differ from what they lie on, on average, so that a person minds them."""


def words_of_overlay(
    random: np.random.Generator, faces: tuple[str, ...], widest: int, largest: int = 80
) -> Lettering:
    """Words no wider than `widest` px: mostly level, some turned or bent, some outlined; on the pixel grid or off it."""
    face = str(random.choice(np.asarray(faces)))
    size = int(np.exp(random.uniform(np.log(11), np.log(largest))))
    outline = int(random.integers(1, max(3, size // 10) + 1)) if size >= 16 and random.random() < 0.3 else 0
    text, way = words_for(face, random), random.random()
    finer = int(random.choice([1, 1, 2, 4]))
    words = lettering(face, size, text, outline, finer)
    while words.letters.shape[1] > widest and size > 9:
        size, text = max(int(size * 0.8), 9), words_for(face, random)
        outline = min(outline, size // 8)
        words = lettering(face, size, text, outline, finer)
    if way > 0.35:
        return words
    large = lettering(face, size * _LARGE, text, outline * _LARGE)
    if way < 0.12:
        return shrunk(arched(large, float(random.uniform(0.7, 2.2)) * large.letters.shape[1]), _LARGE)
    if way < 0.15:
        return shrunk(bent(large, float(random.uniform(-0.6, 0.6)) * size * _LARGE), _LARGE)
    angles = (90.0, -90.0, *random.uniform(-45, 45, 4), *random.uniform(-8, 8, 2))
    return shrunk(turned(large, float(random.choice(np.asarray(angles)))), _LARGE)


def lay_over(
    picture: Levels3, words: Lettering, corner: tuple[int, int], random: np.random.Generator
) -> None:
    """Changes `picture` (H×W×3, levels) where the words are put, their frame's top left at `corner` (x, y)."""
    x, y = corner
    height, width = words.letters.shape
    view = picture[y : y + height, x : x + width]
    opacity = 1.0 if random.random() < 0.6 else float(random.uniform(0.2, 0.9))
    style, ink = random.random(), None
    if style < 0.16:
        ink = _plate(view, words, random)
    ground = view[words.letters > 0.3].mean(axis=0) if (words.letters > 0.3).any() else view.mean(axis=(0, 1))
    ink = ink_on(ground, random, 60 if opacity == 1 else 80) if ink is None else ink
    if 0.16 <= style < 0.36:
        _shadow(view, words.outlined, opacity, random)
    elif 0.36 <= style < 0.44:
        _glow(view, words.outlined, contrary(ink), random)
    opacity = min(max(opacity, SEEN / max(float(np.abs(ink - ground).mean()), 1.0)), 1.0)
    if words.outlined is not words.letters and (words.outlined > words.letters + 0.1).any():
        rim = contrary(ink) if random.random() < 0.8 else ink_on(ink, random, 60)
        _mix(view, words.outlined * np.float32(opacity), rim)
    if random.random() < 0.05:
        ink = _gradient(ink, ink_on(ground, random, 60), view.shape)
    _mix(view, words.letters * np.float32(opacity), ink)


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


def _glow(view: Levels3, coverage: Coverage, colour: Levels3, random: np.random.Generator) -> None:
    halo = np.asarray(cv2.GaussianBlur(coverage, (0, 0), float(random.uniform(1, 4))), np.float32)
    _mix(view, np.minimum(halo * np.float32(1.6), 1) * np.float32(random.uniform(0.4, 0.9)), colour)


def _plate(view: Levels3, words: Lettering, random: np.random.Generator) -> Levels3:
    """A plate behind the words; the ink for them."""
    x0, y0, x1, y1 = words.extent
    pad = int(random.uniform(0.15, 0.5) * min(x1 - x0, y1 - y0)) + 2
    canvas: Coverage = np.zeros(words.letters.shape, np.float32)
    first, last = (max(x0 - pad, 0), max(y0 - pad, 0)), (x1 + pad, y1 + pad)
    form = random.random()
    if form < 0.25:
        middle, axes = (
            ((x0 + x1) // 2, (y0 + y1) // 2),
            ((x1 - x0) * 6 // 10 + pad, (y1 - y0) * 7 // 10 + pad),
        )
        cv2.ellipse(canvas, middle, axes, 0, 0, 360, (1.0,), -1, cv2.LINE_AA)
    elif form < 0.4:
        canvas[first[1] : last[1]] = 1
    else:
        cv2.rectangle(canvas, first, last, (1.0,), -1)
    colour = ink_on(np.full(3, 128, np.float32), random, 0)
    opacity = float(random.choice([1.0, 1.0, random.uniform(0.4, 0.9)]))
    _mix(view, np.clip(canvas, 0, 1) * np.float32(opacity), colour)
    return ink_on(colour, random, 70)
