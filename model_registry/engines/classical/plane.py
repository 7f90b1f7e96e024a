"""Fills each hole with the plane that fits the ring of pixels around it: exact on flat and evenly shaded grounds."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Params, Pixels

Floats = NDArray[np.floating[Any]]

_SIGMA_OF_MAD = 1.4826
_HALF_LEVEL = 0.5 / 255


class PlaneFill:
    """Least squares per channel and per connected hole, refitted once without outliers."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole; a hole with nothing around it is left as it is.

        params: `ring`, width of the ring in px; `trim`, how many robust standard deviations a ring pixel may lie off the
        first plane and still count in the second. seed and prompt are not used."""
        ring, trim = max(int(params["ring"]), 1), float(params["trim"])
        out = image.copy()
        count, labels, stats, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)
        for label in range(1, count):
            window = _window(stats[label], ring, hole.shape)
            inside = labels[window] == label
            around = _around(inside, ring) & ~hole[window]
            if around.any():
                out[window][inside] = _plane(image[window], inside, around, trim)
        return out


def _window(stats: NDArray[np.int32], ring: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The component's bounding box with its ring, inside the picture."""
    x, y, w, h = (int(v) for v in stats[:4])
    rows = slice(max(y - ring, 0), min(y + h + ring, shape[0]))
    return rows, slice(max(x - ring, 0), min(x + w + ring, shape[1]))


def _around(inside: Hole, ring: int) -> Hole:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ring + 1, 2 * ring + 1))
    return cv2.dilate(inside.astype(np.uint8), kernel) > 0


def _plane(image: Pixels, inside: Hole, around: Hole, trim: float) -> Pixels:
    """Values of the fitted plane at the pixels `inside`."""
    ys, xs = np.nonzero(around)
    centre = ys.mean(), xs.mean()
    grid = _design(ys, xs, centre)
    inner_ys, inner_xs = np.nonzero(inside)
    at = _design(inner_ys, inner_xs, centre)
    values = image[around].astype(np.float64)
    fitted = [at @ _robust_fit(grid, values[:, c], trim) for c in range(values.shape[1])]
    return np.clip(np.stack(fitted, axis=1), 0, 1).astype(np.float32)


def _design(ys: NDArray[np.intp], xs: NDArray[np.intp], centre: tuple[float, float]) -> Floats:
    return np.stack([np.ones(len(ys)), ys - centre[0], xs - centre[1]], axis=1)


def _robust_fit(grid: Floats, values: Floats, trim: float) -> Floats:
    """Plane coefficients. The cut is never below half a level: rounding to 8 bits is no outlier."""
    first = np.linalg.lstsq(grid, values, rcond=1e-9)[0]
    off = np.abs(values - grid @ first)
    kept = off <= max(trim * _SIGMA_OF_MAD * float(np.median(off)), _HALF_LEVEL)
    if kept.all() or not kept.any():
        return first
    return np.linalg.lstsq(grid[kept], values[kept], rcond=1e-9)[0]
