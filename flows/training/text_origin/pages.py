"""Pictures that no camera took: pages and screens, and rendered things with print on them."""

from __future__ import annotations

import cv2
import numpy as np

from flows.training.text_origin.boxes import box_about
from flows.training.text_origin.files import Levels3
from flows.training.text_origin.lettering import Lettering
from flows.training.text_origin.placing import Placed, free
from flows.training.text_origin.prints import words_of_print
from flows.training.text_origin.tones import ink_on


def page(random: np.random.Generator, least: int, most: int) -> Levels3:
    """H×W×3 levels, sides between `least` and `most`: one colour or a gradient, with boxes."""
    height, width = (int(v) for v in random.integers(least, most, 2))
    first = random.integers(0, 256, 3) if random.random() < 0.4 else random.integers(225, 256, 3)
    last = first if random.random() < 0.7 else random.integers(0, 256, 3)
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    base = (first * (1 - share) + last * share).astype(np.float32) * np.ones((1, width, 1), np.float32)
    for _ in range(int(random.integers(0, 5))):
        x, y = int(random.integers(0, width - 40)), int(random.integers(0, height - 30))
        corner = (x + int(random.integers(30, 300)), y + int(random.integers(20, 120)))
        colour = tuple(float(v) for v in random.integers(0, 256, 3))
        cv2.rectangle(base, (x, y), corner, colour, int(random.choice([1, -1])))
    return base


def rendering(
    random: np.random.Generator, faces: tuple[str, ...], least: int, most: int
) -> tuple[Levels3, list[Placed]]:
    """A thing on a plain ground as renderers show it, print on it in its light: crisp, but shaded and mostly askew."""
    height, width = (int(v) for v in random.integers(least, most, 2))
    paper = random.integers(225, 256, 3) if random.random() < 0.8 else random.integers(0, 256, 3)
    base = np.ones((height, width, 1), np.float32) * paper.astype(np.float32)
    thing, light, colour = _thing(random, height, width)
    inner = cv2.erode(thing, np.ones((9, 9), np.uint8)) > 0.99
    flat, placed = np.ones((height, width, 1), np.float32) * colour, list[Placed]()
    for _ in range(int(random.integers(1, 5))):
        words = words_of_print(random, faces, int(width * 0.5))
        corner = free(random, base.shape, words.letters.shape, placed)
        if corner is None or not inner[_where(words, corner)][words.letters > 0.3].all():
            continue
        cover = np.asarray(
            cv2.GaussianBlur(words.letters, (0, 0), float(random.uniform(0.25, 0.6))), np.float32
        )
        part = flat[_where(words, corner)]
        part += cover[..., None] * (ink_on(colour, random, 50) - part)
        box = box_about(words.letters, random)
        if box is not None:
            placed.append(Placed(box + np.asarray(corner, np.float64), "scene", False))
    base += thing[..., None] * (np.clip(flat * light[..., None], 0, 255) - base)
    base += random.normal(0, float(random.choice([0.0, 0.3, 1.0])), base.shape).astype(np.float32)
    return base, placed


def _where(words: Lettering, corner: tuple[int, int]) -> tuple[slice, slice]:
    height, width = words.letters.shape
    return slice(corner[1], corner[1] + height), slice(corner[0], corner[0] + width)


def _thing(random: np.random.Generator, height: int, width: int) -> tuple[Levels3, Levels3, Levels3]:
    """Where it is, 0–1, the light on it, about 1, both H×W; and its colour, 3 levels."""
    where = np.zeros((height, width), np.float32)
    low, high = random.uniform(0.02, 0.2, 2), random.uniform(0.8, 0.98, 2)
    first, last = (int(low[0] * width), int(low[1] * height)), (int(high[0] * width), int(high[1] * height))
    if random.random() < 0.5:
        cv2.rectangle(where, first, last, (1.0,), -1)
    else:
        middle = ((first[0] + last[0]) // 2, (first[1] + last[1]) // 2)
        cv2.ellipse(
            where, middle, (middle[0] - first[0], middle[1] - first[1]), 0, 0, 360, (1.0,), -1, cv2.LINE_AA
        )
    across = np.linspace(-1, 1, width, dtype=np.float32)[None] - np.float32(random.uniform(-0.5, 0.5))
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = (
        1 - np.float32(random.uniform(0.15, 0.6)) * across**2 + np.float32(random.uniform(-0.2, 0.2)) * down
    )
    colour = random.integers(20, 250, 3).astype(np.float32)
    return where, np.asarray(light, np.float32), colour
