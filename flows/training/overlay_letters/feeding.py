"""Batches of training crops: a few new ones each step, the rest seen lately, turned and recoloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flows.training.overlay_letters.samples import SIDE, Sample, sample
from flows.training.text_origin.sources import Photograph

BATCH, NEW = 8, 3
"""Crops of a step, and how many of them were never shown before: drawing one costs about as much as learning from it."""
_LATELY = 1500


@dataclass
class Feed:
    """The batch of any step, from its number alone."""

    seed: int
    photographs: Sequence[Photograph]
    faces: tuple[str, ...]
    side: int = SIDE
    _kept: dict[int, Sample] = field(default_factory=dict)

    def batch(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """BATCH×3×side×side, 0–1, and the labels of every other pixel, BATCH×side/2×side/2."""
        random = np.random.default_rng((self.seed, step, 1))
        first = step * NEW
        numbers = list(range(first, first + NEW))
        if first:
            numbers += [int(n) for n in random.integers(max(first - _LATELY, 0), first, BATCH - NEW)]
        else:
            numbers += list(range(-(BATCH - NEW), 0))
        pairs = [_changed(random, self._sample(n), again=n < first) for n in numbers]
        for old in [n for n in self._kept if n < first - _LATELY]:
            del self._kept[old]
        return np.stack([p for p, _ in pairs]), np.stack([labels for _, labels in pairs])

    def _sample(self, number: int) -> Sample:
        if number not in self._kept:
            # numbers below 0 fill the first batch; a generator takes none
            key = number if number >= 0 else 2**40 - number
            self._kept[number] = sample(self.seed, key, self.photographs, self.faces, self.side)
        return self._kept[number]


def _changed(
    random: np.random.Generator, one: Sample, again: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    picture, labels = one.picture.astype(np.float32) / np.float32(255), one.labels
    if again:
        turns = int(random.integers(0, 4))
        picture, labels = np.rot90(picture, turns), np.rot90(labels, turns)
        picture = picture[..., random.permutation(3)]
        if random.random() < 0.3:
            picture = 1 - picture
    return np.ascontiguousarray(picture.transpose(2, 0, 1)), np.ascontiguousarray(labels[::2, ::2]).astype(
        np.int64
    )
