"""Which connected pieces of a first guess are letters, and which are specks of the background that resemble ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_background import Plane

FITS = 4.0
"""Squared distance, in standard deviations, up to which a pixel is surely of an ink."""
_SMALL = 0.45
"""Pieces shorter than this many letter heights may be specks."""

_GRAIN = 6.0
_NEAR = 0.1
"""Specks nearer to letters than this, in letter heights, are fragments of them."""

_BEYOND = 0.12
"""Share of a piece beyond the line from which it goes on there."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What was taken for ink, and on what evidence."""

    found: Zone
    against: Plane
    """Squared distance to the background, in its standard deviations."""
    misfit: Plane
    """The same to the nearest ink."""
    grain: float
    """Standard deviation of the background, levels."""


def without_strays(guess: Guess, inside: Zone, ends: Zone, height: float) -> Zone:
    """What was found, less the strays.

    In the line, over a background of some grain, a small piece is stray when it stands apart and the polygon cuts it. In the
    ends any piece is that is cut, not of a letter's size or not surely of the ink."""
    view = around(guess.found)
    kept = np.zeros_like(guess.found)
    part = Guess(guess.found[view], guess.against[view], guess.misfit[view], guess.grain)
    kept[view] = _kept(part, inside[view], ends[view], height)
    return kept


def around(zone: Zone) -> tuple[slice, slice]:
    """The box around what is true, with a pixel more on each side: all that its pieces' shapes and distances need."""
    x, y, w, h = cv2.boundingRect(zone.view(np.uint8))
    return slice(max(y - 1, 0), y + h + 1), slice(max(x - 1, 0), x + w + 1)


def _kept(guess: Guess, inside: Zone, ends: Zone, height: float) -> Zone:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(guess.found.astype(np.uint8), connectivity=8)
    label = np.asarray(labels, np.intp)
    area = _tally(label, guess.found, count)
    closed = _tally(label, guess.found & rim(inside | ends), count) == 0
    longest = np.asarray(boxes)[:, 2:4].max(axis=1)
    suspect = (guess.grain > _GRAIN) & (longest < _SMALL * height) & ~closed
    stray = suspect & (_clearance(label, suspect) > max(_NEAR * height, 3))
    surely = _tally(label, guess.found & (guess.misfit < FITS), count) > 0.6 * area
    strong = np.bincount(label[guess.found], np.minimum(guess.against, 100)[guess.found], count) > 12 * area
    fitting = (longest >= 0.3 * height) & (longest <= 1.5 * height)
    beyond = _tally(label, guess.found & ends, count) > 0
    kept_beyond = ~beyond | (surely & strong & closed & fitting)
    stray[0], kept_beyond[0] = True, False
    return np.asarray((inside & ~stray[label]) | (ends & kept_beyond[label] & ~stray[label]))


def _tally(label: NDArray[np.intp], where: Zone, count: int) -> NDArray[np.intp]:
    return np.bincount(label[where], minlength=count)


def _clearance(label: NDArray[np.intp], suspect: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Least distance of each piece to those that are not suspect, px."""
    letters = ~suspect
    letters[0] = False
    distance = cv2.distanceTransform((~letters[label]).astype(np.uint8), cv2.DIST_L2, 3)
    least = np.full(len(suspect), np.inf, np.float32)
    np.minimum.at(least, label.ravel(), distance.ravel())
    return least


def rim(zone: Zone) -> Zone:
    """Pixels next to what is outside of the zone; the picture's border is none."""
    return np.asarray(cv2.dilate((~zone).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def going_on(found: Zone, inside: Zone) -> float:
    """Share of the pixels found in the line whose connected piece goes on beyond it; 0 for none.

    found: H×W, in the line and next to it."""
    total = np.count_nonzero(found & inside)
    if not total:
        return 0.0
    view = around(found)
    part, within = found[view], inside[view]
    count, label = cv2.connectedComponents(part.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    own = np.bincount(label[part & within], minlength=count)
    beyond = np.bincount(label[part & ~within], minlength=count)
    return float(own[beyond > _BEYOND * (own + beyond)].sum()) / total


def attached(more: Zone, found: Zone) -> Zone:
    """What of `more` hangs together with `found`."""
    if not found.any():
        return np.zeros_like(found)
    view = around(found | more)
    both = found[view] | more[view]
    count, label = cv2.connectedComponents(both.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    held = np.zeros(count, np.bool_)
    held[label[found[view]]] = True
    held[0] = False
    out = np.zeros_like(found)
    out[view] = more[view] & held[label]
    return out
