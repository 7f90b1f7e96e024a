"""Whether a recovered picture may be believed: what comes back has to join what lies around it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread, interpolated
from tasks.generation.unmix_evidence import uncovered
from tasks.generation.unmix_fit import Fit, Pairs, pairs_of
from tasks.generation.unmix_solid import RIM, depth_in

FAINTEST = 0.012
"""Contrast of an overlay below which there is nothing to measure, 0–1."""
DENSEST = 0.87
"""Opacity above which a fill is better than what is left of the picture."""
FAINT = 0.05
"""The same for a fit that is not sure: letters that somebody is to read stand out."""
LIKE = 0.7
"""Correlation of what comes back with what lies beside, at least."""
CERTAIN, UNLIKE = 60.0, 0.45
"""Log-likelihood over opaque ink from which an overlay needs no likeness: even surroundings have nothing to be alike in."""
CLEAREST = 0.12
"""Opacity below which an overlay cannot be told from the picture's own shades."""
FLATTEST = 0.006
"""Standard deviation of the surroundings, 0–1, below which opacity cannot be told and a fill is as good."""
HEART = (0.4, 1.7)
SURE = 0.97
"""Correlation from which the fit itself shows that the picture shines through."""
NEAR = 10.0
"""px from the hole within which the picture is measured."""
ROUGHEST = 1.7
"""How far pixels at an overlay's edge may be off their neighbours, in steps between neighbours of the picture."""


SHADED = 0.85
"""Step between both sides of the strokes, over chance, from which a shadow lies on one of them."""
SHADOW = "a shadow would stay"
_MOST = 0.94
"""Share of the rim that has a say: not where a hole cuts a letter off."""
_AROUND = ((3, 3), (3, -3), (4, 0), (0, 4))
"""px: where a shadow falls, or opposite."""
_LOCAL = 15
_CLASSES = 6
_UNEVEN = 0.5
"""Misfit over contrast of what is deep: a plate that shows little and fits badly is several things."""


def doubt_about(
    pixels: Pixels, hole: Zone, known: Zone, fit: Fit, coverage: Plane, spread: Spread, noise: float
) -> tuple[str, float]:
    """Why not to believe the fit ('' when it holds), and the ratio of its misfit to the picture's own steps."""
    beside = known & (depth_in(~hole) <= NEAR)
    grown = noise / (1 - fit.overlay.opacity)
    plate = bool((depth_in(hole & (coverage >= 1)) > RIM).any())
    ratio = fit.misfit / max(float(np.hypot(own_step(pixels, beside, 3), grown)), 1e-4)
    step = float(np.hypot(own_step(pixels, beside, 1), grown))
    return _doubt_of_fit(fit, ratio, plate) or _doubt_of_result(
        pixels, hole, known, fit, coverage, spread, step, noise
    ), ratio


def _doubt_of_fit(fit: Fit, ratio: float, plate: bool) -> str:
    if fit.overlay.opacity > DENSEST:
        return "nearly opaque"
    if fit.contrast < FAINTEST or fit.overlay.opacity < CLEAREST:
        return "no contrast"
    if fit.contrast < FAINT and fit.correlation < SURE:
        return "hardly any contrast"
    if fit.detail < FLATTEST:
        return "the surroundings are flat"
    if plate and fit.misfit > _UNEVEN * fit.contrast:
        return "the plate is not one of one colour"
    certain = not plate and fit.over_opaque > CERTAIN and fit.correlation > UNLIKE
    least = (0.45 if fit.correlation < 0.6 else 1.0 if fit.correlation < 0.8 else 1.6) if certain else 0.3
    limit = max(2.2 * fit.correlation - 0.8, least)
    if (fit.correlation < LIKE and not certain) or ratio > limit:
        return "what comes back does not resemble its surroundings"
    return ""


def _doubt_of_result(
    pixels: Pixels,
    hole: Zone,
    known: Zone,
    fit: Fit,
    coverage: Plane,
    spread: Spread,
    step: float,
    noise: float,
) -> str:
    clear = uncovered(pixels, coverage, fit.overlay)
    kept = np.clip(clear, 0, 1)
    if float((np.abs(clear - kept).max(axis=2) > 0.04)[hole].mean()) > 0.06:
        return "what comes back is no colour"
    if ghost_shift(kept, hole, known, coverage, noise) > 1:
        return "a trace would stay"
    if rim_excess(kept, hole, known, coverage, step) > ROUGHEST:
        return "the overlay's edge does not vanish"
    if shadow_shift(kept, hole, known, coverage) > SHADED:
        return SHADOW
    least = HEART[0] if fit.correlation < SURE else HEART[0] / 2
    if not least < heart_clearness(pixels, hole, known, fit, coverage, spread, noise) < HEART[1]:
        return "the middle of the strokes is not as clear as their edge says"
    plate = hole & (depth_in(coverage >= 1) > RIM)
    if (
        plate.sum() > 400
        and own_step(clear, plate, 3)
        > 1.6 * float(np.hypot(own_step(pixels, known, 3), noise / (1 - fit.overlay.opacity))) + 0.02
    ):
        return "what comes back is rougher than its surroundings"
    return ""


def heart_clearness(
    pixels: Pixels, hole: Zone, known: Zone, fit: Fit, coverage: Plane, spread: Spread, noise: float
) -> float:
    """How clear the middle of the strokes is, as a share of what the fit says: about 1, near 0 for opaque ones.

    By the spread of the pixels there against that of their clear neighbours: edges, which are never opaque, have no say."""
    core = hole & (coverage > 0.96)
    inner = core & (depth_in(core) >= 2)
    clear = known | (hole & (coverage < 0.03))
    pairs = pairs_of(pixels, inner if inner.sum() >= 48 else core, clear, spread)
    if len(pairs.under) < 24:
        return 0.0
    under, beside = (
        np.median(np.abs(side - np.median(side, axis=0)), axis=0).mean()
        for side in (pairs.under, pairs.clear)
    )
    under, beside = (max(float(side) ** 2 - (0.67 * noise) ** 2, 1e-10) ** 0.5 for side in (under, beside))
    spread_ratio = float(under / max(beside, 1e-4))
    # Grounds of two shades have hardly any spread about their median.
    ratios = sorted(
        (spread_ratio, _followed(pairs)), key=lambda ratio: abs(ratio / (1 - fit.overlay.opacity) - 1)
    )
    return ratios[0] / (1 - fit.overlay.opacity)


def _followed(pairs: Pairs) -> float:
    """Slope by which pixels follow their clear neighbours, from medians over classes of these: 0 for opaque ink."""
    axis = np.linalg.eigh(np.cov(pairs.clear.T).reshape(pairs.clear.shape[1], -1))[1][:, -1]
    beside, under = pairs.clear @ axis, pairs.under @ axis
    order = np.argsort(beside, kind="stable")
    middles = np.array([
        (np.median(beside[part]), np.median(under[part])) for part in np.array_split(order, _CLASSES)
    ])  # fmt: skip
    off = middles - middles.mean(axis=0)
    return float((off[:, 0] * off[:, 1]).sum() / max(float((off[:, 0] ** 2).sum()), 1e-9))


def own_step(pixels: Pixels, known: Zone, reach: int) -> float:
    """Root mean square difference of known pixels `reach` px apart, 0–1."""
    total, count = 0.0, 0
    for first, second in (
        ((slice(reach, None), slice(None)), (slice(None, -reach), slice(None))),
        ((slice(None), slice(reach, None)), (slice(None), slice(None, -reach))),
    ):
        both = known[first] & known[second]
        step = (pixels[first] - pixels[second])[both]
        total += float((step.astype(np.float64) ** 2).sum())
        count += step.size
    return float((total / max(count, 1)) ** 0.5)


def ghost_shift(clear: Pixels, hole: Zone, known: Zone, coverage: Plane, noise: float) -> float:
    """The largest mean step between what came back and what lies outside, by class of coverage, over what is allowed."""
    near = hole & (depth_in(hole) <= 4)
    off = clear - interpolated(clear, known.astype(np.float32))
    worst = 0.0
    for low, high in ((-1.0, 0.03), (0.03, 0.96), (0.96, 2.0)):
        values = off[near & (coverage >= low) & (coverage < high)].astype(np.float64)
        if len(values) < 40:
            continue
        error = values.std(axis=0) * (16 / len(values)) ** 0.5
        worst = max(worst, float((np.abs(values.mean(axis=0)) / (0.016 + noise / 2 + 3 * error)).max()))
    return worst


def shadow_shift(clear: Pixels, hole: Zone, known: Zone, coverage: Plane) -> float:
    """How much darker or lighter one side of the strokes is than the other, over what a picture does by chance.

    Both sides are compared near each other, so that the picture's own changes from place to place have no say."""
    letters = (hole & (coverage > 0.03)).astype(np.uint8)
    near = (known | hole) & (letters == 0) & (depth_in(letters == 0) >= 1.5)
    worst = 0.0
    for down, right in _AROUND:
        one, other = near & (_moved(letters, down, right) > 0), near & (_moved(letters, -down, -right) > 0)
        means, share = [], []
        for side in (one & ~other, other & ~one):
            weight = side.astype(np.float32)[..., None]
            total = cv2.blur(np.concatenate([clear * weight, weight], axis=2), (_LOCAL, _LOCAL))
            share.append(total[..., -1])
            means.append(total[..., :-1] / np.maximum(total[..., -1:], 1e-6))
        both = np.minimum(*share) > 0.02
        if both.sum() < 2 * _LOCAL**2:
            continue
        off = (means[0] - means[1])[both].astype(np.float64)
        error = off.std(axis=0) * (_LOCAL**2 / len(off)) ** 0.5
        worst = max(worst, float((np.abs(off.mean(axis=0)) / (0.012 + 2.5 * error)).max()))
    return worst


def _moved(letters: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    height, width = letters.shape
    moved = np.zeros_like(letters)
    moved[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = letters[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


def rim_excess(clear: Pixels, hole: Zone, known: Zone, coverage: Plane, step: float) -> float:
    """How much less the half-covered pixels agree with their clear and recovered neighbours than the picture's own do."""
    core = hole & (coverage > 0.96)
    beside = known | core
    off = clear - interpolated(clear, beside.astype(np.float32))
    worst = 0.0
    for low, high in ((-1.0, 0.03), (0.03, 0.96)):
        chosen = hole & (depth_in(~beside) <= 2) & (coverage >= low) & (coverage < high)
        if chosen.sum() >= 40:
            square = np.sort((off[chosen].astype(np.float64) ** 2).mean(axis=1))
            most = square[: int(_MOST * len(square))]
            worst = max(worst, float(np.sqrt(most.mean())) / max(step, 0.01))
    return worst
