"""A text line cut across its reading direction into stretches about as long as a letter is high."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone


@dataclass(frozen=True, slots=True)
class Stretches:
    """Which stretch of the line each pixel belongs to."""

    index: NDArray[np.intp]
    """H×W, 0 … count − 1; pixels beyond the ends count to the first and last."""
    count: int

    def spread(self, where: Zone) -> float:
        """How evenly pixels are strewn over the line: 1 all over, 1/count in one place; 0 for none."""
        return self.spread_of(self.index[where])

    def spread_of(self, index: NDArray[np.intp]) -> float:
        """`spread`, from the pixels' stretches."""
        share = np.bincount(index, minlength=self.count).astype(np.float64)
        total = float(share.sum())
        return total**2 / (float((share**2).sum()) * self.count) if total else 0.0

    def shares(self, where: Zone, inside: Zone) -> NDArray[np.float64]:
        """Of each stretch, pixels of `where` a pixel of the line's polygon `inside`."""
        everything = np.bincount(self.index[inside], minlength=self.count)
        return np.asarray(np.bincount(self.index[where], minlength=self.count) / np.maximum(everything, 1))


def line_size(inside: Zone) -> tuple[float, float]:
    """Length and height of the rectangle around a line's polygon, px; the longer side is the length."""
    sides = cv2.minAreaRect(np.argwhere(inside).astype(np.float32))[1]
    return float(max(sides)) + 1, float(min(sides)) + 1


def stretches(inside: Zone, height: float, along: NDArray[np.float32] | None = None) -> Stretches:
    """inside: the line's polygon, at least one pixel; height: length of a stretch, px; along: H×W, places along the line, px,
    by default along the polygon's longest axis."""
    return _cut(inside, height, _longest(inside) if along is None else along.astype(np.float64))


def _longest(inside: Zone) -> NDArray[np.float64]:
    points = np.stack(np.nonzero(inside)).astype(np.float64)
    centred = points - points.mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh(centred @ centred.T)
    direction = axes[:, 1]
    rows, columns = np.ogrid[: inside.shape[0], : inside.shape[1]]
    return np.asarray(rows * direction[0] + columns * direction[1])


def _cut(inside: Zone, height: float, along: NDArray[np.float64]) -> Stretches:
    covered = along[inside]
    low, high = float(covered.min()), float(covered.max())
    count = min(max(round((high - low + 1) / max(height, 1.0)), 1), 64)
    index = np.floor((along - low) * (count / (high - low + 1))).astype(np.intp)
    return Stretches(np.clip(index, 0, count - 1), count)
