"""From a box or clicks to the outline of the object meant: windows of the picture, a segmenter, and a look at what it found.

Work follows the object, not the picture: of a box, its surroundings are looked at and no more; from clicks, windows grow until
what is found lies well inside one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from model_registry.engines.segment_contract import Levels, ObjectPrompt
from tasks.contracts import Box, Zone
from tasks.detection.mask_rim_models import steps
from tasks.detection.mask_rim_profiles import DEEP, profiles, signed_distance
from tasks.detection.pieces import bounds
from tasks.errors import BadMask

Look = Callable[[Box], Levels]
"""The pixels of a box of the picture, h×w×3 uint8."""
Segment = Callable[[Levels, ObjectPrompt], Zone]
Points = tuple[tuple[int, int], ...]

AROUND = 0.35
"""How much of the surroundings a segmenter sees around a box, as a share of its longer side …"""
AROUND_LEAST, AROUND_MOST = 24, 512
"""… within these bounds, px."""
FIRST, FACTOR = 160, 1.8
"""The side of the first window around clicks, px, and how much each next one is larger."""
FIRM = 0.6
"""Share of an outline that must lie on a step in colour for it to be believed at once."""
SURE, FILLS = 0.97, 0.7
"""A box's outline less firm than this is also sought from the box's middle, and taken if it fills so much of either side."""
LEAST_FIRM = 0.3
"""An outline around clicks with less than that is none."""
LEAST_SHARE, MOST_SHARE = 0.02, 0.985
"""Of a box: less is nothing, more is no outline but the box's own."""
NO_OUTLINE = (
    "give a mask file, the area itself with --mask box:… or poly:…, or a closer box and clicks on the object"
)


@dataclass(frozen=True, slots=True)
class Outline:
    """An object's pixels."""

    box: Box
    """In the picture."""
    zone: Zone
    """Of the box's size."""
    firm: float
    """Share of the outline on a step in colour, 0–1."""


def in_box(look: Look, size: tuple[int, int], box: Box, on: Points, off: Points, segment: Segment) -> Outline:
    """The object that fills the box. size: (h, w) of the picture; box, points: in it.

    Raises BadMask, with a cure, where there is nothing around the box to compare with, where nothing in it stands out, or
    where all of it does but without an edge to show for it."""
    window = _grown(box, size)
    if window == box:
        cure = "give a box closer to the object, or --mask box:… where the area itself is meant"
        raise BadMask(f"the box {box} leaves nothing of its surroundings in the picture", cure=cure)
    image = look(window)
    prompt = _prompt(window, size, box, on, off)
    found = _outline(image, segment(image, prompt) & _inside(box, window), window)
    if (found is None or found.firm < SURE) and not on:
        middle = (((box[0] + box[2]) // 2, (box[1] + box[3]) // 2),)
        again = segment(image, _prompt(window, size, None, middle, off)) & _inside(box, window)
        found = _better(found, _outline(image, again, window), box)
    share = float(found.zone.sum()) / ((box[2] - box[0]) * (box[3] - box[1])) if found else 0.0
    if found is None or share < LEAST_SHARE:
        raise BadMask(f"nothing in the box {box} stands out from its surroundings", cure=NO_OUTLINE)
    if share > MOST_SHARE and found.firm < FIRM:
        raise BadMask(f"what is in the box {box} cannot be told from its surroundings", cure=NO_OUTLINE)
    return found


def _better(first: Outline | None, second: Outline | None, box: Box) -> Outline | None:
    """The second where it fills the box as an object should and its outline is the firmer one."""
    if second is None:
        return first
    wide = (second.box[2] - second.box[0]) / (box[2] - box[0])
    tall = (second.box[3] - second.box[1]) / (box[3] - box[1])
    fills = min(wide, tall) >= FILLS
    return second if fills and (first is None or second.firm > first.firm) else first


def at_points(look: Look, size: tuple[int, int], on: Points, off: Points, segment: Segment) -> Outline:
    """The object that the points `on` lie on and those `off` do not: the first outline that is firm, else the firmest.

    Raises BadMask, with a cure, where no window shows an object."""
    best: Outline | None = None
    for window in _windows(on, size):
        image = look(window)
        near = tuple(p for p in off if window[0] <= p[0] < window[2] and window[1] <= p[1] < window[3])
        zone = segment(image, _prompt(window, size, None, on, near))
        found = _outline(image, zone, window)
        if found is None or not _apart_from_rim(found.box, window, size):
            continue
        if best is None or found.firm > best.firm:
            best = found
        if found.firm >= FIRM:
            break
    if best is None or best.firm < LEAST_FIRM:
        raise BadMask(
            f"no object was found at {_said(on)}", cure=f"draw a box with --object-box, or {NO_OUTLINE}"
        )
    return best


def _windows(on: Points, size: tuple[int, int]) -> Iterator[Box]:
    """Squares about the points, ever larger, clipped to the picture; the last is the whole picture."""
    xs, ys = [x for x, _ in on], [y for _, y in on]
    centre = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    side = max(float(FIRST), 2.0 * max(max(xs) - min(xs), max(ys) - min(ys)))
    last: Box | None = None
    while last != (0, 0, size[1], size[0]):
        half = side / 2
        x0, y0 = max(round(centre[0] - half), 0), max(round(centre[1] - half), 0)
        window = (x0, y0, min(round(centre[0] + half), size[1]), min(round(centre[1] + half), size[0]))
        if window != last:
            yield window
        last, side = window, side * FACTOR


def _apart_from_rim(box: Box, window: Box, size: tuple[int, int]) -> bool:
    """Whether an outline ends well inside its window, or where the picture does."""
    room = max(4, round(0.04 * min(window[2] - window[0], window[3] - window[1])))
    low = all(edge == 0 or own - edge >= room for own, edge in zip(box[:2], window[:2], strict=True))
    ends = (size[1], size[0])
    return low and all(
        edge == end or edge - own >= room for own, edge, end in zip(box[2:], window[2:], ends, strict=True)
    )


def _prompt(window: Box, size: tuple[int, int], box: Box | None, on: Points, off: Points) -> ObjectPrompt:
    """The wish in the window's own coordinates."""
    x, y = window[:2]
    own = (box[0] - x, box[1] - y, box[2] - x, box[3] - y) if box else None
    inside = tuple((px - x, py - y) for px, py in on), tuple((px - x, py - y) for px, py in off)
    ends = (window[0] == 0, window[1] == 0, window[2] == size[1], window[3] == size[0])
    return ObjectPrompt(own, *inside, ends=ends)


def _grown(box: Box, size: tuple[int, int]) -> Box:
    longer = max(box[2] - box[0], box[3] - box[1])
    by = round(min(max(AROUND * longer, AROUND_LEAST), AROUND_MOST))
    return max(box[0] - by, 0), max(box[1] - by, 0), min(box[2] + by, size[1]), min(box[3] + by, size[0])


def _inside(box: Box, window: Box) -> Zone:
    zone = np.zeros((window[3] - window[1], window[2] - window[0]), np.bool_)
    zone[box[1] - window[1] : box[3] - window[1], box[0] - window[0] : box[2] - window[0]] = True
    return zone


def _outline(image: Levels, zone: Zone, window: Box) -> Outline | None:
    """The zone cut to its own box, with how firm its rim is; None for an empty one."""
    own = bounds(zone)
    if own is None:
        return None
    x0, y0, x1, y1 = own
    box = (x0 + window[0], y0 + window[1], x1 + window[0], y1 + window[1])
    return Outline(box, zone[y0:y1, x0:x1].copy(), _firmness(image, zone, own))


def _firmness(image: Levels, zone: Zone, own: Box) -> float:
    """Share of the rim with a step in colour within a pixel or two."""
    height, width = zone.shape
    x0, y0 = max(own[0] - DEEP, 0), max(own[1] - DEEP, 0)
    x1, y1 = min(own[2] + DEEP, width), min(own[3] + DEEP, height)
    seen = profiles(image[y0:y1, x0:x1], signed_distance(zone[y0:y1, x0:x1]), 255)
    if seen is None:
        return 0.0
    middle = steps(seen, noise=3.0)
    at = middle.shape[1] // 2
    return float((middle[:, at - 2 : at + 2].max(axis=1) >= 2.0).mean())


def _said(points: Points) -> str:
    return " ".join(f"{x},{y}" for x, y in points[:4]) + (" …" if len(points) > 4 else "")
