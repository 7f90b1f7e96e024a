"""Whether a region lies in its picture as watermarks and signatures do."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np

from tasks.contracts import Region
from tasks.policy.spelling import Reading

WIDE = 0.35
"""Of the picture's width or height."""
LARGE = 0.06
"""Of the picture's area, taken by the region's box."""
MIDDLE = (1 / 3, 2 / 3)
CORNER = 0.22
"""Signatures keep to the outer fifth below; a little more, because boxes have a margin."""
SLOPE = (12.0, 78.0)
"""Degrees from the horizontal, either way, at which a line counts as diagonal."""
LONG = 2.0
"""Length over width of the hole from which its direction can be told."""
TILED = 4
"""Times that the same word stands in a picture."""


def watermark_like(region: Region, size: tuple[int, int], text: Reading, around: Reading) -> str:
    """In words how a text lies across the picture whatever it says: on the slant over a third of it, or repeated.

    size: (h, w) of the picture; around: the picture's whole text."""
    if _diagonal(region) and max(_shares(region, size)) >= WIDE:
        return "lies on the slant across the picture"
    repeated = _repeated(text, around)
    return f"{repeated!r} stands {TILED} times or more in the picture" if repeated else ""


def mark_like(region: Region, size: tuple[int, int]) -> str:
    """In words why an unread text may be a watermark or a signature; empty where nothing speaks for it."""
    wide, high = _shares(region, size)
    x0, y0, x1, y1 = region.box
    across, down = (x0 + x1) / 2 / size[1], (y0 + y1) / 2 / size[0]
    if max(wide, high) >= WIDE or wide * high >= LARGE:
        return "is large in the picture"
    if _diagonal(region):
        return "lies on the slant"
    if all(MIDDLE[0] <= place <= MIDDLE[1] for place in (across, down)):
        return "stands in the middle of the picture"
    if down >= 1 - CORNER and (across <= CORNER or across >= 1 - CORNER):
        return "stands in a lower corner, where signatures do"
    return ""


def _shares(region: Region, size: tuple[int, int]) -> tuple[float, float]:
    x0, y0, x1, y1 = region.box
    return (x1 - x0) / max(size[1], 1), (y1 - y0) / max(size[0], 1)


def _diagonal(region: Region) -> bool:
    """By the second moments of the hole."""
    y, x = np.nonzero(region.hole)
    if len(x) < 8:
        return False
    values, axes = np.linalg.eigh(np.cov(np.stack([x, y]).astype(np.float64)))
    if values[1] < LONG**2 * max(values[0], 1e-9):
        return False
    angle = abs(math.degrees(math.atan2(axes[1, 1], axes[0, 1])))
    return SLOPE[0] <= min(angle, 180 - angle) <= SLOPE[1]


def _repeated(text: Reading, around: Reading) -> str:
    """A word of the text that the picture repeats; numbers and short words do not count."""
    mine = set(re.findall(r"[^\W\d_]{4,}", text.plain))
    counts = Counter(re.findall(r"[^\W\d_]{4,}", around.plain or text.plain))
    return next((word for word in sorted(mine) if counts[word] >= TILED), "")
