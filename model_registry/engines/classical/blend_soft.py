"""Soft blend: the fill on every hole pixel, fading into the picture only outside the hole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

from model_registry.engines.classical.blend_gradient import box_of, check_fit
from model_registry.engines.contract import Hole, Params, Pixels


class SoftBlend:
    """Role `blend`. No parameters, no state."""

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        """target, source: HxWxC float32 0-1; hole within zone, HxW bool. Returns a new HxWxC float32.

        Equal to `target` outside `zone`, to `source` on the hole: `target` is never read there."""
        check_fit(target, source, hole, zone)
        out = target.copy()
        if zone.any():
            box = box_of(zone, 1)
            out[box] = _mix(target[box], source[box], hole[box], zone[box])
        return out


def _mix(target: Pixels, source: Pixels, hole: Hole, zone: Hole) -> Pixels:
    mixed = target + falloff(hole, zone)[..., None] * (source - target)
    return np.where(zone[..., None], np.where(hole[..., None], source, mixed), target)


def falloff(hole: Hole, zone: Hole) -> NDArray[np.float32]:
    """HxW float32: 1 on the hole, 0 outside the zone, smoothstep of the way between them in the band."""
    alpha = hole.astype(np.float32)
    band = zone & ~hole
    if not band.any() or not hole.any():
        return alpha
    from_hole = ndimage.distance_transform_edt(~hole)[band]
    if zone.all():
        alpha[band] = 1
        return alpha
    to_outside = ndimage.distance_transform_edt(zone)[band]
    t = to_outside / (from_hole + to_outside)
    alpha[band] = t * t * (3 - 2 * t)
    return alpha
