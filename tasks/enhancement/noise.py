"""How much of a source is not the picture: noise, and what its JPEG tables rounded away."""

from __future__ import annotations

import numpy as np

from tasks.contracts import PictureMeta
from tasks.enhancement.features import Features

_CALM = 20
"""Percentile of the cells' estimates that is taken as the picture's: texture counts as noise in the others."""
_TEXTURE = 0.7
"""Levels of it that are put down to texture even there."""
_LOW = 16
"""Entries of a table, from its beginning, that ordinary detail lives in."""
_CHROMA = 0.5
"""Weight of the rounding of chroma."""


def noise_of(seen: Features, meta: PictureMeta) -> float:
    """Standard deviation in levels of 255: of the calmest cells that are not flat, or of the rounding by the JPEG tables
    (a step of q leaves q/sqrt(12)), whichever is more. About 0 for a clean picture."""
    there = seen.noise[~seen.flat]
    grain = float(np.percentile(there, _CALM)) - _TEXTURE if there.size else 0.0
    weights = (1.0, _CHROMA, _CHROMA)
    rounded = [w * _rounding(table) for w, table in zip(weights, meta.jpeg_tables or (), strict=False)]
    return max(grain, 0.0, *rounded)


def _rounding(table: tuple[int, ...]) -> float:
    steps = np.asarray(table[:_LOW], np.float64)
    return float(np.sqrt(np.mean(steps**2) / 12)) if steps.size else 0.0
