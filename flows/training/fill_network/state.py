"""What a training run has reached: the network, its running mean and the optimiser, in one safetensors file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def keep(
    path: Path, step: int, network: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    """Writes the state after `step` steps; a crash leaves the former file."""
    held = {f"network.{name}": t for name, t in network.state_dict().items()}
    held |= {f"mean.{name}": t for name, t in mean.state_dict().items()}
    for n, moments in optimiser.state_dict()["state"].items():
        held |= {f"optimiser.{n}.{name}": torch.as_tensor(t) for name, t in moments.items()}
    half = path.with_suffix(".half")
    save_file({name: t.detach().clone().contiguous() for name, t in held.items()}, half, {"step": str(step)})
    os.replace(half, path)


def resume(path: Path, network: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Puts back what `keep` wrote and gives the number of steps done; 0, and nothing is changed, without a file."""
    if not path.exists():
        return 0
    with safe_open(path, "pt") as file:
        step = int(file.metadata()["step"])
        held: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no dict)
    network.load_state_dict(_part(held, "network."))
    mean.load_state_dict(_part(held, "mean."))
    moments: dict[int, dict[str, Any]] = {}
    for name, tensor in _part(held, "optimiser.").items():
        n, _, what = name.partition(".")
        moments.setdefault(int(n), {})[what] = tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return step


def trained(path: Path, network: Network) -> Network:
    """`network` with the running mean of a kept state: what is exported."""
    with safe_open(path, "pt") as file:
        held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no dict)
    network.load_state_dict(_part(held, "mean."))
    return network.eval()


def _part(held: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in held.items() if name.startswith(prefix)}
