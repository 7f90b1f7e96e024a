"""What a picture would show under text: interpolated from the pixels around it, with the spread of the guess."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone

Levels3 = NDArray[np.float32]
"""H×W×3, levels of 255."""
Plane = NDArray[np.float32]
"""H×W."""

_TINY = np.float32(1e-3)


def interpolated(levels: Levels3, known: Zone) -> Levels3:
    """`levels` where known, a smooth interpolation elsewhere; the mean of all when nothing is known.

    Push-pull over a pyramid (Gortler et al., The Lumigraph, 1996)."""
    if not known.any():
        return np.broadcast_to(levels.mean(axis=(0, 1)), levels.shape).astype(np.float32)
    if known.all():
        return levels.copy()
    weight = known.astype(np.float32)
    below = _coarse(times(levels, weight), weight)
    filled = np.asarray(cv2.resize(below, known.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    return put(filled.reshape(levels.shape), levels, known)


def _push_pull(weighted: Levels3, weight: Plane) -> Levels3:
    height, width = weight.shape
    if weight.min() >= 0.5 or max(height, width) <= 1:
        return times(weighted, (1 / np.maximum(weight, 1e-6)).astype(np.float32))
    below = _coarse(weighted, weight)
    wide = np.asarray(cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return weighted + times(wide.reshape(weighted.shape), 1 - weight)


def _coarse(weighted: Levels3, weight: Plane) -> Levels3:
    """The level above, filled."""
    size = ((weight.shape[1] + 1) // 2, (weight.shape[0] + 1) // 2)
    coarse_weight = np.asarray(cv2.pyrDown(weight, dstsize=size), np.float32).reshape(size[::-1])
    coarse = np.asarray(cv2.pyrDown(weighted, dstsize=size), np.float32).reshape(size[1], size[0], 3)
    # A pixel seen at all counts for more on the next level, up to fully; so weights grow until nothing is open.
    gain = np.minimum(4 * coarse_weight, 1) / np.maximum(coarse_weight, np.float32(1e-6))
    return _push_pull(times(coarse, gain), coarse_weight * gain)


def local_mean(values: NDArray[np.float32], where: Zone, reach: float) -> NDArray[np.float32]:
    """Bell-shaped mean of the pixels `where`, of about `reach` px; the overall mean far from all of them.

    values: H×W or H×W×3."""
    weight = where.astype(np.float32)
    overall = np.asarray(cv2.mean(values, where.astype(np.uint8)), np.float32)
    count = np.maximum(_blurred(weight, reach), 0) + _TINY
    if values.ndim == 2:
        return np.asarray((_blurred(values * weight, reach) + _TINY * overall[0]) / count, np.float32)
    total = _blurred(times(values, weight), reach) + _TINY * overall[:3]
    return np.asarray(cv2.divide(total, cv2.merge((count,) * 3)), np.float32).reshape(values.shape)


def local_median(levels: Levels3, height: float) -> Levels3:
    """Median of each channel within about 0.6 `height` px: letters of that height are less than half of it.

    Taken at a quarter or so of the size, where letters are about 16 px high."""
    tall, wide = levels.shape[:2]
    scale = min(16 / max(height, 1.0), 1.0)
    size = (max(round(wide * scale), 1), max(round(tall * scale), 1))
    small = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    side = 2 * max(round(0.6 * height * scale), 1) + 1
    middle = cv2.medianBlur(np.rint(small).astype(np.uint8), side)
    full = cv2.resize(middle, (wide, tall), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32).reshape(levels.shape)


def energy(change: Levels3) -> Plane:
    """Sum of the squares over the channels, H×W."""
    summed = cv2.transform(cv2.multiply(change, change), np.ones((1, 3), np.float32))
    return np.asarray(summed, np.float32).reshape(change.shape[:2])


def times(values: Levels3, plane: Plane) -> Levels3:
    """Every channel times a plane. OpenCV's way, which is several times faster than broadcasting over three channels."""
    return np.asarray(cv2.multiply(values, cv2.merge((plane,) * 3)), np.float32).reshape(values.shape)


def picked(levels: Levels3, where: Zone) -> NDArray[np.float32]:
    """The pixels `where`, n×3, in their order: faster than by a mask over three channels."""
    return np.take(levels.reshape(-1, levels.shape[2]), np.flatnonzero(where), axis=0)


def put(under: Levels3, over: Levels3, where: Zone) -> Levels3:
    """`over` where true, else `under`, which is written to and returned."""
    cv2.copyTo(over, where.view(np.uint8), under)
    return under


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Two box means, near a Gaussian one: their cost does not grow with sigma."""
    side = 2 * max(round(1.22 * sigma), 1) + 1
    once = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.blur(once, (side, side), borderType=cv2.BORDER_REFLECT), np.float32).reshape(
        values.shape
    )
