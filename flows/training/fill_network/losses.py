"""How far a fill is from the truth inside its hole: values and slopes."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

SLOPES: Final = 0.5
"""Weight of the slopes."""
SOFT: Final = 1e-2
"""Below this an error counts by its square, above by its size (Charbonnier and others, 1994)."""


def fill_loss(made: Tensor, truth: Tensor, mask: Tensor, soft: float = SOFT) -> Tensor:
    """made and truth N×3×H×W, mask N×1×H×W: the mean over all hole pixels."""
    error = (made - truth) * mask
    value = _size(error, soft).sum() / mask.sum().clamp(min=1)
    down = error[..., 1:, :] - error[..., :-1, :]
    across = error[..., :, 1:] - error[..., :, :-1]
    slopes = (_size(down, soft).sum() + _size(across, soft).sum()) / mask.sum().clamp(min=1)
    total: Tensor = (value + SLOPES * slopes) / 3
    return total


def _size(error: Tensor, soft: float) -> Tensor:
    size: Tensor = torch.sqrt(error * error + soft**2) - soft
    return size
