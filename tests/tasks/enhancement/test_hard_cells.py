"""The clusters of the hardest cells: the hardest first, apart from each other, few, and none where nothing is hard."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.enhancement.hard_cells import Hardest, hardest


def test_a_patch_of_hard_cells_is_one_cluster_and_the_hardest_comes_first() -> None:
    cells = np.zeros((12, 12), np.float32)
    cells[1:3, 2:5], cells[8:11, 8:10] = 0.5, 0.9
    assert hardest(cells) == ((8, 8, 10, 11), (2, 1, 5, 3))


def test_a_flat_picture_has_none() -> None:
    assert hardest(np.full((9, 9), 0.05, np.float32)) == ()


@pytest.mark.parametrize("seed", range(4))
def test_clusters_are_few_and_small_and_a_cell_lies_between_them(seed: int) -> None:
    cells = np.random.default_rng(seed).random((30, 21)).astype(np.float32)
    before = cells.copy()
    how = Hardest(most=7, side=3)
    found = hardest(cells, how)
    assert len(found) == 7
    assert np.array_equal(cells, before)
    taken = np.zeros(cells.shape, int)
    for x0, y0, x1, y1 in found:
        assert 0 <= x0 < x1 <= 21
        assert 0 <= y0 < y1 <= 30
        assert max(x1 - x0, y1 - y0) <= 3
        assert not taken[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1].any()
        taken[y0:y1, x0:x1] = 1


def test_equal_cells_are_taken_in_reading_order() -> None:
    cells = np.full((4, 40), 1.0, np.float32)
    found = hardest(cells, Hardest(most=3, side=1))
    assert found == ((0, 0, 1, 1), (2, 0, 3, 1), (4, 0, 5, 1))
