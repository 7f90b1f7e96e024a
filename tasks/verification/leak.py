"""Score `leak`: how much of the removed content shows through."""

from __future__ import annotations

import numpy as np

from tasks.contracts import Pixels, Zone

NOISE = 1.5 / 255
"""Content that differs from the fill by less than this cannot be told from grain: it pulls the score to 0."""
SLACK = 0.02
"""How readily an even shift of a channel (which blending makes) is taken for a shift and not for a leak."""


def leak(before: Pixels, filled: Pixels, after: Pixels, hole: Zone) -> float:
    """Share of the old content in the hole's new pixels, 0–1.

    The least-squares coefficient k of after − filled = k (before − filled) + a shift a channel, over the hole. A result
    mixed as (1 − k) filled + k before scores k; one whose hole does not depend on the old content scores 0, up to chance.
    The shift is held small, so that an even patch of old colour counts as leak. 0 for an empty hole. What a fill itself
    took from the old content is not seen here: that is what reading the text again is for."""
    old = (before[hole] - filled[hole]).astype(np.float64)
    new = (after[hole] - filled[hole]).astype(np.float64)
    if not len(old):
        return 0.0
    count = len(old) * (1 + SLACK)
    shared = (old * new).sum() - (old.sum(axis=0) * new.sum(axis=0)).sum() / count
    power = (old**2).sum() - (old.sum(axis=0) ** 2).sum() / count + old.size * NOISE**2
    return float(np.clip(shared / power, 0, 1))
