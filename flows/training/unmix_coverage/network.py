"""The coverage network as torch trains it, and its weights as `tasks.generation.unmix_network` reads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from tasks.generation.unmix_evidence import FEATURES

CHANNELS = 24
DILATION = (1, 1, 2, 1, 1)
_INSIDE = 4
_SHUT = -2.0


class CoverageNetwork(torch.nn.Module):
    """Five 3×3 convolutions inside the hole alone; the last gives a coverage and a gate that lets the measured one through."""

    def __init__(self) -> None:
        super().__init__()
        widths = (FEATURES, *(CHANNELS,) * (len(DILATION) - 1), 2)
        self.layers = torch.nn.ModuleList(
            torch.nn.Conv2d(widths[n], widths[n + 1], 3, padding=step, dilation=step)
            for n, step in enumerate(DILATION)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """N×H×W, 0–1, 0 outside the hole, from N×FEATURES×H×W."""
        inside = features[:, _INSIDE : _INSIDE + 1]
        values = features
        for n, layer in enumerate(self.layers):
            values = layer(values)
            if n + 1 < len(self.layers):
                values = torch.relu(values) * inside
        own, gate = torch.sigmoid(values[:, 0]), torch.sigmoid(values[:, 1])
        return (own * (1 - gate) + gate * features[:, 0].clamp(0, 1)) * inside[:, 0]


def fresh(seed: int) -> CoverageNetwork:
    """Random weights, the gate nearly shut. Torch's global random state is left unchanged."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = CoverageNetwork()
        last = network.layers[-1]
        assert isinstance(last, torch.nn.Conv2d)
        assert last.bias is not None
        last.weight[1] *= 0.1
        last.bias[1] = _SHUT
    return network


def packed(network: CoverageNetwork) -> dict[str, NDArray[np.float32]]:
    """`weight0` … (9·inputs)×outputs, rows by neighbour and then input, and `bias0` … ."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for n in range(len(DILATION)):
        weight = network.get_parameter(f"layers.{n}.weight").detach().numpy()
        rows = weight.transpose(2, 3, 1, 0).reshape(-1, weight.shape[0])
        arrays[f"weight{n}"] = np.ascontiguousarray(rows, np.float32)
        arrays[f"bias{n}"] = network.get_parameter(f"layers.{n}.bias").detach().numpy().copy()
    return arrays


def unpacked(arrays: Mapping[str, NDArray[np.float32]]) -> CoverageNetwork:
    """The network of `packed` weights, such as the shipped ones."""
    network = CoverageNetwork()
    with torch.no_grad():
        for n in range(len(DILATION)):
            weight = network.get_parameter(f"layers.{n}.weight")
            rows = arrays[f"weight{n}"].reshape(3, 3, weight.shape[1], weight.shape[0])
            weight.copy_(torch.from_numpy(rows.transpose(3, 2, 0, 1).copy()))
            network.get_parameter(f"layers.{n}.bias").copy_(torch.from_numpy(arrays[f"bias{n}"]))
    return network
