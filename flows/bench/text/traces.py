"""Which overlay lines were found, which can still be read, which print was kept, and what else changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from flows.bench.text.case import Case, Line, inside
from flows.bench.text.edited import Edited
from flows.bench.text.lettering import Polygon
from flows.demo.measures import changed_outside, near
from tasks.contracts import Zone

COVERED: Final = 0.8
FAR: Final = 12
"""px from the true overlay beyond which no edit has any business."""
_TOUCHED: Final = 1 / 255
_OWN, _OF_LINE, _KNOWN = 0.5, 0.2, 0.5


def found(line: Line, edited: Edited, seen: Zone | None = None) -> bool:
    """Whether at least 80 % of the line's opacity lies in holes.

    seen: H×W, where the overlay can be seen at all; a white outline on white has nothing to be found."""
    alpha = line.alpha if seen is None else line.alpha * seen
    total = float(alpha.sum())
    return total > 0 and float(alpha[edited.holes].sum()) >= COVERED * total


def still_there(
    line: Line, seen: Sequence[Polygon], truly: Sequence[Polygon], shape: tuple[int, int]
) -> bool:
    """Whether a detector sees text at the line's place that it does not also see in the clean picture.

    seen, truly: its outlines in the edited and the clean picture. One counts when half of it lies in the line or it covers
    a fifth of the line, unless half of it is covered by outlines in the clean picture."""
    place = inside(line.polygon, shape)
    known = np.zeros(shape, bool)
    for outline in truly:
        known |= inside(outline, shape)
    for outline in seen:
        spot = inside(outline, shape)
        area, shared = int(spot.sum()), int((spot & place).sum())
        here = shared > _OWN * area or shared > _OF_LINE * place.sum()
        if area and here and (spot & known).sum() < _KNOWN * area:
            return True
    return False


def kept(case: Case, edited: Edited) -> list[bool]:
    """For each box of print in the picture, whether no pixel in it changed; of a JPEG, none outside the blocks at its rim."""
    shape = case.truth.shape[:2]
    spared = tuple(~inside(outline, (shape[0], shape[1])) for outline in case.scene)
    return [count == 0 for count in changed_outside(case.edited, edited.data, spared)]


def changed(case: Case, edited: Edited) -> tuple[int, int]:
    """Pixels changed outside the write zones, and more than FAR px from the true overlay; of a JPEG by whole blocks."""
    overlay = np.asarray(case.alpha > _TOUCHED)
    outside, far = changed_outside(case.edited, edited.data, (edited.zones, near(overlay, FAR)))
    assert outside is not None
    assert far is not None
    return outside, far


def coverage(case: Case, edited: Edited) -> float:
    """Share of the visible overlay's opacity that lies in holes."""
    alpha = case.alpha * case.visible
    total = float(alpha.sum())
    return float(alpha[edited.holes].sum()) / total if total else 0.0


def waste(case: Case, edited: Edited) -> float:
    """Area of the holes over that of the strokes, a rim of 3 px granted; 0 where there is no overlay."""
    strokes: Zone = cv2.dilate(case.strokes.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return float(edited.holes.sum() / strokes.sum()) if strokes.any() else 0.0
