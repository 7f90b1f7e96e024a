"""Where words are in a training picture, what they are, and where others still fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from flows.training.text_origin.boxes import Corners

Kind = Literal["overlay", "scene"]
_TRIES, _SPARING = 16, 12
"""Places that are tried, and how many of them must also spare what the photograph itself holds."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A box, and what it holds."""

    corners: Corners
    kind: Kind
    own: bool
    """Of the photograph itself, not drawn."""


def meets(first: Corners, second: Corners) -> bool:
    """Whether the upright boxes about them overlap."""
    return bool(
        (first.min(axis=0) < second.max(axis=0)).all() and (second.min(axis=0) < first.max(axis=0)).all()
    )


def moved(placed: Sequence[Placed], fx: float, fy: float) -> list[Placed]:
    """The same in a picture scaled by `fx` and `fy`."""
    return [replace(one, corners=one.corners * np.array([fx, fy])) for one in placed]


def free(
    random: np.random.Generator, shape: tuple[int, ...], size: tuple[int, ...], placed: Sequence[Placed]
) -> tuple[int, int] | None:
    """Top left corner, x and y, of a place for `size` (h, w) off what was drawn and, if that can be, what was there; None when none was found."""
    height, width = size[:2]
    if height >= shape[0] or width >= shape[1]:
        return None
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    for n in range(_TRIES):
        x, y = int(random.integers(0, shape[1] - width)), int(random.integers(0, shape[0] - height))
        if not any(
            meets(frame + np.array([x, y]), other.corners)
            for other in placed
            if n < _SPARING or not other.own
        ):
            return x, y
    return None
