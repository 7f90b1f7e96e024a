"""One training crop from a seed: a ground, print that a camera saw, words laid over it, and storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.overlay_letters.grounds import (
    NEITHER,
    NOT_OVERLAY,
    OVERLAY,
    SCENE,
    UNSAID,
    Labels,
    ground,
)
from flows.training.overlay_letters.overlaying import overlaid, shapes
from flows.training.text_origin.files import Levels3, compressed
from flows.training.text_origin.prints import print_on, words_of_print
from flows.training.text_origin.sources import Photograph
from tasks.detection.origin_edges import picture_abruptness

SIDE = 192
_PRINTED, _OVERLAID, _SHAPED = 0.45, 0.68, 0.15
_LATER, _ABOUT_PRINT = 5100, 0.35
"""From this crop on so many show what a reader took for text in a photograph: first what lettering is, then what is print."""
_SHRUNK = 0.14
"""Of the crops are shrunk after words were laid over, as shops do."""
_STEP, _WARPED = 0.4, 0.3
"""An edge blurred by σ px rises by about this share over σ from one pixel to the next; σ of words that were warped."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A crop and what it holds, pixel by pixel."""

    picture: NDArray[np.uint8]
    """SIDE×SIDE×3 RGB."""
    labels: Labels
    """SIDE×SIDE: OVERLAY, SCENE, NEITHER, NOT_OVERLAY or UNSAID."""


def sample(
    seed: int, number: int, photographs: Sequence[Photograph], faces: tuple[str, ...], side: int = SIDE
) -> Sample:
    """The crop of that number: the same for the same seed, photographs and typefaces."""
    random = np.random.default_rng((seed, number))
    shrunk = random.random() < _SHRUNK
    drawn = round(side / float(random.uniform(0.5, 0.95))) if shrunk else side
    about_print = number >= _LATER and random.random() < _ABOUT_PRINT
    base, labels = ground(random, photographs, drawn, about_print)
    base = base.copy()
    if random.random() < _PRINTED:
        _printed(random, base, labels, faces)
    if random.random() < _SHAPED:
        shapes(random, base)
    if random.random() < _OVERLAID:
        for _ in range(int(random.choice([1, 2], p=[0.8, 0.2]))):
            overlaid(random, base, labels, faces)
    if shrunk:
        kernel = int(random.choice([cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4]))
        base = np.asarray(cv2.resize(base, (side, side), interpolation=kernel), np.float32)
        labels = np.asarray(cv2.resize(labels, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)
    return Sample(_stored(random, base), labels)


def _printed(random: np.random.Generator, base: Levels3, labels: Labels, faces: tuple[str, ...]) -> None:
    """Print on the things of the picture, about as sharp as the picture is."""
    blur = _blur(random, base)
    for _ in range(int(random.choice([1, 2, 3], p=[0.5, 0.3, 0.2]))):
        words = words_of_print(random, faces, base.shape[1] - 2)
        height, width = words.letters.shape
        if height >= base.shape[0] or width >= base.shape[1]:
            continue
        x, y = int(random.integers(0, base.shape[1] - width)), int(random.integers(0, base.shape[0] - height))
        print_on(base, words, (x, y), blur, random)
        near = cv2.dilate((words.letters > 0.3).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        part = labels[y : y + height, x : x + width]
        part[part == SCENE] = NOT_OVERLAY  # what was printed before may lie under a label now
        part[near] = SCENE


def _blur(random: np.random.Generator, base: Levels3) -> float:
    """The camera's, px: print is about as sharp as the sharpest that the photograph shows."""
    _, sharpest = picture_abruptness(np.rint(np.clip(base, 0, 255)).astype(np.uint8))
    least = _STEP / min(sharpest, 0.95) if np.isfinite(sharpest) else 0.6
    wanted = float(np.clip(least * random.uniform(0.45, 1.5), 0.3, 2.0))
    return float(np.sqrt(max(wanted**2 - _WARPED**2, 0.01)))


def _stored(random: np.random.Generator, base: Levels3) -> NDArray[np.uint8]:
    """A JPEG more often than not, of any quality in use."""
    if random.random() < 0.55:
        return compressed(random, base, 40, 97)
    return np.rint(np.clip(base, 0, 255)).astype(np.uint8)


__all__ = ["NEITHER", "NOT_OVERLAY", "OVERLAY", "SCENE", "SIDE", "UNSAID", "Sample", "sample"]
