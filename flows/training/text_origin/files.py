"""What happens to a training picture on its way: shrunk, sharpened, compressed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.placing import Placed, moved

Bytes3 = NDArray[np.uint8]
Levels3 = NDArray[np.float32]
_COMPRESSED = 0.5


def published(random: np.random.Generator, base: Levels3) -> Levels3:
    """A photograph before anybody lays words over it: sharpened or not, stored or not."""
    if random.random() < 0.35:
        soft = np.asarray(cv2.GaussianBlur(base, (0, 0), float(random.uniform(0.5, 1.2))), np.float32)
        base = np.clip(base + np.float32(random.uniform(0.3, 1.2)) * (base - soft), 0, 255)
    return compressed(random, base, 80, 97).astype(np.float32) if random.random() < 0.4 else base


def resized(
    random: np.random.Generator, base: Levels3, placed: Sequence[Placed], scale: float
) -> tuple[Levels3, list[Placed]]:
    """The picture at another size by one of the usual filters, and its boxes there."""
    kernel = int(random.choice([cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4]))
    small = np.asarray(cv2.resize(base, None, fx=scale, fy=scale, interpolation=kernel), np.float32)
    fx, fy = small.shape[1] / base.shape[1], small.shape[0] / base.shape[0]
    return np.clip(small, 0, 255), moved(placed, fx, fy)


def stored(random: np.random.Generator, base: Levels3, always: bool = False) -> Bytes3:
    """H×W×3 uint8: as its file shows it, which is a JPEG more often than not, or always."""
    if always or random.random() < _COMPRESSED:
        return compressed(random, base, 70, 97)
    return np.rint(np.clip(base, 0, 255)).astype(np.uint8)


def compressed(random: np.random.Generator, base: Levels3, low: int, high: int) -> Bytes3:
    """Through JPEG, of a quality between `low` and `high`."""
    levels = np.rint(np.clip(base, 0, 255)).astype(np.uint8)
    kinds = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    flags = [
        cv2.IMWRITE_JPEG_QUALITY, int(random.integers(low, high)),
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR, int(random.choice(kinds)),
    ]  # fmt: skip
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(levels[..., ::-1]), flags)
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)
