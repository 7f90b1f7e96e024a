"""From a text line and its picture to the line's mask: its strokes, the plate under it, or its whole polygon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Mask, Zone
from tasks.detection.arc import BentLine
from tasks.detection.lines import covered, glyph_height, grown_corners, outline
from tasks.detection.pieces import bounds
from tasks.detection.strokes import stroke_mask
from tasks.detection.strokes_banner import banner_across
from tasks.detection.strokes_frame import Frame, arc_frame, frame_of
from tasks.detection.strokes_plate import plate_around
from tasks.detection.strokes_screen import is_screen
from tasks.detection.synthetic import synthetic_mask

REACH = 0.22
"""How far beyond the line outline, shadow and swashes are followed, in letter heights."""
_BEYOND = 1.3
"""Length of the ground before and after the line where letters are looked for that the reader left out, in heights."""
_CONTEXT = 0.6
_DRAWN_REACH = 0.45
_DRAWN_CONTEXT = 20
_PLATE_CONTEXT = 3.0
_BESIDE, _STOP, _OFF = 0.35, 0.35, 24
"""Letter heights from a line's last letter to its full stop at the most, and the stop's size; levels that its colour may be off."""

Bytes3 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LineMask:
    """What of the picture a text line covers."""

    box: Box
    """Tight around the mask."""
    mask: Mask
    """Of the box's size, 0–1; the hole is `mask > 0`."""
    found: Literal["strokes", "plate", "polygon"]
    reason: str = ""
    """Why it is the polygon; empty otherwise."""


def line_masks(image: Bytes3, lines: Sequence[TextLine], grow: float) -> dict[TextLine, LineMask]:
    """The mask of each line that lies in the picture. image: H×W×3 uint8 RGB; grow: of the polygons, in letter heights."""
    size = (image.shape[0], image.shape[1])
    ground = {line: covered(outline(line, grow), size) for line in lines}
    ground = {line: place for line, place in ground.items() if place[1].any()}
    screen = is_screen(image, [place[0] for place in ground.values()])
    made = {}
    for line in ground:
        others = [place for other, place in ground.items() if other != line]
        made[line] = _line_mask(image, line, grow, others, screen)
    return made


def _line_mask(
    image: Bytes3, line: TextLine, grow: float, others: Sequence[tuple[Box, Zone]], screen: bool
) -> LineMask:
    """On a screenshot what is drawn under the text stays; on a photograph the plate under it goes too."""
    size = (image.shape[0], image.shape[1])
    place = covered(outline(line, grow), size)
    plate = None if screen else _plate(image, line, place)
    if plate is not None:
        return plate
    reach, ends = covered(outline(line, REACH), size), covered(outline(line, 0.1, _BEYOND), size)
    height = glyph_height(line)
    frame = _framed(_hull(place[0], reach[0], ends[0]), round(_CONTEXT * height) + 4, size)
    inside = _shown((place,), frame)
    strokes = stroke_mask(
        _crop(image, frame),
        inside,
        height=height,
        reach=_shown((reach,), frame),
        ends=_shown((ends,), frame),
        others=_shown(others, frame) & ~inside,
        frame=_frame_of(line, frame[:2]),
    )
    found = _tight(strokes.mask, frame, "strokes" if strokes.trusted else "polygon", strokes.reason)
    drawn = _on_drawn_ground(image, line, place, reach, ends, others)
    return (_exact(image, *drawn, found, height) or found) if drawn is not None else found


def _exact(image: Bytes3, drawn: Mask, frame: Box, strokes: LineMask, height: float) -> LineMask | None:
    """Of the pieces that a drawn ground does not explain, those that the letters' mask mostly holds: whole, and no more than
    stops beside them. height: of the letters, px."""
    count, found = cv2.connectedComponents((drawn > 0).astype(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    inside = _shown(((strokes.box, strokes.mask > 0),), frame)
    held = np.bincount(labels[inside], minlength=count) >= 0.5 * np.bincount(labels.ravel(), minlength=count)
    held[0] = False
    own = _with_stops(_crop(image, frame), np.asarray(held[labels]), labels, height)
    return _tight(own.astype(np.float32), frame, "strokes", "") if own.any() else None


def _with_stops(image: Bytes3, own: Zone, labels: NDArray[np.int32], height: float) -> Zone:
    """The line's own pieces, and small ones of their colour right beside them: a full stop that the reader left out.

    image: H×W×3; labels: H×W, of all pieces, 0 where there is none; height: of the letters, px."""
    if not own.any():
        return own
    _, top, _, tall = cv2.boundingRect(own.view(np.uint8))
    inner = cv2.erode(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ink = np.median(image[inner if inner.any() else own], axis=0)
    near = cv2.dilate(own.astype(np.uint8), np.ones((1, 2 * round(_BESIDE * height) + 1), np.uint8)) > 0
    stops = np.zeros_like(own)
    for n in np.unique(labels[near & ~own & (labels > 0)]):
        rows, columns = np.nonzero(labels == n)
        alike = (np.abs(image[rows, columns] - ink).max(axis=1) <= _OFF).any()
        small = max(np.ptp(rows), np.ptp(columns)) < _STOP * height
        if alike and small and top - 1 <= rows.min() and rows.max() <= top + tall:
            stops[rows, columns] = True
    return own | stops


def _plate(image: Bytes3, line: TextLine, place: tuple[Box, Zone]) -> LineMask | None:
    """The patch or the band of one colour that the line stands on."""
    size = (image.shape[0], image.shape[1])
    height = glyph_height(line)
    frame = _framed(place[0], round(_PLATE_CONTEXT * height) + 4, size)
    plate = plate_around(_crop(image, frame), _shown((place,), frame))
    if plate is not None:
        return _tight(plate.astype(np.float32), frame, "plate", "")
    if isinstance(line, BentLine):
        return None
    band = banner_across(image, grown_corners(line, 0.0), *place, height)
    if band is None:
        return None
    return LineMask(band, np.ones((band[3] - band[1], band[2] - band[0]), np.float32), "plate")


def _on_drawn_ground(
    image: Bytes3,
    line: TextLine,
    place: tuple[Box, Zone],
    near: tuple[Box, Zone],
    ends: tuple[Box, Zone],
    others: Sequence[tuple[Box, Zone]],
) -> tuple[Mask, Box] | None:
    """Every pixel that a drawn ground does not explain, and the frame it is seen in; None on other grounds."""
    size = (image.shape[0], image.shape[1])
    wide = covered(outline(line, _DRAWN_REACH), size)
    frame = _framed(_hull(wide[0], ends[0]), _DRAWN_CONTEXT, size)
    inside = _shown((place,), frame)
    reaches = (_shown((wide, ends), frame), _shown((near,), frame))
    mask = synthetic_mask(
        _crop(image, frame), inside, reaches=reaches, others=_shown(others, frame) & ~inside
    )
    return (mask, frame) if mask is not None else None


def _frame_of(line: TextLine, origin: tuple[int, int]) -> Frame:
    if isinstance(line, BentLine):
        return arc_frame(line.arc, origin, line.text)
    return frame_of(grown_corners(line, 0.0), origin, line.text)


def _hull(*boxes: Box) -> Box:
    filled = np.array([box for box in boxes if box[0] < box[2]])
    low, high = filled.min(axis=0), filled.max(axis=0)
    return int(low[0]), int(low[1]), int(high[2]), int(high[3])


def _framed(box: Box, by: int, size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = box
    return max(x0 - by, 0), max(y0 - by, 0), min(x1 + by, size[1]), min(y1 + by, size[0])


def _crop(image: Bytes3, frame: Box) -> Bytes3:
    x0, y0, x1, y1 = frame
    return np.ascontiguousarray(image[y0:y1, x0:x1])


def _shown(places: Sequence[tuple[Box, Zone]], frame: Box) -> Zone:
    """The zones as seen in `frame`."""
    out = np.zeros((frame[3] - frame[1], frame[2] - frame[0]), np.bool_)
    for (bx, by, bx1, by1), zone in places:
        x0, y0 = max(bx, frame[0]), max(by, frame[1])
        x1, y1 = min(bx1, frame[2]), min(by1, frame[3])
        if x0 < x1 and y0 < y1:
            target = out[y0 - frame[1] : y1 - frame[1], x0 - frame[0] : x1 - frame[0]]
            target |= zone[y0 - by : y1 - by, x0 - bx : x1 - bx]
    return out


def _tight(mask: Mask, frame: Box, found: Literal["strokes", "plate", "polygon"], reason: str) -> LineMask:
    extent = bounds(mask > 0)
    assert extent is not None, "a line's mask is never empty"
    x0, y0, x1, y1 = extent
    box = (x0 + frame[0], y0 + frame[1], x1 + frame[0], y1 + frame[1])
    return LineMask(box, mask[y0:y1, x0:x1].copy(), found, reason)
