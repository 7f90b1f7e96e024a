"""What the page of the worst seams shows of a case: the hole with a margin, every pixel repeated so that a seam can be seen."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.page import png_uri

Levels = NDArray[np.uint8]
Zone = NDArray[np.bool_]
_MARGIN, _LEAST_SIDE = 16, 240


def crops(pictures: Mapping[str, Levels], where: Zone) -> tuple[tuple[str, str], ...]:
    """Label and data URI of each picture, cut to `where`. Pictures H×W×3 of one size, where H×W."""
    x, y, w, h = cv2.boundingRect(where.astype(np.uint8))
    box = slice(max(y - _MARGIN, 0), y + h + _MARGIN), slice(max(x - _MARGIN, 0), x + w + _MARGIN)
    return tuple((label, _inlined(picture[box])) for label, picture in pictures.items())


def _inlined(picture: Levels) -> str:
    times = max(1, _LEAST_SIDE // max(picture.shape[:2]))
    return png_uri(picture.repeat(times, axis=0).repeat(times, axis=1))
