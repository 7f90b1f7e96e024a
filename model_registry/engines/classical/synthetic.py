"""Fills holes in drawn grounds exactly, as far as the pixels around them say what belongs there."""

from __future__ import annotations

import numpy as np
from scipy import ndimage  # type: ignore[import-untyped]

from model_registry.engines.contract import Hole, Params, Pixels
from model_registry.grounds.drawn import best_ground


class SyntheticFill:
    """Role `fill`. No parameters; keeps no state."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole. What cannot be explained takes the nearest pixel's value."""
        ground = best_ground(image, hole)
        rest = hole & ~ground.explained
        if not rest.any() or rest.all():
            return ground.pixels
        rows, columns = ndimage.distance_transform_edt(rest, return_distances=False, return_indices=True)
        return np.asarray(np.where(rest[..., None], ground.pixels[rows, columns], ground.pixels))
