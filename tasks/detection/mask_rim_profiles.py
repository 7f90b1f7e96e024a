"""What a picture looks like across a mask's rim: colours sampled along the rim's normals, inwards and outwards."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone

Floats = NDArray[np.float32]

DEEP: int = 22
"""How far in and out the picture is looked at, px."""
POINTS: int = 480
"""Of the rim at most; a longer rim is looked at every few pixels."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Colours along the normals of a rim. N points; T = 2·DEEP samples a point, at ±0.5, ±1.5 … px, inside first."""

    normals: Floats
    """N×2: x, y, outwards, of length 1."""
    colours: Floats
    """N×T×C, levels of 255."""
    known: Zone
    """N×T: in the picture, and nearer to this point of the rim than to another."""
    spacing: float
    """Of neighbouring points along the rim, px."""


def signed_distance(hole: Zone) -> Floats:
    """H×W: px to the rim, which runs between hole pixels and others: negative in the hole, never 0.

    To a thousandth: the last bit of OpenCV's distances differs from call to call."""
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    half = np.float32(0.5)
    return np.round(np.where(hole, half - inside, outside - half), 3).astype(np.float32)


def profiles(image: NDArray[np.uint8] | NDArray[np.uint16], distance: Floats, levels: int) -> Profiles | None:
    """The profiles of the rim of `distance <= 0`; None where the rim has no length.

    image: H×W×C integers of which `levels` is full; distance: H×W, from `signed_distance`. A rim on the picture's own border
    is not looked at: there is nothing beyond it."""
    smooth = cv2.GaussianBlur(distance, (0, 0), 1.5)
    places = _rim(distance)
    if len(places) < 12:
        return None
    step = -(-len(places) // POINTS)
    places = places[::step]
    xs, ys = places[:, 0], places[:, 1]
    slope = np.stack([_central(smooth, xs, ys, 1), _central(smooth, xs, ys, 0)], axis=1)
    normals = slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-6)
    away = np.arange(-DEEP, DEEP, dtype=np.float32) + np.float32(0.5)
    # The rim lies half a pixel outside the centres of the hole's outermost pixels.
    at = places[:, None, :] + normals[:, None, :] * (away + np.float32(0.5))[None, :, None]
    colours = _sampled(image, at) * np.float32(255 / levels)
    there = _sampled(distance[..., None], at)[..., 0]
    height, width = distance.shape
    inside = (at[..., 0] >= 0) & (at[..., 0] <= width - 1) & (at[..., 1] >= 0) & (at[..., 1] <= height - 1)
    known = inside & (np.abs(there - away) < np.maximum(1.5, 0.2 * np.abs(away)))
    return Profiles(normals.astype(np.float32), colours, known, float(step))


def _rim(distance: Floats) -> NDArray[np.int64]:
    """N×2 x,y of the hole's outermost pixels, along each outline in turn; none of those on the array's border."""
    hole = (distance <= 0).astype(np.uint8)
    outlines, _ = cv2.findContours(hole, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    height, width = hole.shape
    # The outline of a hole within the mask runs through pixels outside it: those are of the ring's other side.
    found = np.concatenate([line[:, 0, :] for line in outlines] or [np.zeros((0, 2), np.int64)]).astype(
        np.int64
    )
    x, y = found[:, 0], found[:, 1]
    kept = (x > 0) & (y > 0) & (x < width - 1) & (y < height - 1)
    return found[kept & (hole[y, x] > 0)] if len(found) else found


def _central(values: NDArray[np.generic], xs: NDArray[np.int64], ys: NDArray[np.int64], axis: int) -> Floats:
    dx, dy = (1, 0) if axis == 1 else (0, 1)
    ahead, behind = values[ys + dy, xs + dx], values[ys - dy, xs - dx]
    return np.asarray(ahead, np.float32) - np.asarray(behind, np.float32)


def _sampled(image: NDArray[np.generic], at: NDArray[np.floating]) -> Floats:
    """Bilinear, N×T×C, at x,y; clamped to the picture. No copy of the picture is made, whatever its size."""
    height, width = image.shape[:2]
    x, y = np.clip(at[..., 0], 0, width - 1), np.clip(at[..., 1], 0, height - 1)
    x0, y0 = (
        np.minimum(x.astype(np.int64), max(width - 2, 0)),
        np.minimum(y.astype(np.int64), max(height - 2, 0)),
    )
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    top = image[y0, x0] * (1 - fx) + image[y0, x1] * fx
    low = image[y1, x0] * (1 - fx) + image[y1, x1] * fx
    return np.asarray(top * (1 - fy) + low * fy, np.float32)
