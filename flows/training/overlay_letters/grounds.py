"""What training words are drawn on: crops of photographs, changed in every way that keeps them pictures, and made-up surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.boxes import Corners
from flows.training.text_origin.files import Levels3, published
from flows.training.text_origin.pages import page
from flows.training.text_origin.sources import Photograph

T = TypeVar("T", bound=np.generic)
Labels = NDArray[np.uint8]
OVERLAY, SCENE, NEITHER, NOT_OVERLAY, UNSAID = 0, 1, 2, 3, 255
"""What a pixel is: lettering laid over, print in the scene, neither; one of the last two; or anything."""
_SMALLEST = 0.22
"""A crop shows at most 1 / this pixels of the photograph for each of its own, along a side."""
_PHOTOGRAPHS, _MIXTURES = 0.78, 0.08


def ground(
    random: np.random.Generator, photographs: Sequence[Photograph], side: int, printed: bool = False
) -> tuple[Levels3, Labels]:
    """side×side×3 levels and side×side labels, nothing drawn on it yet.

    printed: a part of a photograph about something that a reader took for text."""
    if printed:
        base, labels = _about_print(random, photographs, side)
        return np.clip(published(random, np.clip(_recoloured(random, base), 0, 255)), 0, 255), labels
    way = random.random()
    if way < _PHOTOGRAPHS:
        base, labels = _crop(random, photographs, side)
    elif way < _PHOTOGRAPHS + _MIXTURES:
        base, labels = _crop(random, photographs, side)
        other, _ = _crop(random, photographs, side)
        base = _mixed(random, base, other)
    else:
        return _surface(random, side), np.full((side, side), NEITHER, np.uint8)
    base = _recoloured(random, base)
    if random.random() < 0.25:
        sigma = float(random.choice([0.4, 0.6, 0.9, 1.5, 3.0]))
        base = np.asarray(cv2.GaussianBlur(base, (0, 0), sigma), np.float32)
    if random.random() < 0.2:
        base = base + random.normal(0, float(random.uniform(1, 9)), base.shape).astype(np.float32)
    return np.clip(published(random, np.clip(base, 0, 255)), 0, 255), labels


def _crop(
    random: np.random.Generator, photographs: Sequence[Photograph], side: int
) -> tuple[Levels3, Labels]:
    chosen = photographs[int(random.integers(0, len(photographs)))]
    height, width = chosen.pixels.shape[:2]
    least = max(side / min(height, width), _SMALLEST)
    scale = float(np.exp(random.uniform(np.log(min(least, 1.3)), np.log(max(least, 1.0)))))
    span = min(round(side / scale), height, width)
    y, x = int(random.integers(0, height - span + 1)), int(random.integers(0, width - span + 1))
    return _cut(random, chosen, (x, y), span, side)


def _about_print(
    random: np.random.Generator, photographs: Sequence[Photograph], side: int
) -> tuple[Levels3, Labels]:
    """A crop about a reader's box, upright, mirrored now and then as wearers of shirts are in mirrors."""
    boxed = [(p, parts) for p in photographs if (parts := [c for c in p.boxes if _is_part(c, p)])]
    if not boxed:
        return _crop(random, photographs, side)
    chosen, parts = boxed[int(random.integers(0, len(boxed)))]
    corners = parts[int(random.integers(0, len(parts)))]
    height, width = chosen.pixels.shape[:2]
    long, most = float(np.ptp(corners, axis=0).max()), min(height, width)
    span = int(
        np.clip(long * float(np.exp(random.uniform(np.log(0.9), np.log(4.0)))), min(side // 2, most), most)
    )
    at = []
    for middle, room in zip(
        corners.mean(axis=0) + random.normal(0, 0.15 * span, 2), (width, height), strict=True
    ):
        at.append(int(np.clip(middle - span / 2, 0, room - span)))
    return _cut(random, chosen, (at[0], at[1]), span, side)


def _is_part(corners: Corners, photograph: Photograph) -> bool:
    """Whether a box is of some print, and not of a photograph that no reader has seen."""
    return bool(np.ptp(corners, axis=0).max() < 0.8 * max(photograph.pixels.shape[:2]))


def _cut(
    random: np.random.Generator, chosen: Photograph, corner: tuple[int, int], span: int, side: int
) -> tuple[Levels3, Labels]:
    """span×span pixels of a photograph at `corner` (x, y) as side×side, turned or mirrored, and their labels."""
    x, y = corner
    part = chosen.pixels[y : y + span, x : x + span]
    kernel = cv2.INTER_AREA if span > side else cv2.INTER_CUBIC
    base = np.asarray(cv2.resize(part, (side, side), interpolation=kernel), np.float32)
    labels: Labels = np.full((side, side), NEITHER, np.uint8)
    for corners in chosen.boxes:
        at = np.rint((corners - (x, y)) * (side / span)).astype(np.int32)
        cv2.fillPoly(labels, [at], (NOT_OVERLAY,))
    way = int(random.integers(0, 8))
    return _turned(base, way), _turned(labels, way)


def _turned(plane: NDArray[T], way: int) -> NDArray[T]:
    """One of the eight ways a square fits itself."""
    plane = np.rot90(plane, way // 2)
    return np.ascontiguousarray(plane[:, ::-1] if way % 2 else plane)


def _mixed(random: np.random.Generator, base: Levels3, other: Levels3) -> Levels3:
    """Two crops as one: see-through, multiplied, or side by side along a crisp edge."""
    way, share = random.random(), np.float32(random.uniform(0.3, 0.7))
    if way < 0.4:
        return np.asarray(base * share + other * (1 - share), np.float32)
    if way < 0.7:
        return np.asarray(base * other / 255, np.float32)
    where = np.zeros(base.shape[:2], np.float32)
    points = random.integers(0, base.shape[0], (int(random.integers(3, 6)), 2)).astype(np.int32)
    cv2.fillPoly(where, [points], (1.0,), cv2.LINE_AA)
    return np.asarray(base + where[..., None] * (other - base), np.float32)


def _recoloured(random: np.random.Generator, base: Levels3) -> Levels3:
    """Brightness, contrast, tint and gamma changed as cameras and editors do."""
    if random.random() < 0.1:
        base = base.mean(axis=2, keepdims=True) * np.ones((1, 1, 3), np.float32)
    if random.random() < 0.15:
        base = base[..., random.permutation(3)]
    gamma = np.float32(np.exp(random.normal(0, 0.3)))
    gain = random.normal(1, 0.12, 3).astype(np.float32) * np.float32(np.exp(random.normal(0, 0.15)))
    lit = np.asarray((np.clip(base, 0, 255) / 255) ** gamma * 255 * gain, np.float32)
    return lit + np.float32(random.normal(0, 12))


def _surface(random: np.random.Generator, side: int) -> Levels3:
    """No photograph: a page with boxes, a gradient, a noise of several scales, stripes, or dots."""
    way = random.random()
    if way < 0.45:
        return np.clip(page(random, side, side + 1)[:side, :side], 0, 255)
    first, last = (random.integers(0, 256, 3).astype(np.float32) for _ in range(2))
    if way < 0.6:
        share = _ramp(random, side)
    elif way < 0.82:
        share = _cloud(random, side)
    else:
        share = _pattern(random, side)
    base = first + (last - first) * share[..., None]
    if random.random() < 0.4:
        base = base + random.normal(0, float(random.uniform(0.5, 8)), base.shape)
    return np.clip(base, 0, 255).astype(np.float32)


def _ramp(random: np.random.Generator, side: int) -> Levels3:
    ys, xs = np.mgrid[:side, :side].astype(np.float32) / side
    angle = float(random.uniform(0, 2 * np.pi))
    along = xs * np.cos(angle) + ys * np.sin(angle)
    return np.asarray((along - along.min()) / (along.max() - along.min()), np.float32)


def _cloud(random: np.random.Generator, side: int) -> Levels3:
    """Noise whose octaves fall off at random: smoke, stone, grass."""
    total, fall = np.zeros((side, side), np.float32), float(random.uniform(0.4, 1.1))
    stretch = float(random.choice([1.0, 1.0, 3.0]))
    for octave in range(7):
        cells = (2 ** (octave + 1), max(int(2 ** (octave + 1) / stretch), 1))
        noise = random.normal(0, 1, cells).astype(np.float32)
        total += np.float32(fall**octave) * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    low, high = np.percentile(total, [2, 98])
    return np.asarray(np.clip((total - low) / max(high - low, 1e-6), 0, 1), np.float32)


def _pattern(random: np.random.Generator, side: int) -> Levels3:
    """Stripes, squares or dots, crisp or soft, turned: cloth and tiles."""
    ys, xs = np.mgrid[:side, :side].astype(np.float32)
    angle, period = float(random.uniform(0, np.pi)), float(np.exp(random.uniform(np.log(5), np.log(60))))
    u = np.sin((xs * np.cos(angle) + ys * np.sin(angle)) * 2 * np.pi / period)
    v = np.sin((ys * np.cos(angle) - xs * np.sin(angle)) * 2 * np.pi / period)
    wave = (u, u * v, np.maximum(u, v), u * u + v * v - 1)[int(random.integers(0, 4))]
    return np.asarray(np.clip(0.5 + wave * float(random.choice([0.5, 1.5, 6.0])), 0, 1), np.float32)
