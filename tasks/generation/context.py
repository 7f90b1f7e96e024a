"""How much of a picture a region is worked on with: the hole, its write zone and the context are three radii."""

from __future__ import annotations

from tasks.contracts import Box

SHARE = 0.6
"""Context on each side, as a share of the region's shorter side …"""
LEAST, MOST = 24, 256
"""… within these bounds, px."""


def context_box(box: Box, width: int, height: int) -> Box:
    """`box` grown on each side by SHARE of its shorter side (LEAST to MOST px), clipped to the picture."""
    x0, y0, x1, y1 = box
    margin = round(min(max(min(x1 - x0, y1 - y0) * SHARE, LEAST), MOST))
    return max(x0 - margin, 0), max(y0 - margin, 0), min(x1 + margin, width), min(y1 + margin, height)
