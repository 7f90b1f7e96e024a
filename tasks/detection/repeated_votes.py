"""Which edges many pictures share: each picture votes with the signs of its steps, and only the counts are kept."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc  # type: ignore[import-untyped]

from tasks.contracts import Box, Zone
from tasks.detection.repeated_places import Levels, Placement

_STEP = 3
_CHANCE = 2e-3
_LEAST_SHARE = 0.4
_DENSE = 0.15
_JOIN = 31
_SMALLEST = 60
_MOST_PLACES = 6
SEARCHED = 400_000
"""Pixels of the copies that are searched: larger pictures are reduced by a whole factor."""
MOST_VOTERS = 48


@dataclass(frozen=True, slots=True)
class Place:
    """A patch of shared edges."""

    box: Box
    """In the window, with a margin."""
    support: Zone
    """H×W of the box: the edges."""
    strength: float


class Tally:
    """Counts of one placement. 12 bytes a pixel of the window's reduced copy, however many pictures vote."""

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        height, width = placement.window
        self.factor = max(1, int(np.ceil((height * width / SEARCHED) ** 0.5)))
        self.shape = (height // self.factor, width // self.factor)
        self.counts = np.zeros((2, 2, *self.shape, 3), np.uint8)
        self.voters = 0

    def add(self, levels: Levels) -> None:
        """One picture, H×W×3. Raises ValueError when MOST_VOTERS have voted."""
        if self.voters >= MOST_VOTERS:
            raise ValueError(f"at most {MOST_VOTERS} pictures vote")
        steps = self.steps(levels)
        if steps is not None:
            self.counts += steps
            self.voters += 1

    def steps(self, levels: Levels) -> NDArray[np.uint8] | None:
        """2×2×h×w×3: 1 where the picture rises or falls, down or across."""
        height, width = (side * self.factor for side in self.shape)
        part = self.placement.cut(levels, (0, 0, width, height))
        if part is None:
            return None
        if self.factor > 1:
            part = np.asarray(cv2.resize(part, self.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        steps = np.zeros((2, 2, *self.shape, 3), np.uint8)
        for axis, (one, other) in enumerate(((part[:-1], part[1:]), (part[:, :-1], part[:, 1:]))):
            h, w = one.shape[:2]
            steps[axis, 0, :h, :w] = cv2.subtract(other, one) >= _STEP
            steps[axis, 1, :h, :w] = cv2.subtract(one, other) >= _STEP
        return steps

    def shared(self) -> NDArray[np.bool_]:
        """2×2×h×w×3: where more pictures step the same way than chance would have."""
        rate = min(float(self.counts.mean()) / max(self.voters, 1) * 1.2 + 0.01, 0.5)
        least = max(3, int(np.ceil(_LEAST_SHARE * self.voters)))
        need = next(
            (n for n in range(least, self.voters + 1) if bdtrc(n - 1, self.voters, rate) < _CHANCE),
            self.voters,
        )
        return np.asarray(self.counts >= need)

    def places(self) -> list[Place]:
        """Patches of shared edges, the strongest first."""
        shared = self.shared()
        edges = np.asarray(shared.any(axis=(0, 1, 4)), np.uint8)
        edges[cv2.blur(edges.astype(np.float32), (9, 9)) <= _DENSE] = 0
        join = max(9, round(_JOIN / self.factor) | 1)
        count, label = cv2.connectedComponents(
            cv2.dilate(edges, np.ones((join, join), np.uint8)), ltype=cv2.CV_32S
        )
        places = []
        for n in range(1, count):
            support = (edges > 0) & (label == n)
            if support.sum() >= _SMALLEST / self.factor**0.5:
                places.append(self._place(support))
        places.sort(key=lambda place: (-place.strength, place.box))
        return places[:_MOST_PLACES]

    def _place(self, support: Zone) -> Place:
        f, margin = self.factor, 14
        rows, columns = np.flatnonzero(support.any(axis=1)), np.flatnonzero(support.any(axis=0))
        height, width = self.placement.window
        box = (
            max(int(columns[0]) * f - margin, 0), max(int(rows[0]) * f - margin, 0),
            min(int(columns[-1] + 1) * f + margin, width), min(int(rows[-1] + 1) * f + margin, height),
        )  # fmt: skip
        whole = cv2.resize(support.astype(np.uint8), None, fx=f, fy=f, interpolation=cv2.INTER_NEAREST)
        full = np.zeros((height, width), bool)
        full[: whole.shape[0], : whole.shape[1]] = whole > 0
        strength = float(self.counts[:, :, support].max(axis=(0, 1, 3)).sum()) / max(self.voters, 1)
        return Place(box, full[box[1] : box[3], box[0] : box[2]], strength)
