"""Whether what a cascade found holds: others look again at that place alone, finely, and enough of their windows agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

Grey = NDArray[np.uint8]
SIDE, AROUND = 60, 0.35
"""The find is brought to this many px, and shown with this share of its side around it."""
_STEP, _LEAST, _MOST = 1.1, 40, 90
"""Between scales, and the windows' sizes, px of that view."""
_SAME = 0.4
"""Least intersection over union of a window with the find."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Cascades whose windows are counted together."""

    files: tuple[str, ...]
    windows: int
    """So many have to agree."""
    mirrored: bool = False
    """Also over the mirror picture."""


FACE_PROOFS = (
    Proof(
        ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_alt.xml", "haarcascade_frontalface_default.xml"), 24
    ),
    Proof(("haarcascade_profileface.xml",), 18, mirrored=True),
)  # fmt: skip
"""Either is enough. Of 574 finds on LFW faces pasted into photographs under lettering 561 hold; of 45 on clothing and other
things where no face is, 4."""


def holds(grey: Grey, find: Box, proofs: Sequence[Proof], loaded: dict[str, cv2.CascadeClassifier]) -> bool:
    """Whether one of the proofs is met. grey: H×W, unchanged; find: a box of it; loaded: file name to classifier."""
    x0, y0, x1, y1 = find
    by = round(AROUND * (x1 - x0))
    crop = grey[max(y0 - by, 0) : y1 + by, max(x0 - by, 0) : x1 + by]
    scale = SIDE / max(x1 - x0, 1)
    size = (max(round(crop.shape[1] * scale), 1), max(round(crop.shape[0] * scale), 1))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    view = np.asarray(cv2.resize(crop, size, interpolation=way), np.uint8)
    left, top = (x0 - max(x0 - by, 0)) * scale, (y0 - max(y0 - by, 0)) * scale
    place = (left, top, left + SIDE, top + (y1 - y0) * scale)
    return any(_met(view, place, proof, loaded) for proof in proofs)


def _met(
    view: Grey, place: tuple[float, ...], proof: Proof, loaded: dict[str, cv2.CascadeClassifier]
) -> bool:
    count = 0
    for file in proof.files:
        count += _agreeing(view, place, loaded[file])
        if proof.mirrored:
            wide = view.shape[1]
            mirror = (wide - place[2], place[1], wide - place[0], place[3])
            count += _agreeing(np.ascontiguousarray(view[:, ::-1]), mirror, loaded[file])
        if count >= proof.windows:
            return True
    return False


def _agreeing(view: Grey, place: tuple[float, ...], cascade: cv2.CascadeClassifier) -> int:
    """Windows the cascade takes that cover about what the find covers."""
    taken = cascade.detectMultiScale(view, _STEP, 0, 0, (_LEAST, _LEAST), (_MOST, _MOST))
    return sum(_overlap((x, y, x + w, y + h), place) > _SAME for x, y, w, h in taken)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union."""
    wide, tall = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return wide * tall / (sum(areas) - wide * tall)
