"""The network: a U of three levels, at half of the picture's size on top, that corrects a membrane over the hole."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from flows.training.fill_network.membrane import membrane

WIDTHS: Final = (32, 64, 128)
"""Channels at 1/2, 1/4 and 1/8 of the picture's size."""


class FillNetwork(nn.Module):
    """picture N×3×H×W, 0–1; mask N×1×H×W, 1 = hole; H and W multiples of 16.

    Gives N×3×H×W, equal to `picture` where the mask is 0; what `picture` holds inside the hole does not matter. After Ronneberger, Fischer and Brox 2015, with pixels folded
    into channels (Shi and others 2016) so that the widest layers work at half size."""

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        top, middle, low = widths
        self.enter = _Step(16, top)
        self.top = _Twice(top)
        self.to_middle = _Step(top, middle, stride=2)
        self.middle = _Twice(middle)
        self.to_low = _Step(middle, low, stride=2)
        self.low = _Twice(low, dilation=2)
        self.up_middle = nn.Conv2d(low, middle, 1)
        self.back_middle = _Step(middle, middle)
        self.up_top = nn.Conv2d(middle, top, 1)
        self.back_top = _Step(top, top)
        self.leave = nn.Conv2d(top, 12, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]  # a convolution has a bias unless told otherwise

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        smooth = membrane(picture, mask)
        x = functional.pixel_unshuffle(torch.cat([smooth - 0.5, mask], 1), 2)
        top = self.top(self.enter(x))
        middle = self.middle(self.to_middle(top))
        low = self.low(self.to_low(middle))
        middle = self.back_middle(middle + _doubled(self.up_middle(low)))
        top = self.back_top(top + _doubled(self.up_top(middle)))
        change = functional.pixel_shuffle(self.leave(top), 2)
        return smooth + mask * change


class _Step(nn.Module):
    """A 3×3 convolution and a leaky threshold."""

    def __init__(self, given: int, made: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(given, made, 3, stride=stride, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.conv(x), 0.1)


class _Twice(nn.Module):
    """A residual pair of convolutions: He and others, 2016."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.second(functional.leaky_relu(self.first(x), 0.1))
        return x + made


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
