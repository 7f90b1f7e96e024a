"""The pool of samples as arrays, cut into shuffled, mirrored and transposed batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from flows.training.unmix_coverage.data import Sample
from flows.training.unmix_coverage.network import CoverageNetwork

BATCH = 16
_AT_ONCE = 32
Features = NDArray[np.float32]
"""N×H×W×FEATURES."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the network sees, N×FEATURES×H×W, what it should say, and what an error there costs: N×H×W."""

    features: torch.Tensor
    coverage: torch.Tensor
    importance: torch.Tensor


@dataclass(frozen=True, slots=True)
class Pool:
    """All samples, with the evidence of the first round, in which nothing is known of the coverage."""

    samples: tuple[Sample, ...]
    first: Features
    coverage: NDArray[np.float32]
    importance: NDArray[np.float32]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Pool:
        return cls(
            tuple(samples),
            np.stack([sample.evidence() for sample in samples]),
            np.stack([sample.coverage for sample in samples]),
            np.stack([sample.importance() for sample in samples]),
        )

    def digest(self) -> str:
        """Tells one pool from another."""
        return hashlib.sha256(self.first.tobytes() + self.coverage.tobytes()).hexdigest()

    def second(self, network: CoverageNetwork) -> Features:
        """The evidence of the second round, given the coverage that `network` finds in the first."""
        found: list[NDArray[np.float32]] = []
        with torch.no_grad():
            for n in range(0, len(self.samples), _AT_ONCE):
                found += list(network(_tensor(self.first[n : n + _AT_ONCE])).numpy())
        return np.stack([sample.evidence(found[n]) for n, sample in enumerate(self.samples)])

    def batch(self, features: Features, rows: NDArray[np.intp], way: int) -> Batch:
        """way: 0–7, a mirroring and transposition."""
        truth, cost = torch.from_numpy(self.coverage[rows]), torch.from_numpy(self.importance[rows])
        return Batch(*(_turned(values, way) for values in (_tensor(features[rows]), truth, cost)))


def rounds(pool: Pool, second: Features | None, random: np.random.Generator) -> Iterator[tuple[Batch, ...]]:
    """One epoch: for each whole batch of samples its first round and, once there is one, its second."""
    order = random.permutation(len(pool.samples))
    views = (pool.first,) if second is None else (pool.first, second)
    for n in range(0, len(order) - BATCH + 1, BATCH):
        rows = order[n : n + BATCH]
        yield tuple(pool.batch(view, rows, int(random.integers(8))) for view in views)


def _tensor(features: Features) -> torch.Tensor:
    return torch.from_numpy(features).permute(0, 3, 1, 2)


def _turned(values: torch.Tensor, way: int) -> torch.Tensor:
    mirrored = [axis for axis, bit in ((-2, 1), (-1, 2)) if way & bit]
    turned = values.flip(mirrored) if mirrored else values
    return turned.transpose(-2, -1) if way & 4 else turned
