"""Works out what the cheap rungs of a run saved, from its results and the engines' cards."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from model_registry.card import Card
from model_registry.registry import Registry
from tasks.generation.context import context_box
from tasks.results import ItemResult, RegionResult
from tasks.savings import CellSavings, RungCells, RungSavings, Savings

ENOUGH = 3
"""Regions that the top of the ladder must have filled in the run for its time to be measured rather than taken from its card."""
NOT_MEASURED = (
    "not measured in the run: the scores are those of different regions. `pentimento savings RUN --sample N` fills a "
    "sample again with the top engine and compares"
)


@dataclass(slots=True)
class _Filled:
    """What one rung filled in this very run: a number or two a region, whatever else is known of it."""

    seconds: array[float] = field(default_factory=lambda: array("d"))
    megapixels: array[float] = field(default_factory=lambda: array("d"))
    scores: dict[str, array[float]] = field(default_factory=dict)

    def add(self, item: ItemResult, region: RegionResult, seconds: float) -> None:
        self.seconds.append(seconds)
        self.megapixels.append(_megapixels(item, region))
        for name, value in region.scores.items():
            self.scores.setdefault(name, array("d")).append(value)


def savings_of(registry: Registry, items: Iterable[ItemResult], tier: str) -> Savings | None:
    """The account; None where the ladder has one rung or no region was filled by one of its engines.

    Regions that were recovered whole, replaced by prompt, or filled by a stand-in that is no rung, are left out."""
    ladder = {card.id: card for card in registry.of_role("fill", tier) if card.prompt != "required"}
    top = list(ladder.values())[-1] if ladder else None
    if top is None or len(ladder) < 2:
        return None
    filled = {engine: _Filled() for engine in ladder}
    measured, reused = array("d"), 0
    for item, region in ((i, r) for i in items for r in i.regions if _engine(r) in ladder):
        spent = _fresh(item, region.n)
        if not spent:
            reused += 1
            continue
        filled[_engine(region)].add(item, region, sum(spent.values()))
        if top.id in spent:
            measured.append(spent[top.id] / _megapixels(item, region))
    per_megapixel, basis = _cost_of(top, measured)
    rungs = [_rung(card, filled[card.id], per_megapixel) for card in ladder.values()]
    found = tuple(rung for rung in rungs if rung.regions)
    if not found and not reused:
        return None
    return Savings(top=top.id, basis=basis, rungs=found, reused=reused, quality=NOT_MEASURED)


def cell_savings_of(registry: Registry, items: Iterable[ItemResult]) -> CellSavings | None:
    """The account of enlarged pictures; None where there are none, or none with a ladder of several rungs."""
    pictures, top = 0, 0.0
    cells, seconds = dict[str, int](), dict[str, float]()
    for one in (i.enlargement for i in items):
        if one is None or one.scale <= 1 or len(one.rungs) < 2:
            continue
        pictures += 1
        top += sum(rung.seconds for rung in one.rungs) / max(1 - one.saved, 1e-6)
        for rung in one.rungs:
            cells[rung.engine] = cells.get(rung.engine, 0) + rung.cells
            seconds[rung.engine] = seconds.get(rung.engine, 0.0) + rung.seconds
    if not pictures:
        return None
    networks = {card.id for card in registry.cards if card.runtime != "classical"}
    rungs = (
        RungCells(engine=e, cells=cells[e], seconds=round(seconds[e], 4), network=e in networks)
        for e in cells
    )
    return CellSavings(pictures=pictures, top_seconds=round(top, 4), rungs=tuple(rungs))


def cell_metrics_of(savings: CellSavings | None) -> dict[str, float]:
    """For tracking: cells by rung, and the sums."""
    if savings is None:
        return {}
    by_rung = {f"savings.cells.{rung.engine}": float(rung.cells) for rung in savings.rungs}
    return by_rung | {
        "savings.cells": float(savings.cells), "savings.cells_without_network": float(savings.without_network),
        "savings.cell_seconds": savings.seconds, "savings.cell_seconds_at_the_top": savings.top_seconds,
    }  # fmt: skip


def cell_table_of(savings: CellSavings) -> tuple[tuple[str, ...], ...]:
    """Head and rows, for people."""
    rows = (
        (rung.engine, str(rung.cells), f"{rung.cells / max(savings.cells, 1):.1%}", f"{rung.seconds:.2f}")
        for rung in savings.rungs
    )
    return (("engine", "cells", "share", "seconds, by its card"), *rows)


def metrics_of(savings: Savings | None) -> dict[str, float]:
    """For tracking: regions by rung, and the sums."""
    if savings is None:
        return {}
    by_rung = {f"savings.regions.{rung.engine}": float(rung.regions) for rung in savings.rungs}
    return by_rung | {
        "savings.regions": float(savings.regions), "savings.seconds_used": savings.seconds,
        "savings.seconds_at_the_top": savings.top_seconds, "savings.reused": float(savings.reused),
    }  # fmt: skip


def table_of(savings: Savings) -> tuple[tuple[str, ...], ...]:
    """Head and rows, for people."""
    names = sorted({name for rung in savings.rungs for name in rung.scores})
    head = (
        "engine",
        "regions",
        "seconds",
        f"with {savings.top}, about",
        *(n.replace("_", " ") for n in names),
    )
    rows = (
        (rung.engine, str(rung.regions), f"{rung.seconds:.2f}", f"{rung.top_seconds:.2f}",
         *(f"{rung.scores[n]:.3g}" if n in rung.scores else "" for n in names))
        for rung in savings.rungs
    )  # fmt: skip
    return (head, *rows)


def _engine(region: RegionResult) -> str:
    return region.engine.removeprefix("unmix+")


def _fresh(item: ItemResult, n: int) -> Mapping[str, float]:
    """Seconds that each engine spent on filling the region in this very run; empty where all of it was found done."""
    found: dict[str, float] = {}
    for stage in item.stages:
        if stage.stage == "generation" and stage.region == n and stage.engine != "unmix" and not stage.cached:
            found[stage.engine] = found.get(stage.engine, 0.0) + stage.seconds
    return found


def _megapixels(item: ItemResult, region: RegionResult) -> float:
    """Of the crop that a region is worked on with."""
    x0, y0, x1, y1 = context_box(region.box, item.width, item.height)
    return max((x1 - x0) * (y1 - y0), 1) / 1e6


def _cost_of(top: Card, measured: Sequence[float]) -> tuple[float, str]:
    """Seconds a megapixel of the top engine: its median here, where it filled enough regions, else what its card says."""
    if len(measured) >= ENOUGH:
        return statistics.median(measured), f"measured on {len(measured)} regions of this run"
    return top.cost.seconds_per_megapixel, "by its card"


def _rung(card: Card, filled: _Filled, per_megapixel: float) -> RungSavings:
    return RungSavings(
        engine=card.id, rung=card.cost.rung, regions=len(filled.seconds), seconds=round(sum(filled.seconds), 4),
        top_seconds=round(sum(area * per_megapixel for area in filled.megapixels), 4),
        scores={name: round(statistics.fmean(values), 4) for name, values in sorted(filled.scores.items())},
    )  # fmt: skip
