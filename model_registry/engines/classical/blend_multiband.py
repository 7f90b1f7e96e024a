"""Multi-band blend: each band of frequencies fades over a distance of its own wavelength (Burt and Adelson 1983).

The paper mixes two pictures that are both known on either side of the seam. Here what lay in the hole is never read and what
the fill holds outside it may be the picture itself, so each side is continued into the other's place by a smooth fill, and
only what lies inside the hole is mixed: the picture's own continuation at the rim, the fill from a band's wavelength inwards.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from model_registry.engines.classical.blend_gradient import box_of, check_fit
from model_registry.engines.contract import Hole, Params, Pixels
from model_registry.engines.diffusion_pixels import smooth_under

Floats = NDArray[np.float32]

_MARGIN = 16
"""Of the picture around the hole that is looked at, px."""


class MultiBandBlend:
    """Role `blend`. Parameter `bands`: how many, 1 to 8; the coarsest fades over 2^bands px. Keeps no state."""

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        """target, source: HxWxC float32 0-1, C = 1 or 3; hole within zone, HxW bool. Returns a new HxWxC float32.

        Equal to `target` outside `hole`, whose own content is never read; to `source` in a hole without surroundings."""
        check_fit(target, source, hole, zone)
        out = target.copy()
        if hole.any():
            box = box_of(hole, _MARGIN)
            shape = (*hole[box].shape, 3)
            under, over = (np.ascontiguousarray(np.broadcast_to(p[box], shape)) for p in (target, source))
            made = _mixed(under, over, hole[box], min(max(int(params.get("bands", 5)), 1), 8))
            np.copyto(out[box], made[..., : out.shape[2]], where=hole[box][..., None])
        return out


def _mixed(target: Pixels, source: Pixels, hole: Hole, bands: int) -> Pixels:
    if hole.all():
        return np.clip(source, 0, 1)
    ground = smooth_under(target, hole)
    over = smooth_under(np.asarray(source - ground, np.float32), ~hole)
    # Not OpenCV's precise distance: now and then its last bit differs from call to call.
    depth = np.asarray(distance_transform_edt(hole), np.float32)
    blurs = (cv2.GaussianBlur(over, (0, 0), 2.0 ** (k - 1)) for k in range(1, bands))
    levels = [over, *(np.asarray(blurred, np.float32) for blurred in blurs)]
    split = [fine - coarse for fine, coarse in pairwise(levels)] + [levels[-1]]
    mixed = ground.copy()
    for k, band in enumerate(split):
        mixed += _share(depth, 2.0**k)[..., None] * band
    return np.clip(mixed, 0, 1)


def _share(depth: Floats, width: float) -> Floats:
    """0 at the rim, 1 from `width` px inwards, a smoothstep between; over 1 px nothing is mixed."""
    t = np.clip(depth / np.float32(width), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
