"""Whether a picture is a screenshot: what lies under its text is then part of it, and stays."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

LINES = 10
"""A picture with more lines than this on drawn ground is a page, a form or a programme's window."""
PAGE, DRAWN = 0.8, 0.995
"""Share of pixels beside the text that repeat a neighbour: at least this on a page of many lines, and on any other picture."""
_SAMPLE = 3
_STEPS = (1, 2, 4)

Bytes3 = NDArray[np.uint8]


def is_screen(image: Bytes3, lines: Sequence[Box]) -> bool:
    """Judged by the pixels beside the text: drawn grounds repeat themselves or run evenly, photographs do neither.

    image: H×W×3 uint8 RGB, unchanged; lines: boxes of its text lines. Product shots on pure white repeat themselves too, but not
    all over: 0.75 to 0.99 of them do, of screens 0.46 to 1."""
    if not lines:
        return False
    share = _repeating(image, lines)
    return share >= (PAGE if len(lines) > LINES else DRAWN)


def _repeating(image: Bytes3, lines: Sequence[Box]) -> float:
    """Share of sampled pixels outside the lines that are as one to the left or above, to a level at a distance of one."""
    beside = np.ones(image.shape[:2], np.bool_)
    for x0, y0, x1, y1 in lines:
        beside[max(y0 - 2, 0) : y1 + 2, max(x0 - 2, 0) : x1 + 2] = False
    first = max(_STEPS)
    seen = np.ascontiguousarray(image[first::_SAMPLE, first::_SAMPLE])
    if not seen.size:
        return 0.0
    alike = np.zeros(seen.shape[:2], np.uint8)
    for step in _STEPS:
        bound = np.full(3, 1.0 if step == 1 else 0.0)
        for up, left in ((step, 0), (0, step)):
            other = image[
                first - up : image.shape[0] - up : _SAMPLE, first - left : image.shape[1] - left : _SAMPLE
            ]
            off = cv2.absdiff(seen, np.ascontiguousarray(other))
            alike |= np.asarray(cv2.inRange(off, np.zeros(3), bound), np.uint8)
    where = beside[first::_SAMPLE, first::_SAMPLE]
    return float((alike[where] > 0).mean()) if where.any() else 0.0
