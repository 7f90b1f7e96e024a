"""What several benches cut out of photographs: squares, irregular outlines, and the crop that the pipeline would work on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box
from tasks.generation.context import context_box

Levels = NDArray[np.uint8]
Zone = NDArray[np.bool_]
Rng = np.random.Generator


def square_of(picture: NDArray[np.float32], side: int, rng: Rng, smallest: float) -> Levels:
    """A square of a photograph, side×side×3 levels: shrunk by as much as it has to spare and the draw says, enlarged where
    it is too small. picture: H×W×3, 0–1; smallest: share of its size that it may be shrunk to."""
    least = side / min(picture.shape[:2])
    share = max(least, float(rng.uniform(max(min(least, 1.0), smallest), 1.0)))
    if share != 1:
        way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=way))
    h, w = picture.shape[:2]
    y, x = int(rng.integers(0, h - side + 1)), int(rng.integers(0, w - side + 1))
    return np.rint(np.clip(picture[y : y + side, x : x + side], 0, 1) * 255).astype(np.uint8)


def draw_blob(page: Levels, centre: NDArray[np.int64], radii: tuple[float, float], rng: Rng) -> None:
    """Fills an irregular round outline with 1. page: H×W, changed; centre: x, y; radii: least and most, px."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    wander = [rng.uniform(-0.4, 0.4) / k * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5)]
    radius = rng.uniform(*radii) * (1 + np.sum(wander, axis=0))
    outline = centre + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    cv2.fillPoly(page, [outline.astype(np.int32)], (1,))


def crop_of(hole: Zone) -> tuple[slice, slice]:
    """The region's crop with its context, as the pipeline cuts it."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    box: Box = context_box((x, y, x + w, y + h), hole.shape[1], hole.shape[0])
    return slice(box[1], box[3]), slice(box[0], box[2])
