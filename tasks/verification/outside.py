"""Score `outside_changed`: pixels that no edit may touch."""

from __future__ import annotations

import numpy as np

from tasks.contracts import Pixels, Zone


def outside_changed(before: Pixels, after: Pixels, zone: Zone) -> int:
    """How many pixels outside the write zone differ at all, in any channel. Must be 0."""
    return int(np.count_nonzero((before != after).any(axis=2) & ~zone))
