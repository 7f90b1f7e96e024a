"""Seconds per megapixel of output on one thread, the ways taking turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.ways import Way

_SIDE: Final = 128
"""Of the picture that is enlarged, px."""


def seconds(ways: Sequence[Way], pair: Pair, scale: int, repeats: int) -> list[dict[str, Any]]:
    """A row a way: median and 95 % of the runs. Forwards and backwards in turn, after one run that does not count."""
    small = np.ascontiguousarray(pair.small[:_SIDE, :_SIDE])
    megapixels = small.shape[0] * small.shape[1] * scale * scale / 1e6
    taken: dict[str, list[float]] = {way.name: [] for way in ways}
    processor = dict.fromkeys(taken, 0.0)
    for way in ways:
        way.enlarge(small)
    for turn in range(repeats):
        for way in ways if turn % 2 == 0 else reversed(ways):
            begun, before = time.perf_counter(), time.process_time()
            way.enlarge(small)
            taken[way.name].append((time.perf_counter() - begun) / megapixels)
            processor[way.name] += (time.process_time() - before) / megapixels / repeats
    return [_row(way, scale, taken[way.name], processor[way.name]) for way in ways]


def _row(way: Way, scale: int, found: Sequence[float], processor: float) -> dict[str, Any]:
    low, high = np.quantile(found, (0.025, 0.975))
    return {
        "set": "speed", "scale": scale, "engine": way.name,
        "seconds_per_megapixel": float(np.median(found)), "low_95": float(low), "high_95": float(high),
        "processor_seconds_per_megapixel": processor,
    }  # fmt: skip


def keys(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`seconds_per_mp_x<scale>` and `processor_seconds_per_mp_x<scale>`: by engine."""
    made: dict[str, Any] = {}
    for row in rows:
        for kind in ("", "processor_"):
            of = made.setdefault(f"{kind}seconds_per_mp_x{row['scale']}", {})
            of[row["engine"]] = row[f"{kind}seconds_per_megapixel"]
    return made
