"""Two regions that reach into each other, as lines of text do: what a rejected one keeps, and what must go all the same."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.contracts import Patch, Raster, Region
from tasks.results import RegionResult
from tasks.steps.recompose import without
from tasks.steps.restore import Restored

HOLES = {1: (10, 20), 2: (18, 32)}
"""Columns; each write zone reaches 3 px further on both sides. Columns 18 and 19 are both's hole."""
SOURCE, NEW = 100, {1: 11, 2: 22}


def region(n: int) -> tuple[Region, Restored]:
    begin, end = HOLES[n]
    box = (begin - 3, 0, end + 3, 8)
    mask = np.zeros((8, end - begin + 6), np.float32)
    mask[:, 3:-3] = 1
    zone = np.ones(mask.shape, bool)
    patch = Patch(box[0], 0, np.full((*mask.shape, 3), NEW[n] / 255, np.float32), zone)
    return Region(n, box, mask, "text"), Restored(patch, RegionResult(n=n, kind="text", box=box), ())


@pytest.mark.parametrize(
    ("rejected", "spans"),
    [
        (2, [(0, 7, SOURCE), (7, 18, NEW[1]), (18, 40, SOURCE)]),
        (1, [(0, 20, SOURCE), (20, 35, NEW[2]), (35, 40, SOURCE)]),
    ],
)
def test_the_rejected_region_keeps_its_zone_and_the_other_ones_hole_goes(
    rejected: int, spans: list[tuple[int, int, int]]
) -> None:
    raster = Raster(np.full((8, 40, 3), SOURCE, np.uint8))
    regions, restored = zip(region(1), region(2), strict=True)
    after = without(raster, regions, restored, frozenset({rejected}))
    expected = np.concatenate([np.full(b - a, value) for a, b, value in spans])
    np.testing.assert_array_equal(after.pixels, np.broadcast_to(expected[None, :, None], (8, 40, 3)))
    assert (raster.pixels == SOURCE).all()


def test_where_only_the_soft_edges_meet_the_rejected_one_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(HOLES, 2, (24, 32))
    raster = Raster(np.full((8, 40, 3), SOURCE, np.uint8))
    regions, restored = zip(region(1), region(2), strict=True)
    after = without(raster, regions, restored, frozenset({2})).pixels[0, :, 0]
    assert (after[7:21] == NEW[1]).all()
    assert (after[21:] == SOURCE).all()
