"""How much of a picture a region is worked on with: the hole, its write zone and the context are three radii."""

from __future__ import annotations

from tasks.contracts import Box

SHARE = 0.6
"""Context on each side, as a share of the region's shorter side …"""
LEAST, MOST = 24, 256
"""… within these bounds, px."""
COMPACT, TIMES = 96, 3
"""A square region gets at least so many px, and at most so many times its side: patches that would fit it lie further off
than those that fit a line of text, and an oblong one gets less by as much as it is longer than high."""


def context_box(box: Box, width: int, height: int, margin: int = 0) -> Box:
    """`box` grown on each side by `margin` px, or for 0 by a share of its sides (LEAST to MOST px), clipped to the
    picture. The picture's size plays no part."""
    x0, y0, x1, y1 = box
    margin = margin or _margin(*sorted((x1 - x0, y1 - y0)))
    return max(x0 - margin, 0), max(y0 - margin, 0), min(x1 + margin, width), min(y1 + margin, height)


def _margin(shorter: int, longer: int) -> int:
    compact = min(COMPACT, TIMES * shorter) * shorter / max(longer, 1)
    return round(min(max(SHARE * shorter, compact, LEAST), MOST))
