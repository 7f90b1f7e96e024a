"""An approximate map of how near things are, from one picture without a network: vanishing lines, defocus and shading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.diffusion_pixels import smooth_under

Floats = NDArray[np.floating[Any]]

_LEAST_LENGTH = 15.0
"""Of a segment that may point at a vanishing point, px."""
_MOST_SEGMENTS = 48
_AIM = np.deg2rad(2.5)
"""How far a segment may aim beside the point."""
_CHANCE = 0.25
"""Share of the segments' length that aims at some point by chance."""
_BLUR = 1.0
"""Sigma of the second blur that edges are compared with, px."""
_EDGE = 0.02
"""Least gradient of an edge whose blur is measured, a px."""
_SHADING = 0.15
"""Weight of shading: it says little, but always something."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How near the surfaces of a picture are."""

    near: NDArray[np.float32]
    """H×W, 0 = farthest, 1 = nearest of the picture; what it holds in the hole is continued from around it."""
    vanishing: float
    """Weight of the vanishing point in it, 0–1; 0 where there is none."""
    defocus: float
    """Weight of the blur of edges in it, 0–1."""


def estimated(smooth: Pixels, hole: Hole) -> Depth:
    """smooth: H×W×3, 0–1, its hole filled smoothly. Deterministic; every cue counts by how much it has to say."""
    cues = [_vanishing(smooth, hole), _defocus(smooth, hole), (_shading(smooth), _SHADING)]
    total = sum(weight for _, weight in cues)
    near = sum(weight / total * plane for plane, weight in cues)
    near = continued(np.asarray(near, np.float32), hole)
    return Depth(near, cues[0][1], cues[1][1])


def continued(near: NDArray[np.float32], hole: Hole) -> NDArray[np.float32]:
    """A map whose hole is continued from around it, stretched to 0–1 (a flat one is 0): what lay in the hole is to go."""
    filled = smooth_under(np.repeat(near[..., None], 3, axis=2), hole)[..., 0]
    low, high = float(filled.min()), float(filled.max())
    if high - low <= 1e-5 * max(abs(low), abs(high)):
        return np.zeros_like(filled)
    return np.asarray((filled - low) / (high - low), np.float32)


def _vanishing(smooth: Pixels, hole: Hole) -> tuple[Floats, float]:
    """Nearness as the distance to the point that most straight lines aim at, and how many do (Kogan, Maurer and Keshet,
    2009, vote likewise for pairs of lines)."""
    h, w = hole.shape
    lines = _long_segments(smooth, hole)
    plane = np.zeros((h, w), np.float32)
    if len(lines) < 4:
        return plane, 0.0
    best, share = _best_point(lines, float(np.hypot(h, w)))
    if best is None:
        return plane, 0.0
    ys, xs = np.mgrid[:h, :w]
    away = np.hypot(xs - best[0], ys - best[1])
    return away / away.max(), float(np.clip((share - _CHANCE) / (1 - _CHANCE), 0, 1))


def _long_segments(smooth: Pixels, hole: Hole) -> Floats:
    """N×4: the longest segments whose middle is known."""
    levels = cv2.cvtColor(np.rint(np.clip(smooth, 0, 1) * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(levels)[0]
    if found is None:
        return np.zeros((0, 4))
    lines = found.reshape(-1, 4).astype(np.float64)
    h, w = hole.shape
    middle = np.clip(np.rint((lines[:, :2] + lines[:, 2:]) / 2).astype(int), 0, (w - 1, h - 1))
    lengths = np.hypot(*(lines[:, 2:] - lines[:, :2]).T)
    lines = lines[(lengths >= _LEAST_LENGTH) & ~hole[middle[:, 1], middle[:, 0]]]
    lengths = np.hypot(*(lines[:, 2:] - lines[:, :2]).T)
    return np.asarray(lines[np.lexsort((lines[:, 0], -lengths))[:_MOST_SEGMENTS]])


def _best_point(lines: Floats, diagonal: float) -> tuple[Floats | None, float]:
    """The crossing of two lines that most of all lines' length aims at, within five diagonals, and its share."""
    ends = np.concatenate([lines.reshape(-1, 2, 2), np.ones((len(lines), 2, 1))], axis=2)
    through = np.cross(ends[:, 0], ends[:, 1])
    i, j = np.triu_indices(len(lines), 1)
    crossing = np.cross(through[i], through[j])
    finite = np.abs(crossing[:, 2]) > 1e-9
    points = crossing[finite, :2] / crossing[finite, 2:]
    points = points[np.hypot(*points.T) < 5 * diagonal]
    if not len(points):
        return None, 0.0
    middle, along = (lines[:, :2] + lines[:, 2:]) / 2, lines[:, 2:] - lines[:, :2]
    lengths = np.hypot(*along.T)
    towards = points[:, None] - middle
    sine = np.abs(towards[..., 0] * along[:, 1] - towards[..., 1] * along[:, 0]) / np.maximum(
        np.hypot(*np.moveaxis(towards, 2, 0)) * lengths, 1e-9
    )
    share = ((sine < np.sin(_AIM)) * lengths).sum(axis=1) / lengths.sum()
    best = int(share.argmax())
    return points[best], float(share[best])


def _defocus(smooth: Pixels, hole: Hole) -> tuple[Floats, float]:
    """Nearness as sharpness of edges, by how much a second blur flattens them (Zhuo and Sim, 2011); its spread is its weight."""
    grey = smooth.mean(axis=2)
    slope, flatter = (_slope(plane) for plane in (grey, cv2.GaussianBlur(grey, (0, 0), _BLUR)))
    near_hole = cv2.dilate(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    edge = (slope > _EDGE) & ~near_hole
    if np.count_nonzero(edge) < 50:
        return np.zeros(hole.shape, np.float32), 0.0
    ratio = slope / np.maximum(flatter, 1e-6)
    blur = np.clip(_BLUR / np.sqrt(np.maximum(ratio**2 - 1, 1e-2)), 0, 5)
    spread = np.ptp(np.percentile(blur[edge], (10, 90)))
    plane = smooth_under(np.repeat(blur[..., None].astype(np.float32), 3, axis=2), ~edge)[..., 0]
    even = cv2.GaussianBlur(plane, (0, 0), max(min(hole.shape) / 24, 1.0))
    sharp = np.asarray(1 - even / max(float(even.max()), 1e-6), np.float32)
    return sharp, float(np.clip(spread / 4, 0, 1))


def _slope(plane: Floats) -> Floats:
    return np.asarray(np.hypot(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)) / 8)


def _shading(smooth: Pixels) -> Floats:
    """Dark is deep under diffuse light (Langer and Bülthoff, 2000), and what is lower in the picture is nearer."""
    h, w = smooth.shape[:2]
    light = cv2.GaussianBlur(smooth.mean(axis=2), (0, 0), max(min(h, w) / 12, 1.0))
    return np.asarray(0.5 * light + 0.5 * np.linspace(0, 1, h, dtype=np.float32)[:, None])
