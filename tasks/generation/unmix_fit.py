"""Opacity and colour of a semi-transparent overlay, from pairs of pixels on both sides of its edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Spread
from tasks.generation.unmix_evidence import Overlay

Values = NDArray[np.float64]
_COARSE = 1 - np.linspace(0.08, 0.96, 9)
_HALVINGS = 5
_OPAQUE = 0.04
"""Clearness that stands for none."""
_ROUNDS = 3
_MOST, _FEW = 1000, 250
_EDGE = 8.0
"""px: a plate's margin."""
_SURER = 5.0
"""Log-likelihood that a colour of its own has to gain over pure white or black."""
_ALIKE = 12.0
"""Neighbouring pairs that say the same: so much less does each count."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pixels fully under the overlay, and the nearest pixels that it leaves alone: n×C each."""

    under: Values
    clear: Values
    variance: Values
    """n: of the picture's own step between the two."""

    def thinned(self, by: int) -> Pairs:
        """Every by-th of them."""
        return Pairs(self.under[::by], self.clear[::by], self.variance[::by])


@dataclass(frozen=True, slots=True)
class Fit:
    """An overlay with how well it explains the pairs."""

    overlay: Overlay
    correlation: float
    """Of the pixels under the overlay with those beside it."""
    misfit: float
    """Standard deviation of the recovered pixels from their clear neighbours, 0–1."""
    contrast: float
    """Mean difference that the overlay makes, 0–1."""
    detail: float
    """Standard deviation of the clear pixels, 0–1."""
    over_opaque: float
    """Log-likelihood that it gains over ink that lets nothing through, neighbours that say the same counted as one."""


def pairs_of(pixels: Pixels, core: Zone, clear: Zone, spread: Spread, reach: float = 12.0) -> Pairs:
    """Each core pixel with its nearest clear pixel, at most `reach` px away; some thousands of them at most."""
    distance, (rows, columns) = distance_transform_edt(~clear, return_indices=True)
    chosen = np.flatnonzero(core & (distance <= reach))
    down, right = np.unravel_index(chosen[:: len(chosen) // _MOST + 1], core.shape)
    beside = pixels[rows[down, right], columns[down, right]]
    variance = spread.scale[down, right] * spread.share.mean() * np.sqrt(distance[down, right])
    return Pairs(
        pixels[down, right].astype(np.float64), beside.astype(np.float64), variance.astype(np.float64)
    )


def fitted(pairs: Pairs, noise: float) -> Fit | None:
    """I = g·B + o with one g for all channels, by the largest likelihood (Student's t with two degrees of freedom).

    What lies beside is only a guess of what lies under, off by the picture's own step, of which the overlay lets g through:
    so the misfit allowed shrinks with g, and its logarithm weighs against a slope flattened by the guess's error."""
    if len(pairs.under) < 24:
        return None
    floor = max(noise, 0.004) ** 2
    free = _likeliest(pairs, floor, None)
    best = free
    for level in (0.0, 1.0):
        pure = np.full(pairs.under.shape[1], level)
        if float(np.abs(free.colour - pure).max()) < 0.35:
            other = _likeliest(pairs, floor, pure, free.clear)
            if (other.cost - free.cost) * len(pairs.under) / _ALIKE < _SURER and (
                best is free or other.cost < best.cost
            ):
                best = other
    if not 0.02 < 1 - best.clear < 0.97:
        return None
    opaque = _line(pairs, _OPAQUE, floor, None)
    gained = (opaque.cost - best.cost) * len(pairs.under) / _ALIKE
    overlay = Overlay(float(1 - best.clear), best.colour.astype(np.float32))
    return _judged(pairs, overlay, gained, noise)


@dataclass(frozen=True, slots=True)
class _Line:
    """One slope with the colour that suits it best."""

    clear: float
    colour: Values
    cost: float
    """Mean negative log-likelihood, less a constant."""
    weight: Values


def _likeliest(pairs: Pairs, floor: float, colour: Values | None, about: float | None = None) -> _Line:
    """The best slope of all, or the best near `about`."""
    if about is None:
        few = pairs.thinned(len(pairs.under) // _FEW + 1)
        about = min((_line(few, float(g), floor, colour) for g in _COARSE), key=lambda line: line.cost).clear
    best = _line(pairs, about, floor, colour)
    step = float(_COARSE[0] - _COARSE[1])
    for _ in range(_HALVINGS):
        step /= 2
        near = [_line(pairs, min(max(best.clear + d, 0.02), 0.98), floor, colour) for d in (-step, step)]
        best = min((best, *near), key=lambda line: line.cost)
    return best


def _line(pairs: Pairs, clear: float, floor: float, colour: Values | None) -> _Line:
    """Reweighted means for the colour at this slope, unless it is given."""
    rest = pairs.under - clear * pairs.clear
    variance = clear**2 * pairs.variance + floor
    if colour is None:
        offset = np.median(rest, axis=0)
        for _ in range(_ROUNDS):
            weight = 1 / (2 * variance + ((rest - offset) ** 2).mean(axis=1))
            offset = weight @ rest / weight.sum()
        colour = np.clip(offset / (1 - clear), 0, 1)
    square = ((rest - (1 - clear) * colour) ** 2).mean(axis=1) / variance
    scale = float(np.median(square)) / 0.67 + 1e-6
    for _ in range(_ROUNDS):
        scale = float((3 * square / (2 + square / scale)).mean()) + 1e-6
    cost = float((0.5 * np.log(variance * scale) + 1.5 * np.log1p(square / (2 * scale))).mean())
    weight = 1 / (1 + square / (4 * scale)) ** 2
    return _Line(clear, colour, cost + _stretched(pairs, clear, colour, weight, floor), weight)


def _stretched(pairs: Pairs, clear: float, colour: Values, weight: Values, floor: float) -> float:
    """Cost of a recovered picture that varies more than what lies beside it: without it the slope is flattened by the error
    of the pairs, which is as much the one side's as the other's."""
    share = weight / weight.sum()
    recovered = (pairs.under - (1 - clear) * colour) / clear
    mean = share @ pairs.clear
    apart = float((share @ (recovered - pairs.clear) ** 2).mean())
    own = float((share @ (pairs.clear - mean) ** 2).mean())
    middle = float((share @ ((recovered + pairs.clear) / 2 - mean) ** 2).mean())
    return 0.5 * middle / (max(own - apart / 4, own / 2) + floor / (4 * clear**2))


def _judged(pairs: Pairs, overlay: Overlay, over_opaque: float, noise: float) -> Fit:
    """How well it explains most pairs: those across an edge of the picture lose weight (Tukey's biweight)."""
    recovered = (pairs.under - overlay.opacity * overlay.colour) / (1 - overlay.opacity)
    off = np.sqrt(((recovered - pairs.clear) ** 2).mean(axis=1))
    limit = 4.7 * max(float(np.median(off)), noise, 1e-4)
    weight = np.maximum(1 - (off / limit) ** 2, 0) ** 2 / (1 + pairs.variance / pairs.variance.mean())
    share = weight / max(float(weight.sum()), 1e-9)
    misfit = float(np.sqrt((share @ (recovered - pairs.clear) ** 2).mean()))
    a, b = recovered - share @ recovered, pairs.clear - share @ pairs.clear
    both = float((share @ (a * b)).sum())
    power = float((share @ a**2).sum()) * float((share @ b**2).sum())
    detail = float(np.sqrt((share @ b**2).mean()))
    contrast = float(np.abs(share @ (pairs.under - pairs.clear)).max())
    return Fit(overlay, both / max(power, 1e-12) ** 0.5, misfit, contrast, detail, over_opaque)


def plate_fit(pixels: Pixels, plate: Zone, known: Zone, spread: Spread, noise: float) -> Fit | None:
    """The likeliest of the fits of a plate: from its edge, where hardly anything is written, from its ridges, and from
    those of them that changed most."""
    edge = pairs_of(pixels, plate, known, spread, _EDGE)
    ridges = pairs_of(pixels, seeds_of(plate), known, spread)
    begun = [fitted(pairs, noise) for pairs in (edge, _changed(edge), ridges, _changed(ridges))]
    return max((fit for fit in begun if fit is not None), key=lambda fit: fit.correlation, default=None)


def _changed(pairs: Pairs) -> Pairs:
    """The pairs across which the picture changes at least half as far as it mostly does, in the same direction."""
    change = pairs.under - pairs.clear
    size = np.linalg.norm(change, axis=1)
    if not len(size):
        return pairs
    along = change @ np.median(change[size >= np.median(size)], axis=0)
    kept = along > 0.5 * float(np.median(along[along >= np.median(along)]))
    return Pairs(pairs.under[kept], pairs.clear[kept], pairs.variance[kept])


def seeds_of(hole: Zone) -> Zone:
    """The ridges of a hole: surely under the overlay, however much wider than its strokes the hole is."""
    depth = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    highest = cv2.dilate(depth, np.ones((5, 5), np.uint8))
    return np.asarray(hole & (depth >= highest - 0.6))
