"""The blend whose result fits its ring best: gradient-domain unless a multi-band or soft blend is clearly better."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.blend_gradient import GradientBlend, edge_ring, wanted_steps
from model_registry.engines.classical.blend_multiband import MultiBandBlend
from model_registry.engines.classical.blend_soft import SoftBlend
from model_registry.engines.contract import Blender, Hole, Params, Pixels

OTHERS: Final[tuple[Blender, ...]] = (MultiBandBlend(), SoftBlend())


class MeasuredBlend:
    """Role `blend`. Parameters `least`: mismatch up to which the gradient-domain blend is good enough, levels of 255; `better`:
    share of it that another blend must stay below. Keeps no state."""

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        """target, source: HxWxC float32 0-1; hole within zone, HxW bool. Returns a new HxWxC float32, one of the three."""
        best = GradientBlend().blend(target, source, hole, zone, params={})
        mismatch = ring_mismatch(best, hole)
        if mismatch <= float(params.get("least", 1.5)):
            return best
        bar = mismatch * float(params.get("better", 0.5))
        for other in OTHERS:
            made = other.blend(target, source, hole, zone, params={})
            found = ring_mismatch(made, hole)
            if found < bar:
                best, bar = made, found
        return best


def ring_mismatch(picture: Pixels, hole: Hole) -> float:
    """The step across the hole's edge beyond what both sides' slopes and roughness explain, in levels of 255: root mean square
    over the ring's pixels and channels, 0 for a perfect join or without a ring. Picture HxWxC float32 0-1, the fill in it."""
    steps: NDArray[np.floating] = wanted_steps(picture, hole)[edge_ring(hole)]
    return 255 * float(np.sqrt(np.mean(np.square(steps)))) if steps.size else 0.0
