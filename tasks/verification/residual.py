"""Score `residual_text`: text that can still be read where text was removed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Zone

LEAST = 0.3
"""A line counts when more than this share of its own area lies in the hole: neighbours that touch the hole do not."""
_BITS = 4


def residual_text(lines: Sequence[TextLine], hole: Zone, text_box: Box | None = None) -> float:
    """Share of the hole's area covered by text lines read in the result, each weighted by its score; 0–1.

    lines: in the pixels of the frame that was read. text_box: where the arrays lie in that frame, whatever its scale;
    None when the lines are in the arrays' own pixels. Lines with 30 % of their area or less in the hole are passed over;
    where lines overlap the more certain one counts. 0 for an empty hole."""
    area = int(hole.sum())
    weight = np.zeros(hole.shape, np.float32)
    for line in lines:
        corners = _placed(line, hole, text_box)
        inside = _drawn(corners, hole.shape) & hole
        if inside.sum() > LEAST * max(_area(corners), 1.0):
            weight[inside] = np.maximum(weight[inside], min(max(line.score, 0.0), 1.0))
    return float(weight.sum(dtype=np.float64)) / area if area else 0.0


def _placed(line: TextLine, hole: Zone, text_box: Box | None) -> NDArray[np.float64]:
    corners = np.asarray(line.polygon, np.float64)
    if text_box is None:
        return corners
    x0, y0, x1, y1 = text_box
    height, width = hole.shape
    scale = np.array([width / (x1 - x0), height / (y1 - y0)])
    return np.asarray((corners - (x0, y0)) * scale, np.float64)


def _drawn(corners: NDArray[np.float64], shape: tuple[int, ...]) -> Zone:
    canvas = np.zeros(shape, np.uint8)
    # Corners lie between pixels, OpenCV counts from pixel centres: hence the half.
    fixed = np.rint((np.clip(corners, -1e5, 1e5) - 0.5) * 2**_BITS).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], (1,), shift=_BITS)
    return canvas.astype(bool)


def _area(corners: NDArray[np.float64]) -> float:
    """Of the whole line, in or out of the crop, px²."""
    x, y = corners.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
