"""Score `seam_step`: the jump in brightness across the hole's edge."""

from __future__ import annotations

from tasks.contracts import Pixels, Zone
from tasks.verification.contour import steps
from tasks.verification.luminance import luminance

WIDTH, REACH = 1, 6
"""The rows of pixels on either side of the edge, averaged over 13 px along it."""


def seam_step(after: Pixels, hole: Zone) -> float:
    """Mean absolute luminance step across the hole's edge, less what the surroundings show at the same spacing.

    Levels of 255, 0 or more; 0 for a hole without a ring. On a flat ground a step of n levels measures n; on a strong
    texture, which hides a step from the eye as well, less."""
    return steps(luminance(after), hole, width=WIDTH, reach=REACH).excess
