"""Bench `compare`: four variants on the demo catalogue, and how often the verdict is right about them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from flows.bench.compare.cases import cases
from flows.bench.compare.resampling import RESAMPLES, rates
from flows.bench.compare.running import EQUAL, PLANTED, compared
from flows.bench.setting import folder, tell
from flows.comparing.model import Comparison
from flows.comparing.page import render
from model_registry.errors import RegistryError


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: every pair on every deciding metric. Summary: whether the verdict is right, how often on pictures drawn anew, what
    the variants cost, and what observing costs when it is off. quick: pictures cut down to what is removed, and shorter timings.

    Only pictures that the program ships or renders are looked at."""
    with tempfile.TemporaryDirectory() as name:
        comparison, shop = compared(cases(Path(name), whole=not quick), f"{name}/store")
        page = folder("compare") / "compare.html"
        page.write_text(render(shop, comparison), encoding="utf-8")
    tell(f"the page of the comparison: {page}")
    begun = time.perf_counter()
    found = rates(comparison, PLANTED, EQUAL)
    tell(f"compare: {RESAMPLES} resamples in {time.perf_counter() - begun:.1f} s")
    verdict = comparison.verdict
    return _rows(comparison), {
        **found,
        "verdict": verdict.kind,
        "winner": verdict.winner,
        "equal_called_different": any(set(pair) == set(EQUAL) for pair in verdict.beaten),
        "sentence": verdict.sentence,
        "pictures": len(comparison.pictures),
        "resamples": RESAMPLES,
        **{f"seconds_a_picture_{one.name}": one.cost.median for one in comparison.variants},
        **_overhead(quick),
    }


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "metric": one.metric, "pair": f"{one.b} - {one.a}", "pictures": one.pictures, "difference": one.difference,
            "low": one.low, "high": one.high, "p": one.p, "corrected": one.corrected, "says": one.says,
        }
        for one in comparison.intervals
        if comparison.metric(one.metric).deciding
    ]  # fmt: skip


def _overhead(quick: bool) -> dict[str, Any]:
    """What observing a sampling costs on the embedded generator: `off_overhead` and the rest; or why that cannot be said."""
    from flows.bench.attention.overhead import measure as observing

    try:
        return observing(quick=quick)
    except RegistryError as error:
        return {"skipped": {"off_overhead": str(error)}}
