"""What patches are compared by: a few cosine coefficients of each, in opponent colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Pixels

Floats = NDArray[np.float32]

RADIUS = 3
"""Of a patch, px."""
SIDE = 2 * RADIUS + 1
MEAN_WEIGHT = 0.6
"""How much the mean of a patch counts beside its form."""
_ORDER, _CHROMA_ORDER = 4, 1
"""Highest sum of the two frequencies that is kept, for brightness and for colour."""

_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32)
_OPPONENT /= np.linalg.norm(_OPPONENT, axis=1, keepdims=True)


def to_opponent(image: Pixels) -> Floats:
    """H×W×3 RGB to brightness, red against blue, green against both: orthonormal, so distances stay what they are."""
    return np.asarray(cv2.transform(image, _OPPONENT), np.float32)


def from_opponent(image: Floats) -> Pixels:
    """The inverse of `to_opponent`."""
    return np.asarray(cv2.transform(image, _OPPONENT.T), np.float32)


def _terms() -> list[tuple[int, int, int]]:
    """Channel and the two frequencies of each coefficient; the three means come first."""
    orders = (_ORDER, _CHROMA_ORDER, _CHROMA_ORDER)
    every = [(c, u, v) for c, n in enumerate(orders) for u in range(n + 1) for v in range(n + 1 - u)]
    return sorted(every, key=lambda term: (term[1] + term[2] > 0, term))


def _cosine(frequency: int) -> Floats:
    wave = np.cos(np.pi * (2 * np.arange(SIDE) + 1) * frequency / (2 * SIDE))
    return np.asarray(wave / np.linalg.norm(wave), np.float32)


_TERMS = _terms()
_WAVES = [_cosine(k) for k in range(_ORDER + 1)]


def descriptors(image: Floats) -> Floats:
    """(H·W)×K: the coefficients of the patch around every pixel of an H×W×3 picture, mirrored at its border. The first three
    are the means of the channels, times SIDE · MEAN_WEIGHT."""
    planes = [np.ascontiguousarray(image[..., c]) for c in range(3)]
    found = [
        cv2.sepFilter2D(planes[c], cv2.CV_32F, _WAVES[v], _WAVES[u] * np.float32(1 if u + v else MEAN_WEIGHT))
        for c, u, v in _TERMS
    ]
    return np.asarray(cv2.merge(found), np.float32).reshape(-1, len(found))


def mean_shift(wanted: Floats, found: Floats, most: float) -> Floats:
    """N×3: what to add to copied patches so that their means become the wanted ones, by `most` at the most."""
    shift = (wanted[:, :3] - found[:, :3]) / np.float32(SIDE * MEAN_WEIGHT)
    return np.asarray(np.clip(shift, -most, most))
