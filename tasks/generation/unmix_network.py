"""Runs the small coverage network: 3×3 convolutions on the pixels of a hole alone, everything outside counting as 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.generation.unmix_background import Plane

_DILATION = (1, 1, 2, 1, 1)
_FILE = "unmix_coverage.safetensors"


@dataclass(frozen=True, slots=True)
class Network:
    """Weights, one layer after the other: (9·inputs)×outputs and outputs."""

    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]

    def coverage(self, features: NDArray[np.float32], hole: Zone) -> Plane:
        """H×W, 0–1, 0 outside the hole, from H×W×F evidence: its first plane, and the network's own view, mixed by a gate."""
        made = np.zeros(hole.shape, np.float32)
        if not hole.any():
            return made
        near = {step: _neighbours(hole, step) for step in set(_DILATION)}
        values = features[hole]
        for n, (weight, bias) in enumerate(self.layers):
            padded = np.concatenate([values, np.zeros((1, values.shape[1]), np.float32)])
            values = padded[near[_DILATION[n]]].reshape(len(values), -1) @ weight + bias
            if n + 1 < len(self.layers):
                values = np.maximum(values, 0)
        own, gate = (1 / (1 + np.exp(-np.clip(values, -30, 30)))).T
        made[hole] = own + gate * (np.clip(features[..., 0][hole], 0, 1) - own)
        return made


@lru_cache(maxsize=1)
def coverage_network() -> Network:
    """The network that the package carries.

    Trained on rendered Liberation, STIX and Computer Modern letters over pictures that score nowhere, to estimate the
    coverage that brings the pixels beneath back with the least squared error."""
    from safetensors.numpy import load

    arrays = load(files("tasks.generation").joinpath(_FILE).read_bytes())
    layers = []
    for n in range(len(_DILATION)):
        weight = arrays[f"weight{n}"].astype(np.float32)
        layers.append((np.ascontiguousarray(weight), arrays[f"bias{n}"].astype(np.float32)))
    return Network(tuple(layers))


def _neighbours(hole: Zone, step: int) -> NDArray[np.intp]:
    """n×9 row numbers of each hole pixel's neighbours `step` apart; n stands for those outside."""
    count = int(hole.sum())
    number = np.full((hole.shape[0] + 2 * step, hole.shape[1] + 2 * step), count, np.intp)
    rows, columns = np.nonzero(hole)
    number[rows + step, columns + step] = np.arange(count)
    shifts = [(dy, dx) for dy in (-step, 0, step) for dx in (-step, 0, step)]
    return np.stack([number[rows + step + dy, columns + step + dx] for dy, dx in shifts], axis=1)
