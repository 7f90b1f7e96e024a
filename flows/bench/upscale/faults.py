"""Memory that runs out at every piece in turn: how far the result is from the clean one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.ways import Ladder
from model_registry.errors import EngineOutOfMemory
from tasks.contracts import Pixels
from tasks.enhancement.rungs import Enlarged, Rung

_CELL: Final = 104 * 104
"""px of a cell with the surroundings that the heavy network looks at."""


@dataclass
class _Calls:
    """How often engines were called, and when the memory runs out."""

    at: int = -1
    """At this call, once; -1 for never."""
    most: int = 1 << 30
    """At every call for more px than these."""
    count: int = 0

    def spoiled(self, rung: Rung) -> Rung:
        def enlarge(small: Pixels) -> Pixels:
            self.count += 1
            if self.count - 1 == self.at or small.shape[0] * small.shape[1] > self.most:
                raise EngineOutOfMemory(f"{rung.ref}: injected")
            return rung.enlarge(small)

        return replace(rung, enlarge=enlarge)


def out_of_memory(ladder: Ladder, pair: Pair, most: int) -> dict[str, Any]:
    """At each call of an engine, or at `most` of them evenly spread, and at every call for more than one cell: the largest
    difference in levels. Where a single cell cannot be made it falls to the next rung, as it says: these runs count apart."""
    calls = _Calls()
    clean = _run(ladder, pair, calls)
    places = np.unique(np.linspace(0, calls.count - 1, min(most, calls.count)).astype(int))
    made = [_run(ladder, pair, _Calls(int(at))) for at in places] + [_run(ladder, pair, _Calls(most=_CELL))]
    whole = [_off(clean, m) for m in made if len(m.routing.falls) == len(clean.routing.falls)]
    fallen = [_off(clean, m) for m in made if len(m.routing.falls) != len(clean.routing.falls)]
    return {
        "oom_max_levels": max(whole, default=0), "oom_places": len(places), "oom_calls": calls.count,
        "oom_runs_with_fallen_cells": len(fallen), "oom_fallen_max_levels": max(fallen, default=0),
    }  # fmt: skip


def _run(ladder: Ladder, pair: Pair, calls: _Calls) -> Enlarged:
    return replace(ladder, rungs=[calls.spoiled(rung) for rung in ladder.rungs]).run(pair.small)


def _off(a: Enlarged, b: Enlarged) -> int:
    return int(np.abs(a.raster.pixels.astype(np.int32) - b.raster.pixels).max())
