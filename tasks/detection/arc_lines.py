"""Lines on an arc: where lettering is bent it is unrolled and read again, and the line found stands for the boxes about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_registry.engines.contract import TextLine
from tasks.contracts import Box
from tasks.detection.arc import BentLine
from tasks.detection.arc_fit import arc_in, bend
from tasks.detection.arc_reading import SOME, Bytes3, Plane, Read, read_along
from tasks.detection.lines import sides
from tasks.detection.overlay_letters import Letters, area_of
from tasks.detection.overlay_letters_lines import unread_groups

BENDS = 0.3
"""Rise of a box's lettering over the line between its ends, in its height, from which it is looked at as an arc. Of 196 straight
lines of 14 px and more 6 have as much (half have 0.05), of lines on arcs all but a word or two."""
STEEP = 3.5
"""So are boxes so many times as tall as the room of a letter, where the lettering's own rise cannot be told."""
SMALL = 14
"""px: smaller boxes are not looked at."""
MOST = 3
"""Places of a picture that are unrolled, the largest first."""
READ, _OVER = 0.5, 0.15
"""An arc that no box led to may lie over a line read so surely by so much of its band."""
_HELD, _HOLDS = 0.5, 0.35
"""A line whose box lies in the band by so much, or a bent-looking one that the band fills by so much or lies in by half, is
what the arc stands for."""


def with_arcs(image: Bytes3, lines: Sequence[TextLine], letters: Letters, read: Read) -> tuple[TextLine, ...]:
    """The lines, those on an arc as bent lines in place of the boxes that the reader drew about them or parts of them.

    image: H×W×3 uint8 RGB, unchanged; letters: what the network of overlay letters sees of it; read: the reader, for the
    unrolled strips. Only boxes far too tall for as many letters and lettering that no box holds are looked at; a picture
    without either is returned as it was read, without another reading."""
    size = image.shape[0], image.shape[1]
    chances = np.minimum(letters.overlay + letters.scene, 1)
    found: list[BentLine] = []
    kept = list(lines)
    seeds = sorted((line for line in lines if _bends(chances, line)), key=_area, reverse=True)[:MOST]
    for seed in seeds:
        bent = _bent(image, chances, _about(seed, size), read) if seed in kept else None
        if bent is not None:
            kept = [line for line in kept if not _stands_for(bent, line, chances)]
            found = [*(other for other in found if not _stands_for(bent, other, chances)), bent]
    for box in unread_groups(letters, (*kept, *found))[: MOST - len(seeds)]:
        bent = _bent(image, letters.overlay, box, read)
        if bent is not None and not any(crosses(bent, other, chances) for other in (*kept, *found)):
            found.append(bent)
    return (*kept, *found) if found else tuple(lines)


def _area(line: TextLine) -> float:
    long, short = sides(line)
    return long * short


def _bends(chances: Plane, line: TextLine) -> bool:
    """Whether the line's box seems to hold an arc or a part of one."""
    long, short = sides(line)
    corners = np.asarray(line.polygon, np.float64)
    if long < short:
        long, short, corners = short, long, np.roll(corners, 1, axis=0)
    count = len("".join(line.text.split()))
    if count < SOME or short < SMALL:
        return False
    return short * count > STEEP * long or bend(chances, corners) > BENDS


def _about(line: TextLine, size: tuple[int, int]) -> Box:
    corners = np.asarray(line.polygon, np.float64)
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return int(max(low[0], 0)), int(max(low[1], 0)), int(min(high[0], size[1])), int(min(high[1], size[0]))


def _bent(image: Bytes3, chances: Plane, box: Box, read: Read) -> BentLine | None:
    arc = arc_in(chances, box)
    return read_along(image, chances, arc, read) if arc is not None else None


def _stands_for(bent: BentLine, line: TextLine, chances: Plane) -> bool:
    """Whether a line is but a box about the arc, or a part of it."""
    size = chances.shape[0], chances.shape[1]
    band, box = area_of(bent, size), area_of(line, size)
    shared, own = int((band & box).sum()), int(box.sum())
    if shared > _HELD * own:
        return True
    return _bends(chances, line) and (shared > _HOLDS * own or shared > _HELD * band.sum())


def crosses(bent: BentLine, line: TextLine, chances: Plane) -> bool:
    """Whether an arc that no box led to lies over a line that was read."""
    size = chances.shape[0], chances.shape[1]
    band, box = area_of(bent, size), area_of(line, size)
    over = line.score >= READ and int((band & box).sum()) > _OVER * int(band.sum())
    return over or _stands_for(bent, line, chances)
