"""Where the dear rungs go: within the loss, within the budget, in few windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts import Pixels, Raster
from tasks.enhancement.grid import Grid
from tasks.enhancement.problem import Problem, loss_db, spent
from tasks.enhancement.routing import routed
from tasks.enhancement.rungs import Cutting, Guards, Request, Rung, Target
from tasks.enhancement.selective import enlarge_selectively
from tasks.enhancement.windows import CALL, cover, shown_area
from tests.tasks.enhancement.conftest import Ladder, picture

FREE = Guards(consistency_db=0, colour_levels=255)


def problem(rows: int, columns: int, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    gain = (rng.gamma(0.3, 30, (rows, columns)) * (rng.random((rows, columns)) > 0.4)).astype(np.float32)
    losses = np.array([1.0, 0.3, 0.05, 0.0], np.float32)[:, None, None] * gain
    rungs = tuple(Rung(f"r{n}@1", lambda x: x, cost, 8) for n, cost in enumerate((0.02, 0.06, 0.2, 1.0)))
    floor = (gain > 1).astype(np.int8)
    top = np.full(gain.shape, 3, np.int8)
    return Problem(Grid(rows * 32, columns * 32, 32), rungs, Cutting(), losses, gain * 2 + 1, floor, top)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 999), st.floats(0.001, 0.5))
def test_loss_is_kept(rows: int, columns: int, seed: int, loss: float) -> None:
    given_ = problem(rows, columns, seed)
    layout = routed(given_, Target(loss))
    assert layout.loss_db <= loss + 1e-6
    assert layout.loss_db == loss_db(given_, layout.choice)
    assert (layout.choice >= given_.floor).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 10), st.integers(2, 10), st.integers(0, 999))
def test_budget_caps_what_is_spent(rows: int, columns: int, seed: int) -> None:
    given_ = problem(rows, columns, seed)
    free = routed(given_, Target(0.01))
    half = spent(given_, free) / 2
    least = spent(given_, routed(given_, Target(99)))
    capped = routed(given_, Target(0.01, max(half, least)))
    assert spent(given_, capped) <= max(half, least) + 1e-9


def test_more_loss_allowed_costs_less() -> None:
    given_ = problem(12, 12, 3)
    bills = [spent(given_, routed(given_, Target(loss))) for loss in (0.0, 0.01, 0.05, 0.2, 1.0)]
    assert bills == sorted(bills, reverse=True)
    assert bills[-1] < bills[1] / 2


def test_no_loss_means_the_top_rung_wherever_something_is_lost() -> None:
    given_ = problem(6, 6, 1)
    assert (routed(given_, Target(0.0)).choice[given_.losses[0] > 0] == 3).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 999), st.floats(0.05, 1))
def test_windows_cover_what_is_wanted_once(rows: int, columns: int, seed: int, share: float) -> None:
    wanted = np.random.default_rng(seed).random((rows, columns)) < share
    grid = Grid(rows * 32 - 5, columns * 32 - 9, 32)
    windows = cover(wanted, grid, 6, (8, 8))
    count = np.zeros(wanted.shape, int)
    for window in windows:
        count[window.where] += 1
        assert max(window.shape) <= 8
    assert count.max(initial=0) <= 1
    assert (count[wanted] == 1).all()
    alone = int(wanted.sum()) * (44 * 44 + CALL)
    assert sum(shown_area(grid, w, 6) + CALL for w in windows) <= alone


def test_a_full_block_is_one_window() -> None:
    grid = Grid(256, 256, 32)
    assert len(cover(np.ones((8, 8), bool), grid, 6, (8, 8))) == 1


def test_flat_pictures_never_meet_the_heavy_rung(ladder: Ladder) -> None:
    def never(image: Pixels) -> Pixels:
        raise AssertionError("a flat cell was shown to a network")

    low = ladder(4)[0]
    rungs = (low, replace(ladder(4)[1], enlarge=never), replace(ladder(4)[2], enlarge=never))
    for target in (Target(), Target(0.0)):
        out = enlarge_selectively(Raster(np.full((200, 200, 3), 254, np.uint8)), rungs, Request(4, target))
        assert (out.raster.pixels == 254).all()
        assert out.routing.cells[1:] == (0, 0)
        assert out.routing.saved > 0.95


def test_detail_goes_up_and_white_stays_down(ladder: Ladder) -> None:
    out = enlarge_selectively(picture(256, 384), ladder(4), Request(4, Target(0.001)))
    choice = out.routing.choice
    assert (choice[:, -1] == 0).all()
    assert (choice[3:5, 3:5] == 2).all()
    assert out.routing.uncertainty[4, 4] > 0.1 > out.routing.uncertainty[4, 11]
    assert sum(out.routing.cells) == choice.size
    assert abs(out.routing.saved - (1 - sum(out.routing.seconds) / (100 * 256 * 384 * 16e-6))) < 1e-9


def test_the_cheap_network_is_not_run_where_all_is_hard(ladder: Ladder) -> None:
    """Its time would be lost; where more may be lost against the top, it is run first."""
    shown: list[int] = []

    def counted(image: Pixels) -> Pixels:
        shown.append(image.shape[0] * image.shape[1])
        return ladder(4)[1].enlarge(image)

    rungs = (ladder(4)[0], replace(ladder(4)[1], enlarge=counted), ladder(4)[2])
    rough = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    out = enlarge_selectively(Raster(rough), rungs, Request(4, Target(0.001)))
    assert out.routing.cells == (0, 0, 16)
    assert not shown
    enlarge_selectively(picture(256, 384), rungs, Request(4, Target(1.0)))
    assert shown


def test_a_window_gives_cells_up_to_the_rung_just_below() -> None:
    """The rung below loses a little more than is allowed: most cells are still its own, few the top's."""
    lost = np.array([40.0, 30.0, 20.0, 1.1, 0.0], np.float32)[:, None, None] * np.ones((8, 8), np.float32)
    costs = (0.02, 0.06, 0.2, 0.4, 1.0)
    rungs = tuple(Rung(f"r{n}@1", lambda x: x, cost, 8) for n, cost in enumerate(costs))
    left, floor = np.full((8, 8), 100, np.float32), np.zeros((8, 8), np.int8)
    hard = Problem(Grid(256, 256, 32), rungs, Cutting(), lost, left, floor, np.full((8, 8), 4, np.int8))
    allowed = float(10 * np.log10(1 + 1.0 / 100))
    layout = routed(hard, Target(allowed))
    assert layout.loss_db <= allowed + 1e-6
    assert (layout.choice == 3).sum() >= 48
    assert spent(hard, layout) < 0.65


def test_protected_boxes_meet_the_cheap_rungs_only(ladder: Ladder) -> None:
    """To the bit what the ladder without its top gives, although the heavy rung works all around."""
    raster = picture(128, 192, 4)
    box = (32, 32, 96, 64)
    choice = np.full((4, 6), 2, np.int8)
    out = enlarge_selectively(raster, ladder(4), Request(4, guards=FREE, protected=(box,), choice=choice))
    assert (out.routing.choice == 2).any()
    cheap = enlarge_selectively(
        raster, ladder(4)[:2], Request(4, guards=FREE, choice=np.ones((4, 6), np.int8))
    )
    x0, y0, x1, y1 = (4 * side for side in box)
    inside = out.raster.pixels[y0:y1, x0:x1].astype(int) - cheap.raster.pixels[y0:y1, x0:x1]
    assert np.abs(inside).max() <= 1
    heavy = enlarge_selectively(raster, ladder(4), Request(4, guards=FREE, choice=choice))
    assert np.abs(heavy.raster.pixels[y0:y1, x0:x1].astype(int) - cheap.raster.pixels[y0:y1, x0:x1]).max() > 5


def test_rungs_that_invent_stay_out_of_protected_boxes_whatever_their_place(ladder: Ladder) -> None:
    rungs = (ladder(2)[0], replace(ladder(2)[1], invents=True))
    out = enlarge_selectively(
        picture(64, 64), rungs, Request(2, protected=((0, 0, 64, 64),), choice=np.ones((2, 2), np.int8))
    )
    assert (out.routing.choice == 0).all()
