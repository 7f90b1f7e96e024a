"""What engines that find objects must do: role `segment` outlines one that is pointed at, role `locate` finds those that words name.

Pictures are H×W×3 uint8 RGB, never changed. Coordinates are x, y in pixels of the picture given, half open for boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Params

Levels = NDArray[np.uint8]
"""H×W×3, RGB."""
Point = tuple[int, int]
Rectangle = tuple[int, int, int, int]
Sides = tuple[bool, bool, bool, bool]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class ObjectPrompt:
    """Which object is meant: a box that holds all of it, points that lie on it, or both."""

    box: Rectangle | None = None
    on: tuple[Point, ...] = ()
    """Points on the object: at least one where there is no box."""
    off: tuple[Point, ...] = ()
    """Points that are not on it."""
    ends: Sides = (False, False, False, False)
    """Sides of the picture given that are the whole picture's border: an object may be cut off there."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where something that was named is seen."""

    box: Rectangle
    score: float
    """0–1."""


@runtime_checkable
class Segmenter(Protocol):
    """Role `segment`: which pixels are the object."""

    def segment(self, image: Levels, prompt: ObjectPrompt, *, params: Params) -> Hole:
        """H×W bool; all false when there is nothing that can be told from its surroundings."""
        ...


@runtime_checkable
class Locator(Protocol):
    """Role `locate`: where the things are that words name."""

    def locate(self, image: Levels, words: str, *, params: Params) -> tuple[Sighting, ...]:
        """Best first; empty when nothing scores enough."""
        ...
