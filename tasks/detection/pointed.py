"""From a pointed-at object, by box, clicks or words, to its mask over the whole picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model_registry.engines.segment_contract import Levels, Sighting
from tasks.contracts import Box, Mask, Raster
from tasks.detection.object_masks import Look, Outline, Points, Segment, at_points, in_box
from tasks.errors import BadMask
from tasks.intents import Coordinates, MaskClick, MaskObjectBox, MaskWords

OVERVIEW = 2_000_000
"""Most pixels that words are looked for in."""
Locate = Callable[[Levels, str], Sequence[Sighting]]


@dataclass(frozen=True, slots=True)
class Finders:
    """How objects are found: the picture in 8 bits by boxes, and engines that outline and locate."""

    look: Look
    segment: Segment
    locate: Locate


def pointed_mask(spec: MaskObjectBox | MaskClick | MaskWords, raster: Raster, finders: Finders) -> Mask:
    """The mask of the objects meant, H×W float32 of 0 and 1: their outlines and the pixel around them that their edges are
    mixed into. All 0 when words name nothing that is seen.

    Raises BadMask, with a cure, for a box or point outside the picture and where no object can be told."""
    size = raster.height, raster.width
    mask = np.zeros(size, np.float32)
    for outline in _outlines(spec, size, finders):
        _put(mask, outline)
    return mask


def _outlines(
    spec: MaskObjectBox | MaskClick | MaskWords, size: tuple[int, int], finders: Finders
) -> list[Outline]:
    match spec:
        case MaskClick():
            on, off = (_checked(points, size) for points in (spec.on, spec.off))
            return [at_points(finders.look, size, on, off, finders.segment)]
        case MaskObjectBox():
            on, off = (_checked(points, size) for points in (spec.on, spec.off))
            return [_in_box(box, on, off, size, finders) for box in spec.boxes]
        case MaskWords():
            return [_seen(box, size, finders) for box in _located(spec.words, size, finders)]


def _in_box(box: Coordinates, on: Points, off: Points, size: tuple[int, int], finders: Finders) -> Outline:
    x0, y0, x1, y1 = box
    inside = (max(x0, 0), max(y0, 0), min(x1, size[1]), min(y1, size[0]))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise BadMask(f"the box {box} covers nothing of the picture, which is {size[1]}×{size[0]}")
    here, there = _within(on, inside), _within(off, inside)
    return in_box(finders.look, size, inside, here, there, finders.segment)


def _located(words: str, size: tuple[int, int], finders: Finders) -> list[Box]:
    """Where the words are seen, on a copy of at most OVERVIEW pixels: detectors look at no more."""
    picture = finders.look((0, 0, size[1], size[0]))
    scale = min(1.0, (OVERVIEW / (size[0] * size[1])) ** 0.5)
    if scale < 1:
        small = max(round(size[1] * scale), 1), max(round(size[0] * scale), 1)
        picture = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
    fx, fy = size[1] / picture.shape[1], size[0] / picture.shape[0]
    return [
        (int(x0 * fx), int(y0 * fy), min(int(np.ceil(x1 * fx)), size[1]), min(int(np.ceil(y1 * fy)), size[0]))
        for x0, y0, x1, y1 in (one.box for one in finders.locate(picture, words))
    ]


def _seen(box: Box, size: tuple[int, int], finders: Finders) -> Outline:
    """The outline in a box that a detector drew, which is never quite the object's; the box itself where none shows."""
    room = max(2, round(0.04 * max(box[2] - box[0], box[3] - box[1])))
    x0, y0 = max(box[0] - room, 0), max(box[1] - room, 0)
    wider = (x0, y0, min(box[2] + room, size[1]), min(box[3] + room, size[0]))
    try:
        return in_box(finders.look, size, wider, (), (), finders.segment)
    except BadMask:
        whole = np.ones((box[3] - box[1], box[2] - box[0]), np.bool_)
        return Outline(box, whole, 0.0)


def _within(points: Points, box: Box) -> Points:
    return tuple((x, y) for x, y in points if box[0] <= x < box[2] and box[1] <= y < box[3])


def _checked(points: Points, size: tuple[int, int]) -> Points:
    for x, y in points:
        if not (0 <= x < size[1] and 0 <= y < size[0]):
            raise BadMask(
                f"the point {x},{y} is not in the picture, which is {size[1]}×{size[0]}",
                cure="give x,y in the pixels of the picture as displayed",
            )
    return points


def _put(mask: Mask, outline: Outline) -> None:
    """Set the outline and the pixels beside it, in place."""
    x0, y0, x1, y1 = outline.box
    grown = cv2.dilate(np.pad(outline.zone, 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    left, top = int(x0 == 0), int(y0 == 0)
    view = mask[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1]
    view[grown[top : top + view.shape[0], left : left + view.shape[1]]] = 1
