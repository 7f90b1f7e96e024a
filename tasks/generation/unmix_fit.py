"""Opacity and colour of a semi-transparent overlay, from pairs of pixels on both sides of its edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_evidence import Overlay

Values = NDArray[np.float64]
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pixels fully under the overlay, and the nearest pixels that it leaves alone: n×C each."""

    under: Values
    clear: Values
    distance: NDArray[np.float64]
    """px."""


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


def pairs_of(pixels: Pixels, core: Zone, clear: Zone, reach: float = 12.0) -> Pairs:
    """Each core pixel with its nearest clear pixel, at most `reach` px away."""
    distance, (rows, columns) = distance_transform_edt(~clear, return_indices=True)
    chosen = core & (distance <= reach)
    beside = pixels[rows[chosen], columns[chosen]]
    return Pairs(pixels[chosen].astype(np.float64), beside.astype(np.float64), distance[chosen])


def fitted(pairs: Pairs, noise: float) -> Fit | None:
    """B = g·I + o with one g for all channels, so that what is recovered has the mean and the variance of what lies beside.

    Both sides are samples of the same picture, equally noisy as guesses of each other: hence the reduced major axis and not
    least squares, which would flatten the slope. Pairs across an edge of the picture lose weight (Tukey's biweight)."""
    if len(pairs.under) < 24:
        return None
    weight = 1 / (1 + pairs.distance)
    gain, offset = 1.0, np.zeros(pairs.under.shape[1])
    for n in range(_ROUNDS):
        gain, offset = _major_axis(pairs, weight, noise)
        off = np.sqrt(((gain * pairs.under + offset - pairs.clear) ** 2).mean(axis=1))
        limit = (4.7 if n else 8.0) * max(float(np.median(off)), noise, 1e-4)
        weight = np.maximum(1 - (off / limit) ** 2, 0) ** 2 / (1 + pairs.distance)
    return _judged(pairs, weight, gain, offset, noise)


def _major_axis(pairs: Pairs, weight: Values, noise: float) -> tuple[float, Values]:
    share = weight / max(float(weight.sum()), 1e-9)
    mean_under, mean_clear = share @ pairs.under, share @ pairs.clear
    under = float((share @ (pairs.under - mean_under) ** 2).sum()) - noise**2 * len(mean_under)
    clear = float((share @ (pairs.clear - mean_clear) ** 2).sum())
    gain = float(np.sqrt(clear / max(under, 1e-9)))
    return gain, mean_clear - gain * mean_under


def _judged(pairs: Pairs, weight: Values, gain: float, offset: Values, noise: float) -> Fit | None:
    share = weight / max(float(weight.sum()), 1e-9)
    overlay = _overlay(pairs, share, gain, offset)
    if overlay is None:
        return None
    recovered = (pairs.under - overlay.opacity * overlay.colour) / (1 - overlay.opacity)
    misfit = float(np.sqrt((share @ (recovered - pairs.clear) ** 2).mean()))
    a, b = recovered - share @ recovered, pairs.clear - share @ pairs.clear
    both = float((share @ (a * b)).sum())
    power = float((share @ a**2).sum()) * float((share @ b**2).sum())
    detail = float(np.sqrt((share @ b**2).mean()))
    contrast = float(np.abs(share @ (pairs.under - pairs.clear)).max())
    return Fit(overlay, both / max(power, 1e-12) ** 0.5, misfit, contrast, detail)


def _overlay(pairs: Pairs, share: Values, gain: float, offset: Values) -> Overlay | None:
    """The overlay of a gain and offset, its colour drawn into 0–1; pure white or black where that explains as much.

    With the colour known the offset of the means tells the opacity too, which is far surer than their spread."""
    gain = min(max(gain, 1.02), 30)
    colour = np.clip(-offset / (gain - 1), 0, 1)
    gain = _gain_about(pairs, share, colour, gain)
    allowed = _misfit(pairs, share, colour, gain) * (1 + 60 / len(pairs.under))
    for pure in (np.ones_like(colour), np.zeros_like(colour)):
        other = _gain_about(pairs, share, pure, gain)
        if float(np.abs(colour - pure).max()) < 0.35 and _misfit(pairs, share, pure, other) <= allowed:
            colour, gain = pure, other
    opacity = 1 - 1 / max(gain, 1e-3)
    return Overlay(opacity, colour.astype(np.float32)) if 0.02 < opacity < 0.97 else None


def _gain_about(pairs: Pairs, share: Values, colour: Values, gain: float) -> float:
    power = float((share @ (pairs.under - colour) ** 2).sum())
    return (
        float(np.sqrt(float((share @ (pairs.clear - colour) ** 2).sum()) / power)) if power > 1e-9 else gain
    )


def _misfit(pairs: Pairs, share: Values, colour: Values, gain: float) -> float:
    off = gain * (pairs.under - colour) + colour - pairs.clear
    # The spread of what is recovered grows with the gain; the geometric mean of both directions' misfits does not.
    return float((share @ off**2).sum()) / max(gain, 1e-3)


def first_fits(pixels: Pixels, hole: Zone, known: Zone, noise: float) -> tuple[Fit, ...]:
    """Fits to begin with, the likeliest first: from the hole's ridges, and from the pixels that changed most."""
    from_ridges = pairs_of(pixels, seeds_of(hole), known)
    begun = [fitted(from_ridges, noise), fitted(_changed(from_ridges), noise)]
    begun.sort(key=lambda fit: 2.0 if fit is None else -fit.correlation)
    begun.append(fitted(_changed(pairs_of(pixels, hole, known)), noise))
    kept: list[Fit] = []
    for fit in begun:
        if fit is not None and all(abs(fit.overlay.opacity - other.overlay.opacity) > 0.04 for other in kept):
            kept.append(fit)
    return tuple(kept)


def _changed(pairs: Pairs) -> Pairs:
    """The pairs across which the picture changes at least half as far as it mostly does, in the same direction."""
    change = pairs.under - pairs.clear
    size = np.linalg.norm(change, axis=1)
    if not len(size):
        return pairs
    along = change @ np.median(change[size >= np.median(size)], axis=0)
    kept = along > 0.5 * float(np.median(along[along >= np.median(along)]))
    return Pairs(pairs.under[kept], pairs.clear[kept], pairs.distance[kept])


def seeds_of(hole: Zone) -> Zone:
    """The ridges of a hole: surely under the overlay, however much wider than its strokes the hole is."""
    depth = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    highest = cv2.dilate(depth, np.ones((5, 5), np.uint8))
    return np.asarray(hole & (depth >= highest - 0.6))
