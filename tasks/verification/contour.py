"""Steps across the hole's edge, and across the same contour moved outwards: what a seam is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone

MOVES = 3
"""How many times the contour is moved outwards to see what the surroundings show."""

Depth = NDArray[np.float32]
"""H×W px: 1, 2, … outside the hole, 0, −1, … inside, by Euclidean distance to the edge."""


Means = tuple[Pixels, NDArray[np.float32]]
"""A band's local means, H×W×C, and over how many pixels each was taken, H×W."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Mean size of the steps across the hole's edge, and across contours in the surroundings; in the field's units."""

    edge: float | None
    """None when the hole has no edge: it is empty, or covers everything."""
    around: float
    """0 where there are no surroundings to look at."""

    @property
    def excess(self) -> float:
        """How much larger the edge's steps are than those of the surroundings; never below 0; 0 without an edge."""
        return 0.0 if self.edge is None else max(self.edge - self.around, 0.0)


def steps(field: Pixels, hole: Zone, *, width: int, reach: int) -> Steps:
    """Measure a field of any number of channels (H×W×C) along the hole's contour.

    At each point of the contour the field's mean over the pixels just inside it is held against the mean over those just
    outside: bands `width` px deep, within `reach` px of the point, so that texture averages out along the contour while a
    step does not. Sizes are Euclidean over the channels, averaged over the contour. The surroundings are the contours
    `width`, 2 `width`, … px further out, measured alike: on a textured or sloping ground they show the same."""
    depth = _depth(hole)
    levels = [width * band for band in range(-1, MOVES + 2)]
    means = [_means(field, (depth > a) & (depth <= b), reach) for a, b in pairwise(levels)]
    sizes = [
        _across(*pair, (depth > at) & (depth <= at + 1))
        for pair, at in zip(pairwise(means), levels[1:-1], strict=True)
    ]
    edge = sizes[0]
    around = np.concatenate(sizes[1:])
    return Steps(float(edge.mean()) if len(edge) else None, float(around.mean()) if len(around) else 0.0)


def _across(inner: Means, outer: Means, contour: Zone) -> NDArray[np.float64]:
    """The steps between two bands, one a pixel of the contour between them."""
    seen = contour & (inner[1] > 0.5) & (outer[1] > 0.5)
    return np.asarray(np.linalg.norm(inner[0][seen] - outer[0][seen], axis=1), np.float64)


def _means(field: Pixels, band: Zone, reach: int) -> Means:
    """The field's mean over the band's pixels within a square of `reach` px, H×W×C, and how many they are, H×W."""
    count = _sums(band.astype(np.float32), reach)
    total = _sums(np.where(band[..., None], field, np.float32(0)), reach).reshape(field.shape)
    return total / np.maximum(count, 1)[..., None], count


def _sums(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    side = (2 * reach + 1, 2 * reach + 1)
    summed = cv2.boxFilter(values, cv2.CV_32F, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(summed, np.float32)


def _depth(hole: Zone) -> Depth:
    if hole.all() or not hole.any():
        return np.full(hole.shape, -np.inf if hole.any() else np.inf, np.float32)
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
    return np.where(hole, 1 - inside, outside).astype(np.float32)
