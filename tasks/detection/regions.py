"""From a mask, or from text lines, to regions: the units of work, retry and re-run.

The write zones of two regions (the hole and `feather` pixels around it) never overlap: what would, is one region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Mask, Region, RegionKind
from tasks.detection.clusters import Cluster, merge_overlapping
from tasks.detection.levels import from_levels, to_levels
from tasks.detection.lines import covered, grown_corners
from tasks.detection.order import reading_order
from tasks.detection.pieces import pieces

GROW = 0.1
"""Growth of a text line on each side, as a share of its letters' height; why this much: docs of `regions_from_lines`."""


def regions_from_mask(
    mask: Mask, *, feather: int, kind: RegionKind = "object", merge_gap: int = 16
) -> tuple[Region, ...]:
    """One region a connected piece of `mask > 0`, in reading order, numbered from 1; none for an empty mask.

    mask: H×W float32 0–1, unchanged. Pieces with at most `merge_gap` pixels between them, and those whose write zones
    would touch, are one region. Each box encloses hole and `feather` (px), clipped to the picture; masks lie on the grid
    of 1/255 that 8-bit storage keeps exactly."""
    height, width = mask.shape
    found: list[Region] = []
    for box, hole in pieces(mask > 0, max(merge_gap, 2 * feather)):
        x0, y0, x1, y1 = box
        outer = _spread(box, feather, (height, width))
        levels = np.zeros((outer[3] - outer[1], outer[2] - outer[0]), np.uint8)
        own = np.where(hole, to_levels(mask[y0:y1, x0:x1]), np.uint8(0))
        levels[y0 - outer[1] : y1 - outer[1], x0 - outer[0] : x1 - outer[0]] = own
        found.append(Region(0, outer, from_levels(levels), kind))
    return _numbered(found)


def regions_from_lines(
    lines: Sequence[TextLine], size: tuple[int, int], *, feather: int, grow: float = GROW
) -> tuple[Region, ...]:
    """One region a text line, in reading order, numbered from 1; lines whose write zones touch are one region.

    size: (h, w) of the picture. Each line's quadrilateral is grown on every side by `grow` × the height of its letters,
    rotation kept, and clipped; a line outside the picture gives no region. A region's text is that of its lines in
    reading order, parted by spaces; its confidence the lowest of theirs. Masks are 0 or 1."""
    drawn = []
    for line in lines:
        box, zone = covered(grown_corners(line, grow), size)
        if zone.any():
            drawn.append(Cluster(box, zone, (line,)))
    merged = merge_overlapping(drawn, 2 * feather)
    return _numbered([_text_region(cluster, feather, size) for cluster in merged])


def _text_region(cluster: Cluster, feather: int, size: tuple[int, int]) -> Region:
    x0, y0, x1, y1 = cluster.box
    outer = _spread(cluster.box, feather, size)
    mask = np.zeros((outer[3] - outer[1], outer[2] - outer[0]), np.float32)
    mask[y0 - outer[1] : y1 - outer[1], x0 - outer[0] : x1 - outer[0]] = cluster.zone
    text = " ".join(line.text for line in cluster.lines if line.text)
    confidence = float(min(line.score for line in cluster.lines))
    return Region(0, outer, mask, "text", text, confidence)


def _spread(box: Box, by: int, size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = box
    return max(x0 - by, 0), max(y0 - by, 0), min(x1 + by, size[1]), min(y1 + by, size[0])


def _numbered(regions: Sequence[Region]) -> tuple[Region, ...]:
    order = reading_order([region.box for region in regions])
    return tuple(replace(regions[index], n=n) for n, index in enumerate(order, start=1))
