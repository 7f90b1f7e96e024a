"""Blending: join a fill to its picture without a seam, and without a trace of what was there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tasks.blending.rim import cleaned
from tasks.blending.zone import write_zone
from tasks.contracts import Pixels, Zone
from tasks.errors import EngineFailed

Blend = Callable[[Pixels, Pixels, Zone, Zone], Pixels]
"""(target, source, hole, zone) -> blended, all of one size."""


def blend_region(
    target: Pixels, source: Pixels, hole: Zone, feather: int, blender: Blend
) -> tuple[Pixels, Zone]:
    """The blended crop and its write zone.

    target: HxWxC float32 0-1, the context crop of the picture; source: the fill, same shape; hole: HxW bool; feather: px the
    edge may fade outside the hole. Outside the zone the result is bit-equal to `target`. The blender is handed the target with
    the source's pixels in the hole, so that old content cannot come through whatever it does; where the hole was cut too tight,
    what it left in the zone around is taken off first. Inputs stay unchanged.
    EngineFailed if the result has the wrong shape or is not finite.
    """
    zone = write_zone(hole, feather)
    clean = np.where(hole[..., None], source, cleaned(target, hole, feather))
    blended = blender(clean, source, hole, zone)
    if blended.shape != target.shape or not np.isfinite(blended[zone]).all():
        raise EngineFailed(
            f"the blend gave {blended.shape}, finite or not, for {target.shape}", stage="blending"
        )
    return np.where(zone[..., None], blended.astype(np.float32, copy=False), target), zone
