"""Inks as colour and transparency: what each shows over a background, and how well that explains a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.detection.strokes_axis import Stretches
from tasks.detection.strokes_colours import Values, palette

NOISE = 4.0
"""Levels: below this no spread is believed."""
_LEAST = 0.06
"""Share of the core that an ink must make up."""
_STIFF = 25.0
"""Levels²: a background that varies less than this says nothing of transparency."""
_SAMPLE = 3000
HALF = 0.5
"""Share of ink from which a mixed pixel is counted to the strokes."""
_CLEAR = 30.0
"""Levels between ink and ground, from which shares are told."""
CHANNELS = 2.0
"""That tell apart independently: the three of a photograph go together."""


@dataclass(frozen=True, slots=True)
class InkModel:
    """Shown = slope · background + added."""

    slope: float
    """Transparency, 0 opaque to 0.9."""
    added: NDArray[np.float32]
    """Colour times opacity, levels."""
    error: float
    """Standard deviation of what the model leaves, levels."""


def ink_models(
    shown: Values, behind: Values, index: NDArray[np.intp], parts: Stretches, strewn: float
) -> list[InkModel]:
    """The inks of a core: one a colour that is strewn over the line at least as evenly as `strewn`.

    shown, behind: n×3, picture and background there; index: n, the stretch of each pixel. Of many pixels an even sample."""
    step = max(-(-len(shown) // _SAMPLE), 1)
    shown, behind, index = shown[::step], behind[::step], index[::step]
    if len(shown) < 8:
        return []
    colours = palette(shown, shown[:0], 0, 256)
    label = colours.nearest(shown)
    groups = [np.flatnonzero(label == k) for k in np.flatnonzero(colours.inside > _LEAST)]
    return [_fitted(shown[g], behind[g]) for g in groups if parts.spread_of(index[g]) >= strewn]


def misfit(
    models: Sequence[InkModel], shown: Values, behind: Values
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Per pixel, of the likeliest model the squared distance in its standard deviations, and its standard deviation.

    Infinite and 1 without models."""
    best, error = np.full(len(shown), np.inf, np.float32), np.ones(len(shown), np.float32)
    cost = best.copy()
    if not len(shown):
        return best, error
    # channel by channel: contiguous planes are several times faster than rows of three
    over, under = np.ascontiguousarray(shown.T), np.ascontiguousarray(behind.T)
    for model in models:
        off = over - np.float32(model.slope) * under - model.added[:, None]
        squares = np.einsum("ij,ij->j", off, off)
        squares *= np.float32(1 / model.error**2)
        its = squares + np.float32(2 * CHANNELS * np.log(model.error))
        better = its < cost
        cost[better], best[better], error[better] = its[better], squares[better], model.error
    return best, error


def partly(
    models: Sequence[InkModel], shown: Values, behind: Values, spread: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Per pixel, what speaks against its being ink mixed with ground, as at the rim of strokes and in hairlines.

    spread: n, standard deviation of the ground, levels. In the units of a squared distance in standard deviations of
    the ground; infinite where less than HALF of the ink would be in it."""
    best = np.full(len(shown), np.inf, np.float32)
    for model in models:
        full = np.float32(model.slope) * behind + model.added - behind
        size = np.einsum("ij,ij->i", full, full)
        step = shown - behind
        share = np.clip(np.einsum("ij,ij->i", step, full) / np.maximum(size, 1), 0, 1)
        off = step - share[:, None] * full
        error = np.hypot(share * np.float32(model.error), (1 - share) * spread)
        cost = np.einsum("ij,ij->i", off, off) / error**2 + np.float32(2 * CHANNELS) * np.log(error / spread)
        clear = (share >= HALF) & (size > _CLEAR**2)
        best = np.where(clear, np.minimum(best, cost), best)
    return best


def _fitted(shown: Values, behind: Values) -> InkModel:
    """Least squares, one transparency for all channels."""
    mean_shown, mean_behind = _mean(shown), _mean(behind)
    centred = behind - mean_behind
    slope = float(np.vdot(centred, shown - mean_shown)) / (
        float(np.vdot(centred, centred)) + _STIFF * len(shown)
    )
    slope = min(max(slope, 0.0), 0.9)
    added = (mean_shown - slope * mean_behind).astype(np.float32)
    off = shown - np.float32(slope) * behind - added
    return InkModel(slope, added, float(np.sqrt(np.vdot(off, off) / off.size + NOISE**2)))


def _mean(values: Values) -> NDArray[np.float32]:
    return np.asarray(np.ones(len(values), np.float32) @ values / len(values), np.float32)
