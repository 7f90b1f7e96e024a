"""How far an overlay reaches beyond the core of its strokes, measured from how the picture changes on the way outwards."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_axis import Stretches
from tasks.detection.strokes_background import Levels3

SECTORS = 8
_AHEAD = 3.0
"""px: each pixel is compared with the one so far ahead of it: outlines up to so wide leave no gap."""
LEAST = 1
"""px: the rim that anti-aliasing leaves about any core."""
_VISIBLE = 6.0
"""Levels that the mean colour changes by on the way, at least."""
_SURE = 3.0
"""Standard errors; more where few stretches agree."""
_ODD = 32.0
"""Levels: greater changes are edges; they count as no more than this in a mean."""
_VISIBLE_POWER = 16.0
"""Levels²: unrest that can be seen on a quiet ground."""
_UNREST = 3.0
"""Times the unrest of the ground beside it."""
_WIDELY = 0.5
"""Share of the line in which unrest is to be seen: an edge behind the text is in one place."""
_FEW = 6

Cells = NDArray[np.float64]
"""Sector × distance × stretch."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Pixels around the core, n each, as seen from the nearest pixel of it."""

    place: NDArray[np.intp]
    """Flat index in the crop."""
    distance: NDArray[np.float32]
    """px."""
    sector: NDArray[np.intp]
    """0 … SECTORS − 1, from the right, clockwise as displayed."""
    ahead: NDArray[np.intp]
    """Flat index of the pixel farther from the core; −1 where there is none, or another stroke is nearer to it."""


def traced(
    levels: Levels3, core: Zone, allowed: Zone, most: int, parts: Stretches, apart: Zone, least: int = LEAST
) -> tuple[Zone, NDArray[np.intp]]:
    """The core and what its overlay changes around it; and how far that goes in each sector, px.

    most: the farthest distance looked at, px; parts: stretches that agree or not on a trace; apart: what to learn nothing
    from; least: px, in every direction. The hole lies inside `allowed`.

    A rim is told from texture by what it does at one distance all along the line: the colour shifts one way, or it
    changes far more than the ground farther off does over as many pixels."""
    hole = core & allowed
    if not core.any() or core.all():
        return hole, np.zeros(SECTORS, np.intp)
    seen = _seen(core, apart, 2 * most + 4)
    reach = np.maximum(_lent(_reaches(levels, seen, most, parts)), least)
    within = seen.distance < np.minimum(reach + 0.75, most)[seen.sector]
    hole.ravel()[seen.place[within]] = True
    return np.asarray(hole & allowed), reach


def _seen(core: Zone, apart: Zone, farthest: int) -> _Seen:
    distance, label = cv2.distanceTransformWithLabels(
        (~core).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    origin = np.zeros(int(label.max()) + 1, np.intp)
    inside = np.flatnonzero(core)
    origin[label.ravel()[inside]] = inside
    place = np.flatnonzero((distance > 0) & (distance <= farthest))
    far = distance.ravel()[place].astype(np.float32)
    width = core.shape[1]
    y, x = np.divmod(place, width)
    y0, x0 = np.divmod(origin[label.ravel()[place]], width)
    dy, dx = (y - y0).astype(np.float32), (x - x0).astype(np.float32)
    sector = np.rint(np.arctan2(dy, dx) * np.float32(SECTORS / (2 * np.pi))).astype(np.intp) % SECTORS
    scale = np.float32(_AHEAD) / np.hypot(dy, dx)
    ty, tx = y + np.rint(dy * scale).astype(np.intp), x + np.rint(dx * scale).astype(np.intp)
    ahead = np.where((ty >= 0) & (ty < core.shape[0]) & (tx >= 0) & (tx < width), ty * width + tx, -1)
    off = distance.ravel()[ahead] < far + np.float32(_AHEAD / 2)
    ahead[off | apart.ravel()[ahead] | apart.ravel()[place]] = -1
    return _Seen(place, far, sector, ahead)


def _reaches(levels: Levels3, seen: _Seen, most: int, parts: Stretches) -> NDArray[np.intp]:
    """Per sector, how far a trace of the overlay is found, px."""
    use = seen.ahead >= 0
    flat = levels.reshape(-1, 3)
    change = np.take(flat, seen.place[use], axis=0) - np.take(flat, seen.ahead[use], axis=0)
    step = np.rint(seen.distance[use]).astype(np.intp)
    last = int(step.max(initial=most)) + 1
    shape = (SECTORS, last + 1, parts.count)
    code = (seen.sector[use] * (last + 1) + step) * parts.count + parts.index.ravel()[seen.place[use]]
    number = _summed(code, None, shape)
    squares = _summed(code, np.einsum("ij,ij->i", change, change) / np.float32(3), shape)
    reach = _unbroken(_unrest(number, squares, most))
    number = number[:, : most + 1]
    change = np.clip(change, -_ODD, _ODD)
    for channel in range(3):
        sums = _summed(code, change[:, channel], shape)[:, : most + 1]
        for shift, surely in (_all_round(sums, number), _to_a_side(sums, number)):
            reach = np.maximum(reach, _coherent(shift, surely))
    return reach


def _summed(code: NDArray[np.intp], values: NDArray[np.float32] | None, shape: tuple[int, ...]) -> Cells:
    size = int(np.prod(shape))
    return np.asarray(np.bincount(code, values, size).reshape(shape), np.float64)


def _unrest(number: Cells, squares: Cells, most: int) -> Zone:
    """Where in most stretches the change is stronger than in the same stretch farther off, and at the last distance."""
    farther = squares[:, most + 1 :].sum(axis=(0, 1)), number[:, most + 1 :].sum(axis=(0, 1))
    last = squares[:, most - 1 : most + 1].sum(axis=(0, 1)), number[:, most - 1 : most + 1].sum(axis=(0, 1))
    usual = farther[0].sum() / max(farther[1].sum(), 1)
    floor = np.where(farther[1] >= _FEW, farther[0] / np.maximum(farther[1], 1), usual)
    floor = np.maximum(floor, np.where(last[1] >= _FEW, last[0] / np.maximum(last[1], 1), 0))
    count, power = _pooled(number[:, : most + 1]), _pooled(squares[:, : most + 1])
    strong = power > (_UNREST * floor + _VISIBLE_POWER) * count
    total = count.sum(axis=2)
    return np.asarray(((strong * count).sum(axis=2) > _WIDELY * total) & (total >= _FEW))


def _pooled(cells: Cells) -> Cells:
    """Each sector with its two neighbours."""
    return np.asarray(cells + np.roll(cells, 1, axis=0) + np.roll(cells, -1, axis=0))


def _all_round(sums: Cells, number: Cells) -> tuple[Cells, Cells]:
    """Sector × distance each: the colour's shift where it is alike on all sides, as of an outline or a glow; and how sure
    it is, 1 being enough. A slope of the ground is not alike on all sides."""
    means, total = _means(sums.sum(axis=2), number.sum(axis=2)), np.maximum(number.sum(axis=(0, 2)), 1)
    shift = sums.sum(axis=(0, 2)) / total
    off = (sums - shift[None, :, None] * number) ** 2
    error = np.sqrt(off.sum(axis=(0, 2))) / total
    alike = (means * np.sign(shift) > 0.35 * np.abs(shift)).sum(axis=0) >= SECTORS - 2
    needed = np.maximum(_VISIBLE, _strict((number > 0).sum(axis=(0, 2))) * error)
    surely = np.where(alike & (total >= _FEW), np.abs(shift) / needed, 0)
    size = number.shape[:2]
    return np.broadcast_to(shift, size), np.broadcast_to(surely, size)


def _to_a_side(sums: Cells, number: Cells) -> tuple[Cells, Cells]:
    """The same for a shift to one side that is not undone on the opposite one, as a slope's would be: a shadow's."""
    sums, number = _pooled(sums), _pooled(number)
    against = np.roll(sums, SECTORS // 2, axis=0), np.roll(number, SECTORS // 2, axis=0)
    both, count = sums + against[0], number + against[1]
    total = np.maximum(count.sum(axis=2), 1)
    shift = both.sum(axis=2) / total
    off = (both - shift[..., None] * count) ** 2
    error = np.sqrt(off.sum(axis=2)) / total
    needed = np.maximum(_VISIBLE / 2, _strict((count > 0).sum(axis=2)) * error)
    here = _means(sums.sum(axis=2), number.sum(axis=2))
    there = _means(against[0].sum(axis=2), against[1].sum(axis=2))
    stronger = (np.abs(here) >= 0.5 * np.abs(there)) & (here * shift > 0)
    enough = (number.sum(axis=2) >= _FEW) & (against[1].sum(axis=2) >= _FEW)
    return shift, np.where(stronger & enough, np.abs(shift) / needed, 0)


def _means(sums: Cells, number: Cells) -> Cells:
    return np.asarray(sums / np.maximum(number, 1))


def _strict(units: NDArray[np.intp]) -> Cells:
    """How many standard errors are needed, few units being a poor measure of their own spread."""
    return np.asarray(_SURE * (1 + 4 / np.maximum(units, 1)))


def _unbroken(affected: Zone) -> NDArray[np.intp]:
    """Per sector, the last distance of an unbroken trace; a gap of one is bridged."""
    reach = np.zeros(SECTORS, np.intp)
    for sector in range(SECTORS):
        at, missed = 0, 0
        for distance in range(1, affected.shape[1]):
            missed = 0 if affected[sector, distance] else missed + 1
            if missed > 1:
                break
            if missed == 0:
                at = distance
        reach[sector] = at
    return reach


def _coherent(shift: Cells, surely: Cells) -> NDArray[np.intp]:
    """Per sector, how far a shift goes on the same way from the core's rim, past where it is sure, to where it is half so."""
    reach = np.zeros(SECTORS, np.intp)
    for sector in range(SECTORS):
        way = np.sign(shift[sector])
        sure = np.flatnonzero(surely[sector] >= 1)
        if not len(sure) or (way[min(2, sure[0]) : sure[0] + 1] != way[sure[0]]).any():
            continue
        at = int(sure[0])
        while at + 1 < len(way) and way[at + 1] == way[sure[0]] and surely[sector, at + 1] >= 0.5:
            at += 1
        reach[sector] = at
    return reach


def _lent(reach: NDArray[np.intp]) -> NDArray[np.intp]:
    """Neighbours lend theirs less one."""
    lent = np.maximum(np.roll(reach, 1), np.roll(reach, -1)) - 1
    return np.asarray(np.maximum(reach, lent))
