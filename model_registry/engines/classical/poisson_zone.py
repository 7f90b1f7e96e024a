"""Where a zone lies: the boxes it is solved in, and the ring of pixels around it whose values are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Zone = NDArray[np.bool_]
Mask = NDArray[np.uint8]
Window = tuple[slice, slice]
Ring = tuple[NDArray[np.intp], NDArray[np.intp]]

_SPARSE_BOX = 1 << 17
_SPARSE_SHARE = 4
"""A box over `_SPARSE_BOX` px, and this many times the boxes of its parts, is solved part by part."""
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Part:
    """A box with one pixel of ring (none at the picture's border), and the zone in it (255 inside); None: all but the ring."""

    box: Window
    zone: Mask | None

    def ring(self) -> Ring:
        """Rows and columns, within the box, of the pixels outside the zone with a 4-neighbour in it."""
        if self.zone is not None:
            return ring_of(self.zone)
        height, width = (side.stop - side.start for side in self.box)
        across, down = np.arange(1, width - 1), np.arange(1, height - 1)
        rows = (np.zeros_like(across), np.full_like(across, height - 1), down, down)
        columns = (across, across, np.zeros_like(down), np.full_like(down, width - 1))
        return np.concatenate(rows), np.concatenate(columns)


def parts(zone: Zone) -> Iterator[Part]:
    """The zone's box, or one for each connected part where their own boxes together are much smaller than the whole."""
    flat = np.ascontiguousarray(zone).view(np.uint8)
    x, y, width, height = cv2.boundingRect(flat)
    if not width:
        return
    box = _with_ring(x, y, width, height, zone.shape)
    if is_rectangle(flat, box):
        yield Part(box, None)
        return
    within = flat[box] * np.uint8(255)
    if within.size > _SPARSE_BOX and cv2.countNonZero(within) * _SPARSE_SHARE < within.size:
        count, labels, stats, _ = cv2.connectedComponentsWithStats(within, connectivity=4)
        areas = (stats[1:, cv2.CC_STAT_WIDTH] + 2) * (stats[1:, cv2.CC_STAT_HEIGHT] + 2)
        if count > 2 and int(areas.sum()) * _SPARSE_SHARE < within.size:
            yield from _connected(np.asarray(labels, np.int32), np.asarray(stats, np.int32), box)
            return
    yield Part(box, within)


def _connected(labels: NDArray[np.int32], stats: NDArray[np.int32], box: Window) -> Iterator[Part]:
    top, left = box[0].start, box[1].start
    for number in range(1, len(stats)):
        x, y, width, height, _ = (int(v) for v in stats[number])
        rows, columns = _with_ring(x, y, width, height, labels.shape)
        mask = (labels[rows, columns] == number).astype(np.uint8) * np.uint8(255)
        inside = is_rectangle(mask, (slice(0, mask.shape[0]), slice(0, mask.shape[1])))
        own = slice(top + rows.start, top + rows.stop), slice(left + columns.start, left + columns.stop)
        yield Part(own, None if inside else mask)


def _with_ring(x: int, y: int, width: int, height: int, shape: tuple[int, ...]) -> Window:
    rows = slice(max(0, y - 1), min(shape[0], y + height + 1))
    return rows, slice(max(0, x - 1), min(shape[1], x + width + 1))


def is_rectangle(zone: Mask, box: Window) -> bool:
    """Whether the zone (not 0 inside) fills its box but for one pixel of ring on every side."""
    here = zone[box]
    height, width = here.shape
    if min(height, width) < 3 or here[0].any() or here[-1].any() or here[:, 0].any() or here[:, -1].any():
        return False
    return bool(cv2.countNonZero(here) == (height - 2) * (width - 2))


def ring_of(part: Mask) -> Ring:
    """Rows and columns of the pixels outside a zone (255 inside) with a 4-neighbour in it."""
    around = np.asarray(cv2.dilate(part, _CROSS), np.uint8) & ~part
    found = cv2.findNonZero(around)
    if found is None:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    return found[:, 0, 1].astype(np.intp), found[:, 0, 0].astype(np.intp)
