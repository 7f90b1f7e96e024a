"""Multi-scale fusion: what an engine means from its fill, how fine that looks from the surroundings."""

from __future__ import annotations

import numpy as np

from model_registry.engines.classical.anchored_detail import with_detail
from tasks.contracts import Pixels, Zone

MOST = 8.0
"""Largest `sigma` that makes sense: beyond it the surroundings' own structure would be copied, px."""


def fused(ground: Pixels, hole: Zone, fill: Pixels, sigma: float) -> tuple[Pixels, dict[str, float]]:
    """`fill` with the detail finer than `sigma` px that it lacks beside its surroundings, and scores for the record.

    ground, fill: H×W×1 or H×W×3, 0–1, equal outside the hole. sigma: 0 or less leaves the fill as it is. Returns a new picture,
    equal to `ground` outside the hole; `fusion_changed` is the mean change, in levels of 255. The method and its sources stand
    at `with_detail`; meant for fills of networks and diffusion, whose low frequencies are right and whose grain is not."""
    if sigma <= 0 or not hole.any():
        return fill, {}
    channels = fill.shape[2]
    whole, known = (np.repeat(picture, 3 // channels, axis=2) for picture in (fill, ground))
    made = with_detail(known, hole, whole, min(sigma, MOST))
    made = made if channels == 3 else made.mean(axis=2, keepdims=True)
    out = np.where(hole[..., None], np.clip(made, 0, 1), ground).astype(np.float32)
    changed = float(np.abs(out[hole] - fill[hole]).mean()) * 255
    return out, {"fusion_sigma": min(sigma, MOST), "fusion_changed": round(changed, 4)}
