"""Enhancement: give a blended region the grain of its surroundings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.errors import EngineFailed


def enhance_region(image: Pixels, hole: Zone, enhancer: Callable[[Pixels, Zone], Pixels]) -> Pixels:
    """A new HxWxC float32 crop, enhanced inside `hole` and bit-equal to `image` outside it.

    image: the blended crop with its context, float32 0-1; hole: HxW bool. Inputs stay unchanged.
    EngineFailed if the enhancer's result has the wrong shape or is not finite.
    """
    enhanced = enhancer(image, hole)
    if enhanced.shape != image.shape or not np.isfinite(enhanced[hole]).all():
        raise EngineFailed(
            f"the enhancer gave {enhanced.shape}, finite or not, for {image.shape}", stage="enhancement"
        )
    return np.where(hole[..., None], enhanced.astype(np.float32, copy=False), image)
