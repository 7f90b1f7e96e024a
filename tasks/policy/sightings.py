"""What detectors saw, in the picture's own pixels, and which of it a region touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from tasks.contracts import Box, Region
from tasks.policy.detectors.contract import Bytes3, Detector, SeesThrough

MARGIN = 0.15
"""A find is taken this much larger on each side: detectors box the middle of a face, and edits have a rim."""
INSIDE = frozenset({"face"})
"""Detectors whose finds count only where the hole reaches into the thing itself: text beside a face is ordinary work."""
COVERED = 0.01
"""Of the ellipse about such a find, that the hole must cover."""
STOUT = 1.15
"""The ellipse's axes in the find's sides: a find ends above the chin and within the ears."""
AROUND = 64
"""px: least surroundings of a close view on each side."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Boxes by detector, and the detectors that could not look."""

    boxes: Mapping[str, tuple[Box, ...]]
    missing: Mapping[str, str]
    """Name to why."""


NOTHING = Sightings({}, {})
"""Before anything was looked at."""


def survey(
    image: Bytes3, box: Box, detectors: Mapping[str, Detector], wanted: Mapping[str, Sequence[Box]],
    bare: Bytes3 | None = None,
) -> Sightings:  # fmt: skip
    """Let each wanted detector look at `image`, which shows `box` of the picture at any scale.

    wanted: name to the boxes of the picture around which it is to look; for none, it need only be there. bare: the same
    view without its lettering, for detectors that see through it. A detector that is not there, or that fails, is missing;
    it has not seen nothing."""
    boxes: dict[str, tuple[Box, ...]] = {}
    missing: dict[str, str] = {}
    reasons: Mapping[str, str] = getattr(detectors, "missing", {})
    for name, places in wanted.items():
        if name not in detectors:
            missing[name] = reasons.get(name, "it was not given")
            continue
        try:
            near = _shown(places, image, box)
            found = _look(detectors[name], image, near, bare) if near else ()
            boxes[name] = tuple(_moved(one, image, box) for one in found)
        except Exception as error:  # whatever it is, nothing was looked at
            missing[name] = f"it failed: {type(error).__name__}: {error}".splitlines()[0]
    return Sightings(boxes, missing)


def _look(detector: Detector, image: Bytes3, near: Sequence[Box], bare: Bytes3 | None) -> tuple[Box, ...]:
    if bare is None or not isinstance(detector, SeesThrough):
        return detector.find(image, near)
    return detector.find_under(image, bare, near)


def merged(one: Sightings, other: Sightings) -> Sightings:
    """Both together: missing in one view is missing."""
    names = {*one.boxes, *other.boxes}
    boxes = {
        name: tuple(sorted({*one.boxes.get(name, ()), *other.boxes.get(name, ())})) for name in sorted(names)
    }
    return Sightings(boxes, {**one.missing, **other.missing})


def close_view(box: Box, size: tuple[int, int]) -> Box:
    """The region's box with half its longer side, and at least `AROUND`, on each side, clipped. size: (h, w)."""
    x0, y0, x1, y1 = box
    by = max((max(x1 - x0, y1 - y0) + 1) // 2, AROUND)
    return max(x0 - by, 0), max(y0 - by, 0), min(x1 + by, size[1]), min(y1 + by, size[0])


def touching(region: Region, boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes that the region's hole reaches into, each taken larger by `MARGIN`."""
    return tuple(box for box in boxes if _touches(region, box))


def reaching(region: Region, boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes about which the region's hole covers a share of the ellipse, of at least `COVERED`."""
    return tuple(box for box in boxes if _covered(region, box) >= COVERED)


def _covered(region: Region, box: Box) -> float:
    """Share of the ellipse about the box that the hole covers."""
    left, top, right, bottom = region.box
    wide, tall = STOUT * (box[2] - box[0]) / 2, STOUT * (box[3] - box[1]) / 2
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    x0, x1 = max(int(middle[0] - wide), left), min(ceil(middle[0] + wide), right)
    y0, y1 = max(int(middle[1] - tall), top), min(ceil(middle[1] + tall), bottom)
    if x0 >= x1 or y0 >= y1:
        return 0.0
    y, x = np.ogrid[y0:y1, x0:x1]
    inside = ((x + 0.5 - middle[0]) / wide) ** 2 + ((y + 0.5 - middle[1]) / tall) ** 2 <= 1
    hole = region.hole[y0 - top : y1 - top, x0 - left : x1 - left]
    return float(np.count_nonzero(hole & inside)) / (np.pi * wide * tall)


def _touches(region: Region, box: Box) -> bool:
    bx, by = int(MARGIN * (box[2] - box[0])) + 1, int(MARGIN * (box[3] - box[1])) + 1
    left, top, right, bottom = region.box
    x0, y0 = max(box[0] - bx, left) - left, max(box[1] - by, top) - top
    x1, y1 = min(box[2] + bx, right) - left, min(box[3] + by, bottom) - top
    return x0 < x1 and y0 < y1 and bool(region.hole[y0:y1, x0:x1].any())


def _moved(found: Box, image: Bytes3, box: Box) -> Box:
    fx, fy = (box[2] - box[0]) / image.shape[1], (box[3] - box[1]) / image.shape[0]
    x0, y0, x1, y1 = found
    return round(box[0] + x0 * fx), round(box[1] + y0 * fy), round(box[0] + x1 * fx), round(box[1] + y1 * fy)


def _shown(places: Sequence[Box], image: Bytes3, box: Box) -> list[Box]:
    """Boxes of the picture in the image's pixels, rounded outwards and clipped; those outside of it are left out."""
    height, width = image.shape[:2]
    fx, fy = width / (box[2] - box[0]), height / (box[3] - box[1])
    shown = []
    for x0, y0, x1, y1 in places:
        left, top = max(int((x0 - box[0]) * fx), 0), max(int((y0 - box[1]) * fy), 0)
        right, low = min(ceil((x1 - box[0]) * fx), width), min(ceil((y1 - box[1]) * fy), height)
        if left < right and top < low:
            shown.append((left, top, right, low))
    return shown
