"""What a decoder is held to: another texture of the same kind costs less than a smooth one, and a grid of its own costs most."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from flows.training.backdrop.texture import cell_excess, decoded_loss, wave_gap

SIDE = 96


def rough(seed: int) -> Tensor:
    """Plaster: even, smooth below 2 px."""
    noise = torch.randn((2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(seed))
    return 0.6 * functional.avg_pool2d(noise, 3, 1, 1)


def grid(strength: float) -> Tensor:
    """The same in every cell of 8 px."""
    cell = torch.randn((1, 1, 8, 8), generator=torch.Generator().manual_seed(5))
    return strength * cell.repeat(2, 3, SIDE // 8, SIDE // 8)


def test_what_is_alike_costs_less_than_what_is_smooth() -> None:
    truth, alike, smooth = rough(1), rough(2), torch.zeros(2, 3, SIDE, SIDE)
    assert wave_gap(truth, truth) == 0
    assert wave_gap(alike, truth) < 0.35 * wave_gap(smooth, truth)
    assert functional.l1_loss(alike, truth) > functional.l1_loss(smooth, truth), (
        "px by px it is the other way round"
    )


def test_strokes_of_another_direction_are_another_texture() -> None:
    along = functional.avg_pool2d(rough(1), (1, 9), 1, (0, 4))
    across = along.transpose(2, 3)
    other = functional.avg_pool2d(rough(2), (1, 9), 1, (0, 4))
    assert wave_gap(other, along) < 0.5 * wave_gap(across, along)


def test_a_grid_of_ones_own_is_no_texture_and_the_truths_own_is_allowed() -> None:
    truth = rough(1)
    spread = float(truth.std())
    assert cell_excess(rough(2), truth) < 0.2 * cell_excess(grid(spread), truth)
    assert cell_excess(grid(0.5), grid(0.5)) == 0
    assert decoded_loss(rough(2), truth) < decoded_loss(grid(spread), truth)
