"""How far an overlay reaches beyond the core of its strokes, measured from how its trace decays with distance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_axis import Stretches
from tasks.detection.strokes_background import Levels3, Plane, interpolated, local_mean, picked

SECTORS = 8
_VISIBLE = 2.5
"""Levels: a mean shift of the colour below this is no trace."""
_SURE = 2.5
"""Standard errors."""
_UNREST = 3.0
"""An interpolated ground is off by about twice the grain's power anyway."""
_VISIBLE_POWER = 16.0
_WIDELY = 0.4
"""Share of the line in which unrest is to be seen: an edge behind the text is in one place."""
_ROUGH = 6.0
"""Levels: in grain above this the faint last pixel of a rim is not seen, and one is added."""


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Where each pixel lies as seen from the nearest pixel of the core."""

    distance: Plane
    """px; 0 on the core."""
    sector: NDArray[np.intp]
    """0 … SECTORS − 1, from the right, clockwise as displayed; 0 farther off than asked for."""


def surrounding(core: Zone, most: float = np.inf) -> Surrounding:
    """core: at least one true pixel; most: px, how far off the sectors are wanted."""
    distance, label = cv2.distanceTransformWithLabels(
        (~core).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    far = np.asarray(distance, np.float32)
    rows, columns = np.nonzero(core)
    place = np.zeros((2, label.max() + 1), np.float32)
    place[:, label[rows, columns]] = rows, columns
    y, x = np.nonzero((far > 0) & (far <= most))
    nearest = label[y, x]
    angle = np.arctan2(y - place[0, nearest], x - place[1, nearest])
    sector = np.zeros(core.shape, np.intp)
    sector[y, x] = np.rint(angle * (SECTORS / (2 * np.pi))).astype(np.intp) % SECTORS
    return Surrounding(far, sector)


def traced(
    levels: Levels3, core: Zone, allowed: Zone, most: int, parts: Stretches, apart: Zone
) -> tuple[Zone, NDArray[np.intp]]:
    """The core and what its overlay changes around it; and how far that goes in each sector, px.

    most: the farthest distance looked at, px; parts: stretches that agree or not on a trace; apart: what to learn nothing
    from. The hole lies inside
    `allowed`."""
    seen = surrounding(core, most + 1)
    open_ground = (seen.distance > most + 0.5) & ~apart
    if not open_ground.any():
        return core & allowed, np.zeros(SECTORS, np.intp)
    residual = levels - interpolated(levels, open_ground)
    far = open_ground & (seen.distance <= 2.5 * most + 4)
    far = far if far.any() else open_ground
    grain = picked(levels - local_mean(levels, open_ground, most / 2), far)
    quiet = float(np.vdot(grain, grain)) / grain.size
    reach = _reaches(_affected(residual, quiet, seen, allowed, most, parts))
    if quiet > _ROUGH**2:
        reach = np.minimum(reach + 1, most)
    hole = core | (seen.distance < np.minimum(reach + 0.75, most)[seen.sector])
    return np.asarray(hole & allowed), reach


def _affected(
    residual: Levels3, quiet: float, seen: Surrounding, allowed: Zone, most: int, parts: Stretches
) -> Zone:
    """SECTORS × (most + 1): whether the overlay's trace is found in this direction, at this distance.

    A trace is a shift of the mean colour on which the stretches of the line agree, or more unrest than the grain of the
    picture (`quiet`, levels²) accounts for."""
    step = np.rint(seen.distance).astype(np.intp)
    near = (step >= 1) & (step <= most) & allowed
    cells = SECTORS * (most + 1)
    code = seen.sector[near] * (most + 1) + step[near]
    values = picked(residual, near)
    count = np.bincount(code, minlength=cells)
    code = code * parts.count + parts.index[near]
    number = np.asarray(
        np.bincount(code, minlength=cells * parts.count).reshape(cells, parts.count), np.float64
    )
    squares = np.bincount(code, np.einsum("ij,ij->i", values, values), cells * parts.count)
    unrest = squares.reshape(cells, parts.count) / 3 > (_UNREST * quiet + _VISIBLE_POWER) * number
    power = squares.reshape(cells, -1).sum(axis=1) / np.maximum(count, 1) / 3
    wide = (unrest * number).sum(axis=1) > _WIDELY * count
    found = (power > _UNREST * quiet + _VISIBLE_POWER) & wide
    for channel in range(3):
        weighed = np.bincount(code, values[:, channel], cells * parts.count)
        sums = np.asarray(weighed.reshape(cells, parts.count), np.float64)
        found |= _agreed(sums, number, quiet)
        found |= _agreed(_pooled(sums), _pooled(number), quiet)
    return np.asarray((found & (count >= 6)).reshape(SECTORS, most + 1))


def _pooled(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each sector with its two neighbours."""
    by_sector = cells.reshape(SECTORS, -1)
    return np.asarray(by_sector + np.roll(by_sector, 1, 0) + np.roll(by_sector, -1, 0)).reshape(cells.shape)


def _agreed(sums: NDArray[np.float64], number: NDArray[np.float64], quiet: float) -> Zone:
    """Whether the mean over all stretches is a visible shift and well beyond what their differences explain."""
    total = np.maximum(number.sum(axis=1), 1)
    mean = sums.sum(axis=1) / total
    off = (sums - mean[:, None] * number) ** 2
    error = np.sqrt(off.sum(axis=1) + quiet * total) / total
    return np.asarray(np.abs(mean) > np.maximum(_VISIBLE, _SURE * error))


def _reaches(affected: Zone) -> NDArray[np.intp]:
    """Per sector, the last distance of an unbroken trace (a gap of one is bridged); neighbours lend theirs less one."""
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
    lent = np.maximum(np.roll(reach, 1), np.roll(reach, -1)) - 1
    return np.asarray(np.maximum(np.maximum(reach, lent), 2))
