"""A piece is shown as much around itself as the engine looks at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model_registry.engines.contract import Pixels
from model_registry.engines.pieces import HALO, Piecework, enlarged


@pytest.mark.parametrize("reach", [0, 20, 45])
def test_pieces_equal_the_whole_however_far_the_engine_looks(reach: int) -> None:
    picture = np.random.default_rng(3).random((150, 190, 3), np.float32)

    def blur(part: Pixels) -> Pixels:
        side = 2 * max(reach, 1) + 1
        return cv2.blur(part, (side, side), borderType=cv2.BORDER_REPLICATE)

    made = enlarged(picture, Piecework("wide", 1, 180, 1, blur, reach))
    assert np.abs(made - blur(picture)).max() < 1e-5


def test_a_short_reach_still_gets_the_least_halo() -> None:
    assert Piecework("short", 2, 0, 1, lambda part: part, 3).halo == HALO
    assert Piecework("far", 2, 0, 8, lambda part: part, 35).halo == 40
