"""Pictures of how a picture was enlarged: which rung made each cell, and how sure the baseline was of it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.lossless import Integers

Levels = NDArray[np.uint8]

COLOURS: tuple[tuple[int, int, int], ...] = (
    (68, 119, 170), (34, 136, 51), (204, 187, 68), (238, 102, 119), (170, 51, 119), (102, 204, 238), (187, 187, 187),
)  # fmt: skip
"""RGB by rung, told apart by colour-blind people too (Tol 2021, the bright scheme); more rungs share the last."""
SIDE = 640
"""Longest side of a map, px."""
SHARE = 0.55
"""Of a colour over the picture's grey."""


def colour_of(rung: int) -> str:
    """The colour of a rung on the routing map, as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[min(rung, len(COLOURS) - 1)])


def routing_map(pixels: Integers, choice: NDArray[np.int8], cell: int) -> Levels:
    """The picture in grey under the colour of the rung that made each cell: h×w×3 uint8 RGB, at most SIDE px long.

    pixels: H×W×C uint8 or uint16, the source, unchanged; choice: rows×cols; cell: side of a cell, px of the source."""
    palette = np.array(COLOURS, np.float32)[np.minimum(choice, len(COLOURS) - 1)]
    return _over(pixels, palette, cell, SHARE)


def confidence_map(pixels: Integers, uncertainty: NDArray[np.float32], cell: int) -> Levels:
    """The picture in grey, the redder the less sure the baseline is: h×w×3 uint8 RGB, at most SIDE px long.

    uncertainty: rows×cols, 0–1."""
    sure, unsure = np.array((235, 240, 245), np.float32), np.array((200, 30, 40), np.float32)
    share = np.clip(uncertainty, 0, 1)[..., None].astype(np.float32)
    return _over(pixels, sure + share * (unsure - sure), cell, SHARE)


def _over(pixels: Integers, cells: NDArray[np.float32], cell: int, share: float) -> Levels:
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    rows = np.minimum((np.arange(size[1]) + 0.5) / scale // cell, cells.shape[0] - 1).astype(int)
    columns = np.minimum((np.arange(size[0]) + 0.5) / scale // cell, cells.shape[1] - 1).astype(int)
    colours = cells[rows][:, columns]
    grey = _grey(np.atleast_3d(cv2.resize(pixels, size, interpolation=how)))
    mixed = (1 - share) * grey[..., None] + share * colours
    return np.asarray(np.rint(mixed), np.uint8)


def _grey(small: NDArray[Any]) -> NDArray[np.float32]:
    colours = small[..., :3] if small.shape[2] > 2 else small[..., :1]
    return np.asarray(colours.mean(axis=2) * (255 / np.iinfo(small.dtype).max), np.float32)
