"""Goes on from a kept state with moments laid out in memory as the weights are, which the fused optimiser takes for granted."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from flows.training.fill_network.state import resume


def resumed(path: Path, network: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Steps done, as `resume` gives them."""
    step = resume(path, network, mean, optimiser)
    for weights, moments in optimiser.state.items():
        for name, held in moments.items():
            if held.shape == weights.shape:
                moments[name] = torch.empty_like(weights).copy_(held)
    return step
