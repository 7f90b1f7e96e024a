"""How far two readers agree: for each line of one, how well some line of the other confirms it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine

Point = tuple[float, float]
Polygon = list[Point]
Extent = tuple[float, float, float, float]


def agreement(first: Sequence[TextLine], second: Sequence[TextLine]) -> tuple[float, ...]:
    """One confidence, 0–1, for each line of `first`, in its order; all 0 when `second` is empty.

    A pair of lines scores `iou ** (1 - likeness / 2)`: the intersection over union of their polygons, raised by text that
    reads alike up to the square root for the same text. So place decides and text helps: lines that do not overlap score
    0 whatever they say, and 1 needs the same place. A line gets its best pair's score; one line of `second` may confirm
    several. Of a line that the other reader split in two, each half confirms its share only.

    Two engines that run the same network make the same mistakes: their agreement says that the place does not hang on one
    library's processing, not that it is text. Polygons are taken as convex; ValueError when one is not finite."""
    others = [(_hull(line), _plain(line.text)) for line in second]
    return tuple(_confirmation(_hull(line), _plain(line.text), others) for line in first)


def agreed(first: Sequence[TextLine], second: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """The lines of `first`, no more sure than `second` confirms them: the lower of each one's score and its agreement."""
    confirmed = agreement(first, second)
    return tuple(
        replace(line, score=min(line.score, sure)) for line, sure in zip(first, confirmed, strict=True)
    )


def _confirmation(polygon: Polygon, text: str, others: Sequence[tuple[Polygon, str]]) -> float:
    best = 0.0
    for other, other_text in others:
        place = polygon_iou(polygon, other)
        if place > best * best:  # no text can lift it further than its root
            best = max(best, place ** (1 - text_likeness(text, other_text) / 2))
    return best


def polygon_iou(first: Sequence[Point], second: Sequence[Point]) -> float:
    """Intersection over union of two convex polygons given in the same direction, 0–1; 0 when either has no area."""
    if not _extents_meet(_extent(first), _extent(second)):
        return 0.0
    whole = _area(first) + _area(second)
    if _area(first) == 0 or _area(second) == 0:
        return 0.0
    shared = _area(_clipped(list(first), list(second)))
    return min(max(shared / (whole - shared), 0.0), 1.0)


def text_likeness(first: str, second: str) -> float:
    """1 − edit distance / length of the longer (Levenshtein 1966), 0–1; 0 when both are empty: nothing was read."""
    longest = max(len(first), len(second))
    if longest == 0:
        return 0.0
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            cost = min(row[j] + 1, row[j - 1] + 1, diagonal + (letter != other))
            diagonal, row[j] = row[j], cost
    return 1 - row[-1] / longest


def _plain(text: str) -> str:
    """Width variants, case and spaces do not count: readers differ in them most."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _hull(line: TextLine) -> Polygon:
    """The line's outline, convex, in one direction whatever corner it began with."""
    corners: NDArray[np.float32] = np.asarray(line.polygon, np.float32).reshape(-1, 2)
    if not np.isfinite(corners).all():
        raise ValueError(f"a text line needs finite corners, got {line.polygon!r}")
    hull = cv2.convexHull(corners, clockwise=False).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in hull]


def _clipped(subject: Polygon, window: Polygon) -> Polygon:
    """The part of `subject` inside `window` (Sutherland and Hodgman, Reentrant polygon clipping, 1974)."""
    sign = 1.0 if _signed_area(window) > 0 else -1.0
    for start, end in zip(window, window[1:] + window[:1], strict=True):
        sides = [sign * _side(start, end, point) for point in subject]
        kept: Polygon = []
        for i, point in enumerate(subject):
            before = sides[i - 1]
            if (before < 0) != (sides[i] < 0):
                share = before / (before - sides[i])
                x, y = subject[i - 1]
                kept.append((x + share * (point[0] - x), y + share * (point[1] - y)))
            if sides[i] >= 0:
                kept.append(point)
        subject = kept
    return subject


def _side(start: Point, end: Point, point: Point) -> float:
    """Over 0 on the one side of the line through `start` and `end`, under 0 on the other."""
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def _signed_area(polygon: Sequence[Point]) -> float:
    turned = [*polygon[1:], *polygon[:1]]
    return sum(x * v - u * y for (x, y), (u, v) in zip(polygon, turned, strict=True)) / 2


def _area(polygon: Sequence[Point]) -> float:
    return abs(_signed_area(polygon))


def _extent(polygon: Sequence[Point]) -> Extent:
    xs, ys = zip(*polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _extents_meet(first: Extent, second: Extent) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
