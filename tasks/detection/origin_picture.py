"""Facts of a whole picture that its text is compared with: grain, sharpness, backdrop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Zone
from tasks.detection.lines import glyph_height, outline
from tasks.detection.origin_edges import TILE, _starts, picture_abruptness
from tasks.detection.strokes_background import Plane

Bytes3 = NDArray[np.uint8]
_BESIDE = 0.2
"""Of a line's height, about its box, that is text too."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What the picture is like off its text. Levels of 255."""

    size: tuple[int, int]
    """h, w."""
    grain: float
    """Spread of the finest detail where the picture is smoothest."""
    detail: float
    """The same where it is usual."""
    sharp: float
    sharpest: float
    """Median and 90th percentile of the abruptness of strong edges; NaN without any."""
    border: NDArray[np.float32]
    """Median colour along the edges of the picture."""
    plain: float
    """Share of the edges near that colour: 1 for a packshot on white."""


def surface_of(image: Bytes3, lines: Sequence[TextLine]) -> Surface:
    """image: H×W×3 uint8 RGB."""
    text = np.zeros(image.shape[:2], np.uint8)
    for line in lines:
        corners = np.rint(outline(line, 0.0)).astype(np.int32)
        cv2.fillPoly(text, [corners], (1,))
        # outlines, shadows and a tight box's own letters reach beyond it
        cv2.polylines(text, [corners], True, (1,), 2 * max(round(_BESIDE * glyph_height(line)), 1) + 1)
    edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(np.float32)
    border = np.median(edges, axis=0).astype(np.float32)
    plain = float((np.abs(edges - border).max(axis=1) < 12).mean())
    sharp, sharpest = picture_abruptness(image, text.astype(np.bool_))
    grain, detail = _grain(image, text.astype(np.bool_))
    return Surface((image.shape[0], image.shape[1]), grain, detail, sharp, sharpest, border, plain)


def fine(levels: Plane) -> Plane:
    """What a 3×3 mean takes away."""
    return np.asarray(levels - cv2.blur(levels, (3, 3), borderType=cv2.BORDER_REFLECT), np.float32)


def spread(values: NDArray[np.float32]) -> float:
    """Standard deviation of a normal distribution with these values' median distance from the median."""
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if values.size else float("nan")


def _grain(image: Bytes3, text: Zone) -> tuple[float, float]:
    """10th and 50th percentile over small blocks of the mean distance of fine detail from 0."""
    found = []
    for y in _starts(image.shape[0]):
        for x in _starts(image.shape[1]):
            where = slice(y, y + TILE), slice(x, x + TILE)
            grey = cv2.cvtColor(image[where], cv2.COLOR_RGB2GRAY).astype(np.float32)
            rough = cv2.blur(np.abs(fine(grey)), (8, 8))[4::8, 4::8]
            free = ~(cv2.dilate(text[where].astype(np.uint8), np.ones((9, 9), np.uint8))[4::8, 4::8] > 0)
            clipped = cv2.blur(((grey < 2) | (grey > 253)).astype(np.float32), (8, 8))[4::8, 4::8] > 0.2
            found.append(rough[free & ~clipped])
    values = np.concatenate(found) if found else np.zeros(0, np.float32)
    if values.size < 4:
        return float("nan"), float("nan")
    return float(np.percentile(values, 10)), float(np.percentile(values, 50))
