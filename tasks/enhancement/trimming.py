"""Spend what loss is left: windows give up strips at their rims, or themselves, where that saves most for what it loses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.enhancement.grid import Window
from tasks.enhancement.making import context_of
from tasks.enhancement.problem import Choice, Layout, Problem, allowance, loss_db, lost, picked
from tasks.enhancement.windows import CALL, cover, shown_area

_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class _Laid:
    """A window of a rung."""

    rung: int
    window: Window


@dataclass(frozen=True, slots=True)
class _Cut:
    """A way to make one smaller."""

    laid: _Laid
    rest: Window | None
    given_up: Window
    saved: float
    lost: float


def trimmed(problem: Problem, layout: Layout, target_db: float) -> Layout:
    """A layout that costs no more and still loses no more than `target_db`; `layout` itself where it loses more already."""
    choice, laid = layout.choice.copy(), _windows(problem, layout.choice)
    for _ in range(_ROUNDS):
        left = allowance(problem, target_db) - lost(problem, choice)
        room = [cut for cut in _cuts(problem, choice, laid) if cut.lost <= left]
        if not room:
            break
        best = max(room, key=lambda cut: cut.saved / max(cut.lost, 1e-9))
        choice = _without(problem, choice, best)
        place = laid.index(best.laid)
        laid[place : place + 1] = [_Laid(best.laid.rung, best.rest)] if best.rest else []
    areas = [0] * len(problem.rungs)
    for one in _windows(problem, choice):
        areas[one.rung] += _area(problem, one.rung, one.window)
    return Layout(choice, loss_db(problem, choice), tuple(areas))


def _windows(problem: Problem, choice: Choice) -> list[_Laid]:
    return [
        _Laid(rung, window)
        for rung in range(1, len(problem.rungs))
        for window in cover(
            (choice == rung) & (problem.floor != rung),
            problem.grid,
            context_of(problem.rungs[rung], problem.cutting),
            problem.cutting.most_cells,
        )
    ]


def _area(problem: Problem, rung: int, window: Window) -> int:
    return shown_area(problem.grid, window, context_of(problem.rungs[rung], problem.cutting)) + CALL


def _cuts(problem: Problem, choice: Choice, laid: list[_Laid]) -> Iterator[_Cut]:
    areas = problem.grid.areas
    for one in laid:
        whole = _area(problem, one.rung, one.window)
        for rest, given_up in _smaller(one.window):
            saved = whole - (_area(problem, one.rung, rest) if rest else 0)
            cells = given_up.where
            own = choice[cells] == one.rung
            losses = problem.losses[(slice(None), *cells)]
            more = np.where(own, picked(losses, problem.floor[cells]) - losses[one.rung], 0)
            error = float((more * areas[cells]).sum())
            yield _Cut(one, rest, given_up, saved * problem.rungs[one.rung].cost, max(error, 0.0))


def _smaller(w: Window) -> Iterator[tuple[Window | None, Window]]:
    """What is left, and what is given up: all of it, or a row or column at its rim."""
    yield None, w
    if w.bottom - w.top > 1:
        yield Window(w.top + 1, w.left, w.bottom, w.right), Window(w.top, w.left, w.top + 1, w.right)
        yield Window(w.top, w.left, w.bottom - 1, w.right), Window(w.bottom - 1, w.left, w.bottom, w.right)
    if w.right - w.left > 1:
        yield Window(w.top, w.left + 1, w.bottom, w.right), Window(w.top, w.left, w.bottom, w.left + 1)
        yield Window(w.top, w.left, w.bottom, w.right - 1), Window(w.top, w.right - 1, w.bottom, w.right)


def _without(problem: Problem, choice: Choice, cut: _Cut) -> Choice:
    out, cells = choice.copy(), cut.given_up.where
    out[cells] = np.where(out[cells] == cut.laid.rung, problem.floor[cells], out[cells])
    return out
