"""Finds overlays that stand at the same place on many pictures: what their gradients have in common is no picture's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Pixels, Zone
from tasks.detection.repeated_matte import Matte, estimate_matte

FEWEST = 4
_STEP, _LEAST = 0.016, 0.008
_AGREE = 0.8
_SMALLEST = 120
_JOIN = 25
_MARGIN = 12
_LEFT = 0.15
_PLACES = (0.0, 1.0, 0.5)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where positions are counted from, as a share of width and height: 0 left or top, 0.5 the middle, 1 right or bottom."""

    x: float
    y: float

    def corner(self, size: tuple[int, int], window: tuple[int, int]) -> tuple[int, int]:
        """Top left (x, y) of a window of height×width in a picture of height×width, px."""
        return round((size[1] - window[1]) * self.x), round((size[0] - window[0]) * self.y)


@dataclass(frozen=True, slots=True)
class RepeatedOverlay:
    """One overlay on many pictures."""

    anchor: Anchor
    window: tuple[int, int]
    """Height and width that `box` is counted in: those of the smallest picture."""
    box: Box
    """In the window."""
    matte: Matte
    """Of the box's size."""
    pictures: int
    """How many it was learnt from."""

    def box_in(self, height: int, width: int) -> Box:
        """Where it lies on a picture of this size."""
        left, top = self.anchor.corner((height, width), self.window)
        x0, y0, x1, y1 = self.box
        return (x0 + left, y0 + top, x1 + left, y1 + top)


def find_repeated(pictures: Sequence[Pixels], digests: Sequence[str]) -> tuple[RepeatedOverlay, ...]:
    """Overlays at one place, counted from a corner, an edge's middle or the centre, on all of at least four pictures.

    pictures: H×W×C each, of one channel count and any sizes; digests: their sha256, which set the order, so that the result
    does not depend on the caller's. The median of the pictures' gradients keeps what they share and drops what they do not
    (Dekel et al., On the Effectiveness of Visible Watermarks, CVPR 2017). Empty for fewer than four pictures."""
    if len(pictures) < FEWEST:
        return ()
    ordered = [pictures[n] for n in sorted(range(len(pictures)), key=lambda n: digests[n])]
    height, width = (min(picture.shape[axis] for picture in ordered) for axis in (0, 1))
    found: list[RepeatedOverlay] = []
    for anchor in _anchors(ordered):
        stack = _aligned(ordered, anchor, (height, width))
        for box, support in _places(stack):
            overlay = _learnt(stack, anchor, (height, width), box, support)
            if overlay is not None and not any(_same(overlay, other, ordered[0]) for other in found):
                found.append(overlay)
    return tuple(found)


def _anchors(pictures: Sequence[Pixels]) -> list[Anchor]:
    heights, widths = ({picture.shape[axis] for picture in pictures} for axis in (0, 1))
    across = _PLACES if len(widths) > 1 else (0.0,)
    down = _PLACES if len(heights) > 1 else (0.0,)
    return [Anchor(x, y) for y in down for x in across]


def _aligned(pictures: Sequence[Pixels], anchor: Anchor, window: tuple[int, int]) -> Pixels:
    """K×h×w×C."""
    parts = []
    for picture in pictures:
        left, top = anchor.corner((picture.shape[0], picture.shape[1]), window)
        parts.append(picture[top : top + window[0], left : left + window[1]])
    return np.stack(parts)


def _places(stack: Pixels) -> list[tuple[Box, Zone]]:
    """Boxes with the pixels near an edge that the pictures share, the largest first."""
    edges = _shared_edges(stack)
    joined = cv2.dilate(edges, np.ones((_JOIN, _JOIN), np.uint8))
    count, label = cv2.connectedComponents(joined, connectivity=8, ltype=cv2.CV_32S)
    places = []
    for n in range(1, count):
        support = (edges > 0) & (label == n)
        if support.sum() >= _SMALLEST:
            places.append((int(support.sum()), _box_of(support), support))
    places.sort(key=lambda place: (-place[0], place[1]))
    return [(box, support) for _, box, support in places]


def _shared_edges(stack: Pixels) -> NDArray[np.uint8]:
    """H×W, 1 where nearly all pictures change the same way, and such pixels are many."""
    edges = np.zeros(stack.shape[1:3], np.uint8)
    for axis in (1, 2):
        step = np.diff(stack.mean(axis=3), axis=axis)
        shared = np.abs(np.median(step, axis=0)) > _STEP
        agree = np.maximum((step > _LEAST).mean(axis=0), (step < -_LEAST).mean(axis=0)) >= _AGREE
        strong = (shared & agree).astype(np.uint8)
        edges[: strong.shape[0], : strong.shape[1]] |= strong
    dense = cv2.blur(edges.astype(np.float32), (9, 9)) > 0.15
    edges &= dense.astype(np.uint8)
    return np.asarray(edges, np.uint8)


def _box_of(support: Zone) -> Box:
    rows, columns = np.flatnonzero(support.any(axis=1)), np.flatnonzero(support.any(axis=0))
    height, width = support.shape
    return (
        max(int(columns[0]) - _MARGIN, 0), max(int(rows[0]) - _MARGIN, 0),
        min(int(columns[-1]) + _MARGIN + 1, width), min(int(rows[-1]) + _MARGIN + 1, height),
    )  # fmt: skip


def _learnt(
    stack: Pixels, anchor: Anchor, window: tuple[int, int], box: Box, support: Zone
) -> RepeatedOverlay | None:
    x0, y0, x1, y1 = box
    matte = estimate_matte(stack[:, y0:y1, x0:x1], support[y0:y1, x0:x1])
    if matte is None:
        return None
    clear = np.stack([matte.removed(part)[0] for part in stack[:, y0:y1, x0:x1]])
    # With the right matte the pictures have nothing left in common; a second colour, a plate's edge say, would be.
    if _shared_edges(clear).sum() > _LEFT * support.sum():
        return None
    return RepeatedOverlay(anchor, window, box, matte, len(stack))


def _same(one: RepeatedOverlay, other: RepeatedOverlay, picture: Pixels) -> bool:
    a, b = (overlay.box_in(picture.shape[0], picture.shape[1]) for overlay in (one, other))
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
