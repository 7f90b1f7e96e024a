"""Where edges run into a hole: line segments that end at its rim, with the colours to either side of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.structure_refine import MOST_SHIFT, settled
from model_registry.engines.contract import Hole, Pixels

Floats = NDArray[np.floating[Any]]

HALF, PER = 5, 2
"""Of a profile across a line: px to each side, and samples a px."""
_LEAST_LENGTH = 7.0
"""Of a segment outside the hole, px."""
_REACH = 5.0
"""How far from the hole a segment may end and still run into it, px."""
_RIM = 1.5
"""The pixels nearest to the hole are not looked at, px: an overlay's soft edge may have touched them."""
_ALONG = 10.0
"""Over how much of a segment its profile is averaged, px."""
_LEAST_CONTRAST = 0.045
"""Of a profile: below it a line is not worth continuing."""
_AROUND = 32
"""How far from the hole's box lines are looked for, px."""
_CLEAR = 4.0
"""A line's contrast over how much it changes along its length: less is texture, whose segments go nowhere."""
_STEP = 0.5
_TOO_FAR = _REACH + _RIM + MOST_SHIFT + 2.0
"""Of a run's end, px: from there no entry is found however the line is put right, the places' rounding counted in."""


@dataclass(frozen=True, slots=True)
class End:
    """A line that runs into the hole."""

    x: float
    y: float
    """Where it enters the hole, px."""
    dx: float
    dy: float
    """Its direction, of length 1, into the hole."""
    length: float
    """Of what was seen of it outside, px."""
    profile: Floats
    """(2·HALF·PER+1)×3: mean colours across the line, from its left side to its right as one looks into the hole."""


def line_ends(smooth: Pixels, hole: Hole) -> list[End]:
    """The lines that run into the hole, by the line segment detector of von Gioi, Jakubowicz, Morel and Randall (2010).

    smooth: H×W×3, 0–1, with the hole filled smoothly, so that its outline is no edge; what it holds there is not used
    otherwise. The same list at every call, in the detector's order."""
    if not hole.any():
        return []
    rows, columns = _window(hole)
    near, gap = smooth[rows, columns], hole[rows, columns]
    outside, grey = _distance(gap), near.mean(axis=2)
    found = []
    for x0, y0, x1, y1 in _near(_segments(near), outside):
        for run in _runs(np.array([x0, y0]), np.array([x1, y1]), outside):
            ends = (_end(near, grey, start, stop, outside) for start, stop in (run, run[::-1]))
            found += [end for end in ends if end is not None]
    return [replace(end, x=end.x + columns.start, y=end.y + rows.start) for end in _distinct(found)]


def _window(hole: Hole) -> tuple[slice, slice]:
    """The hole's box and what is around it: lines farther off do not reach it."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    rows = slice(max(y - _AROUND, 0), min(y + h + _AROUND, hole.shape[0]))
    return rows, slice(max(x - _AROUND, 0), min(x + w + _AROUND, hole.shape[1]))


def _distance(hole: Hole) -> Floats:
    """H×W: px from each pixel to the hole, 0 inside it."""
    return np.asarray(cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5))


def _segments(smooth: Pixels) -> Floats:
    levels = np.rint(np.clip(smooth, 0, 1) * 255).astype(np.uint8)
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD)
    every = [
        detector.detect(np.ascontiguousarray(plane))[0]
        for plane in (cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY),)
    ]
    kept = [lines.reshape(-1, 4) for lines in every if lines is not None]
    return np.concatenate(kept).astype(np.float64) if kept else np.zeros((0, 4))


def _near(segments: Floats, outside: Floats) -> Floats:
    """The segments (N×4) that come near the hole: by the distance of their middles, which along a segment changes by no more
    than the way goes."""
    half = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]) / 2
    middle = (segments[:, :2] + segments[:, 2:]) / 2
    return segments[_at(outside, middle) <= 1.05 * half + _REACH + 2 * _RIM + 2.0]


def _runs(start: Floats, stop: Floats, outside: Floats) -> list[tuple[Floats, Floats]]:
    """The parts of a segment that lie outside the hole and its rim; none where the whole segment is far from it."""
    length = float(np.hypot(*(stop - start)))
    steps = max(int(length / _STEP), 1)
    points = start + np.linspace(0, 1, steps + 1)[:, None] * (stop - start)
    away = _at(outside, points)
    if away.min() > _REACH + 2 * _RIM:
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], away > _RIM, [False]]).astype(np.int8)))
    runs = [(points[a], points[b - 1]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [run for run in runs if np.hypot(*(run[1] - run[0])) >= _LEAST_LENGTH]


def _at(plane: Floats, points: Floats) -> Floats:
    """The plane's values at the pixels nearest to the points (…×2, x and y)."""
    h, w = plane.shape
    near = np.rint(points).astype(int)
    return np.asarray(plane[np.clip(near[..., 1], 0, h - 1), np.clip(near[..., 0], 0, w - 1)])


def _end(smooth: Pixels, grey: Floats, start: Floats, stop: Floats, outside: Floats) -> End | None:
    """The end of a run where it meets the hole at `stop`, if going on it soon is in there."""
    if float(_at(outside, stop)) > _TOO_FAR:
        return None
    length = float(np.hypot(*(stop - start)))
    stop, along = settled(grey, stop, (stop - start) / length, length, outside)
    entry = _entry(stop, along, outside)
    profile = None if entry is None else _profile(smooth, stop, along, min(length, _ALONG), outside)
    if entry is None or profile is None:
        return None
    return End(*entry, float(along[0]), float(along[1]), length, profile)


def _entry(stop: Floats, along: Floats, outside: Floats) -> tuple[float, float] | None:
    """Where a line that goes on from `stop` enters the hole; None when it does not soon."""
    h, w = outside.shape
    points = stop + np.arange(0, _REACH + _RIM, _STEP)[:, None] * along
    left = np.asarray(((points < 0) | (points > (w - 1, h - 1))).any(axis=1))
    ended = np.flatnonzero(left | (_at(outside, points) == 0))
    if not len(ended) or left[ended[0]]:
        return None
    return float(points[ended[0], 0]), float(points[ended[0], 1])


def _profile(smooth: Pixels, stop: Floats, along: Floats, length: float, outside: Floats) -> Floats | None:
    """Mean colours across the line behind `stop`, of known pixels alone; None where one side of it is not known, or where it
    does not stand out."""
    across = np.array([-along[1], along[0]])
    back = np.arange(0, length, 1.0)
    offsets = np.arange(-HALF * PER, HALF * PER + 1) / PER
    xy = stop - back[:, None, None] * along + offsets[None, :, None] * across
    xs, ys = xy[..., 0].astype(np.float32), xy[..., 1].astype(np.float32)
    colours = cv2.remap(smooth, xs, ys, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    far = cv2.remap(outside.astype(np.float32), xs, ys, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    known = (far > 0).astype(np.float64)[..., None]
    count = known.sum(axis=0)
    if (count[(HALF - 2) * PER : (HALF + 2) * PER + 1] < 2).any():
        return None
    mean = (colours * known).sum(axis=0) / np.maximum(count, 1)
    changes = np.sqrt((((colours - mean) ** 2) * known).sum(axis=(0, 1)) / known.sum())
    if np.ptp(mean, axis=0).max() < max(_LEAST_CONTRAST, _CLEAR * float(changes.max())):
        return None
    return _outwards(mean, count[:, 0] > 0)


def _outwards(profile: Floats, known: NDArray[np.bool_]) -> Floats:
    """The profile with what is not known taken from the nearest offset that is."""
    places = np.flatnonzero(known)
    nearest = places[np.abs(np.arange(len(profile))[:, None] - places).argmin(axis=1)]
    return np.asarray(profile[nearest])


def _distinct(ends: list[End]) -> list[End]:
    """Of ends at almost the same place and in almost the same direction, the longest."""
    kept: list[End] = []
    for end in sorted(ends, key=lambda e: (-e.length, e.x, e.y)):
        if all(np.hypot(end.x - k.x, end.y - k.y) > 2 or end.dx * k.dx + end.dy * k.dy < 0.9 for k in kept):
            kept.append(end)
    return kept
