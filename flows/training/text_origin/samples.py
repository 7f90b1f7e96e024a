"""Draws training pictures: a photograph with print in it and words laid over it, then stored as shops store them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from flows.training.text_origin.boxes import Corners, box_about
from flows.training.text_origin.files import Bytes3, Levels3, published, resized, stored
from flows.training.text_origin.lettering import Lettering
from flows.training.text_origin.overlays import lay_over, words_of_overlay
from flows.training.text_origin.pages import page, rendering
from flows.training.text_origin.placing import Kind, Placed, free, meets, moved
from flows.training.text_origin.prints import print_on, words_of_print
from flows.training.text_origin.sources import Photograph
from tasks.detection.origin_edges import picture_abruptness

SMALLEST, LARGEST = 260, 900
"""Longer side of a drawn picture before it is stored, px."""
PAGES, RENDERINGS = 0.1, 0.08
"""Of the pictures that no camera took: words on a page, and print on a rendered thing."""
_STEP, _WARPED = 0.4, 0.3
"""An edge blurred by σ px rises by about this share over σ from one pixel to the next; and σ of words that were warped."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished picture, and a detector's boxes in it, each with what it holds. What the photograph held is print or no text."""

    picture: Bytes3
    lines: tuple[Placed, ...]


def drawn(random: np.random.Generator, photograph: Photograph, faces: tuple[str, ...]) -> Drawn:
    """A picture of the photograph: print as a camera sees it first, overlays as an editor lays them, then storage."""
    way = random.random()
    if way < PAGES:
        base = page(random, SMALLEST, 640)
        return _finished(random, *_overlaid(random, base, [], faces, 8, largest=30))
    if way < PAGES + RENDERINGS:
        base, placed = rendering(random, faces, SMALLEST, 640)
    else:
        base, placed = _photographed(random, photograph, faces)
    most = int(random.choice([0, 1, 2, 4], p=[0.2, 0.4, 0.25, 0.15]))
    base, placed = _overlaid(random, base, placed, faces, most)
    if random.random() < 0.08:
        base, placed = resized(random, base, placed, float(random.uniform(0.5, 1)))
    return _finished(random, base, placed)


def _photographed(
    random: np.random.Generator, photograph: Photograph, faces: tuple[str, ...]
) -> tuple[Levels3, list[Placed]]:
    """A part of the photograph with print in it, as published."""
    base, placed = _framed(random, photograph)
    shrunk = float(random.uniform(0.4, 1)) if random.random() < 0.5 and min(base.shape[:2]) > 360 else 1.0
    blur = _blur(random, base, shrunk)
    for _ in range(int(random.choice([0, 2, 3, 4], p=[0.25, 0.25, 0.3, 0.2]))):
        words = words_of_print(random, faces, int(base.shape[1] * 0.8))
        corner = free(random, base.shape, words.letters.shape, placed)
        if corner is not None:
            print_on(base, words, corner, blur, random)
            _put(random, placed, words, corner, "scene")
    if shrunk < 1:
        base, placed = resized(random, base, placed, shrunk)
    return published(random, base), placed


def _blur(random: np.random.Generator, base: Levels3, shrunk: float) -> float:
    """The camera's, px: print is about as sharp as the sharpest that the photograph shows at its final size."""
    seen = np.rint(np.clip(base, 0, 255)).astype(np.uint8)
    if shrunk < 1:
        seen = np.asarray(
            cv2.resize(seen, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.uint8
        )
    _, sharpest = picture_abruptness(seen)
    least = _STEP / min(sharpest, 0.95) if np.isfinite(sharpest) else 0.6
    wanted = float(np.clip(least * random.uniform(0.45, 1.5), 0.3, 2.0)) / shrunk
    return float(np.sqrt(max(wanted**2 - _WARPED**2, 0.01)))


def _overlaid(
    random: np.random.Generator, base: Levels3, placed: list[Placed], faces: tuple[str, ...], most: int,
    largest: int = 80,
) -> tuple[Levels3, list[Placed]]:  # fmt: skip
    for _ in range(most):
        words = words_of_overlay(random, faces, int(base.shape[1] * 0.9), largest)
        corner = free(random, base.shape, words.letters.shape, placed)
        if corner is not None:
            lay_over(base, words, corner, random)
            _put(random, placed, words, corner, "overlay")
    return base, placed


def _put(
    random: np.random.Generator, placed: list[Placed], words: Lettering, corner: tuple[int, int], kind: Kind
) -> None:
    """Adds a box about the words, and takes away those of the photograph that they lie on."""
    box = box_about(words.outlined, random)
    height, width = words.letters.shape
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64) + np.asarray(corner)
    placed[:] = [other for other in placed if not (other.own and meets(other.corners, frame))]
    if box is not None:
        placed.append(Placed(box + np.asarray(corner, np.float64), kind, False))


def _framed(random: np.random.Generator, photograph: Photograph) -> tuple[Levels3, list[Placed]]:
    """A part of the photograph, or all of it, at some size; with the boxes that lie in it."""
    height, width = photograph.pixels.shape[:2]
    share = (
        float(random.uniform(0.4, 1))
        if min(height, width) > 700
        else float(random.choice([1, random.uniform(0.7, 1)]))
    )
    tall, wide = int(height * share), int(width * share)
    y, x = int(random.integers(0, height - tall + 1)), int(random.integers(0, width - wide + 1))
    part = photograph.pixels[y : y + tall, x : x + wide].astype(np.float32)
    low, high = np.array([x, y]), np.array([x + wide, y + tall])
    whole = [
        c for c in photograph.boxes if (c.min(axis=0) >= low - 2).all() and (c.max(axis=0) <= high + 2).all()
    ]
    placed = [Placed(_within(c - low, (wide, tall)), "scene", True) for c in whole]
    scale = min(float(random.uniform(SMALLEST, LARGEST)) / max(tall, wide), 1.0)
    if scale > 0.9:
        return part, placed
    small = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
    return small, moved(placed, small.shape[1] / wide, small.shape[0] / tall)


def _within(corners: Corners, size: tuple[int, int]) -> Corners:
    return np.clip(corners, 0, size)


def _finished(random: np.random.Generator, base: Levels3, placed: Sequence[Placed]) -> Drawn:
    return Drawn(stored(random, base), tuple(placed))


def stored_again(random: np.random.Generator, made: Drawn) -> Drawn:
    """The picture shrunk somewhat and compressed once more."""
    base, placed = made.picture.astype(np.float32), list(made.lines)
    if min(base.shape[:2]) > 200 and random.random() < 0.3:
        base, placed = resized(random, base, placed, float(random.uniform(0.7, 1)))
    return replace(made, picture=stored(random, base, always=True), lines=tuple(placed))
