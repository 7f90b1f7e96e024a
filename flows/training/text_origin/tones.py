"""Colours of ink: those that people choose for words, such that they can be read on what is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Levels3 = NDArray[np.float32]
_USUAL = (
    ((255, 255, 255), 0.34), ((0, 0, 0), 0.2), ((220, 20, 30), 0.08), ((255, 210, 0), 0.07), ((20, 60, 200), 0.06),
    ((255, 120, 0), 0.05), ((0, 140, 70), 0.05), ((245, 245, 240), 0.05), ((30, 30, 34), 0.05), ((120, 120, 120), 0.05),
)  # fmt: skip
_ANY = 0.3
_TRIES = 12


def ink_on(ground: Levels3, random: np.random.Generator, apart: float) -> Levels3:
    """A colour, 3 levels, whose mean distance from `ground` is `apart` or more, as far as chance finds one."""
    best, how = np.zeros(3, np.float32), -1.0
    for _ in range(_TRIES):
        ink = _colour(random)
        far = float(np.abs(ink - ground).mean())
        if far >= apart:
            return ink
        if far > how:
            best, how = ink, far
    return best


def contrary(ink: Levels3) -> Levels3:
    """White for dark ink, black for light."""
    return np.full(3, 255 if ink.mean() < 128 else 0, np.float32)


def _colour(random: np.random.Generator) -> Levels3:
    if random.random() < _ANY:
        return random.integers(0, 256, 3).astype(np.float32)
    n = int(random.choice(len(_USUAL), p=[share for _, share in _USUAL]))
    return np.asarray(_USUAL[n][0], np.float32)
