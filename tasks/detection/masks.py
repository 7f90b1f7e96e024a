"""From a mask's description to the mask itself, over the whole picture."""

from __future__ import annotations

import numpy as np

from tasks.contracts import Box, Mask, Raster
from tasks.detection.mask_file import mask_from_file
from tasks.detection.pointed import Finders, pointed_mask
from tasks.detection.polygons import fill_polygon
from tasks.detection.syntax import FORMS, parse_mask
from tasks.errors import BadMask
from tasks.intents import (
    BY_OBJECT,
    Coordinates,
    MaskBoxes,
    MaskClick,
    MaskColourKey,
    MaskFile,
    MaskObjectBox,
    MaskPolygons,
    MaskSpec,
    MaskWords,
)

__all__ = ["FORMS", "Finders", "build_mask", "parse_mask"]


def build_mask(
    spec: MaskSpec,
    raster: Raster,
    file_bytes: bytes | None = None,
    *,
    picture: str = "",
    finders: Finders | None = None,
) -> Mask:
    """The mask that `spec` describes, H×W float32 0–1 of the raster's size, 1 = edit; never resized. Empty only
    where words name nothing that is seen.

    file_bytes: the content of a MaskFile's file, which only the caller may fetch. Coordinates are those of the picture
    as displayed. finders: what draws the masks of objects, needed for those alone. Raises BadMask, naming `picture`, for a mask that is missing, unreadable, of another size, empty, or
    with a box or polygon that covers nothing of the picture."""
    try:
        mask = _build(spec, raster, file_bytes, finders)
        if not mask.any() and not isinstance(spec, BY_OBJECT):
            raise BadMask("the mask is empty: nothing in it is brighter than half")
    except BadMask as fault:
        fault.about(picture=picture, stage="detection")
        raise
    return mask


def _build(spec: MaskSpec, raster: Raster, file_bytes: bytes | None, finders: Finders | None) -> Mask:
    match spec:
        case MaskFile():
            if file_bytes is None:
                raise BadMask(f"the mask file {spec.path!r} was not found")
            return mask_from_file(file_bytes, raster)
        case MaskBoxes():
            return _from_boxes(spec, raster)
        case MaskPolygons():
            return _from_polygons(spec, raster)
        case MaskColourKey():
            return _from_colour(spec, raster)
        case MaskObjectBox() | MaskClick() | MaskWords():
            if finders is None:
                raise ValueError(f"a mask of kind {spec.kind!r} is drawn by an engine: give its finders")
            return pointed_mask(spec, raster, finders)


def _from_boxes(spec: MaskBoxes, raster: Raster) -> Mask:
    mask = _nothing(raster)
    for box in spec.boxes:
        x0, y0, x1, y1 = _clipped(box, raster, f"box {box}")
        mask[y0:y1, x0:x1] = 1
    return mask


def _from_polygons(spec: MaskPolygons, raster: Raster) -> Mask:
    mask = _nothing(raster)
    for polygon in spec.polygons:
        name = f"polygon {' '.join(f'{x},{y}' for x, y in polygon[:4])}{' …' if len(polygon) > 4 else ''}"
        if len(polygon) < 3:
            raise BadMask(f"{name} has fewer than three vertices", cure="give at least three x,y pairs")
        xs, ys = zip(*polygon, strict=True)
        box = _clipped((min(xs), min(ys), max(xs), max(ys)), raster, name)
        try:
            inside = fill_polygon(polygon, box)
        except ValueError as fault:
            raise BadMask(f"{name}: {fault}") from fault
        if not inside.any():
            raise _outside(name, raster)
        mask[box[1] : box[3], box[0] : box[2]][inside] = 1
    return mask


def _from_colour(spec: MaskColourKey, raster: Raster) -> Mask:
    """A 16-bit value counts as its nearest 8-bit level; a grey picture has its one value in all three channels."""
    steps = raster.levels // 255
    match = np.ones((raster.height, raster.width), np.bool_)
    for channel, key in enumerate(bytes.fromhex(spec.colour[1:])):
        values = raster.pixels[..., channel if raster.colours == 3 else 0]
        low = max(key - spec.tolerance, 0) * steps - steps // 2
        high = min(key + spec.tolerance, 255) * steps + steps // 2
        match &= (values >= max(low, 0)) & (values <= min(high, raster.levels))
    if not match.any():
        raise BadMask(
            f"no pixel is within {spec.tolerance} levels of {spec.colour}",
            cure="raise the tolerance, as in key:#00ff00~40, or give another colour",
        )
    return match.astype(np.float32)


def _nothing(raster: Raster) -> Mask:
    return np.zeros((raster.height, raster.width), np.float32)


def _clipped(box: Coordinates, raster: Raster, name: str) -> Box:
    """The part of `box` inside the picture; BadMask when there is none."""
    x0, y0, x1, y1 = box
    if x0 >= x1 or y0 >= y1:
        raise BadMask(f"{name} has no area", cure="give corners with x0 < x1 and y0 < y1")
    inside = (max(x0, 0), max(y0, 0), min(x1, raster.width), min(y1, raster.height))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise _outside(name, raster)
    return inside


def _outside(name: str, raster: Raster) -> BadMask:
    return BadMask(
        f"{name} covers nothing of the picture, which is {raster.width}×{raster.height}",
        cure="give coordinates in the pixels of the picture as displayed",
    )
