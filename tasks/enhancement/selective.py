"""Enlarge a raster selectively: the dear rungs only on the cells where they are expected to pay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tasks.contracts import Raster
from tasks.enhancement.alpha import enlarge_alpha
from tasks.enhancement.ceiling import ceiling
from tasks.enhancement.consistency import Consistency, measured
from tasks.enhancement.features import Features, features
from tasks.enhancement.fidelity import Bounds, correct
from tasks.enhancement.gain import gains
from tasks.enhancement.grid import Cells, Grid
from tasks.enhancement.joining import Canvas
from tasks.enhancement.making import Maker
from tasks.enhancement.noise import noise_of
from tasks.enhancement.plain import wanted_db
from tasks.enhancement.problem import Choice, Problem, loss_db
from tasks.enhancement.report import fidelity_report, routing_report
from tasks.enhancement.routing import routed
from tasks.enhancement.rungs import Enlarged, Request, Rung
from tasks.enhancement.witness import Witness

_CHEAP = 0.3
"""A second rung of at most this share of the top one's cost is run first, to see how far it moves each cell."""
_IN_VAIN = 0.2
"""It is not, where by the source alone less than this share of the cells it would be run on would be left to it."""
_UNSEEN = 0.1
"""Share of the loss allowed that may lie in cells the second rung is not run on."""


def enlarge_selectively(raster: Raster, rungs: Sequence[Rung], request: Request) -> Enlarged:
    """`raster` enlarged by `request.scale` (1 = cleaned), at its own depth, with alpha by Lanczos and its metadata.

    rungs: the ladder, cheapest first; at scale 1 the first one must leave the picture as it is. Raises EngineFault where
    not even the first rung can make a cell. The result does not depend on `cutting.memory` (within 1 level)."""
    return _Work(raster, tuple(rungs), request).done()


class _Work:
    """One picture on its way through the ladder."""

    def __init__(self, raster: Raster, rungs: tuple[Rung, ...], request: Request) -> None:
        scale, cutting = request.scale, request.cutting
        self.raster, self.rungs, self.request = raster, rungs, request
        self.grid = Grid(raster.height, raster.width, cutting.cell)
        self.seen: Features = features(raster, self.grid)
        self.gains = gains(scale)
        pixels = np.empty((raster.height * scale, raster.width * scale, raster.channels), raster.pixels.dtype)
        self.canvas = Canvas(pixels, self.grid, scale, cutting.ramp)
        self.top = ceiling(self.grid, rungs, request, self.seen.flat)
        self.witness = Witness(raster, self.seen, self.canvas, rungs, request.guards.invention)
        closed = self.seen.flat & (scale == 1)
        self.maker = Maker(raster, self.canvas, rungs, cutting, np.zeros(self.grid.shape, np.int8), closed)
        self.blind: Choice | None = None

    def done(self) -> Enlarged:
        probed = self._probe() if self._probes and self._pays_to_look() else None
        gain = self._gain(probed)
        problem = self._problem(gain, probed)
        self.maker.choice[:] = self._choice(problem)
        expected = loss_db(problem, self.maker.choice)
        self.maker.judge = self.witness.judge
        for rung in range(0 if probed is None else 2, len(self.rungs)):
            self.maker.sweep(rung)
        held, wanted = self._held()
        enlarge_alpha(self.raster, self.canvas.pixels, self.request.scale)
        return Enlarged(
            Raster(self.canvas.pixels, self.raster.meta),
            routing_report(self.maker, gain, expected),
            fidelity_report(held, self.witness.invented, wanted),
        )

    @property
    def _probes(self) -> bool:
        if self.request.choice is not None or self.request.scale == 1 or len(self.rungs) < 3:
            return False
        return self.rungs[1].cost <= _CHEAP * self.rungs[-1].cost

    def _pays_to_look(self) -> bool:
        """Whether enough may be left to the second rung: on a picture that is hard all over, running it first is lost time.

        Where it does not, the choice by the source alone is kept."""
        blind = routed(self._problem(self._gain(None), None), self.request.target).choice
        looked = (self._worth_a_look() == 1) * self.grid.areas
        pays = float(((blind <= 1) * looked).sum()) >= _IN_VAIN * float(looked.sum())
        self.blind = None if pays else blind
        return pays

    def _probe(self) -> Choice:
        """Run the two cheapest rungs, the second where there may be something to gain; what each cell then has."""
        self.maker.choice[:] = np.minimum(self._worth_a_look(), self.top)
        self.maker.judge = self.witness.probe
        self.maker.sweep(0)
        self.maker.sweep(1)
        self.witness.probed = True
        return self.maker.choice.copy()

    def _worth_a_look(self) -> Choice:
        """1 in all cells but those that together cannot lose a tenth of what may be lost."""
        gain, areas = self._gain(None), self.grid.areas
        allowed = 10 ** (max(self.request.target.loss_db, 0.0) / 10) - 1
        unseen = _UNSEEN * allowed * float((self.gains.left(self.seen) * areas).sum())
        order = np.argsort(gain, axis=None, kind="stable")
        total = np.cumsum((gain * areas).ravel()[order])
        out = np.zeros(gain.size, np.int8)
        out[order[total > unseen]] = 1
        return out.reshape(gain.shape)

    def _gain(self, probed: Choice | None) -> Cells:
        """rows×cols, levels²: what the reference network is expected to take away from bicubic's squared error."""
        guessed = np.where(self.seen.flat, 0, self.gains.gain(self.seen)).astype(np.float32)
        if probed is None:
            return guessed
        looked = self.gains.gain_seen(self.witness.moved, self.rungs[1].ref)
        return np.where(probed == 1, looked, guessed).astype(np.float32)

    def _problem(self, gain: Cells, probed: Choice | None) -> Problem:
        losses = self.gains.losses(gain, [rung.ref for rung in self.rungs])
        floor = np.zeros(self.grid.shape, np.int8) if probed is None else probed
        top = np.maximum(self.top, floor)
        return Problem(
            self.grid, self.rungs, self.request.cutting, losses, self.gains.left(self.seen), floor, top
        )

    def _choice(self, problem: Problem) -> Choice:
        if self.request.choice is not None:
            return np.asarray(np.clip(self.request.choice, 0, self.top), np.int8)
        if self.request.scale == 1:
            return self.top
        return routed(problem, self.request.target).choice if self.blind is None else self.blind

    def _held(self) -> tuple[Consistency, Cells]:
        """The canvas, corrected where it does not give its source back, and what each cell is to reach, dB. Cleaning is not held
        to giving dirt back."""
        guards, cleaning = self.request.guards, self.request.scale == 1
        still = self.seen.flat if cleaning else np.zeros(self.grid.shape, np.bool_)
        least = 0.0 if cleaning else guards.consistency_db
        bounds = Bounds(least, guards.colour_levels, noise_of(self.seen, self.raster.meta), still)
        held = measured(self.raster, self.canvas)
        correct(held, bounds)
        if cleaning:
            return held, np.zeros(self.grid.shape, np.float32)
        cell, scale = self.grid.cell, self.request.scale
        return held, wanted_db(self.raster, held.decibels, cell, scale, bounds.least_db)
