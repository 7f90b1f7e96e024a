"""Whether a recovered picture may be believed: what comes back has to join what lies around it."""

from __future__ import annotations

import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, interpolated
from tasks.generation.unmix_evidence import uncovered
from tasks.generation.unmix_fit import Fit
from tasks.generation.unmix_solid import depth_in

FAINTEST = 0.012
"""Contrast of an overlay below which there is nothing to measure, 0–1."""
DENSEST = 0.87
"""Opacity above which a fill is better than what is left of the picture."""
FLATTEST = 0.006
"""Standard deviation of the surroundings, 0–1, below which opacity cannot be told and a fill is as good."""
ROUGHEST = 1.4
"""How far pixels at an overlay's edge may be off their neighbours, in steps between neighbours of the picture."""


def doubt_about(pixels: Pixels, hole: Zone, known: Zone, fit: Fit, coverage: Plane) -> tuple[str, float]:
    """Why not to believe the fit ('' when it holds), and the ratio of its misfit to the picture's own steps."""
    ratio = fit.misfit / max(own_step(pixels, known, 3), 1e-4)
    if fit.overlay.opacity > DENSEST:
        return "nearly opaque", ratio
    if fit.contrast < FAINTEST:
        return "no contrast", ratio
    if fit.detail < FLATTEST:
        return "the surroundings are flat", ratio
    if fit.correlation < 0.25 or ratio > 1.2 or (fit.correlation < 0.4 and ratio > 0.5):
        return "what comes back does not resemble its surroundings", ratio
    clear = uncovered(pixels, coverage, fit.overlay)
    over = np.abs(clear - np.clip(clear, 0, 1)).max(axis=2) > 0.04
    if float(over[hole].mean()) > 0.06:
        return "what comes back is no colour", ratio
    if ghost_shift(np.clip(clear, 0, 1), hole, known, coverage) > 1:
        return "a trace would stay", ratio
    if rim_excess(np.clip(clear, 0, 1), hole, known, coverage, own_step(pixels, known, 1)) > ROUGHEST:
        return "the overlay's edge does not vanish", ratio
    inner = hole & (coverage >= 1)
    if own_step(clear, inner, 3) > 1.6 * own_step(pixels, known, 3) + 0.02:
        return "what comes back is rougher than its surroundings", ratio
    return "", ratio


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
    return (total / max(count, 1)) ** 0.5


def ghost_shift(clear: Pixels, hole: Zone, known: Zone, coverage: Plane) -> float:
    """The largest mean step between what came back and what lies outside, by class of coverage, over what is allowed."""
    near = hole & (depth_in(hole) <= 4)
    off = clear - interpolated(clear, known.astype(np.float32))
    worst = 0.0
    for low, high in ((-1.0, 0.03), (0.03, 0.96), (0.96, 2.0)):
        values = off[near & (coverage >= low) & (coverage < high)].astype(np.float64)
        if len(values) < 40:
            continue
        error = values.std(axis=0) * (16 / len(values)) ** 0.5
        worst = max(worst, float((np.abs(values.mean(axis=0)) / (0.016 + 3 * error)).max()))
    return worst


def rim_excess(clear: Pixels, hole: Zone, known: Zone, coverage: Plane, step: float) -> float:
    """How much less the half-covered pixels agree with their clear and recovered neighbours than the picture's own do."""
    core = hole & (coverage > 0.96)
    beside = known | core
    off = clear - interpolated(clear, beside.astype(np.float32))
    worst = 0.0
    for low, high in ((-1.0, 0.03), (0.03, 0.96)):
        chosen = hole & (depth_in(~beside) <= 2) & (coverage >= low) & (coverage < high)
        if chosen.sum() >= 40:
            worst = max(worst, float(np.sqrt((off[chosen].astype(np.float64) ** 2).mean())) / max(step, 0.01))
    return worst
