"""A first guess at an object from points alone: what is nearer to them than to the border, going round edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped]

from model_registry.engines.contract import Hole
from model_registry.engines.segment_contract import Levels, ObjectPrompt

SIDE = 128
"""The guess is made on a copy of at most this longer side, px."""
STEP = 0.6
"""Cost of a step of one pixel over an even colour, beside a cost of 1 for each level of change."""


def nearer_to_points(image: Levels, prompt: ObjectPrompt) -> Hole:
    """H×W bool: pixels to which `prompt.on` is nearer than `prompt.off` and the borders beyond which the picture goes on.

    Distance is along the path of least change in colour (Bai and Sapiro, 2007)."""
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(round(width * scale), 2), max(round(height * scale), 2)
    small = cv2.medianBlur(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA)), 3)
    places = np.arange(size[0] * size[1]).reshape(size[1], size[0])
    roads = _roads(small.astype(np.float32), places)
    near = _distance(roads, _at(prompt.on, places, size, (width, height)))
    sources = np.concatenate([_at(prompt.off, places, size, (width, height)), _borders(places, prompt)])
    far = _distance(roads, sources) if len(sources) else np.full(places.size, np.inf)
    guess = (near < far).reshape(places.shape).astype(np.float32)
    return np.asarray(cv2.resize(guess, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)


def _roads(colours: NDArray[np.float32], places: NDArray[np.int64]) -> csr_matrix:
    """The cost between neighbours, of which each pixel has four."""
    starts, ends, costs = [], [], []
    for axis in (0, 1):
        change = np.abs(np.diff(colours, axis=axis)).max(axis=2)
        first = places[:-1] if axis == 0 else places[:, :-1]
        second = places[1:] if axis == 0 else places[:, 1:]
        starts.append(first.ravel())
        ends.append(second.ravel())
        costs.append(change.ravel() + STEP)
    rows, columns = np.concatenate(starts), np.concatenate(ends)
    return csr_matrix((np.concatenate(costs), (rows, columns)), shape=(places.size, places.size))


def _distance(roads: csr_matrix, sources: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(dijkstra(roads, directed=False, indices=np.unique(sources), min_only=True))


def _at(
    points: tuple[tuple[int, int], ...],
    places: NDArray[np.int64],
    size: tuple[int, int],
    full: tuple[int, int],
) -> NDArray[np.int64]:
    found = [
        places[min(y * size[1] // full[1], size[1] - 1), min(x * size[0] // full[0], size[0] - 1)]
        for x, y in points
    ]
    return np.asarray(found, np.int64)


def _borders(places: NDArray[np.int64], prompt: ObjectPrompt) -> NDArray[np.int64]:
    left, top, right, bottom = prompt.ends
    sides = ((left, places[:, 0]), (top, places[0]), (right, places[:, -1]), (bottom, places[-1]))
    return np.concatenate([np.zeros(0, np.int64), *(side for ends, side in sides if not ends)])
