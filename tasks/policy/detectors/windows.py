"""A cascade led over the surroundings of some boxes alone: first coarsely, then closely where anything answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box

STEP = 1.2
"""Between scales; 1.1 finds no more of scikit-image's LFW faces and takes half as long again."""
_OCTAVE = 4
"""Steps that about double the size."""
_ALIKE = 0.2
"""How far windows of one find may differ, in their sides: what OpenCV groups by."""
_REACH = 1.25
"""In sides: a find that counts as touching a box ends at most 0.15 from it, and its windows differ a little."""
_ABOUT, _RATIO = 0.5, 1.6
"""Around an answer, in sides, and in times its size, its find's windows lie."""

Grey = NDArray[np.uint8]
Side = tuple[int, int]
"""Width and height, px."""
Window = tuple[int, int, int, int]
"""x, y, width, height."""


def windows(cascade: cv2.CascadeClassifier, grey: Grey, smallest: Side, neighbours: int) -> list[Window]:
    """Finds in the whole picture: at least `neighbours` windows that agree."""
    return _plain(cascade.detectMultiScale(grey, STEP, neighbours, minSize=smallest))


def windows_near(
    cascade: cv2.CascadeClassifier,
    grey: Grey,
    smallest: Side,
    neighbours: int,
    near: Sequence[Box],
    every: int = 1,
) -> list[Window]:
    """The finds that reach into one of the boxes, as `windows` finds them but for rounding; others may be left out.

    Every so many-th of the sizes from twice the cascade's own are first tried in the picture shrunk to a half, a quarter …, where OpenCV goes by two
    pixels and not by one. Where any window answers, all that could back it up are tried as OpenCV does it in the whole."""
    answers = list(_answers(cascade, grey, smallest, near, every))
    raw: list[Window] = []
    for side in _sides(cascade, grey, smallest) if answers else ():
        about = [(x, y, x + w, y + h) for x, y, w, h in answers if 1 / _RATIO < w / side[0] < _RATIO]
        raw += _raw(cascade, grey, side, _views(about, side, _ABOUT, grey))
    grouped, _ = cv2.groupRectangles(raw, neighbours, _ALIKE)
    return _plain(grouped)


def _answers(
    cascade: cv2.CascadeClassifier, grey: Grey, smallest: Side, near: Sequence[Box], every: int
) -> Iterator[Window]:
    """Single windows that the cascade takes, in the pixels of `grey`."""
    wide, tall = cascade.getOriginalWindowSize()
    times = 1
    while grey.shape[1] >= wide * times and grey.shape[0] >= tall * times:
        size = (grey.shape[1] // times, grey.shape[0] // times)
        small = (
            grey if times == 1 else np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        )
        places = [(x0 // times, y0 // times, -(-x1 // times), -(-y1 // times)) for x0, y0, x1, y1 in near]
        for side in _sides(cascade, small, (wide, tall))[:_OCTAVE:every]:
            if side[0] * times < smallest[0] or side[1] * times < smallest[1]:
                continue
            for found in _raw(cascade, small, side, _views(places, side, _REACH, small)):
                x, y, w, h = (value * times for value in found)
                yield x, y, w, h
        times *= 2


def _sides(cascade: cv2.CascadeClassifier, grey: Grey, smallest: Side) -> list[Side]:
    """The windows' sizes that OpenCV would go through, ascending."""
    wide, tall = cascade.getOriginalWindowSize()
    sides, factor = [], 1.0
    while round(wide * factor) <= grey.shape[1] and round(tall * factor) <= grey.shape[0]:
        side = (round(wide * factor), round(tall * factor))
        if side[0] >= smallest[0] and side[1] >= smallest[1]:
            sides.append(side)
        factor *= STEP
    return sides


def _raw(cascade: cv2.CascadeClassifier, grey: Grey, side: Side, views: Sequence[Box]) -> list[Window]:
    """Every window of this size in the views that the cascade takes."""
    found = []
    for x0, y0, x1, y1 in views:
        taken = cascade.detectMultiScale(grey[y0:y1, x0:x1], STEP, 0, minSize=side, maxSize=side)
        found += [(x + x0, y + y0, w, h) for x, y, w, h in _plain(taken)]
    return found


def _views(near: Sequence[Box], side: Side, reach: float, grey: Grey) -> list[Box]:
    """The boxes grown by `reach` sides. Two that share a window are joined: found twice, it would back itself up."""
    height, width = grey.shape
    bx, by = round(reach * side[0]), round(reach * side[1])
    views: list[Box] = []
    for x0, y0, x1, y1 in near:
        view = (max(x0 - bx, 0), max(y0 - by, 0), min(x1 + bx, width), min(y1 + by, height))
        while shared := [other for other in views if _share(other, view, side)]:
            views = [other for other in views if other not in shared]
            low, high = np.min([view, *shared], axis=0), np.max([view, *shared], axis=0)
            view = (int(low[0]), int(low[1]), int(high[2]), int(high[3]))
        views.append(view)
    return views


def _share(one: Box, other: Box, side: Side) -> bool:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    return wide >= side[0] and min(one[3], other[3]) - max(one[1], other[1]) >= side[1]


def _plain(found: Sequence[Sequence[int]]) -> list[Window]:
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in found]
