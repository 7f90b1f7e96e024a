"""On a calm ground whatever stands out in a line is lettering, of any colour: letters whose colours run miss the models of ink."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_background import Plane
from tasks.detection.strokes_frame import Frame
from tasks.detection.strokes_pieces import rim

CALM = 5.0
"""Levels, RMS: the ground's own change between pixels up to which it counts as calm."""
STEPS = (18.0, 30.0, 50.0)
"""Levels, RMS over the channels, by which letters stand out at least; a piece run together with an edge behind it is taken at
a higher one."""
_TIMES = 4.0
"""The same in units of the ground's own change."""
_RIM = 2
"""px of the hole's own rim that a missed part is joined to it by."""
_PART = 0.02
"""Least area of a part of a letter, in squares of the line's height."""
_STROKES = (0.02, 0.16)
"""Half the least and the greatest width of strokes, in the line's height."""
_THICKNESS = (0.4, 2.0)
"""Of pieces, in the thickness of the ink that was found."""


def standing_out(change: Plane, core: Zone, hole: Zone, inside: Zone, frame: Frame) -> Zone:
    """What of a line stands out from its ground as its ink does, whatever its colour; H×W, all false on a restless ground.

    change: H×W, levels², of the difference to the median around each pixel; core: the ink found by its colours; hole: that
    with what surrounds it; inside: the line's polygon. Pieces that the polygon cuts, that are thicker or thinner than the ink by far, or that lie off the letters'
    band are left out."""
    if not core.any():
        return np.zeros_like(core)
    found = _strong(change, core, inside, np.array(_THICKNESS) * _thickest(core))
    missed = _sizeable(found & _band(core, frame) & ~_near(hole, 1), frame)
    return np.asarray(found & ~core & _near(missed, _RIM))


def all_that_stands_out(change: Plane, inside: Zone, height: float) -> Zone:
    """The lettering of a line whose colours run so far that no ink is found; H×W, all false on a restless ground.

    Pieces as thick as letters of that height (px) may be, which the polygon does not cut."""
    return _strong(change, np.zeros_like(inside), inside, np.array(_STROKES) * height)


def _strong(change: Plane, core: Zone, inside: Zone, thick: NDArray[np.float64]) -> Zone:
    """Pieces that change much against their calm surroundings; thick: half the least and the greatest width, px."""
    found = np.zeros_like(core)
    ground = inside & ~_near(core | (change > STEPS[0] ** 2), 2)
    unrest = float(np.sqrt(np.median(change[ground]))) if ground.sum() >= 16 else np.inf
    if unrest > CALM:
        return found
    for step in STEPS:
        strong = inside & ((change > max(step, _TIMES * unrest) ** 2) | core)
        count, image = cv2.connectedComponents(strong.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
        label = np.asarray(image, np.intp)
        kept = _between(strong, label, count, thick) & ~_cut(label, inside, count)
        found = found | kept[label]
    return found


def _thickest(zone: Zone) -> float:
    return float(cv2.distanceTransform(np.pad(zone, 1).astype(np.uint8), cv2.DIST_L2, 3).max())


def _sizeable(zone: Zone, frame: Frame) -> Zone:
    """The zone without what is too small for a part of a letter."""
    _, label, stats, _ = cv2.connectedComponentsWithStats(zone.astype(np.uint8), connectivity=8)
    large = np.asarray(stats)[:, cv2.CC_STAT_AREA] >= max(_PART * frame.height**2, 6)
    large[0] = False
    return np.asarray(large[label])


def _between(
    strong: Zone, label: NDArray[np.intp], count: int, thick: NDArray[np.float64]
) -> NDArray[np.bool_]:
    depth = cv2.distanceTransform(np.pad(strong, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    most = np.zeros(count, np.float32)
    np.maximum.at(most, label.ravel(), depth.ravel())
    kept = (most >= thick[0]) & (most <= thick[1])
    kept[0] = False
    return np.asarray(kept)


def _cut(label: NDArray[np.intp], inside: Zone, count: int) -> NDArray[np.bool_]:
    return np.bincount(label[rim(inside) & inside], minlength=count) > 0


def _band(core: Zone, frame: Frame) -> Zone:
    """Between the tops and the feet of the ink that was found, with a little to spare."""
    rows, columns = np.nonzero(core)
    across = frame.places(rows, columns)[1]
    slack = 0.05 * frame.height
    everywhere = frame.places(*np.ogrid[: core.shape[0], : core.shape[1]])[1]
    return np.asarray((everywhere >= across.min() - slack) & (everywhere <= across.max() + slack))


def _near(zone: Zone, by: int) -> Zone:
    return np.asarray(cv2.dilate(zone.astype(np.uint8), np.ones((2 * by + 1,) * 2, np.uint8)) > 0)
