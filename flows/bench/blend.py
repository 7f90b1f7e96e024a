"""Bench `blend`: the gradient-domain blend against OpenCV's seamlessClone and scipy's sine transform, and its error."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.bench.blend_cases import MARGIN, Case, cases, seamless_clone, sine_correction, sine_transform
from flows.bench.setting import tell
from model_registry.engines.classical.poisson_blend import poisson_blend
from model_registry.engines.classical.poisson_exact import (
    ring_of,
    solve_by_conjugate_gradients,
    solve_directly,
)

Seconds = NDArray[np.float64]

DIRECT = {True: 0.12e6, False: 0.5e6}
"""Zones up to this many pixels are checked by sparse LU, larger ones by conjugate gradients to 0.05 level, a proven bound (quick
or not). In rectangles they begin at the sine transform's solution, and have only to confirm it."""
ROUNDS = 4
"""A-B-B-A turns: twice as many runs of each."""
SMALL, LARGE = 0.2e6, 2e6


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows: zone, median milliseconds of each with 95 % intervals of the ratio, error in levels of 255, pixels changed outside."""
    rows = []
    for case in cases(quick):
        rows.append(_row(case, quick))
        tell(f"blend: {case.shape} {case.height}x{case.width}, error {rows[-1]['error_levels']:.0f}")
    return rows, _summary(rows)


def _row(case: Case, quick: bool) -> dict[str, Any]:
    def ours() -> NDArray[np.uint8]:
        return poisson_blend(case.target, case.source, case.zone)

    made = ours()
    mine, clone = _alternately(ours, lambda: seamless_clone(case))
    low, high = _interval(mine, clone)
    over_sine = np.nan
    if case.shape == "rectangle":
        again, sine = _alternately(ours, lambda: sine_transform(case))
        over_sine = float(np.median(sine) / np.median(again))
    megapixels = case.height * case.width / 1e6
    return {
        "zone": case.shape, "box": f"{case.height}x{case.width}", "megapixels": megapixels,
        "clone_ms": float(np.median(clone)) * 1e3, "ours_ms": float(np.median(mine)) * 1e3,
        "ms_per_megapixel": float(np.median(mine)) * 1e3 / megapixels,
        "speedup": float(np.median(clone) / np.median(mine)), "low": low, "high": high, "over_sine": over_sine,
        "error_levels": _error(case, made, DIRECT[quick]),
        "changed_outside": int((made != case.target)[~case.zone].any(-1).sum()),
    }  # fmt: skip


def _alternately(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Seconds, Seconds]:
    """Seconds of each run, in the order A-B-B-A."""
    taken: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(ROUNDS):
        for which in (0, 1, 1, 0):
            begun = time.perf_counter()
            (first, second)[which]()
            taken[which].append(time.perf_counter() - begun)
    return np.array(taken[0]), np.array(taken[1])


def _interval(mine: Seconds, rival: Seconds) -> tuple[float, float]:
    """95 % of the ratio of medians over resampled runs (percentile bootstrap, seeded)."""
    rng = np.random.default_rng(0)
    drawn = [
        np.median(rng.choice(rival, rival.size)) / np.median(rng.choice(mine, mine.size)) for _ in range(1000)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _error(case: Case, made: NDArray[np.uint8], direct: float) -> float:
    """Largest distance in levels from the exact solution, both rounded to whole levels."""
    ring = ring_of(case.zone)
    values = np.where(ring[..., None], case.target.astype(np.float64) - case.source, 0)
    if np.count_nonzero(case.zone) <= direct:
        exact = solve_directly(values, case.zone)
    else:
        exact = solve_by_conjugate_gradients(values, case.zone, _start(case))
    wanted = np.clip(np.rint(case.source[case.zone] + exact), 0, 255)
    return float(np.abs(made[case.zone] - wanted).max())


def _start(case: Case) -> NDArray[np.floating] | None:
    """A near solution, HxWxC: where the iteration starts from decides how long it takes, not where it ends."""
    if case.shape != "rectangle":
        return None
    start = np.zeros(case.target.shape)
    start[MARGIN:-MARGIN, MARGIN:-MARGIN] = sine_correction(case, np.float64)
    return start


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    speedups = np.array([r["speedup"] for r in rows])
    sine = np.array([r["over_sine"] for r in rows if r["zone"] == "rectangle"])
    rng = np.random.default_rng(0)
    logs = np.log(speedups)
    drawn = np.exp([rng.choice(logs, logs.size).mean() for _ in range(1000)])
    costs = np.array([(r["megapixels"], r["ms_per_megapixel"]) for r in rows])
    small = costs[costs[:, 0] <= SMALL, 1]
    large = costs[costs[:, 0] >= min(LARGE, costs[:, 0].max()), 1]
    return {
        "speedup_geomean": float(np.exp(logs.mean())),
        "speedup_geomean_low": float(np.percentile(drawn, 2.5)),
        "speedup_geomean_high": float(np.percentile(drawn, 97.5)),
        "speedup_min": float(speedups.min()),
        **{f"speedup_geomean_{zone}": _geomean(rows, zone) for zone in ("rectangle", "irregular")},
        "speedup_over_sine_geomean": float(np.exp(np.log(sine).mean())),
        "speedup_over_sine_min": float(sine.min()),
        "max_error_levels": max(r["error_levels"] for r in rows),
        "changed_outside": float(sum(r["changed_outside"] for r in rows)),
        "ms_per_megapixel_small": float(np.median(small)),
        "ms_per_megapixel_large": float(np.median(large)),
        "cases": float(len(rows)),
    }


def _geomean(rows: Sequence[dict[str, Any]], zone: str) -> float:
    return float(np.exp(np.mean([np.log(r["speedup"]) for r in rows if r["zone"] == zone])))
