"""Draws training pictures: a photograph with print in it and words laid over it, then stored as shops store them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.lettering import Lettering
from flows.training.text_origin.overlays import lay_over, words_of_overlay
from flows.training.text_origin.prints import print_on, words_of_print
from model_registry.engines.contract import TextLine

Bytes3 = NDArray[np.uint8]
Levels3 = NDArray[np.float32]
Kind = Literal["overlay", "scene"]
Box = tuple[float, float, float, float]
SMALLEST, LARGEST = 260, 900
"""Longer side of a drawn picture before it is stored, px."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished picture, and where which text was put. What it held before is print or no text."""

    picture: Bytes3
    truth: tuple[tuple[Box, Kind], ...]


def drawn(random: np.random.Generator, photograph: Bytes3, faces: tuple[str, ...]) -> Drawn:
    """A picture of the photograph: print as a camera sees it first, overlays as an editor lays them, then storage."""
    if random.random() < 0.12:
        return _page(random, faces)
    base = _framed(random, photograph)
    placed: list[tuple[Box, Kind]] = []
    shrunk = float(random.uniform(0.45, 1)) if random.random() < 0.45 and min(base.shape[:2]) > 300 else 1.0
    blur = float(random.uniform(0.65, 1.5) if random.random() < 0.85 else random.uniform(0.4, 0.65)) / shrunk
    for _ in range(int(random.choice([0, 2, 3, 4], p=[0.2, 0.3, 0.3, 0.2]))):
        words = words_of_print(random, faces, int(base.shape[1] * 0.8))
        corner = _free(random, base.shape, words, placed)
        if corner is not None:
            print_on(base, words, corner, blur, random)
            placed.append((_box(words, corner), "scene"))
    base, placed = _as_published(random, base, placed, shrunk)
    for _ in range(int(random.choice([0, 2, 3, 5], p=[0.15, 0.3, 0.3, 0.25]))):
        words = words_of_overlay(random, faces, int(base.shape[1] * 0.9))
        corner = _free(random, base.shape, words, placed)
        if corner is not None:
            lay_over(base, words, corner, random)
            placed.append((_box(words, corner), "overlay"))
    if random.random() < 0.15:
        base, placed = _resized(random, base, placed, float(random.uniform(0.5, 1)))
    return Drawn(_stored(random, base), tuple(placed))


def _page(random: np.random.Generator, faces: tuple[str, ...]) -> Drawn:
    """A page or a screen that was never photographed: one colour or a gradient, with boxes, and words on it."""
    height, width = (int(v) for v in random.integers(SMALLEST, 640, 2))
    first = random.integers(0, 256, 3) if random.random() < 0.4 else random.integers(225, 256, 3)
    last = first if random.random() < 0.7 else random.integers(0, 256, 3)
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    base = (first * (1 - share) + last * share).astype(np.float32) * np.ones((1, width, 1), np.float32)
    for _ in range(int(random.integers(0, 5))):
        x, y = int(random.integers(0, width - 40)), int(random.integers(0, height - 30))
        corner = (x + int(random.integers(30, 300)), y + int(random.integers(20, 120)))
        colour = tuple(float(v) for v in random.integers(0, 256, 3))
        cv2.rectangle(base, (x, y), corner, colour, int(random.choice([1, -1])))
    placed: list[tuple[Box, Kind]] = []
    for _ in range(8):
        words = words_of_overlay(random, faces, int(width * 0.6), largest=30)
        place = _free(random, base.shape, words, placed)
        if place is not None:
            lay_over(base, words, place, random)
            placed.append((_box(words, place), "overlay"))
    return Drawn(_stored(random, base), tuple(placed))


def _framed(random: np.random.Generator, photograph: Bytes3) -> Levels3:
    """A part of the photograph, or all of it, at some size."""
    height, width = photograph.shape[:2]
    share = (
        float(random.uniform(0.4, 1))
        if min(height, width) > 700
        else float(random.choice([1, random.uniform(0.7, 1)]))
    )
    tall, wide = int(height * share), int(width * share)
    y, x = int(random.integers(0, height - tall + 1)), int(random.integers(0, width - wide + 1))
    part = photograph[y : y + tall, x : x + wide].astype(np.float32)
    longest = float(random.uniform(SMALLEST, LARGEST))
    scale = min(longest / max(tall, wide), 1.0)
    if scale > 0.9:
        return part
    return np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)


def _free(
    random: np.random.Generator, shape: tuple[int, ...], words: Lettering, placed: Sequence[tuple[Box, Kind]]
) -> tuple[int, int] | None:
    """Top left corner, x and y, of a place for the words; None when none was found."""
    height, width = words.letters.shape
    if height >= shape[0] or width >= shape[1]:
        return None
    for _ in range(12):
        x, y = int(random.integers(0, shape[1] - width)), int(random.integers(0, shape[0] - height))
        if all(_share(_box(words, (x, y)), other) == 0 for other, _ in placed):
            return x, y
    return None


def _box(words: Lettering, corner: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = words.extent
    return x0 + corner[0], y0 + corner[1], x1 + corner[0], y1 + corner[1]


def _as_published(
    random: np.random.Generator, base: Levels3, placed: list[tuple[Box, Kind]], shrunk: float
) -> tuple[Levels3, list[tuple[Box, Kind]]]:
    """What happens to a photograph before anybody lays words over it: shrunk, sharpened, stored."""
    if shrunk < 1:
        base, placed = _resized(random, base, placed, shrunk)
    if random.random() < 0.3:
        soft = np.asarray(cv2.GaussianBlur(base, (0, 0), float(random.uniform(0.5, 1.2))), np.float32)
        base = np.clip(base + np.float32(random.uniform(0.3, 1.2)) * (base - soft), 0, 255)
    if random.random() < 0.5:
        base = _compressed(random, np.rint(np.clip(base, 0, 255)).astype(np.uint8), 80, 97).astype(np.float32)
    return base, placed


def _resized(
    random: np.random.Generator, base: Levels3, placed: list[tuple[Box, Kind]], scale: float
) -> tuple[Levels3, list[tuple[Box, Kind]]]:
    kernel = int(random.choice([cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4]))
    small = np.asarray(cv2.resize(base, None, fx=scale, fy=scale, interpolation=kernel), np.float32)
    fx, fy = small.shape[1] / base.shape[1], small.shape[0] / base.shape[0]
    return np.clip(small, 0, 255), [((a * fx, b * fy, c * fx, d * fy), kind) for (a, b, c, d), kind in placed]


def _stored(random: np.random.Generator, base: Levels3) -> Bytes3:
    levels = np.rint(np.clip(base, 0, 255)).astype(np.uint8)
    return _compressed(random, levels, 70, 96) if random.random() < 0.75 else levels


def _compressed(random: np.random.Generator, levels: Bytes3, low: int, high: int) -> Bytes3:
    sampling = int(
        random.choice([cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444])
    )
    flags = [
        cv2.IMWRITE_JPEG_QUALITY,
        int(random.integers(low, high)),
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        sampling,
    ]
    _, stored = cv2.imencode(".jpg", np.ascontiguousarray(levels[..., ::-1]), flags)
    return np.ascontiguousarray(cv2.imdecode(stored, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


def stored_again(
    random: np.random.Generator, made: Drawn, lines: Sequence[TextLine]
) -> tuple[Drawn, tuple[TextLine, ...]]:
    """The picture shrunk somewhat and compressed once more, with its truth and the lines read in it."""
    scale = (
        float(random.uniform(0.7, 1)) if min(made.picture.shape[:2]) > 200 and random.random() < 0.3 else 1.0
    )
    small = np.asarray(
        cv2.resize(made.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    fx, fy = small.shape[1] / made.picture.shape[1], small.shape[0] / made.picture.shape[0]
    truth = tuple(((a * fx, b * fy, c * fx, d * fy), kind) for (a, b, c, d), kind in made.truth)
    moved = tuple(replace(line, polygon=tuple((x * fx, y * fy) for x, y in line.polygon)) for line in lines)
    return Drawn(_compressed(random, small, 72, 97), truth), moved


def kind_of(line: TextLine, truth: Sequence[tuple[Box, Kind]]) -> Kind | None:
    """What a reader's line is: that of the text it mostly covers; what covers none was in the photograph: `scene`.

    None where it lies on the brim of one, or on two kinds."""
    xs, ys = zip(*line.polygon, strict=True)
    box = (min(xs), min(ys), max(xs), max(ys))
    shares = {"overlay": 0.0, "scene": 0.0}
    for other, kind in truth:
        shares[kind] = max(shares[kind], _share(box, other), 0.999 * _share(other, box))
    if max(shares.values()) < 0.05:
        return "scene"
    if shares["overlay"] > 0.5 and shares["scene"] < 0.1:
        return "overlay"
    return "scene" if shares["scene"] > 0.5 and shares["overlay"] < 0.1 else None


def _share(box: Box, other: Box) -> float:
    """How much of `box` lies in `other`, 0–1."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(wide, 0) * max(tall, 0) / area if area > 0 else 0.0
