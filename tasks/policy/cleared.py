"""A view without its lettering: the holes of text regions closed smoothly, so that detectors see what lies under them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Region
from tasks.policy.detectors.contract import Bytes3

Values = NDArray[np.float32]
RIM = 1
"""px of the view by which holes are taken larger."""
_LEVELS = 6


def cleared(image: Bytes3, box: Box, regions: Sequence[Region]) -> Bytes3 | None:
    """`image`, which shows `box` of the picture at any scale, in grey, with the text regions' holes closed.

    None where no text region reaches into the box. Nothing is written to."""
    hole = np.zeros(image.shape[:2], np.uint8)
    for region in regions:
        if region.kind == "text":
            hole |= _shown(region, box, (image.shape[0], image.shape[1]))
    if not hole.any():
        return None
    hole = np.asarray(cv2.dilate(hole, np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)), np.uint8)
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
    closed = np.rint(_closed(grey, 1 - hole.astype(np.float32), _LEVELS)).astype(np.uint8)
    return np.asarray(cv2.cvtColor(closed, cv2.COLOR_GRAY2RGB), np.uint8)


def _shown(region: Region, box: Box, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A region's hole, H×W, 1 inside, in a view of this shape that shows `box`."""
    fx, fy = shape[1] / (box[2] - box[0]), shape[0] / (box[3] - box[1])
    move = np.array([[fx, 0, (region.box[0] - box[0]) * fx], [0, fy, (region.box[1] - box[1]) * fy]])
    move[:, 2] += (np.array([fx, fy]) - 1) / 2
    mine = cv2.warpAffine(region.hole.astype(np.uint8) * 255, move, shape[::-1], flags=cv2.INTER_LINEAR)
    return (np.asarray(mine) > 0).astype(np.uint8)


def _closed(values: Values, known: Values, levels: int) -> Values:
    """Pull-push (Gortler et al. 1996): what is unknown comes from the coarser picture. known: 0–1, as `values` H×W."""
    if levels == 0 or min(values.shape) < 2 or known.min() > 0:
        return values
    size = ((values.shape[1] + 1) // 2, (values.shape[0] + 1) // 2)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    pulled = cv2.resize(values * known, size, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-6)
    coarse = _closed(np.asarray(pulled, np.float32), np.asarray(weight, np.float32), levels - 1)
    pushed = cv2.resize(coarse, values.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.where(known > 0, values, pushed), np.float32)
