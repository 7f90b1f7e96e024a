"""The network that sees lettering: a small U of plain convolutions, from pixels to three probabilities a pixel."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES: Final = 3
"""Lettering laid over the picture, print in the scene, neither: in this order."""
WIDTHS: Final = (16, 32, 48, 64)
"""Channels at a half, a quarter, an eighth and a sixteenth of the picture's size."""


class Block(nn.Sequential):
    """Convolution 3×3, batch norm (folded on export), ReLU."""

    def __init__(self, given: int, made: int, stride: int = 1, dilation: int = 1) -> None:
        conv = nn.Conv2d(given, made, 3, stride, dilation, dilation, bias=False)
        super().__init__(conv, nn.BatchNorm2d(made), nn.ReLU())


class LetterNet(nn.Module):
    """U-Net (Ronneberger, Fischer & Brox, 2015) that adds instead of concatenating, on 2×2 pixels folded into channels."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.stem = Block(12, a)
        self.down1, self.same1 = Block(a, b, 2), Block(b, b)
        self.down2, self.same2 = Block(b, c, 2), Block(c, c)
        self.down3, self.wide = Block(c, d, 2), Block(d, d, dilation=2)
        self.side2, self.join2 = nn.Conv2d(d, c, 1), Block(c, c)
        self.side1, self.join1 = nn.Conv2d(c, b, 1), Block(b, b)
        self.side0, self.join0 = nn.Conv2d(b, a, 1), Block(a, a)
        self.head = nn.Conv2d(a, CLASSES, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """pictures: N×3×H×W, 0–1, sides multiples of 16. Returns logits, N×CLASSES×H/2×W/2."""
        half = self.stem(functional.pixel_unshuffle(pictures * 4 - 2, 2))
        quarter = self.same1(self.down1(half))
        eighth = self.same2(self.down2(quarter))
        deep = self.wide(self.down3(eighth))
        eighth = self.join2(eighth + _twice(self.side2(deep)))
        quarter = self.join1(quarter + _twice(self.side1(eighth)))
        return torch.as_tensor(self.head(self.join0(half + _twice(self.side0(quarter)))))


def _twice(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0, mode="nearest")
