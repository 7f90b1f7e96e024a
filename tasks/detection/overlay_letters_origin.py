"""What the network of overlay letters says of a line: whether it is lettering at all, and whether the picture's border cuts it.

Print it tells from overlays but poorly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model_registry.engines.contract import TextLine
from tasks.contracts import Zone
from tasks.detection.lines import glyph_height
from tasks.detection.overlay_letters import Letters, area_of

CLEAR, LIFT = 0.8, 0.2
"""A line at least so clear is lettering, however badly it was read, and gains so many logarithms of odds. No more than that:
crisp print seen straight on is as clear as an overlay."""
DIM, STEEP = 0.4, 2.0
"""Below DIM a line loses STEEP logarithms of odds for each 1 that is missing."""
CUT, FRAMED = 0.4, 2.0
"""Lettering that the picture's border cuts, along CUT letter heights of it, was there before the picture was framed: nobody
lays half a letter over a picture. Such a line loses FRAMED logarithms of odds: what is surely drawn may still be an overlay of a
picture that was cropped afterwards."""
_BORDER = 1
"""px along the picture's border."""
_LIKELY = 0.5
_SHARE = 85
"""Percentile of the probabilities in a line's box: letters fill about half of it, small ones a quarter."""


def clearness(letters: Letters, lines: Sequence[TextLine]) -> tuple[float, ...]:
    """How clearly the network sees overlay lettering in each line, 0–1, in their order; 0 outside the picture."""
    size = letters.overlay.shape[0], letters.overlay.shape[1]
    areas = (area_of(line, size) for line in lines)
    return tuple(float(np.percentile(letters.overlay[a], _SHARE)) if a.any() else 0.0 for a in areas)


def cut_off(letters: Letters, lines: Sequence[TextLine]) -> tuple[bool, ...]:
    """Whether the picture's border cuts each line's lettering, in their order."""
    size = letters.overlay.shape[0], letters.overlay.shape[1]
    likely = letters.overlay + letters.scene >= _LIKELY
    return tuple(
        _at_border(likely & area_of(line, size, _BORDER)) > CUT * glyph_height(line) for line in lines
    )


def _at_border(zone: Zone) -> int:
    """How much of one side of the picture is true at the most, px."""
    sides = (zone[:_BORDER], zone[-_BORDER:], zone[:, :_BORDER].T, zone[:, -_BORDER:].T)
    return max(int(side.any(axis=0).sum()) for side in sides)


def weighed(score: float, clear: float, cut: bool = False) -> float:
    """A line's probability of being an overlay, 0–1: lowered where the network sees hardly any lettering or the picture's
    border cuts it, raised a little where it is seen clearly."""
    within = min(max(score, 1e-4), 1 - 1e-4)
    odds = (
        math.log(within / (1 - within))
        - STEEP * max(0.0, DIM - clear)
        + LIFT * (clear >= CLEAR)
        - FRAMED * cut
    )
    return 1 / (1 + math.exp(-odds))
