"""From a mask, or from text lines, to regions: the units of work, retry and re-run.

The write zones of two regions (the hole and `feather` pixels around it) never overlap: what would, is one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Found, Mask, Region, RegionKind
from tasks.detection.clusters import Cluster, merge_overlapping
from tasks.detection.levels import from_levels, to_levels
from tasks.detection.lines import covered, outline
from tasks.detection.order import reading_order
from tasks.detection.pieces import pieces
from tasks.detection.strokes_lines import LineMask, line_masks

GROW = 0.1
"""Growth of a text line on each side, as a share of its letters' height.

Measured with rapidocr 3.10 on 204 rendered lines of 16 to 64 px (outlines of 6 to 14 %, shadows, turned by 12 to 90°) over
photographs, lines with a word missed left out. Its boxes usually hold the ink with a tenth to spare; soft shadows stick
out by up to 0.08. Covered whole: 77 to 97 % of lines as read, 93 to 97 % at 0.1, 94 to 98 % at 0.2, where the area grows by
a further fifth of the height all round. The rest are letters that the reader cut off."""

WIDTHS: tuple[Found, ...] = ("", "strokes", "plate", "polygon", "repeated")
"""From tight to wide."""


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
        outer = spread(box, feather, (height, width))
        levels = np.zeros((outer[3] - outer[1], outer[2] - outer[0]), np.uint8)
        own = np.where(hole, to_levels(mask[y0:y1, x0:x1]), np.uint8(0))
        levels[y0 - outer[1] : y1 - outer[1], x0 - outer[0] : x1 - outer[0]] = own
        found.append(Region(0, outer, from_levels(levels), kind))
    return _numbered(found)


def regions_from_lines(
    lines: Sequence[TextLine],
    size: tuple[int, int],
    *,
    feather: int,
    grow: float = GROW,
    image: NDArray[np.uint8] | None = None,
    shared: Sequence[Region] = (),
) -> tuple[Region, ...]:
    """One region a text line, in reading order, numbered from 1; lines whose write zones touch are one region.

    size: (h, w) of the picture. Each line's quadrilateral is grown on every side by `grow` × the height of its letters,
    rotation kept, and clipped; a line outside the picture gives no region. A region's text is that of its lines in
    reading order, parted by spaces; its confidence the lowest of theirs. Masks are 0 or 1.

    With `image` (h×w×3 uint8 RGB, unchanged) each line's mask is trimmed to its strokes, with outline and shadow, or to
    the plate it stands on, and is soft at the rim; a line whose strokes cannot be told apart keeps its quadrilateral.
    `shared` regions, which come from elsewhere, are numbered among them; what lies in their write zones is theirs."""
    if image is not None:
        trimmed = _trimmed_regions(line_masks(image, lines, grow), size, feather)
        return _numbered([*shared, *_apart(trimmed, shared, feather)])
    drawn = []
    for line in lines:
        box, zone = covered(outline(line, grow), size)
        if zone.any():
            drawn.append(Cluster(box, zone, (line,)))
    merged = merge_overlapping(drawn, 2 * feather)
    return _numbered([_text_region(cluster, feather, size) for cluster in merged])


def _trimmed_regions(
    masks: Mapping[TextLine, LineMask], size: tuple[int, int], feather: int
) -> tuple[Region, ...]:
    drawn = [Cluster(trimmed.box, trimmed.mask > 0, (line,)) for line, trimmed in masks.items()]
    return _numbered([
        _softened(_text_region(cluster, feather, size), [masks[line] for line in cluster.lines])
        for cluster in merge_overlapping(drawn, 2 * feather)
    ])  # fmt: skip


def _apart(regions: Sequence[Region], shared: Sequence[Region], feather: int) -> list[Region]:
    """The regions without what lies within two feathers of a shared one; those left empty are left out."""
    made = []
    for region in regions:
        mask = region.mask.copy()
        for other in shared:
            x0, y0, x1, y1 = other.box
            left, top = region.box[:2]
            rows = slice(max(y0 - feather - top, 0), max(y1 + feather - top, 0))
            columns = slice(max(x0 - feather - left, 0), max(x1 + feather - left, 0))
            mask[rows, columns] = 0
        if mask.any():
            made.append(replace(region, mask=mask))
    return made


def _softened(region: Region, parts: Sequence[LineMask]) -> Region:
    """The region with its lines' own masks; where two overlap, the higher. The widest says how it was found."""
    found = max((part.found for part in parts), key=WIDTHS.index)
    note = "; ".join(dict.fromkeys(part.reason for part in parts if part.reason))
    mask = np.zeros(region.mask.shape, np.float32)
    left, top = region.box[:2]
    for part in parts:
        x0, y0, x1, y1 = part.box
        view = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        np.maximum(view, part.mask, out=view)
    return replace(region, mask=from_levels(to_levels(mask)), found=found, note=note)


def _text_region(cluster: Cluster, feather: int, size: tuple[int, int]) -> Region:
    x0, y0, x1, y1 = cluster.box
    outer = spread(cluster.box, feather, size)
    mask = np.zeros((outer[3] - outer[1], outer[2] - outer[0]), np.float32)
    mask[y0 - outer[1] : y1 - outer[1], x0 - outer[0] : x1 - outer[0]] = cluster.zone
    text = " ".join(line.text for line in cluster.lines if line.text)
    confidence = float(min(line.score for line in cluster.lines))
    return Region(0, outer, mask, "text", text, confidence)


def spread(box: Box, by: int, size: tuple[int, int]) -> Box:
    """The box grown by so many px on every side, clipped to a picture of size (h, w)."""
    x0, y0, x1, y1 = box
    return max(x0 - by, 0), max(y0 - by, 0), min(x1 + by, size[1]), min(y1 + by, size[0])


def _numbered(regions: Sequence[Region]) -> tuple[Region, ...]:
    order = reading_order([region.box for region in regions])
    return tuple(replace(regions[index], n=n) for n, index in enumerate(order, start=1))
