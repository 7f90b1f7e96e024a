"""A 3×3 convolution that is trained as several branches and is one kernel whenever it is used."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_EDGES: Final = (
    ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0)),
    ((1.0, 2.0, 1.0), (0.0, 0.0, 0.0), (-1.0, -2.0, -1.0)),
    ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0)),
)
"""Sobel along x and y, Laplacian."""
_EDGE_SHARE: Final = 0.02
"""How strongly the edge branches begin; they start as a small part of the kernel."""


class Folded(nn.Module):
    """N×given×H×W to N×made×(H−2)×(W−2): there is nothing beyond the border.

    Branches after ECBSR (Zhang, Zeng and Zhang 2021): a plain 3×3, a widening 3×3 followed by a 1×1, 1×1s followed by
    fixed edge filters, and the identity where the widths agree. Folded into one kernel before it is used, as SESR
    (Bhardwaj and others 2022) does, so that a training step costs one plain convolution."""

    def __init__(self, given: int, made: int, widening: int = 2, *, blind_to_level: bool = False) -> None:
        """blind_to_level: every kernel sums to nothing, so that flat ground looks the same whatever its colour."""
        super().__init__()
        wide = widening * max(given, made)
        spread = (2.0 / (9 * given)) ** 0.5 / 2
        self.plain = nn.Parameter(torch.randn(made, given, 3, 3) * spread)
        self.widen = nn.Parameter(torch.randn(wide, given * 9) * spread)
        self.narrow = nn.Parameter(torch.randn(made, wide) * wide**-0.5)
        self.mixed = nn.Parameter(torch.randn(len(_EDGES), made, given) * (1.0 / given) ** 0.5)
        self.edge = nn.Parameter(torch.full((len(_EDGES), made), _EDGE_SHARE))
        self.bias = None if blind_to_level else nn.Parameter(torch.zeros(made))
        self.blind_to_level = blind_to_level
        self.masks: Tensor
        self.same: Tensor
        self.register_buffer("masks", torch.tensor(_EDGES), persistent=False)
        same = torch.zeros(made, given, 3, 3)
        if given == made:
            same[range(made), range(made), 1, 1] = 1.0
        self.register_buffer("same", same, persistent=False)

    def kernel(self) -> Tensor:
        """made×given×3×3: what all branches together are."""
        wide = (self.narrow @ self.widen).view_as(self.plain)
        edges = torch.einsum("koi,ko,kyx->oiyx", self.mixed, self.edge, self.masks)
        kernel: Tensor = self.plain + wide + edges + self.same
        return kernel - kernel.mean((2, 3), keepdim=True) if self.blind_to_level else kernel

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.kernel(), self.bias)
