"""Lengthens a line that its reader cut short, as far as the network sees the lettering go on along it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.arc import BentLine
from tasks.detection.overlay_letters import Letters, Plane

LIKELY = 0.8
"""Probability of a pixel that belongs to the lettering that goes on."""
FILLED = 0.4
"""Of a line's height across, at least so much is lettering where it goes on."""
GAP = 0.3
"""Letter heights between a line's end and what still belongs to it: a space between words, hardly more."""
REACH = 1.0
"""A line grows by at most its own length at either end."""
LEAST = 0.3
"""Letter heights: less is no letter, but the rim of the last one."""
Corners = NDArray[np.float64]


def lengthened(letters: Letters, line: TextLine) -> TextLine:
    """The line with the lettering that goes on beyond its ends; the line itself where none does, and one on an arc.

    Its reading stays that of the part that was read."""
    if isinstance(line, BentLine):
        return line
    corners = np.asarray(line.polygon, np.float64)
    along, down, long, tall = _frame(corners)
    if min(long, tall) < 4:
        return line
    if tall > long:  # a line that is written downwards goes on downwards
        corners = np.roll(corners, -1, axis=0)
        along, down, long, tall = _frame(corners)
        return _turned_back(line, _grown(letters.overlay, corners, along, down, long, tall))
    return _kept(line, _grown(letters.overlay, corners, along, down, long, tall), letters.overlay.shape)


def _turned_back(line: TextLine, corners: Corners | None) -> TextLine:
    return line if corners is None else replace(line, polygon=_pairs(np.roll(corners, 1, axis=0)))


def _kept(line: TextLine, corners: Corners | None, shape: tuple[int, ...]) -> TextLine:
    if corners is None:
        return line
    return replace(line, polygon=_pairs(np.clip(corners, 0, (shape[1], shape[0]))))


def _pairs(corners: Corners) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in corners)


def _frame(corners: Corners) -> tuple[Corners, Corners, float, float]:
    """Unit vectors along and down, and the lengths in those directions, px."""
    top = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    left = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    long, tall = float(np.linalg.norm(top)), float(np.linalg.norm(left))
    return top / max(long, 1e-6), left / max(tall, 1e-6), long, tall


def _grown(
    overlay: Plane, corners: Corners, along: Corners, down: Corners, long: float, tall: float
) -> Corners | None:
    reach = int(REACH * long) + 1
    start = corners[0] - along * reach
    wide, high = int(long) + 2 * reach, max(int(tall), 1)
    matrix = np.array([[along[0], down[0], start[0]], [along[1], down[1], start[1]]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    band = cv2.warpAffine(overlay, matrix, (wide, high), flags=flags, borderValue=(0,))
    filled = (band >= LIKELY).mean(axis=0) >= FILLED
    before = _goes_on(filled[:reach][::-1], tall)
    after = _goes_on(filled[reach + int(long) :], tall)
    if not before and not after:
        return None
    move = np.array([-before, after, after, -before], np.float64)
    return corners + move[:, None] * along


def _goes_on(filled: NDArray[np.bool_], tall: float) -> int:
    """How far lettering goes on from the start, px, with gaps of at most GAP letter heights; 0 where it hardly does."""
    end = empty = 0
    for n, full in enumerate(filled.tolist()):
        empty = 0 if full else empty + 1
        if empty > GAP * tall:
            break
        end = n + 1 if full else end
    return end if end >= LEAST * tall else 0
