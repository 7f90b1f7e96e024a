"""Where lettering laid over a picture is, pixel by pixel, as a network sees it that was trained for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Pixels, TextLine
from tasks.contracts import Zone
from tasks.detection.lines import outline

LARGEST = 4_000_000
"""Pixels: a larger picture is looked at scaled down, as the reader does."""
LEAST = 16
"""px: a picture with a shorter side is not looked at; the network folds 16 px into one."""
Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Letters:
    """What the network says of each pixel. H×W each, 0–1; what is left to 1 is no lettering at all."""

    overlay: Plane
    """Lettering laid over the picture, or within 2 px of it."""
    scene: Plane
    """Print that the camera saw."""


def shown(image: NDArray[np.uint8]) -> Pixels:
    """The picture as the network is shown it: float32, 0–1, scaled down to LARGEST.

    image: H×W×3 uint8 RGB, unchanged."""
    share = (LARGEST / (image.shape[0] * image.shape[1])) ** 0.5
    if share < 1:
        image = np.asarray(
            cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8
        )
    return image.astype(np.float32) / np.float32(255)


def letters_of(chances: Pixels, size: tuple[int, int]) -> Letters:
    """The network's answer, h×w×3, at the picture's own size (H, W)."""
    if chances.shape[:2] != size:
        chances = np.asarray(cv2.resize(chances, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    return Letters(np.ascontiguousarray(chances[..., 0]), np.ascontiguousarray(chances[..., 1]))


def area_of(line: TextLine, size: tuple[int, int], grown: float = 0.0) -> Zone:
    """Which pixels of a picture of `size` (H, W) lie in the line's outline, or within `grown` px of it."""
    canvas = np.zeros(size, np.uint8)
    corners = np.rint(outline(line, 0.0)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], (1,))
    if grown >= 1:
        cv2.polylines(canvas, [corners], True, (1,), 2 * round(grown) + 1)
    return canvas > 0


def areas_of(lines: Sequence[TextLine], size: tuple[int, int], grown: Sequence[float]) -> Zone:
    """The union of the lines' areas."""
    found = np.zeros(size, np.bool_)
    for line, by in zip(lines, grown, strict=True):
        found |= area_of(line, size, by)
    return found
