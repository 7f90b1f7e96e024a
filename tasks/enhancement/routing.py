"""Which rung makes which cell: the least expected cost that keeps the expected loss, halos and all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tasks.contracts import Zone
from tasks.enhancement.making import context_of
from tasks.enhancement.problem import Choice, Layout, Problem, loss_db, picked, spent
from tasks.enhancement.rungs import Rung, Target
from tasks.enhancement.trimming import trimmed
from tasks.enhancement.windows import CALL, cover, shown_area

_HALVINGS = 40
_TRIES = 6
"""Windows are laid out so many times at most while the price of loss is sought."""


def routed(problem: Problem, target: Target) -> Layout:
    """The cheapest layout found whose expected loss is within `target.loss_db`; within `target.budget` first of all."""
    if target.loss_db <= 0:
        return _within(problem, target, 0.0)
    low, high = 0.0, _price(problem, target.loss_db)
    best = laid_out(problem, high)
    if best.loss_db <= target.loss_db:
        low = high
        for _ in range(_TRIES):
            high *= 1.6
            found = laid_out(problem, high)
            if found.loss_db > target.loss_db:
                break
            low, best = high, found
    for _ in range(_TRIES):
        middle = (low + high) / 2
        found = laid_out(problem, middle)
        if found.loss_db <= target.loss_db:
            low, best = middle, found
        else:
            high = middle
    if best.loss_db > target.loss_db:
        low, best = 0.0, laid_out(problem, 0.0)
    best = trimmed(problem, best, target.loss_db)
    return best if _afforded(problem, best, target) else _within(problem, target, low)


def laid_out(problem: Problem, price: float) -> Layout:
    """The layout at a price of cost in loss: every cell's best rung, then windows, from the top rung down.

    A window takes along the lower cells inside it; one that does not pay as a whole is given up."""
    choice = _best(problem, price)
    areas = [0] * len(problem.rungs)
    for rung in range(len(problem.rungs) - 1, 0, -1):
        areas[rung] = _lay(problem, choice, rung, price)
    return Layout(choice, loss_db(problem, choice), tuple(areas))


def _afforded(problem: Problem, layout: Layout, target: Target) -> bool:
    return target.budget >= 1 or spent(problem, layout) <= target.budget


def _best(problem: Problem, price: float, most: int = 127) -> Choice:
    """Per cell, surroundings not counted; no rung over `most` but what a cell has already."""
    costs = np.asarray([rung.cost for rung in problem.rungs])[:, None, None]
    level = np.arange(len(problem.rungs))[:, None, None]
    paid = np.where(level == problem.floor, 0, costs)
    allowed = problem.allowed & ((level <= most) | (level == problem.floor))
    bill = np.where(allowed, problem.losses + price * paid, np.inf)
    return np.asarray(bill.argmin(axis=0), np.int8)


def _lay(problem: Problem, choice: Choice, rung: int, price: float) -> int:
    """Lay the windows of one rung into `choice`, in place; returns the pixels shown."""
    wanted: Zone = (choice == rung) & (problem.floor != rung)
    context = context_of(problem.rungs[rung], problem.cutting)
    lower = _best(problem, price, rung - 1)
    shown = 0
    for window in cover(wanted, problem.grid, context, problem.cutting.most_cells):
        cells, area = window.where, shown_area(problem.grid, window, context) + CALL
        taken = (choice[cells] <= rung) & (problem.floor[cells] < rung) & (problem.top[cells] >= rung)
        instead = np.where(choice[cells] == rung, lower[cells], choice[cells])
        now = picked(problem.losses[(slice(None), *cells)], instead)
        saved = np.where(taken, now - problem.losses[(rung, *cells)], 0) * problem.grid.areas[cells]
        if float(saved.sum()) < price * problem.rungs[rung].cost * area:
            choice[cells] = instead
            continue
        choice[cells] = np.where(taken, rung, choice[cells])
        shown += area
    return shown


def _price(problem: Problem, loss: float) -> float:
    """The price at which cells alone, without windows, lose `loss` dB."""
    low, high = 0.0, float(problem.losses.max(initial=0)) / max(_least_cost(problem.rungs), 1e-9) + 1e-6
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if loss_db(problem, _best(problem, middle)) <= loss else (low, middle)
    return low


def _least_cost(rungs: Sequence[Rung]) -> float:
    return min(rung.cost for rung in rungs[1:]) if len(rungs) > 1 else 1.0


def _within(problem: Problem, target: Target, price: float) -> Layout:
    """The layout of the least price from `price` up whose cost is within the budget."""
    best = laid_out(problem, price)
    if _afforded(problem, best, target):
        return best
    low, high = price, 2 * float(problem.losses.max(initial=0)) / max(_least_cost(problem.rungs), 1e-9) + 1e-6
    best = laid_out(problem, high)
    for _ in range(_TRIES * 2):
        middle = (low + high) / 2
        found = laid_out(problem, middle)
        if _afforded(problem, found, target):
            high, best = middle, found
        else:
            low = middle
    return best
