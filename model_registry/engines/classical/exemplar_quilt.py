"""Begins a wide hole in an even texture with whole pieces of it: single patches agree on a blur there, and go on repeating it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.exemplar_pyramid import Level
from model_registry.engines.contract import Hole

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

_HALF = 12
"""Half the side of a piece, px; a hole that is nowhere as deep as that has known pixels near enough."""
_SIDE = 2 * _HALF + 1
_TRIALS, _COMPARED = 400, 150
"""Places that each piece is looked for at, and pixels that are compared there."""
_DEEPEST = 0.6 * _HALF
"""How far inside the hole the middle of the next piece may lie, px: about half of each piece is overlap."""
_BLOCK, _FEWEST, _KNOWN = 16, 12, 0.7
"""Side of the squares by which evenness is judged, px; how many there must be, and what share of each must be known."""
_MEANS, _DETAIL, _ALONG = 0.15, 0.5, 0.4
"""An even texture at most: variance of the squares' means in all variance; spread of their deviations over the mean one;
share of the gradients' energy that lies along one direction (stripes are better continued than pieced together)."""
_MOST = 20_000
"""Pixels of a hole that is pieced together; a larger one begins at a coarser size."""
_VISIBLE = 4 / 255
"""Least deviation within the squares: below it there is no texture to copy."""


@dataclass(frozen=True, slots=True)
class Quilt:
    """A hole filled with pieces."""

    image: Floats
    """H×W×3."""
    offset: Places
    """H×W×2: rows and columns from each pixel of a piece to where it was copied from."""
    laid: Hole
    """Pixels under a piece; others have no offset."""


def is_even(level: Level) -> bool:
    """Whether the known pixels are one texture without direction all over, and the hole is deep enough for pieces of it."""
    depth = cv2.distanceTransform(np.pad(level.hole, 1).astype(np.uint8), cv2.DIST_L2, 3).max()
    if depth < _HALF or np.count_nonzero(level.hole) > _MOST:
        return False
    grey = np.where(level.hole, 0, level.image[..., 0]).astype(np.float32)
    share = _blocks((~level.hole).astype(np.float32))
    use = share > _KNOWN
    if np.count_nonzero(use) < _FEWEST:
        return False
    means, squares = (_blocks(plane)[use] / share[use] for plane in (grey, grey * grey))
    within = np.maximum(squares - means**2, 0)
    deviations = np.sqrt(within)
    return bool(
        deviations.mean() > _VISIBLE
        and means.var() < _MEANS * (means.var() + within.mean())
        and deviations.std() < _DETAIL * deviations.mean()
        and _along(grey, level.hole) < _ALONG
    )


def _blocks(plane: Floats) -> Floats:
    """The means of its squares; what is left over at the right and below does not count."""
    h, w = (size // _BLOCK for size in plane.shape)
    whole = plane[: h * _BLOCK, : w * _BLOCK].reshape(h, _BLOCK, w, _BLOCK)
    return np.asarray(whole.mean(axis=(1, 3)), np.float32)


def _along(grey: Floats, hole: Hole) -> float:
    """0 = no direction, 1 = one alone: by the eigenvalues of the structure tensor over all known pixels."""
    known = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order)[known] for order in ((1, 0), (0, 1)))
    xx, yy, xy = (float((a * b).mean()) for a, b in ((across, across), (down, down), (across, down)))
    return float(np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-9))


def quilted(level: Level, random: np.random.Generator) -> Quilt | None:
    """The hole filled piece by piece from its edge inwards, each piece the best of some random ones by what it overlaps
    (Efros and Freeman, 2001: Image quilting). None where hardly a whole piece is known."""
    places = _places(level.hole)
    if len(places) < _TRIALS:
        return None
    around = ((_HALF, _HALF), (_HALF, _HALF))
    missing = np.pad(level.hole, around)
    known = np.pad(~level.hole, around)
    image = np.pad(np.where(level.hole[..., None], 0, level.image), (*around, (0, 0))).astype(np.float32)
    offset, laid = np.zeros((*missing.shape, 2), np.intp), np.zeros_like(missing)
    while missing.any():
        middle = _next(missing, known)
        under = _around(middle)
        source = _best(image, known[under], image[under], places[random.integers(0, len(places), _TRIALS)])
        new = missing[under].copy()
        fresh = new | ~laid[under]
        image[under][new] = image[_around(source)][new]
        offset[under][fresh] = source - middle
        known[under] |= new
        laid[under] = True
        missing[under] = False
    inner = slice(_HALF, -_HALF), slice(_HALF, -_HALF)
    return Quilt(np.ascontiguousarray(image[inner]), offset[inner], laid[inner])


def _places(hole: Hole) -> Places:
    """N×2: the middles of known pieces, rows and columns in the picture grown by _HALF."""
    wide = cv2.dilate(np.pad(hole, _HALF, constant_values=True).astype(np.uint8), np.ones((_SIDE, _SIDE)))
    wide[:_HALF] = wide[-_HALF:] = 1
    wide[:, :_HALF] = wide[:, -_HALF:] = 1
    return np.argwhere(wide == 0)


def _next(missing: Hole, known: Hole) -> Places:
    """Row and column of the missing pixel near the edge with the most known ones around it."""
    depth = cv2.distanceTransform(missing.astype(np.uint8), cv2.DIST_L2, 3)
    count = cv2.boxFilter(
        known.astype(np.float32), -1, (_SIDE, _SIDE), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    count[~missing | (depth > _DEEPEST)] = -1
    return np.array(np.unravel_index(int(count.argmax()), count.shape))


def _around(middle: Places) -> tuple[slice, slice]:
    y, x = (int(v) for v in middle)
    return slice(y - _HALF, y + _HALF + 1), slice(x - _HALF, x + _HALF + 1)


def _best(image: Floats, known: Hole, piece: Floats, tried: Places) -> Places:
    """Of the places (N×2) the one whose piece is most like what is known of this one."""
    rows, columns = np.nonzero(known)
    step = max(len(rows) // _COMPARED, 1)
    rows, columns = rows[::step], columns[::step]
    seen = image[tried[:, :1] - _HALF + rows, tried[:, 1:] - _HALF + columns]
    unlike = ((seen - piece[rows, columns]) ** 2).sum(axis=(1, 2))
    return np.asarray(tried[int(unlike.argmin())])
