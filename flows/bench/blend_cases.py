"""What bench `blend` blends: two photographs over rectangles and irregular zones of 40 sizes, and its rivals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft  # type: ignore[import-untyped]

from flows.demo.photographs import photograph

Levels = NDArray[np.uint8]
Zone = NDArray[np.bool_]

TARGET, SOURCE = "rocket", "coffee"
"""Neither is a picture that anything was tuned on."""
MARGIN = 16
UNLUCKY = ((233, 239), (467, 467), (937, 937), (947, 1013), (1897, 1498), (1999, 1997))
"""Box sizes with large prime factors (of the size, or of the sizes a transform makes of it)."""
COUNT = 40
_SMALLEST, _LARGEST = 0.05e6, 4.0e6


@dataclass(frozen=True, slots=True)
class Case:
    """Two pictures of one size, and the zone of the one that the other is blended into."""

    shape: str
    height: int
    width: int
    target: Levels
    source: Levels
    zone: Zone


def sizes(quick: bool) -> list[tuple[int, int]]:
    """Box sizes from 0.05 to 4 MP in equal ratios, of several aspects, the unlucky ones among them; quick: a quarter, to 0.5 MP."""
    areas = np.geomspace(_SMALLEST, _LARGEST, COUNT - len(UNLUCKY))
    aspects = np.resize([1.0, 1.5, 0.6, 2.5], areas.size)
    made = [
        (round(float(np.sqrt(a / r))), round(float(np.sqrt(a * r))))
        for a, r in zip(areas, aspects, strict=True)
    ]
    everything = sorted([*made, *UNLUCKY], key=lambda size: size[0] * size[1])
    return [s for s in everything if s[0] * s[1] <= 0.5e6][::2] if quick else everything


def cases(quick: bool) -> Iterator[Case]:
    """A rectangle of every size, and an irregular zone in the box of every second one."""
    for number, (height, width) in enumerate(sizes(quick)):
        target, source = (_picture(name, height, width) for name in (TARGET, SOURCE))
        shapes = {"rectangle": np.ones((height, width), bool)}
        if number % 2:
            shapes["irregular"] = _irregular(height, width, number)
        for shape, inside in shapes.items():
            yield Case(shape, height, width, target, source, np.pad(inside, MARGIN))


def _picture(name: str, height: int, width: int) -> Levels:
    pixels = np.round(photograph(name) * 255).astype(np.uint8)
    size = (width + 2 * MARGIN, height + 2 * MARGIN)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _irregular(height: int, width: int, seed: int) -> Zone:
    """A blob with bays, islands and parts that reaches all four sides of its box."""
    grid = np.random.default_rng(seed).standard_normal((9, 9)).astype(np.float32)
    hills = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    zone = np.asarray(hills > -0.4)
    zone[:, width // 2] = zone[height // 2] = True
    return zone


def seamless_clone(case: Case) -> Levels:
    """The rival: OpenCV's, around the box's centre."""
    height, width = case.zone.shape
    mask = case.zone.view(np.uint8) * np.uint8(255)
    made = cv2.seamlessClone(case.source, case.target, mask, (width // 2, height // 2), cv2.NORMAL_CLONE)
    return np.asarray(made, np.uint8)


def sine_transform(case: Case) -> Levels:
    """The other rival, for rectangles: the same correction by scipy's sine transform, float32."""
    correction = sine_correction(case, np.float32)
    out = case.target.copy()
    rows, columns = slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN)
    out[rows, columns] = np.clip(np.rint(case.source[rows, columns] + correction), 0, 255)
    return out


def sine_correction(case: Case, dtype: type[np.floating]) -> NDArray[np.floating]:
    """By how much a rectangle's source moves, in levels; exact but for the rounding of `dtype`."""
    rows, columns = slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN)
    difference = case.target.astype(dtype) - case.source
    right = np.zeros((case.height, case.width, 3), dtype)
    right[0] += difference[MARGIN - 1, columns]
    right[-1] += difference[-MARGIN, columns]
    right[:, 0] += difference[rows, MARGIN - 1]
    right[:, -1] += difference[rows, -MARGIN]
    y, x = (2 - 2 * np.cos(np.pi * np.arange(1, n + 1) / (n + 1)) for n in (case.height, case.width))
    spectrum = fft.dstn(right, 1, axes=(0, 1)) / (y[:, None] + x).astype(dtype)[..., None]
    return np.asarray(fft.idstn(spectrum, 1, axes=(0, 1)))
