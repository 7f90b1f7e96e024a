"""Feeds engines of the role `depth`: what lay in the hole is not shown to them, and what comes back is checked."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.classical.structure_depth import continued
from model_registry.engines.contract import Engine, Hole, Params, Pixels
from model_registry.engines.depth_contract import DepthEstimator
from model_registry.engines.diffusion_pixels import smooth_under
from model_registry.engines.guard import guarded, merged_params
from model_registry.errors import EngineFault


def near_map(card: Card, engine: Engine, image: Pixels, hole: Hole, *, params: Params) -> NDArray[np.float32]:
    """H×W, 0 = farthest, 1 = nearest; in the hole, continued from around it.

    image: H×W×1 or H×W×3, 0–1; its hole is filled smoothly first. Raises EngineFault where the engine breaks or gives anything
    but a finite map of the picture's size, ValueError for a picture and a hole that do not fit."""
    if image.ndim != 3 or image.shape[2] not in (1, 3) or hole.shape != image.shape[:2]:
        raise ValueError(f"a hole of {hole.shape} does not fit a picture of {image.shape}")
    merged = merged_params(card, params)
    smooth = smooth_under(np.repeat(image, 3 // image.shape[2], axis=2), hole)
    levels = np.rint(np.clip(smooth, 0, 1) * 255).astype(np.uint8)
    with guarded(card):
        made = cast(DepthEstimator, engine).near(levels, params=merged)
    if not isinstance(made, np.ndarray) or made.dtype != np.float32 or made.shape != hole.shape:
        raise EngineFault(f"{card.id} gave no float32 map of {hole.shape} pixels")
    if not np.isfinite(made).all():
        raise EngineFault(f"{card.id} gave depths that are not finite")
    return continued(made, hole)
