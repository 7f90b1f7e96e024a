"""First guesses of an overlay's colour and opacity, from steps in the hole: no letter has to be found before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_evidence import Overlay

_REACH = (2, 4)
"""px between the two pixels of a pair: over the soft rim of a letter, from thin strokes to heavy ones."""
_TRIES = 240
_MOST = 700
_ROOM = 0.06
"""How far out of 0–1 a colour may be guessed."""
_CLEAREST, _DENSEST = 0.1, 0.8
_APART = 0.06

Values = NDArray[np.float32]


def guesses(pixels: Pixels, hole: Zone, noise: float, count: int = 2) -> tuple[Overlay, ...]:
    """Overlays that explain the most steps, best first, at most `count`: none where there are hardly any steps.

    A pixel p under the overlay and one q beside it, of nearly the same picture, obey p = (1 − α)·q + α·c. Any two pairs give
    an α and a c; those that most pairs agree with are kept (RANSAC; Fischler and Bolles, 1981), with draws that never vary."""
    under, beside = _pairs(pixels, hole, noise)
    if len(under) < 48:
        return ()
    opacity, colour = _drawn(under, beside)
    found: list[Overlay] = []
    free = np.ones(len(under), bool)
    while len(opacity) and len(found) < count:
        votes = _agreeing(under[free], beside[free], opacity, colour, noise)
        best = int(np.argmax(votes))
        if votes[best] < 0.08 * len(under):
            break
        found.append(Overlay(float(opacity[best]), np.clip(colour[best], 0, 1).astype(np.float32)))
        free &= _off(under, beside, opacity[best : best + 1], colour[best : best + 1])[0] > 2
        apart = np.abs(opacity - opacity[best]) > _APART
        opacity, colour = opacity[apart], colour[apart]
    return tuple(found)


def _pairs(pixels: Pixels, hole: Zone, noise: float) -> tuple[Values, Values]:
    """n×C twice: pixels of the hole a few px apart, the most unlike of them, each pair both ways round."""
    one, other = [], []
    for reach in _REACH:
        for first, second in (
            ((slice(reach, None), slice(None)), (slice(None, -reach), slice(None))),
            ((slice(None), slice(reach, None)), (slice(None), slice(None, -reach))),
        ):
            both = hole[first] | hole[second]
            one.append(pixels[first][both])
            other.append(pixels[second][both])
    a, b = np.concatenate(one), np.concatenate(other)
    size = np.linalg.norm(a - b, axis=1)
    if not len(size):
        return a, b
    kept = np.flatnonzero(size > max(float(np.quantile(size, 0.6)), 4 * noise, 0.02))
    kept = kept[:: len(kept) // _MOST + 1]
    return np.concatenate([a[kept], b[kept]]), np.concatenate([b[kept], a[kept]])


def _drawn(under: Values, beside: Values) -> tuple[Values, Values]:
    """Opacities (n) and colours (n×C) of pairs of pairs; besides, white and black at every opacity."""
    chance = np.random.default_rng(0)
    first, second = (chance.integers(0, len(under), 8 * _TRIES) for _ in range(2))
    apart = beside[first] - beside[second]
    power = (apart**2).sum(axis=1)
    clear = ((under[first] - under[second]) * apart).sum(axis=1) / np.maximum(power, 1e-6)
    opacity = 1 - clear
    colour = (under[first] - clear[:, None] * beside[first]) / np.where(
        np.abs(opacity) < 1e-3, 1e-3, opacity
    )[:, None]
    fit = (opacity > _CLEAREST) & (opacity < _DENSEST) & (power > 0.01)
    fit &= (np.abs(colour - 0.5) < 0.5 + _ROOM).all(axis=1)
    steps = np.arange(0.12, _DENSEST, 0.04, np.float32)
    pure = [np.broadcast_to(np.float32(level), (len(steps), under.shape[1])) for level in (0, 1)]
    return (
        np.concatenate([opacity[fit][:_TRIES], steps, steps]).astype(np.float32),
        np.concatenate([np.clip(colour[fit][:_TRIES], 0, 1), *pure]).astype(np.float32),
    )


def _agreeing(
    under: Values, beside: Values, opacity: Values, colour: Values, noise: float
) -> NDArray[np.int64]:
    return np.asarray((_off(under, beside, opacity, colour, noise) < 1).sum(axis=1))


def _off(under: Values, beside: Values, opacity: Values, colour: Values, noise: float = 0.0) -> Values:
    """Guesses×pairs: how far a pair is off a guess, as a share of what is allowed."""
    clear = (1 - opacity)[:, None]
    square = np.zeros((len(opacity), len(under)), np.float32)
    for c in range(under.shape[1]):
        square += (under[:, c] - clear * beside[:, c] - (opacity * colour[:, c])[:, None]) ** 2
    size = np.linalg.norm(under - beside, axis=1)
    return np.asarray(np.sqrt(square) / (0.02 + 2 * noise + 0.08 * size), np.float32)
