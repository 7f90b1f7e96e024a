"""How far an overlay reaches beyond the core of its strokes, measured from how its trace decays with distance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_background import Levels3, Plane, interpolated

SECTORS = 8
_VISIBLE = 2.5
"""Levels: a mean shift of the colour below this is no trace."""
_GRAIN = 16.0
"""Neighbouring pixels are alike: so many count as one observation."""


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Where each pixel lies as seen from the nearest pixel of the core."""

    distance: Plane
    """px; 0 on the core."""
    sector: NDArray[np.intp]
    """0 … SECTORS − 1, from the right, clockwise as displayed."""


def surrounding(core: Zone) -> Surrounding:
    """core: at least one true pixel."""
    distance, label = cv2.distanceTransformWithLabels(
        (~core).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(core)
    place = np.zeros((label.max() + 1, 2), np.float32)
    place[label[rows, columns]] = np.stack([columns, rows], axis=1)
    y, x = np.mgrid[: core.shape[0], : core.shape[1]]
    nearest = place[label]
    angle = np.arctan2(y - nearest[..., 1], x - nearest[..., 0])
    sector = np.rint(angle * (SECTORS / (2 * np.pi))).astype(np.intp) % SECTORS
    return Surrounding(np.asarray(distance, np.float32), sector)


def traced(levels: Levels3, core: Zone, allowed: Zone, most: int) -> tuple[Zone, NDArray[np.intp]]:
    """The core and what its overlay changes around it; and how far that goes in each sector, px.

    most: the farthest distance looked at, px. The hole lies inside `allowed`."""
    seen = surrounding(core)
    far = (seen.distance > most + 0.5) & (seen.distance <= 2.5 * most + 4)
    if not far.any():
        far = seen.distance > most / 2
    background = interpolated(levels, seen.distance > most + 0.5)
    residual = levels - background
    smooth = cv2.blur(levels, (3, 3))
    affected = _affected(residual, levels - smooth, seen, allowed, far, most)
    reach = _reaches(affected)
    hole = core | (seen.distance < reach[seen.sector] + 0.75)
    return np.asarray(hole & allowed), reach


def _affected(
    residual: Levels3, detail: Levels3, seen: Surrounding, allowed: Zone, far: Zone, most: int
) -> Zone:
    """SECTORS × (most + 1): whether the overlay's trace is found in this direction, at this distance."""
    step = np.rint(seen.distance).astype(np.intp)
    near = (step >= 1) & (step <= most) & allowed
    code = seen.sector[near] * (most + 1) + step[near]
    size = SECTORS * (most + 1)
    count = np.bincount(code, minlength=size)
    values, elsewhere = residual[near], residual[far]
    level, noise = elsewhere.mean(axis=0), elsewhere.std(axis=0)
    sums = np.stack([np.bincount(code, values[:, c], size) for c in range(3)], axis=1)
    shift = np.abs(sums / np.maximum(count, 1)[:, None] - level)
    doubt = 2.5 * noise / np.sqrt(np.maximum(count, 1) / _GRAIN)[:, None]
    found = (shift > np.maximum(_VISIBLE, doubt)).any(axis=1) & (count >= 8)
    energy = np.bincount(code, (values**2).sum(axis=1), size) / np.maximum(count, 1) / 3
    quiet = float((elsewhere**2).mean())
    found |= (energy > 2.0 * quiet + 16) & (count >= 8)
    return found.reshape(SECTORS, most + 1)


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
    return np.maximum(np.maximum(reach, lent), 1)
