"""The piece of the picture around a text line, and a quick guess which of its pixels are the letters' ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Zone
from tasks.detection.lines import glyph_height, outline
from tasks.detection.strokes_background import Levels3, Plane, local_median

LARGEST = 50_000
"""Pixels of a piece: of a longer or taller line its middle is enough."""
_CONTEXT = 0.8
"""Of the surroundings shown, in letter heights."""
Bytes3 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text line in its surroundings. All H×W; places are in the picture's pixels."""

    levels: Levels3
    inside: Zone
    around: Zone
    """Neither of this line nor of another."""
    height: float
    """Of the letters, px."""
    along: NDArray[np.float64]
    """Unit vector x,y in reading direction."""


@dataclass(frozen=True, slots=True)
class Letters:
    """What stands out from its surroundings as letters do: narrow, of one side of brightness or colour."""

    rise: Plane
    """H×W, levels: how far a pixel is from the local background, towards the ink's colour; negative on the other side."""
    ink: Zone
    core: Zone
    """The ink less its rim; the ink itself where strokes are too thin."""
    contrast: float
    """Median rise of the ink, levels."""
    lead: float
    """Share of ink inside the line less that around it."""


def piece_of(image: Bytes3, line: TextLine, others: Sequence[TextLine]) -> Piece | None:
    """The line's surroundings; None for a line that hardly lies in the picture."""
    corners, height = np.asarray(line.polygon, np.float64), glyph_height(line)
    ground = outline(line, 0.0)
    low, high = ground.min(axis=0), ground.max(axis=0)
    margin = max(_CONTEXT * height, 8.0)
    box = _limited(low - margin, high + margin, image.shape)
    x0, y0, x1, y1 = box
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    inside = _polygon(ground, box)
    if inside.sum() < 24:
        return None
    taken = inside.copy()
    for other in others:
        if other is not line:
            taken |= _polygon(outline(other, 0.0), box)
    top = corners[1] - corners[0] + corners[2] - corners[3]
    left = corners[3] - corners[0] + corners[2] - corners[1]
    along = top if np.linalg.norm(top) >= np.linalg.norm(left) else left
    levels = image[y0:y1, x0:x1].astype(np.float32)
    return Piece(levels, inside, ~taken, height, along / max(float(np.linalg.norm(along)), 1e-6))


def _limited(low: NDArray[np.float64], high: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[int, ...]:
    """x0, y0, x1, y1 of whole pixels in the picture, shrunk about the middle to LARGEST."""
    low = np.clip(np.floor(low), 0, (shape[1], shape[0]))
    high = np.clip(np.ceil(high), 0, (shape[1], shape[0]))
    size, middle = high - low, (high + low) / 2
    side = float(np.sqrt(LARGEST))
    if size.prod() > LARGEST:
        short = min(float(size.min()), side)
        size = np.minimum(size, max(LARGEST / max(short, 1.0), side) if short < side else side)
    low, high = np.floor(middle - size / 2), np.ceil(middle + size / 2)
    return int(max(low[0], 0)), int(max(low[1], 0)), int(min(high[0], shape[1])), int(min(high[1], shape[0]))


def _polygon(corners: NDArray[np.float64], box: tuple[int, ...]) -> Zone:
    canvas = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    cv2.fillPoly(canvas, [np.rint(corners - box[:2]).astype(np.int32)], (1,))
    return canvas.astype(np.bool_)


def letters_in(piece: Piece) -> Letters | None:
    """The ink: what differs from the local median along the line's own main direction of colour; None for a flat piece."""
    change = piece.levels - local_median(piece.levels, piece.height)
    within = change[piece.inside]
    _, axes = np.linalg.eigh(within.T @ within)
    plane = np.asarray(change @ axes[:, -1].astype(np.float32), np.float32)
    found = [_one_side(side, piece) for side in (plane, -plane)]
    return max((f for f in found if f is not None), key=lambda f: f.lead * f.contrast, default=None)


def _one_side(rise: Plane, piece: Piece) -> Letters | None:
    within = np.clip(rise[piece.inside], 0, 255)
    if float(within.max()) < 4:
        return None
    cut, _ = cv2.threshold(within.astype(np.uint8)[None], 0, 255, cv2.THRESH_OTSU)
    high = within[within > max(cut, 2)]
    if high.size < 12:
        return None
    contrast = float(np.median(high))
    ink = (rise > contrast / 2) & piece.inside
    core = cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    if core.sum() < 20:
        core = (rise > contrast * 0.9) & piece.inside
    if core.sum() < 8:
        core = ink
    beside = float((rise[piece.around] > contrast / 2).mean()) if piece.around.any() else 0.0
    return Letters(rise, ink, core, contrast, float(ink[piece.inside].mean()) - beside)
