"""How a picture is cut, and in which order it is worked on, cannot be seen in the result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.enhancement import making
from tasks.enhancement.rungs import Cutting, Guards, Request, Rung
from tasks.enhancement.selective import enlarge_selectively
from tasks.enhancement.windows import cover
from tests.tasks.enhancement.conftest import Ladder, apart, bicubic, picture, sharpened

CUTTING = Cutting(cell=16, most_cells=(4, 4), context=9, ramp=3)
FREE = Guards(consistency_db=0, colour_levels=255)


def choice_of(height: int, width: int, seed: int, rungs: int = 3) -> np.ndarray:
    shape = (-(-height // 16), -(-width // 16))
    return np.random.default_rng(seed).integers(0, rungs, shape).astype(np.int8)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.integers(1, 90), st.integers(0, 99), st.sampled_from([1, 2, 3, 4]), st.data())
def test_memory_does_not_show(height: int, width: int, seed: int, scale: int, data: st.DataObject) -> None:
    memory = data.draw(st.sampled_from([1, 900, 2000]))
    raster, choice = picture(height, width, seed), choice_of(height, width, seed)
    rungs = (
        Rung("a", lambda x: bicubic(x, scale), 1, 3),
        Rung("b", lambda x: sharpened(x, scale, 0.5), 2, 6),
        Rung("c", lambda x: sharpened(x, scale, 1.5), 9, 6),
    )
    request = Request(scale, cutting=CUTTING, choice=choice)
    whole = enlarge_selectively(raster, rungs, request)
    cut = enlarge_selectively(raster, rungs, replace(request, cutting=replace(CUTTING, memory=memory)))
    assert apart(whole.raster.pixels, cut.raster.pixels) <= 1
    assert (whole.routing.choice == cut.routing.choice).all()


def test_smaller_memory_means_smaller_pieces(ladder: Ladder) -> None:
    sizes: list[int] = []

    def noted(x: np.ndarray) -> np.ndarray:
        sizes.append(x.shape[0] * x.shape[1])
        return sharpened(x, 2, 1.0)

    rungs = (ladder(2)[0], replace(ladder(2)[2], enlarge=noted))
    request = Request(2, cutting=replace(CUTTING, memory=2500), choice=np.ones((8, 8), np.int8))
    enlarge_selectively(picture(128, 128), rungs, request)
    assert max(sizes) <= 2500


def test_order_of_windows_does_not_show(ladder: Ladder, monkeypatch: pytest.MonkeyPatch) -> None:
    raster = picture(160, 160, 3)
    request = Request(3, cutting=CUTTING, choice=choice_of(160, 160, 5))
    forward = enlarge_selectively(raster, ladder(3), request)
    monkeypatch.setattr(making, "cover", lambda *given: cover(*given)[::-1])
    backward = enlarge_selectively(raster, ladder(3), request)
    assert apart(forward.raster.pixels, backward.raster.pixels) <= 1


def test_cells_are_their_rungs_own(ladder: Ladder) -> None:
    """Inside a cell of the top rung the result is what that rung makes of the whole picture."""
    raster, choice = picture(96, 96, 1), np.zeros((6, 6), np.int8)
    choice[2:4, 1:5] = 2
    request = Request(2, cutting=CUTTING, guards=FREE, choice=choice)
    made = enlarge_selectively(raster, ladder(2), request).raster.pixels
    whole = np.rint(sharpened(raster.crop(raster.box), 2, 1.0) * 255)
    assert apart(made[64:128, 32:160], whole[64:128, 32:160]) <= 1
    low = np.rint(bicubic(raster.crop(raster.box), 2) * 255)
    assert apart(made[:56], low[:56]) <= 1  # beyond the ramp
    assert apart(made[60:64, 40:150], low[60:64, 40:150]) > 1  # and the ramp is there


def test_same_call_same_bytes(ladder: Ladder) -> None:
    raster = picture(70, 90, 2)
    one, two = (enlarge_selectively(raster, ladder(4), Request(4)) for _ in range(2))
    assert (one.raster.pixels == two.raster.pixels).all()
    assert one.routing.saved == two.routing.saved
