"""Inks of an overlay: an opacity with a colour, pooled over all of its pixels on all pictures, and mixtures of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask, Pixels, Zone

Values = NDArray[np.float32]
_FLATTEST = 0.03
_THINNEST, _SOLID = 0.06, 0.95
_PURE = 0.08
_SNAP = 3.0
_ALIKE = 0.25
_LEVEL = 0.1
_SAME = 0.08


@dataclass(frozen=True, slots=True)
class Ink:
    """I = (1 − alpha)·B + colour, the colour premultiplied."""

    alpha: float
    colour: Values
    """3, 0–alpha."""


CLEAR = Ink(0.0, np.zeros(3, np.float32))


@dataclass(frozen=True, slots=True)
class Assigned:
    """Every pixel's mixture. H×W each, ink H×W×3."""

    alpha: Mask
    ink: Pixels
    cost: Values
    """Mean square of what stays unexplained, in its expected variance: about 1."""
    which: NDArray[np.int8]
    """Number of the ink where a pixel is all of one, 0 clear, −1 a mixture."""
    ridge: Zone
    """No less of its ink than the pixels about it."""


def first_pixels(stack: Pixels, behind: Pixels, error: Values, zone: Zone) -> Zone:
    """The pixels of `zone` that change the pictures most and alike: to learn a new ink from."""
    weight = 1 / error
    change = (weight[..., None] * (stack - behind)).sum(axis=0) / weight.sum(axis=0)[..., None]
    size = np.linalg.norm(change, axis=2)
    alike = np.asarray(zone & (size >= np.quantile(size[zone], 0.8)), bool)
    for _ in range(3):
        middle = np.median(change[alike], axis=0)
        off = np.linalg.norm(change - middle, axis=2)
        alike = np.asarray(zone & (off < _ALIKE * float(np.linalg.norm(middle))), bool)
        if not alike.any():
            return alike
    return alike


def fitted(shown: Values, behind: Values, error: Values) -> Ink | None:
    """K×N×3 shown and guessed beneath, K×N the guess's variance. None where the pictures beneath are too much alike.

    One slope for all channels, corrected for the guesses' errors, which would flatten it (errors in variables); pixels far
    from the fit lose weight (Tukey's biweight)."""
    weight = (1 / error).astype(np.float64)
    found: tuple[float, NDArray[np.float64]] | None = None
    for _ in range(5):
        found = _line(shown.astype(np.float64), behind.astype(np.float64), error, weight)
        if found is None:
            return None
        slope, offset = found
        off = np.square(shown - slope * behind - offset).mean(axis=2) / (slope**2 * error + 1e-5)
        limit = 20 * max(float(np.median(off)), 0.2)
        weight = np.maximum(1 - off / limit, 0) ** 2 / error
    assert found is not None
    alpha, offset = 1 - found[0], found[1]
    if alpha < _THINNEST:
        return None
    colour = np.clip(offset / alpha, 0, 1)
    for pure in (1.0, 0.0):
        if float(np.abs(colour - pure).max()) < _PURE:
            # So near to white or black, and so often just that: with the colour given, the means tell the opacity better
            # than the slope does.
            colour = np.full(3, pure)
            alpha = _opacity(shown, behind, error, weight, colour)
    alpha = 1.0 if alpha > _SOLID else alpha
    return Ink(alpha, (alpha * colour).astype(np.float32)) if alpha >= _THINNEST else None


def _opacity(
    shown: Values, behind: Values, error: Values, weight: NDArray[np.float64], colour: NDArray[np.float64]
) -> float:
    """α of an ink whose colour is known."""
    toward = colour - behind
    power = float((weight * np.square(toward).sum(axis=2)).sum()) - 3 * float((weight * error).sum())
    both = float((weight * (toward * (shown - behind)).sum(axis=2)).sum()) - 3 * float((weight * error).sum())
    return min(max(both / max(power, 1e-9), 0.0), 1.0)


def _line(
    shown: NDArray[np.float64], behind: NDArray[np.float64], error: Values, weight: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]] | None:
    share = weight / max(float(weight.sum()), 1e-12)
    mean_shown, mean_behind = (np.einsum("kn,knc->c", share, values) for values in (shown, behind))
    aside = behind - mean_behind
    power = float(np.einsum("kn,knc,knc->", share, aside, aside)) / 3
    false = float((share * error).sum())
    true = max(power - false, 0.5 * power)
    if true < _FLATTEST**2:
        return None
    both = float(np.einsum("kn,knc,knc->", share, aside, shown - mean_shown)) / 3
    slope = min(max(both / true, 0.0), 1.0)
    return slope, mean_shown - slope * mean_behind


def assigned(stack: Pixels, behind: Pixels, error: Values, inks: Sequence[Ink], hole: Zone) -> Assigned:
    """The mixture of two inks that explains each pixel of the hole best on all pictures; outside it all is clear."""
    shape = hole.shape
    sums = _sums(stack[:, hole], behind[:, hole], error[:, hole])
    best = np.full(shape, np.inf, np.float32)
    alpha, ink = np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32)
    which, ridge = np.zeros(shape, np.int8), np.zeros(shape, bool)
    for i, j in combinations(range(len(inks)), 2):
        raw, doubt, cost = (_placed(values, hole) for values in _between(sums, inks[i], inks[j], len(stack)))
        part = _snapped(np.clip(raw, 0, 1), doubt)
        top = _ridge(raw)
        smooth = cv2.blur(np.minimum(cost, 50), (3, 3)) * (1.0 if i == 0 else 1.15)
        better = hole & (smooth < best)
        best = np.where(better, smooth, best)
        alpha = np.where(better, inks[i].alpha + part * (inks[j].alpha - inks[i].alpha), alpha)
        mixed = inks[i].colour + part[..., None] * (inks[j].colour - inks[i].colour)
        ink = np.where(better[..., None], mixed, ink)
        pure = np.where(part >= 1, j, np.where(part <= 0, i, -1))
        which = np.where(better, pure, which).astype(np.int8)
        ridge = np.where(better, np.where(part > 0.5, top, _ridge(1 - raw) if i else True), ridge)
    return Assigned(alpha.astype(np.float32), ink.astype(np.float32), np.where(hole, best, 0), which, ridge)


def _ridge(part: Values) -> Zone:
    smooth = cv2.GaussianBlur(part, (3, 3), 0)
    return np.asarray(smooth >= cv2.dilate(smooth, np.ones((3, 3), np.uint8)) - _LEVEL, bool)


def is_new(ink: Ink, inks: Sequence[Ink]) -> bool:
    """Whether it is no mixture of two that are known, nor nearly so."""
    place = np.append(ink.colour, ink.alpha).astype(np.float64)
    known = [np.append(other.colour, other.alpha).astype(np.float64) for other in (CLEAR, *inks)]
    for one, other in combinations(known, 2):
        along = other - one
        part = float(np.clip((place - one) @ along / (along @ along), 0, 1.1))
        if np.abs(place - one - part * along).max() < _SAME:
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Sums:
    """Weighted sums over the pictures, N pixels each: all that any mixture's fit is made of."""

    one: NDArray[np.float64]
    behind: NDArray[np.float64]
    shown: NDArray[np.float64]
    behind_behind: NDArray[np.float64]
    shown_behind: NDArray[np.float64]
    shown_shown: NDArray[np.float64]


def _sums(shown: Values, behind: Values, error: Values) -> _Sums:
    w, s, b = 1 / error.astype(np.float64), shown.astype(np.float64), behind.astype(np.float64)
    return _Sums(
        w.sum(axis=0), (w[..., None] * b).sum(axis=0), (w[..., None] * s).sum(axis=0),
        (w * (b * b).sum(axis=2)).sum(axis=0), (w * (s * b).sum(axis=2)).sum(axis=0), (w * (s * s).sum(axis=2)).sum(axis=0),
    )  # fmt: skip


def _between(sums: _Sums, one: Ink, other: Ink, pictures: int) -> tuple[Values, Values, Values]:
    """Share of `other` (not confined to 0–1), its standard deviation, and what stays unexplained, for N pixels."""
    c, s = one.colour.astype(np.float64), 1 - one.alpha
    dc, da = (other.colour - one.colour).astype(np.float64), other.alpha - one.alpha
    cross = (
        sums.shown @ dc - da * sums.shown_behind - (c @ dc) * sums.one
        + sums.behind @ (da * c - s * dc) + s * da * sums.behind_behind
    )  # fmt: skip
    power = (dc @ dc) * sums.one - 2 * da * (sums.behind @ dc) + da**2 * sums.behind_behind + 1e-3
    total = (
        sums.shown_shown + s**2 * sums.behind_behind + 2 * s * (sums.behind @ c) - 2 * s * sums.shown_behind
        - 2 * (sums.shown @ c) + (c @ c) * sums.one
    )  # fmt: skip
    raw = np.clip(cross / power, -1, 2)
    part = np.clip(raw, 0, 1)
    left = np.square(s - part * da) + 0.02
    cost = np.maximum(total - 2 * part * cross + part**2 * power, 0) / (3 * pictures) / left
    return raw.astype(np.float32), np.sqrt(left / power).astype(np.float32), cost.astype(np.float32)


def _placed(values: Values, hole: Zone) -> Values:
    out = np.zeros(hole.shape, np.float32)
    out[hole] = values
    return out


def _snapped(part: Values, doubt: Values) -> Values:
    """All of one ink where the pixel is away from the other and does not say otherwise beyond doubt."""
    half = (part > 0.5).astype(np.uint8)
    square = np.ones((3, 3), np.uint8)
    deep, far = cv2.erode(half, square) > 0, cv2.dilate(half, np.ones((5, 5), np.uint8)) == 0
    tolerance = np.minimum(_SNAP * doubt + 0.02, 0.3)
    part = np.where((part > 1 - np.where(deep, tolerance, 0.02)), np.float32(1), part)
    return np.where((part < np.where(far, tolerance, 0.02)), np.float32(0), part)
