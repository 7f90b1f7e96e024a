"""Spend what loss is left: windows give up strips at their rims, or themselves, where that saves most for what it loses.

What is given up falls to what each cell has already, or to the next rung below in a window of its own."""

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
    below: bool
    """What is given up is made by the next rung below."""


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
        if best.below:
            laid.append(_Laid(best.laid.rung - 1, best.given_up))
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
    for one in laid:
        whole, cost = _area(problem, one.rung, one.window), problem.rungs[one.rung].cost
        for rest, given_up in _smaller(one.window):
            saved = (whole - (_area(problem, one.rung, rest) if rest else 0)) * cost
            yield _Cut(one, rest, given_up, saved, _more(problem, choice, one.rung, given_up, 0), False)
            if one.rung < 2:
                continue
            saved -= _area(problem, one.rung - 1, given_up) * problem.rungs[one.rung - 1].cost
            if saved > 0:
                lost = _more(problem, choice, one.rung, given_up, one.rung - 1)
                yield _Cut(one, rest, given_up, saved, lost, True)


def _more(problem: Problem, choice: Choice, rung: int, given_up: Window, least: int) -> float:
    """What the cells that `rung` makes there lose without it, made by what they have or by `least` where that is more."""
    cells = given_up.where
    losses = problem.losses[(slice(None), *cells)]
    instead = np.maximum(problem.floor[cells], least)
    more = np.where(choice[cells] == rung, picked(losses, instead) - losses[rung], 0)
    return max(float((more * problem.grid.areas[cells]).sum()), 0.0)


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
    instead = np.maximum(problem.floor[cells], cut.laid.rung - 1 if cut.below else 0)
    out[cells] = np.where(out[cells] == cut.laid.rung, instead, out[cells])
    return out
