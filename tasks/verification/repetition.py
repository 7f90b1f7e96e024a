"""Score `repetition`: detail of the fill that stands there twice, as clone stamps and tiled patches leave it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft  # type: ignore[import-untyped]

from tasks.contracts import Pixels, Zone
from tasks.verification.luminance import luminance

REACH = 48
"""How far around the hole the surroundings are looked at, px."""
NEAREST = 8
"""Shifts shorter than this are the texture's own correlation, px."""
SHARE = 0.2
"""A shift counts only if at least this share of the hole's detail has something to be held against."""
DEEP = 8
"""Holes nowhere deeper than this have no room for a visible copy, px."""
NONE = 0.3
"""Evened detail under this is grain on a flat ground: a strong texture has about 1."""
_FINE, _AROUND, _GRAIN = 2.0, 6.0, 2.0
"""Sigmas of what detail is left over by and of what its strength is evened over, px; and the strength of grain, levels."""
_LEAST = 0.1
"""Energies below it say nothing."""

Plane = NDArray[np.float32]


def repetition(after: Pixels, hole: Zone) -> float:
    """Largest share of the fill's detail that one shift finds again, in the fill or beside it, beyond what the surroundings
    repeat at that shift; 0–1.

    Detail is what a Gaussian of 2 px leaves over, divided by its own strength nearby, so that a few strong edges, which agree
    with themselves along their length, do not outweigh the texture. At each shift of NEAREST px or more the hole's detail is correlated with
    what lies there, over the pixels that both know (masked normalised cross-correlation, Padfield 2012), times the share of
    the hole's detail that has a counterpart. Less the same of the surroundings with themselves: bricks and cloth repeat
    rightly. 0 for holes with too little room or detail."""
    if (
        not hole.any()
        or cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3).max() <= DEEP
    ):
        return 0.0
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    box = slice(max(y - REACH, 0), y + h + REACH), slice(max(x - REACH, 0), x + w + REACH)
    inside, detail = hole[box], _detail(after[box])
    if float(np.sqrt(np.mean(detail[inside] ** 2))) < NONE:
        return 0.0
    return _copied(detail, inside)


def _detail(image: Pixels) -> Plane:
    grey = luminance(image)[..., 0]
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _FINE)
    strength = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _AROUND) + _GRAIN**2)
    return np.asarray(detail / strength, np.float32)


def _copied(detail: Plane, inside: Zone) -> float:
    shape = [fft.next_fast_len(2 * side, real=True) for side in detail.shape]

    def spectrum(plane: NDArray[np.generic]) -> NDArray[np.complex64]:
        return np.asarray(fft.rfft2(np.asarray(plane, np.float32), shape))

    here, whole, around = spectrum(detail * inside), spectrum(detail), spectrum(detail * ~inside)
    energy, inner = spectrum(detail**2), spectrum(detail**2 * inside)
    outer = energy - inner
    holes, all_of_it = spectrum(inside), spectrum(np.ones_like(inside))
    rest = all_of_it - holes

    def at_shifts(a: NDArray[np.complex64], b: NDArray[np.complex64]) -> Plane:
        """Sum over x of a(x) b(x + shift)."""
        return np.asarray(fft.irfft2(a.conj() * b, shape), np.float32)

    total = float((detail[inside] ** 2).sum())
    known = at_shifts(inner, all_of_it)
    of_hole = at_shifts(here, whole) / _root(known, at_shifts(holes, energy))
    of_rest = at_shifts(around, around) / _root(at_shifts(outer, rest), at_shifts(rest, outer))
    share = np.clip(known / total, 0, 1)
    score = np.where((share >= SHARE) & _far(shape), of_hole * share - np.clip(of_rest, 0, 1), 0)
    return float(np.clip(score.max(), 0, 1))


def _root(a: Plane, b: Plane) -> Plane:
    product = np.clip(a, _LEAST, None) * np.clip(b, _LEAST, None)
    return np.asarray(np.sqrt(product), np.float32)


def _far(shape: list[int]) -> Zone:
    """Shifts of at least NEAREST px, cyclic."""
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    return np.asarray(np.hypot(rows[:, None], columns) >= NEAREST)
