"""A text line on a drawn ground: its mask is every pixel that the ground does not explain."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.grounds.drawn import explain
from tasks.contracts import Mask, Zone

Bytes3 = NDArray[np.uint8]

TORN = 0.02
"""Share of the line on which the ground may be explained differently from different sides."""
BARE = 0.25
"""Share of the line's outline that must show the bare ground, exactly: what puts the explanation to the test."""


def synthetic_mask(
    crop: Bytes3, inside: Zone, *, reaches: Sequence[Zone] = (), others: Zone | None = None
) -> Mask | None:
    """The pixels of a text line on a drawn ground, with outline, shadow and every anti-aliased rim; None on other grounds.

    crop: H×W×3 with some of the surroundings, unchanged; inside: H×W, the line's outline; reaches: H×W each, wide to
    tight, how far the line's pixels may be followed: the first is used around which the ground is of one kind, or else the
    outline alone, as on a button that fits its text closely; others: H×W, what to learn nothing from, such as other lines.

    Returns H×W float32, 0 or 1: 1 wherever the crop differs from the ground that the pixels around the reach foretell, if
    it hangs together with something in the outline or lies wholly within reach. None when the ground does not follow from
    what is around, or when too little of it shows between the letters to prove it."""
    for reach in (*reaches, inside):
        allowed = reach | inside
        hidden = allowed if others is None else allowed | (others & ~inside)
        if inside.any() and not hidden.all() and _even_around(crop, hidden):
            own = _beyond_ground(crop, inside, allowed, hidden)
            if own is not None:
                return own.astype(np.float32)
    return None


def _beyond_ground(crop: Bytes3, inside: Zone, allowed: Zone, hidden: Zone) -> Zone | None:
    """The line's pixels, if the ground of `allowed` follows from what is not `hidden` and shows itself in the outline."""
    ground = explain(crop.astype(np.float32) / np.float32(255), hidden)
    if not ground.explained[allowed].all() or float(ground.torn[allowed].mean()) > TORN:
        return None
    expected = np.rint(ground.pixels * np.float32(255)).astype(np.int16)
    off = np.where(allowed, np.abs(crop - expected).max(axis=-1), 0)
    own = _own(off, inside, allowed, 1 if ground.ramp else 0)
    return own if own.any() and float((off[inside] == 0).mean()) >= BARE else None


def _even_around(crop: Bytes3, hidden: Zone) -> bool:
    """A cheap look before the work: around the line most pixels repeat one nearby, as none do in a photograph."""
    kernel = np.ones((17, 17), np.uint8)
    ring = (cv2.dilate(hidden.astype(np.uint8), kernel) > 0) & ~hidden
    if np.count_nonzero(ring) < 32:
        return False
    near = np.zeros(hidden.shape, np.uint8)
    for step in (1, 2, 4, 8):
        bound = np.full(3, 1.0 if step == 1 else 0.0)
        if step < crop.shape[0]:
            alike = cv2.inRange(cv2.absdiff(crop[step:], crop[:-step]), np.zeros(3), bound)
            near[step:] |= np.asarray(alike, np.uint8)
        if step < crop.shape[1]:
            alike = cv2.inRange(cv2.absdiff(crop[:, step:], crop[:, :-step]), np.zeros(3), bound)
            near[:, step:] |= np.asarray(alike, np.uint8)
    return float((near[ring] > 0).mean()) >= 0.5


def _own(off: NDArray[np.int16], inside: Zone, allowed: Zone, doubt: int) -> Zone:
    """The pieces that belong to the line: those in its outline, and marks beside it that lie wholly within reach.

    off: H×W, levels by which the ground is missed; a piece that is off by no more than `doubt` is the ground's own."""
    count, labels = cv2.connectedComponents((off > 0).astype(np.uint8), connectivity=8)
    border = allowed & ~(cv2.erode(allowed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    within, cut, clear = (np.zeros(count, np.bool_) for _ in range(3))
    within[labels[inside]] = True
    cut[labels[border]] = True
    clear[labels[off > doubt]] = True
    mine = (within | ~cut) & clear
    mine[0] = False
    return np.asarray(mine[labels])
