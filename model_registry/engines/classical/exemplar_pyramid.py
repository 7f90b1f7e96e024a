"""Pictures with a hole at half sizes, made of their known pixels alone, and the smooth fill that a search starts from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.exemplar_texture import texture
from model_registry.engines.contract import Hole

Floats = NDArray[np.float32]

_LEAST_SIDE, _MOST_LEVELS, _THIN = 32, 6, 1.5
"""Halving ends at a side below the first, px, or where the hole is no thicker than the last, px to its edge."""


_BESIDE = 16
"""Known pixels around a hole that its texture is continued from, px."""


@dataclass(frozen=True, slots=True)
class Level:
    """One size of the picture."""

    image: Floats
    """H×W×3; inside the hole, nothing that means anything."""
    hole: Hole
    """Pixels of which less than half is known."""
    touched: Hole
    """Pixels under which lies a hole pixel of the level below: those patches are searched for, too."""
    texture: Floats
    """H×W×2: how busy the full-size picture is there; continued from the hole's edge inside it."""


def pyramid(image: Floats, hole: Hole) -> list[Level]:
    """The picture as it is, its half, and so on, until the hole is thin or would take all."""
    levels = [Level(image, hole, hole, _texture(image, hole))]
    while len(levels) < _MOST_LEVELS:
        last = levels[-1].hole
        depth = cv2.distanceTransform(np.pad(last, 1).astype(np.uint8), cv2.DIST_L2, 3)
        if depth.max() <= _THIN or min(last.shape) < _LEAST_SIDE:
            break
        half = _half(levels[-1])
        if half.hole.all():
            break
        levels.append(half)
    return levels


def _texture(image: Floats, hole: Hole) -> Floats:
    """Of the brightness, the first of the opponent colours."""
    planes, seen = texture(image[..., 0], ~hole)
    third = np.zeros(hole.shape, np.float32)  # the means below are of three channels
    whole, known = np.dstack([planes, third]), seen & ~hole
    x, y, w, h = cv2.boundingRect((~known).astype(np.uint8))
    near = slice(max(y - _BESIDE, 0), y + h + _BESIDE), slice(max(x - _BESIDE, 0), x + w + _BESIDE)
    whole[near] = pull_push(whole[near], known[near])
    return whole[..., :2]


def _half(level: Level) -> Level:
    h, w = level.hole.shape
    even = ((0, h % 2), (0, w % 2))
    touched = np.pad(level.touched, even).reshape((h + 1) // 2, 2, (w + 1) // 2, 2).any(axis=(1, 3))
    image = np.pad(level.image, (*even, (0, 0)), mode="edge")
    mean, share = _known_mean(image, np.pad(~level.hole, even, mode="edge"))
    size = ((w + 1) // 2, (h + 1) // 2)
    busy = np.asarray(cv2.resize(level.texture, size, interpolation=cv2.INTER_AREA), np.float32)
    return Level(mean, share < 0.5, np.asarray(touched, np.bool_), busy)


def _known_mean(image: Floats, known: Hole) -> tuple[Floats, Floats]:
    """Half the size (rounded up): the mean of the known pixels under each, and their share."""
    h, w = known.shape
    weighed = np.dstack([np.where(known[..., None], image, 0), known]).astype(np.float32)
    size = ((w + 1) // 2, (h + 1) // 2)
    small = np.asarray(cv2.resize(weighed, size, interpolation=cv2.INTER_AREA), np.float32)
    share = small[..., 3]
    return small[..., :3] / np.maximum(share, 1e-6)[..., None], share


def doubled(image: Floats, shape: tuple[int, ...]) -> Floats:
    """Twice the size, cut to `shape`."""
    h, w = image.shape[:2]
    return np.asarray(
        cv2.resize(image, (2 * w, 2 * h), interpolation=cv2.INTER_LINEAR)[: shape[0], : shape[1]]
    )


def pull_push(image: Floats, known: Hole) -> Floats:
    """`image` with what is not known filled smoothly from means at ever smaller sizes (Gortler et al., 1996)."""
    h, w = known.shape
    if known.all() or not known.any():
        return image
    if max(h, w) == 1:
        return image
    mean, share = _known_mean(image, known)
    smaller = pull_push(mean, share > 1e-3)
    smooth = cv2.resize(smaller, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], image, smooth)
