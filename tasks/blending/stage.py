"""Blending: join a fill to its picture without a seam, and without a trace of what was there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage  # type: ignore[import-untyped]

from model_registry.engines.classical.blend_gradient import wanted_steps
from tasks.blending.zone import write_zone
from tasks.contracts import Pixels, Zone
from tasks.errors import EngineFailed

Blend = Callable[[Pixels, Pixels, Zone, Zone], Pixels]
"""(target, source, hole, zone) -> blended, all of one size."""


def ring_mismatch(target: Pixels, source: Pixels, hole: Zone, zone: Zone) -> float:
    """How badly fill and picture disagree, in levels of 255: 0 is a perfect join, texture is discounted.

    The greater of two root mean squares over pixels and channels: the step across the hole's edge once the fill is pasted
    (beyond what both sides' slopes and roughness explain), and source - target on the feather band, which is 0 for a fill that
    repeats the picture around the hole. HxWxC float32 0-1; `target` is not read inside the hole.
    """
    pasted = np.where(hole[..., None], source, target)
    ring = ndimage.binary_dilation(hole) & ~hole
    band = zone & ~hole
    step = _rms(wanted_steps(pasted, hole)[ring])
    return 255 * max(step, _rms(source[band].astype(np.float64) - target[band]))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0


def blend_region(
    target: Pixels, source: Pixels, hole: Zone, feather: int, blender: Blend
) -> tuple[Pixels, Zone]:
    """The blended crop and its write zone.

    target: HxWxC float32 0-1, the context crop of the picture; source: the fill, same shape; hole: HxW bool; feather: px the
    edge may fade outside the hole. Outside the zone the result is bit-equal to `target`. The blender is handed the target with
    the source's pixels in the hole, so that old content cannot come through whatever it does. Inputs stay unchanged.
    EngineFailed if the result has the wrong shape or is not finite.
    """
    zone = write_zone(hole, feather)
    clean = np.where(hole[..., None], source, target)
    blended = blender(clean, source, hole, zone)
    if blended.shape != target.shape or not np.isfinite(blended[zone]).all():
        raise EngineFailed(
            f"the blend gave {blended.shape}, finite or not, for {target.shape}", stage="blending"
        )
    return np.where(zone[..., None], blended.astype(np.float32, copy=False), target), zone
