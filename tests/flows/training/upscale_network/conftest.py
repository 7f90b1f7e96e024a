"""Pictures and threads for the tests of the upscaling recipe."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch

from flows.training.upscale_network.imresize import Bytes3


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def drawn() -> Bytes3:
    """240×320×3: edges, a ramp and texture, the same every time."""
    rng = np.random.default_rng(3)
    page = np.repeat(np.linspace(40, 200, 320)[None, :, None], 240, 0).repeat(3, 2).astype(np.uint8)
    for n in range(12):
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        at = tuple(int(v) for v in rng.integers(0, 240, 2))
        cv2.circle(page, at, int(rng.integers(8, 40)), colour, -1 if n % 2 else 3, cv2.LINE_AA)
    page[120:, 200:] = rng.integers(0, 256, (120, 120, 1), np.uint8)
    return page
