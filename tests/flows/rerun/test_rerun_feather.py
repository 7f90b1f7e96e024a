"""A region with a wider soft edge than its picture's: the edge has room, and keeps out of what the others write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.job import RegionChange
from tasks.steps.detect import detect
from tasks.steps.restore import Restored, restore
from tasks.steps.source import read_source
from tests.flows.review.conftest import LEFT, RIGHT, job, picture, shop_of


def restored(folder: Path, n: int = 0, feather: int = 3) -> dict[int, Restored]:
    picture(folder / "in" / "a.png")
    shop = shop_of(folder / "store")
    change = RegionChange(n=n, params={"blending": {"feather": feather}})
    plain = job(folder / "in", "a", "", engines={"generation": "plane"})
    source = read_source(shop, plain.model_copy(update={"changes": (change,)} if n else {}))
    return {one.result.n: one for one in restore(shop, source, detect(shop, source).regions)}


def zone(one: Restored) -> NDArray[np.bool_]:
    """The write zone, in the picture."""
    whole = np.zeros((100, 140), bool)
    x0, y0, x1, y1 = one.patch.box
    whole[y0:y1, x0:x1] = one.patch.zone
    return whole


@pytest.mark.parametrize(("n", "box"), [(1, (1, 0, 33, 21)), (2, (21, 31, 69, 69))])
def test_the_box_holds_the_wider_edge(tmp_path: Path, n: int, box: tuple[int, int, int, int]) -> None:
    narrow, wide = restored(tmp_path), restored(tmp_path, n, feather=9)
    assert wide[n].result.box == box
    assert (zone(wide[n]) & ~zone(narrow[n])).sum() > 100
    assert not (zone(narrow[n]) & ~zone(wide[n])).any()
    for other in {1, 2, 3} - {n}:
        assert wide[other].result == narrow[other].result
        assert (zone(wide[other]) == zone(narrow[other])).all()


def test_it_keeps_out_of_the_neighbours_zone(tmp_path: Path) -> None:
    narrow, wide = restored(tmp_path), restored(tmp_path, 2, feather=12)
    assert LEFT[2] + 12 > RIGHT[0]
    assert wide[2].patch.box[2] > RIGHT[0]
    assert not (zone(wide[2]) & zone(narrow[3])).any()
    assert zone(wide[2])[:, : LEFT[0]].sum() > zone(narrow[2])[:, : LEFT[0]].sum()


def test_a_narrower_edge_needs_no_room(tmp_path: Path) -> None:
    narrow, wide = restored(tmp_path, 1, feather=0), restored(tmp_path)
    assert narrow[1].result.box == wide[1].result.box
    assert zone(narrow[1]).sum() < zone(wide[1]).sum()
