"""What a texture looks like apart from where its strokes lie: the strength of its waves, and how far it repeats in cells.

A decoder that is only asked for strength along a few slopes makes it of a grid of its own, since it sees nothing of where the
strokes were. Here it is held to the truth's waves by direction and length (Gabor filters; Heeger and Bergen 1995 compare
textures by such responses), and to no more regularity in cells of a latent pixel than the truth has."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

_LENGTHS: Final = (2.7, 4.0, 6.0, 8.5)
"""Of the waves, px."""
_DIRECTIONS: Final = 8
_SIDE: Final = 13
_WINDOW: Final = 16
_CELL: Final = 8
"""Picture px a latent px."""
_LEAST: Final = 1e-5
_FINEST: Final = 0.4
"""Share of the difference px by px: all of it would smooth away every stroke that the latents do not place."""
_WAVES: Final = 1.0
_CELLS: Final = 30.0


def decoded_loss(made: Tensor, truth: Tensor) -> Tensor:
    """What a decoder is taught by when the latents are given: colours at four sizes, waves, cells; N×3×H×W each, −1 to 1."""
    total = _FINEST * functional.l1_loss(made, truth)
    total = total + _WAVES * wave_gap(made, truth) + _CELLS * cell_excess(made, truth)
    for factor in (2, 4, 16):
        small = functional.avg_pool2d(made, factor), functional.avg_pool2d(truth, factor)
        total = total + functional.l1_loss(*small)
    return total


def wave_gap(made: Tensor, truth: Tensor) -> Tensor:
    """Mean difference of the waves' local strength and of how evenly it is spread; N×3×H×W each, at two sizes."""
    total = torch.zeros(())
    for size in range(2):
        if size:
            made, truth = functional.avg_pool2d(made, 2), functional.avg_pool2d(truth, 2)
        for one, other in zip(_waves(made), _waves(truth), strict=True):
            total = total + functional.l1_loss(one, other)
    return total


def cell_excess(made: Tensor, truth: Tensor) -> Tensor:
    """By how much more the picture repeats itself from cell to cell than the truth does; N×3×H×W each, sides of whole cells."""
    return functional.relu(_repeated(made) - _repeated(truth)).mean()


@cache
def _bank() -> Tensor:
    """Filters×1×S×S, pairs of a cosine and a sine wave under a Gaussian: mean 0, square sum 1."""
    reach = torch.arange(_SIDE, dtype=torch.float32) - _SIDE // 2
    y, x = torch.meshgrid(reach, reach, indexing="ij")
    found = []
    for length in _LENGTHS:
        hill = torch.exp(-(x * x + y * y) / (2 * (0.45 * length) ** 2))
        for n in range(_DIRECTIONS):
            angle = math.pi * n / _DIRECTIONS
            along = 2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / length
            for wave in (torch.cos(along), torch.sin(along)):
                flat = hill * wave - hill * ((hill * wave).sum() / hill.sum())
                found.append(flat / flat.square().sum().sqrt())
    return torch.stack(found)[:, None]


def _waves(picture: Tensor) -> tuple[Tensor, Tensor]:
    """N×pairs×h×w: the waves' root mean square in windows, and their mean size: less where few strokes hold it all."""
    grey = picture.mean(1, keepdim=True)
    found = functional.conv2d(grey, _bank()).square()
    energy = found[:, 0::2] + found[:, 1::2] + _LEAST
    return (
        functional.avg_pool2d(energy, _WINDOW, _WINDOW // 2).sqrt(),
        functional.avg_pool2d(energy.sqrt(), _WINDOW, _WINDOW // 2),
    )


def _repeated(picture: Tensor) -> Tensor:
    """N×h×w: how large the mean cell's pattern is in squares of 4×4 cells."""
    grey = picture.mean(1, keepdim=True)
    fine = grey - functional.avg_pool2d(functional.pad(grey, (4, 4, 4, 4), "reflect"), 9, 1)
    cells = functional.pixel_unshuffle(fine, _CELL)
    pattern = functional.avg_pool2d(cells, 4, 2)
    found: Tensor = (pattern.square().mean(1) + _LEAST / 10).sqrt()
    return found
