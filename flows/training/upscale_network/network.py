"""The network: plain 3×3 convolutions that correct a bicubic enlargement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from flows.training.upscale_network.folded import Folded
from flows.training.upscale_network.imresize import cubic

SLOPE: Final = 0.1
"""Of the activation below zero."""
_WINDOW: Final = 2
"""Input px on each side that a bicubic enlargement looks at."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a network is."""

    width: int
    """Channels; multiples of 16 fill the vector registers."""
    inner: int
    """Convolutions between the first and the last."""


SIZES: Final = {"tiny": Size(32, 4), "clean": Size(32, 8), "base": Size(48, 8)}


class UpscaleNetwork(nn.Module):
    """picture N×3×H×W, RGB 0–1, any size; gives N×3×(H·scale)×(W·scale), about 0–1.

    Feed-forward 3×3 convolutions with one long skip, sub-pixel rearrangement at the end (Shi and others 2016), added to
    the bicubic enlargement (at scale 1: to the picture). An output pixel depends on `reach` input pixels around it.

    The first convolution does not see how light its ground is; what it does see counts for more or less by how light that
    is (what was clipped to black or white is to be told from what was not). So flat ground gets the same correction
    whatever its colour, and `level_off` makes that none. In use the picture's border
    is repeated `reach` px outwards. While training it is not, and the result lacks `reach` input px on every side: nothing
    is learned from what was made up."""

    def __init__(self, size: Size, scale: int) -> None:
        super().__init__()
        self.size = size
        self.scale = scale
        self.reach = reach(size)
        self.head: nn.Module = Folded(3, size.width, blind_to_level=True)
        self.light = nn.Conv2d(3, size.width, 3)
        nn.init.zeros_(self.light.weight)
        nn.init.ones_(self.light.bias)  # type: ignore[arg-type]  # a convolution has a bias unless told otherwise
        self.lift = nn.Parameter(torch.zeros(size.width, 1, 1))
        self.trunk = nn.ModuleList(Folded(size.width, size.width) for _ in range(size.inner))
        self.tail = nn.Conv2d(size.width, 3 * scale * scale, 3)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)  # type: ignore[arg-type]  # a convolution has a bias unless told otherwise
        self.phases: Tensor
        self.register_buffer("phases", phases(scale), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        if self.training:
            change = functional.pixel_shuffle(self.change(picture), self.scale)
            return change + inner(self.enlarged(picture), self.reach * self.scale)
        wide = functional.pad(picture, (self.reach,) * 4, mode="replicate")
        return functional.pixel_shuffle(self.change(wide), self.scale) + self.enlarged(picture)

    def change(self, picture: Tensor) -> Tensor:
        """What is added to a picture that is `reach` px smaller on every side, before it is rearranged."""
        x = first = functional.leaky_relu(self.head(picture) * self.light(picture) + self.lift, SLOPE)
        for layer in self.trunk:
            x = functional.leaky_relu(layer(x), SLOPE)
        made: Tensor = self.tail(x + inner(first, len(self.trunk)))
        return made

    @torch.no_grad()
    def level_off(self) -> None:
        """Takes what flat ground is changed by off the last convolution's bias: then it is not changed."""
        side = 2 * self.reach + 1
        flat = self.change(torch.full((1, 3, side, side), 0.5))
        self.tail.bias -= flat[0, :, 0, 0]  # type: ignore[operator]  # a convolution has a bias unless told otherwise

    def enlarged(self, picture: Tensor) -> Tensor:
        """The bicubic enlargement (Keys 1981, a = −0.5) as one convolution, the border repeated."""
        if self.scale == 1:
            return picture
        padded = functional.pad(picture, (_WINDOW,) * 4, mode="replicate")
        made = functional.conv2d(padded, self.phases, groups=3)
        return functional.pixel_shuffle(made, self.scale)


def inner(picture: Tensor, border: int) -> Tensor:
    """Without `border` px of every side."""
    return picture[..., border : picture.shape[2] - border, border : picture.shape[3] - border]


def reach(size: Size) -> int:
    """Input px around a pixel that its outputs depend on: one for every convolution."""
    return size.inner + 2


def phases(scale: int) -> Tensor:
    """3·scale²×1×5×5: the kernel of every output position within its input pixel, for each colour."""
    at = (np.arange(scale) + 0.5) / scale - 0.5
    taps = cubic(at[:, None] - np.arange(-_WINDOW, _WINDOW + 1)[None])
    one = np.einsum("iy,jx->ijyx", taps, taps).reshape(scale * scale, 1, taps.shape[1], taps.shape[1])
    return torch.from_numpy(np.tile(one, (3, 1, 1, 1)).astype(np.float32))
