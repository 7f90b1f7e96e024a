"""First guesses of an overlay's colour and opacity, from steps in a line of text and from pairs across its mask's edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread
from tasks.generation.unmix_evidence import Overlay
from tasks.generation.unmix_fit import seeds_of

_REACH = (2, 4)
"""px between the two pixels of a step: over the soft rim of a letter, from thin strokes to heavy ones."""
_NEAR = 10.0
"""px from a mask's ridge to the pixel that it is compared with, at most."""
_TRIES = 240
_MOST = 600
_ROOM = 0.06
"""How far out of 0–1 a colour may be guessed."""
_CLEAREST, _DENSEST = 0.1, 0.96
_APART, _UNLIKE = 0.08, 0.15
_PRIOR = 1.0
"""Log-likelihood that an overlay has to gain over none before a pair speaks for it."""
_BOX = 0.85
"""Of its rectangle: a mask that fills so much of it says nothing of strokes."""
_BOTH, _ALONE, _BLIND = 2, 1, 4
"""Guesses by all pairs together, by each sort alone, and where there is but one sort."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pixels that may be under the overlay, and such that may not: n×C each."""

    under: Values
    beside: Values
    variance: Values
    """n: of the picture's own step between them."""
    turned: bool
    """Whether either may be the one that is covered."""


def guesses(
    pixels: Pixels, line: Zone, mask: Zone, known: Zone, spread: Spread, noise: float
) -> tuple[Overlay, ...]:
    """Overlays that explain the pairs best, the likeliest first: none where there are hardly any.

    line: H×W, where letters may be; mask: H×W, where they are thought to be; known: H×W, outside both and of all others.
    A pixel p under the overlay and one q beside it obey p = (1 − α)·q + α·c. Any two pairs give an α and a c (RANSAC;
    Fischler and Bolles, 1981), with draws that never vary; white and black are tried at every opacity. Each is scored by
    its log-likelihood over that of no overlay, with heavy tails (Student's t) and a misfit that shrinks with 1 − α as the
    picture itself does: so dense ink does not win by its density alone."""
    scale = np.asarray(spread.scale * np.float32(spread.share.mean()), np.float32)
    sorts = [_steps(pixels, line, scale, noise)]
    if mask.sum() < _BOX * cv2.contourArea(
        cv2.boxPoints(cv2.minAreaRect(np.argwhere(mask).astype(np.float32)))
    ):
        sorts.append(_across(pixels, mask, known, scale))
    sorts = [pairs for pairs in sorts if len(pairs.under) >= 24]
    if not sorts:
        return ()
    opacity, colour = _drawn(sorts, pixels.shape[2])
    scores = np.stack([_gained(pairs, opacity, colour, noise) for pairs in sorts])
    chosen = _picked(opacity, colour, scores.sum(axis=0), _BOTH if len(sorts) > 1 else _BLIND)
    for score in scores if len(scores) > 1 else ():
        chosen += _picked(opacity, colour, score, _ALONE, chosen)
    return tuple(Overlay(float(opacity[n]), np.clip(colour[n], 0, 1)) for n in chosen)


def _picked(
    opacity: Values, colour: Values, score: Values, count: int, taken: list[int] | None = None
) -> list[int]:
    """Indices of the best, each unlike all before and unlike `taken`."""
    kept: list[int] = []
    free = score > 0
    for n in taken or ():
        free &= _unlike(opacity, colour, n)
    while len(kept) < count and free.any():
        best = int(np.argmax(np.where(free, score, -1)))
        kept.append(best)
        free &= _unlike(opacity, colour, best)
    return kept


def _unlike(opacity: Values, colour: Values, n: int) -> NDArray[np.bool_]:
    far = np.abs(colour - colour[n]).max(axis=1) > _UNLIKE
    return np.asarray((np.abs(opacity - opacity[n]) > _APART) | far)


def _steps(pixels: Pixels, line: Zone, scale: Plane, noise: float) -> _Pairs:
    """Pixels of the line a few px apart, the most unlike of them."""
    one, other, variance = [], [], []
    for reach in _REACH:
        for first, second in (
            ((slice(reach, None), slice(None)), (slice(None, -reach), slice(None))),
            ((slice(None), slice(reach, None)), (slice(None), slice(None, -reach))),
        ):
            both = line[first] | line[second]
            one.append(pixels[first][both])
            other.append(pixels[second][both])
            variance.append((scale[first][both] + scale[second][both]) * np.float32(reach / 2))
    a, b, spread = np.concatenate(one), np.concatenate(other), np.concatenate(variance)
    size = np.linalg.norm(a - b, axis=1)
    if not len(size):
        return _Pairs(a, b, spread, True)
    kept = np.flatnonzero(size > max(float(np.quantile(size, 0.6)), 4 * noise, 0.02))
    kept = kept[:: len(kept) // _MOST + 1]
    return _Pairs(a[kept], b[kept], spread[kept], True)


def _across(pixels: Pixels, mask: Zone, known: Zone, scale: Plane) -> _Pairs:
    """The mask's ridges, each with the nearest pixel outside."""
    distance, (rows, columns) = distance_transform_edt(~known, return_indices=True)
    kept = np.flatnonzero(seeds_of(mask) & (distance <= _NEAR))
    down, right = np.unravel_index(kept[:: len(kept) // _MOST + 1], mask.shape)
    beside = pixels[rows[down, right], columns[down, right]]
    variance = scale[down, right] * np.sqrt(distance[down, right]).astype(np.float32)
    return _Pairs(pixels[down, right], beside, variance, False)


def _drawn(sorts: list[_Pairs], channels: int) -> tuple[Values, Values]:
    """Opacities (n) and colours (n×C) of pairs of pairs; besides, white and black at every opacity."""
    chance = np.random.default_rng(0)
    steps = np.arange(0.12, _DENSEST, 0.04, np.float32)
    opacities, colours = (
        [steps, steps],
        [np.full((len(steps), channels), level, np.float32) for level in (0, 1)],
    )
    for pairs in sorts:
        under, beside = pairs.under, pairs.beside
        if pairs.turned:
            under, beside = np.concatenate([under, beside]), np.concatenate([beside, under])
        first, second = (chance.integers(0, len(under), 8 * _TRIES) for _ in range(2))
        apart = beside[first] - beside[second]
        power = (apart**2).sum(axis=1)
        clear = ((under[first] - under[second]) * apart).sum(axis=1) / np.maximum(power, 1e-6)
        opacity = 1 - clear
        safe = np.where(np.abs(opacity) < 1e-3, 1e-3, opacity)
        colour = (under[first] - clear[:, None] * beside[first]) / safe[:, None]
        fit = (opacity > _CLEAREST) & (opacity < 1) & (power > 0.01)
        fit &= (np.abs(colour - 0.5) < 0.5 + _ROOM).all(axis=1)
        opacities.append(opacity[fit][:_TRIES])
        colours.append(np.clip(colour[fit][:_TRIES], 0, 1))
    return np.concatenate(opacities).astype(np.float32), np.concatenate(colours).astype(np.float32)


def _gained(pairs: _Pairs, opacity: Values, colour: Values, noise: float) -> Values:
    """n: mean log-likelihood that each overlay gains over none, pairs that it does not explain counted as nothing."""
    floor = np.float32(max(noise, 0.005) ** 2)
    none = _cost(((pairs.under - pairs.beside) ** 2).mean(axis=1), pairs.variance + floor)
    best = none - _explained(pairs.under, pairs.beside, pairs.variance, opacity, colour, floor)
    if pairs.turned:
        best = np.maximum(
            best, none - _explained(pairs.beside, pairs.under, pairs.variance, opacity, colour, floor)
        )
    return np.asarray(np.maximum(best - _PRIOR, 0).mean(axis=1), np.float32)


def _explained(
    under: Values, beside: Values, variance: Values, opacity: Values, colour: Values, floor: np.float32
) -> Values:
    """Guesses×pairs: cost of the pairs."""
    clear = (1 - opacity)[:, None]
    square = np.zeros((len(opacity), len(under)), np.float32)
    for c in range(under.shape[1]):
        square += (under[:, c] - clear * beside[:, c] - (opacity * colour[:, c])[:, None]) ** 2
    return _cost(square / under.shape[1], clear**2 * variance + floor)


def _cost(square: Values, variance: Values) -> Values:
    """Negative log-likelihood of Student's t with two degrees of freedom, less a constant."""
    return np.asarray(0.5 * np.log(variance) + 1.5 * np.log1p(square / (2 * variance)), np.float32)
