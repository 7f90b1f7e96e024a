"""What lies across a mask's rim: object or surroundings, by colours of either from near by; and how great the step is.

The models are local, as in the localised active contours of Lankton and Tannenbaum (2008): what counts as the surroundings is
taken from farther out beside the same stretch of rim, what counts as the object from deeper in.
"""

from __future__ import annotations

import numpy as np

from tasks.contracts import Zone
from tasks.detection.mask_rim_profiles import DEEP, Floats, Profiles

REACH = 8
"""Edges are looked for up to this far in and out, px."""
CLEAR = 9
"""Models are taken from this far off the rim on: what is nearer may be on the wrong side of the true edge."""
SPAN = 14.0
"""Places up to this far along the rim share their models, px."""
LEAST_NOISE = 2.0
"""Smaller differences than this do not count, levels of 255: rounding, and shading too faint to see."""
_NEAREST, _MODELS, _ENOUGH, _SURE = 3, 9, 10, 2.5


def likeness(seen: Profiles, noise: float) -> Floats:
    """N×2·CLEAR, at ±0.5 … ±(CLEAR − 0.5) px, inside first: over 0 where the colour is more like the object, under 0 where it
    is more like the surroundings, 0 where nothing can be said. The log of a ratio of squared distances, within ±2.5."""
    middle = slice(DEEP - CLEAR, DEEP + CLEAR)
    asked, least = seen.colours[:, middle], _least(seen, noise)
    outside, out_known = _model(seen, slice(DEEP + CLEAR, 2 * DEEP), True)
    inside, in_known = _model(seen, slice(0, DEEP - CLEAR), True)
    ratio = np.log(
        (_distance(asked, outside, out_known) + least) / (_distance(asked, inside, in_known) + least)
    )
    enough = (out_known.sum(axis=1) > _ENOUGH) & (in_known.sum(axis=1) > _ENOUGH)
    sure = enough[:, None] & seen.known[:, middle]
    return np.where(sure, np.clip(ratio, -_SURE, _SURE), 0).astype(np.float32)


def foreignness(seen: Profiles, noise: float) -> tuple[Floats, float]:
    """N×CLEAR, the samples inside the rim, deepest first: how unlike the surroundings' own colours each is, squared levels; and
    how unlike them the surroundings' own samples mostly are (three in four of them less)."""
    outside, known = _model(seen, slice(DEEP + CLEAR + 3, 2 * DEEP), False)
    inside = _distance(seen.colours[:, DEEP - CLEAR : DEEP], outside, known)
    own = slice(DEEP + CLEAR, DEEP + CLEAR + 3)
    typical = _distance(seen.colours[:, own], outside, known)[
        seen.known[:, own] & (known.sum(axis=1) > _ENOUGH)[:, None]
    ]
    least = _least(seen, noise)
    return inside + least, float(np.percentile(typical, 75)) + least if typical.size else least


def steps(seen: Profiles, noise: float) -> Floats:
    """N×(2·REACH + 1): the change in colour over the two pixels to either side of each place from -REACH to REACH px, in units
    of twice the noise, at most 4."""
    places = range(DEEP - REACH, DEEP + REACH + 1)
    before = np.stack([seen.colours[:, k - 2 : k].mean(axis=1) for k in places], axis=1)
    after = np.stack([seen.colours[:, k : k + 2].mean(axis=1) for k in places], axis=1)
    change = np.sqrt(((after - before) ** 2).mean(axis=2)) / (2 * max(noise, LEAST_NOISE))
    known = np.stack([seen.known[:, k - 2 : k + 2].all(axis=1) for k in places], axis=1)
    return np.where(known, np.clip(change, 0, 4), 0).astype(np.float32)


def _least(seen: Profiles, noise: float) -> float:
    return float(seen.colours.shape[2] * max(noise, LEAST_NOISE) ** 2)


def _model(seen: Profiles, part: slice, own: bool) -> tuple[Floats, Zone]:
    """N×M×C colours and which of them are known: those in `part` of a place's profile and of its neighbours' along the rim,
    without its own where `own` is false."""
    wide = max(1, round(SPAN / seen.spacing))
    turns = np.unique(np.round(np.linspace(-wide, wide, min(2 * wide + 1, _MODELS))).astype(int))
    turns = turns if own else turns[turns != 0]
    colours = np.concatenate([np.roll(seen.colours[:, part], turn, axis=0) for turn in turns], axis=1)
    known = np.concatenate([np.roll(seen.known[:, part], turn, axis=0) for turn in turns], axis=1)
    return colours, known


def _distance(asked: Floats, model: Floats, known: Zone) -> Floats:
    """N×K: mean squared distance from each colour to the nearest few of its model's; very large without a model."""
    squares = np.zeros((*asked.shape[:2], model.shape[1]), np.float32)
    for channel in range(asked.shape[2]):
        squares += (asked[:, :, None, channel] - model[:, None, :, channel]) ** 2
    squares = np.where(known[:, None, :], squares, np.float32(1e6))
    return np.asarray(np.partition(squares, _NEAREST - 1, axis=2)[:, :, :_NEAREST].mean(axis=2), np.float32)
