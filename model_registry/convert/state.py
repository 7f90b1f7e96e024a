"""Tensors of a published state dict, each of which must be used once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from model_registry.convert.graph import Weights
from model_registry.errors import WeightsDamaged

_TRUST: Final = "give the file that the card's origin names"


class State:
    """Tensors by name. A network that leaves some over is not the one they were trained for."""

    def __init__(self, tensors: dict[str, Weights]) -> None:
        self._left = dict(tensors)

    def take(self, name: str) -> Weights:
        """A tensor, float32. Raises WeightsDamaged where there is none of this name, or it was taken before."""
        if name not in self._left:
            raise WeightsDamaged(f"the state holds no {name}", cure=_TRUST)
        return self._left.pop(name)

    def pair(self, name: str) -> tuple[Weights, Weights]:
        """Weight and bias of one convolution."""
        return self.take(f"{name}.weight"), self.take(f"{name}.bias")

    def done(self) -> None:
        """Raises WeightsDamaged where a tensor is left."""
        if self._left:
            raise WeightsDamaged(
                f"{len(self._left)} tensors have no place in this network, {min(self._left)} first",
                cure=_TRUST,
            )


def read_state(path: Path) -> State:
    """A state dict, or the one inside a checkpoint (`params_ema` before `params`). Only tensors are read from the pickle:
    raises WeightsDamaged where it holds anything else."""
    import torch

    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise whatever broken bytes make them stumble over
        raise WeightsDamaged(f"{path.name} is no state of tensors alone: {error}", cure=_TRUST) from error
    for inner in ("params_ema", "params", "state_dict"):
        if isinstance(held, dict) and isinstance(held.get(inner), dict):
            held = held[inner]
            break
    if not isinstance(held, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in held.values()):
        raise WeightsDamaged(f"{path.name} is no state of tensors alone", cure=_TRUST)
    return State({name: np.asarray(tensor.float().numpy(), np.float32) for name, tensor in held.items()})
