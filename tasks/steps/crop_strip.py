"""Crops of one picture in one stored picture, and what names a part of it: many small files cost more than their pixels.

A part is named as a media fragment (W3C Media Fragments URI 1.0, 2012, section 4.2): the picture's digest, `#xywh=` and px."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tasks.contracts import Box, Raster

PART = re.compile(r"([0-9a-f]{64})#xywh=(\d+),(\d+),(\d+),(\d+)")


def strip_of(pairs: Sequence[tuple[Raster, Raster]]) -> Raster:
    """Each pair side by side, below each other; 0 where there is none. Both of a pair are of one size; all have one depth and as
    many channels, and are unchanged. Raises ValueError for no pair."""
    places = places_of([(left.width, left.height) for left, _ in pairs])
    first = pairs[0][0].pixels
    right, below = max(second[2] for _, second in places), places[-1][0][3]
    pixels = np.zeros((below, right, first.shape[2]), first.dtype)
    for pair, boxes in zip(pairs, places, strict=True):
        for one, (x0, y0, x1, y1) in zip(pair, boxes, strict=True):
            pixels[y0:y1, x0:x1] = one.pixels
    return Raster(pixels)


def places_of(sizes: Sequence[tuple[int, int]]) -> list[tuple[Box, Box]]:
    """Where `strip_of` puts each pair, px of the strip. sizes: width and height of a half, px."""
    found: list[tuple[Box, Box]] = []
    top = 0
    for width, height in sizes:
        found.append(((0, top, width, top + height), (width, top, 2 * width, top + height)))
        top += height
    return found


def part_of(digest: str, box: Box) -> str:
    """What names a box, px, of a stored picture."""
    x0, y0, x1, y1 = box
    return f"{digest}#xywh={x0},{y0},{x1 - x0},{y1 - y0}"


def whole_of(name: str) -> tuple[str, Box | None]:
    """The digest of the stored picture, and the box that is meant, px: None for all of it. Anything else stays as it is."""
    found = PART.fullmatch(name)
    if found is None:
        return name, None
    x, y, width, height = (int(number) for number in found.groups()[1:])
    return found[1], (x, y, x + width, y + height)
