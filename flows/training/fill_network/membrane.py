"""A first fill made of fixed arithmetic that an ONNX file can hold: a membrane over the hole, coarse to fine."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

LEVELS: Final = 4
"""Halvings: below 1/16 of the picture's size a small hole is none."""
SWEEPS: Final = 4
"""Averagings of a level's unknown pixels with their neighbours."""


def membrane(picture: Tensor, mask: Tensor) -> Tensor:
    """picture N×3×H×W, mask N×1×H×W, 1 = hole; H and W multiples of 16. Gives the picture with its hole filled smoothly.

    The known pixels are averaged from level to level (push and pull: Gortler and others 1996); on the way back each
    level's unknown pixels are drawn towards the mean of their four neighbours (Jacobi). What the picture holds inside
    the hole does not matter."""
    known = 1 - mask
    levels = [(picture * known, known)]
    for _ in range(LEVELS):
        levels.append(_halved(*levels[-1]))
    colours, there = levels[-1]
    mean = colours.sum((2, 3), keepdim=True) / there.sum((2, 3), keepdim=True).clamp(min=1)
    made = colours + (1 - there) * mean
    for colours, there in reversed(levels[:-1]):
        start = functional.interpolate(made, scale_factor=2.0, mode="bilinear", align_corners=False)
        made = _relaxed(colours, 1 - there, start)
    return made


def _halved(colours: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of the known pixels of each 2×2 (0 where there is none), and where there is one."""
    share = functional.avg_pool2d(known, 2)
    there = torch.sign(share)
    return functional.avg_pool2d(colours, 2) / (share + (1 - there)), there


def _relaxed(colours: Tensor, unknown: Tensor, start: Tensor) -> Tensor:
    """`colours` is 0 where unknown."""
    beside = start.new_tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]) / 4
    kernel = beside.expand(3, 1, 3, 3)
    made = colours + unknown * start
    for _ in range(SWEEPS):
        near = functional.conv2d(functional.pad(made, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
        made = colours + unknown * near
    return made
