"""Lines of lettering that no reader found: the network's letters, gathered along their own axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box
from tasks.detection.lines import glyph_height
from tasks.detection.overlay_letters import Letters, areas_of

LOW, HIGH = 0.5, 0.8
"""A letter's pixels are likelier than LOW, and one of them likelier than HIGH (hysteresis: Canny, 1986)."""
LEAST_AREA = 20
"""px² of a letter."""
MOST = 200
"""Letters of a picture that are looked at, the largest first."""
TAKEN = 0.35
"""About a line that was read, in letter heights, what stands there is its own."""
NEAR, ALIKE = 0.9, 2.3
"""Letters of one line are at most so many letter heights apart, and of heights at most so many times each other's."""
ROWS, PARTED = 1.9, 0.8
"""What is at least so many letter heights high may be several rows, which lie at least so many apart."""
LONG = 1.8
"""A line is at least so many times as long as it is tall."""
LEAST_LINE = 150
"""px² of all letters of a line."""
SURE = 0.8
"""Mean probability of a line's letters."""
_STOUT = 2.0
"""A piece more times as long as it is wide is several letters, or an `i`."""
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Letter:
    """A connected piece of lettering: a letter, or several that touch."""

    hull: Points
    """N×2, x and y, px."""
    short: float
    long: float
    """Sides of the smallest rectangle about it, px."""
    area: int
    total: float
    """Of its pixels' probabilities."""

    @property
    def height(self) -> float:
        """Of its letters, px, as far as it tells: the short side of a long piece, the long side of a stout one."""
        return self.short if self.long > _STOUT * self.short else self.long


def more_lines(letters: Letters, lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Lines of overlay lettering that none of `lines` covers, unread, from top to bottom."""
    height, width = letters.overlay.shape
    found = _letters(letters.overlay, _free(letters, lines))
    groups = [part for group in _gathered(found) for part in _rows(group)]
    made = [line for group in groups if (line := _line(group, (width, height))) is not None]
    return tuple(sorted(made, key=lambda line: (line.polygon[0][1], line.polygon[0][0])))


def unread_groups(letters: Letters, lines: Sequence[TextLine]) -> tuple[Box, ...]:
    """Where overlay lettering stands together that none of `lines` covers, a letter height more on each side, the largest
    first."""
    height, width = letters.overlay.shape
    found = _gathered(_letters(letters.overlay, _free(letters, lines)))
    found = [group for group in found if sum(letter.area for letter in group) >= LEAST_LINE]
    made = []
    for group in sorted(found, key=lambda group: -sum(letter.area for letter in group)):
        points = np.concatenate([letter.hull for letter in group])
        by = float(np.median([letter.height for letter in group]))
        low, high = points.min(axis=0) - by, points.max(axis=0) + by
        made.append((
            int(max(low[0], 0)), int(max(low[1], 0)), int(min(high[0], width)), int(min(high[1], height)),
        ))  # fmt: skip
    return tuple(made)


def _free(letters: Letters, lines: Sequence[TextLine]) -> NDArray[np.bool_]:
    """Where no line stands, nor what is right beside it."""
    size = letters.overlay.shape[0], letters.overlay.shape[1]
    around = [TAKEN * glyph_height(line) for line in lines]
    return ~areas_of(lines, size, around)


def _letters(overlay: NDArray[np.float32], free: NDArray[np.bool_]) -> list[Letter]:
    """Pieces that lie mostly where no line was read, the largest first."""
    likely = (overlay >= LOW).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(likely, connectivity=8)
    found = []
    for n in range(1, len(stats)):
        x, y, w, h, area = (int(v) for v in stats[n])
        if area < LEAST_AREA:
            continue
        mine = labels[y : y + h, x : x + w] == n
        chances = overlay[y : y + h, x : x + w][mine]
        if float(chances.max()) < HIGH or free[y : y + h, x : x + w][mine].mean() < 0.5:
            continue
        found.append(_letter(mine, (x, y), area, float(chances.sum())))
    return sorted(found, key=lambda one: (-one.area, one.hull.tolist()))[:MOST]


def _letter(mine: NDArray[np.bool_], corner: tuple[int, int], area: int, total: float) -> Letter:
    points = np.argwhere(mine)[:, ::-1].astype(np.int32) + np.asarray(corner, np.int32)
    hull = cv2.convexHull(points).reshape(-1, 2).astype(np.float32)
    short, long = sorted(side + 1 for side in cv2.minAreaRect(hull)[1])
    return Letter(hull, short, long, area, total)


def _gathered(letters: Sequence[Letter]) -> list[list[Letter]]:
    """Letters in groups: each is near one of its group and of about its height."""
    group = list(range(len(letters)))
    for n, one in enumerate(letters):
        for m in range(n):
            if group[n] != group[m] and _together(one, letters[m]):
                old, new = max(group[n], group[m]), min(group[n], group[m])
                group = [new if g == old else g for g in group]
    return [[letter for letter, g in zip(letters, group, strict=True) if g == n] for n in sorted(set(group))]


def _together(first: Letter, second: Letter) -> bool:
    """Whether some height of the one is like some height of the other, and they are near for that height."""
    pairs = [sorted((a, b)) for a in _heights(first, second) for b in _heights(second, first)]
    alike = [low for low, high in pairs if high <= ALIKE * low]
    return bool(alike) and _gap(first.hull, second.hull) <= NEAR * max(alike)


def _heights(one: Letter, other: Letter) -> tuple[float, ...]:
    """A long piece may be a word, or an `i` that stands beside letters as tall as it is long."""
    return (one.height, one.long) if one.height < one.long <= ALIKE * other.short else (one.height,)


def _gap(first: Points, second: Points) -> float:
    """Distance of two hulls, px: of the corners of each from the other's sides."""
    if not _boxes_near(first, second):
        return float("inf")
    found = float("inf")
    for hull, points in ((first, second), (second, first)):
        found = min(found, *(-cv2.pointPolygonTest(hull, (float(x), float(y)), True) for x, y in points))
    return max(found, 0.0)


def _boxes_near(first: Points, second: Points) -> bool:
    reach = 2 * max(float(np.ptp(first, axis=0).max()), float(np.ptp(second, axis=0).max()))
    apart = np.maximum(first.min(axis=0) - second.max(axis=0), second.min(axis=0) - first.max(axis=0))
    return bool((apart <= reach).all())


def _rows(group: Sequence[Letter]) -> list[list[Letter]]:
    """A group that is several lines high, taken apart across its axis."""
    if len(group) < 2:
        return [list(group)]
    along, short = _axis(np.concatenate([letter.hull for letter in group]))
    usual = float(np.median([letter.height for letter in group]))
    if short < ROWS * usual:
        return [list(group)]
    down = np.array([-along[1], along[0]])
    order = sorted(group, key=lambda letter: float(_middle(letter) @ down))
    at = np.array([float(_middle(letter) @ down) for letter in order])
    cuts = [n + 1 for n in np.flatnonzero(np.diff(at) > PARTED * usual)]
    edges = [0, *cuts, len(order)]
    return [order[a:b] for a, b in pairwise(edges)]


def _middle(letter: Letter) -> NDArray[np.float64]:
    return np.asarray((letter.hull.min(axis=0) + letter.hull.max(axis=0)) / 2, np.float64)


def _axis(points: Points) -> tuple[NDArray[np.float64], float]:
    """Unit vector along the smallest rectangle's long side, and its short side, px."""
    corners = cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float64)
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    long, short = (first, second) if np.linalg.norm(first) >= np.linalg.norm(second) else (second, first)
    return long / max(float(np.linalg.norm(long)), 1e-6), float(np.linalg.norm(short))


def _line(group: Sequence[Letter], size: tuple[int, int]) -> TextLine | None:
    """The group's line; None for what is too small, too stout or too unsure."""
    area = sum(letter.area for letter in group)
    sure = sum(letter.total for letter in group) / max(area, 1)
    corners = _ordered(np.concatenate([letter.hull for letter in group]))
    long, short = (float(np.linalg.norm(corners[n] - corners[n + 1])) + 1 for n in (0, 1))
    if area < LEAST_LINE or sure < SURE or long < LONG * short:
        return None
    polygon = tuple((float(x), float(y)) for x, y in np.clip(corners, 0, size))
    return TextLine(polygon, "", 0.0, min(sure, 1.0))


def _ordered(points: Points) -> NDArray[np.float64]:
    """Corners of the smallest rectangle, clockwise from where reading begins: along its long side, rightwards or downwards."""
    corners = cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float64)
    along, _ = _axis(points)
    if along[0] < -1e-6 or (abs(along[0]) <= 1e-6 and along[1] < 0):
        along = -along
    down = np.array([-along[1], along[0]])
    a, d = corners @ along, corners @ down
    order = ((a.min(), d.min()), (a.max(), d.min()), (a.max(), d.max()), (a.min(), d.max()))
    return np.array([u * along + v * down for u, v in order])
