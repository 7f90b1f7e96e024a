"""Whether what a barcode detector found has a barcode's many bars: striped cloth and rows of bricks have fewer."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.policy.detectors.finders import Grey

Quad = NDArray[Any]
"""4×2 corners, px."""
EDGES = 34
"""The least any of the codes has: 34 (UPC-E), 44 (EAN-8), 60 (EAN-13). A striped dress has 29, a wall of bricks 31."""
_WIDE, _LINES = 400, 24


def has_bars(grey: Grey, corners: Quad) -> bool:
    """Whether a quarter of the lines across the find, either way, cross as many edges as a code has: the others may lie under
    an overlay. grey: H×W uint8."""
    square = np.array([[0, 0], [_WIDE, 0], [_WIDE, _WIDE], [0, _WIDE]], np.float32)
    quad = np.asarray(corners, np.float32).reshape(4, 2)
    straight = cv2.warpPerspective(grey, cv2.getPerspectiveTransform(quad, square), (_WIDE, _WIDE))
    return max(_edges(straight), _edges(straight.T)) >= EDGES


def _edges(straight: NDArray[Any]) -> int:
    """Changes between dark and light along a row that three quarters of some evenly spaced rows do not surpass."""
    rows = straight[np.linspace(0, _WIDE - 1, _LINES).astype(int)].astype(np.float32)
    level = cv2.blur(rows, (61, 1))
    contrast = np.abs(rows - level).mean(axis=1, keepdims=True)
    dark = rows < level
    strong = np.abs(rows - level) > 0.25 * contrast
    found = sorted(_changes(line[keep]) for line, keep in zip(dark, strong, strict=True))
    return found[3 * len(found) // 4]


def _changes(line: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(line[1:] != line[:-1]))
