"""Bench `engines`: every fill engine on the same holes, next to plain Telea: fidelity by kind of hole, and time."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.bench.holes import KINDS, Case, cases
from flows.demo.photographs import photograph
from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from model_registry.weights import at_hand

RIVAL = "telea"
PHOTOGRAPHS = ("astronaut", "brick", "chelsea", "coffee", "grass", "retina", "rocket")
"""None of those that anything was tuned on."""


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows: engine, kind of hole, PSNR and SSIM inside the hole, seconds a fill. Summary: each engine against the rival."""
    registry = Registry.load()
    pool = EnginePool(registry, 4096)
    here = [c for c in registry.cards if at_hand(c, registry.folder_of(c.id))]
    cards = [c for c in here if c.role == "fill" and c.prompt == "none"]
    pictures = {name: photograph(name) for name in PHOTOGRAPHS}
    holes = list(cases(pictures, 18 if quick else 90))
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for turn, case in enumerate(holes):
        order = cards if turn % 2 == 0 else cards[::-1]  # A-B-B-A: no engine always goes first
        for card in order:
            found[card.id, case.kind].append(_once(pool, card, case))
    rows = [_row(name, kind, values) for (name, kind), values in sorted(found.items())]
    return rows, _summary(rows)


def _once(pool: EnginePool, card: Card, case: Case) -> tuple[float, float, float]:
    with pool.lease(card.id) as engine:
        begun = time.perf_counter()
        made = wrap.fill(card, engine, case.truth, case.hole, seed=1, params={})
        seconds = time.perf_counter() - begun
    return _psnr(case.truth, made, case.hole), _ssim(case.truth, made, case.hole), seconds


def _psnr(truth: NDArray[np.float32], made: NDArray[np.float32], hole: NDArray[np.bool_]) -> float:
    error = float(((truth[hole] - made[hole]).astype(np.float64) ** 2).mean())
    return float(min(-10 * np.log10(max(error, 1e-12)), 50.0))


def _ssim(truth: NDArray[np.float32], made: NDArray[np.float32], hole: NDArray[np.bool_]) -> float:
    from skimage.metrics import structural_similarity

    _, field = structural_similarity(  # type: ignore[no-untyped-call]
        truth, made, channel_axis=2, data_range=1.0, full=True
    )
    return float(field[hole].mean())


def _row(name: str, kind: str, values: list[tuple[float, float, float]]) -> dict[str, Any]:
    psnr, ssim, seconds = (np.array(column) for column in zip(*values, strict=True))
    return {
        "engine": name, "hole": kind, "cases": len(values), "psnr_db": float(psnr.mean()), "ssim": float(ssim.mean()),
        "seconds": float(np.median(seconds)), "slowest": float(seconds.max()),
    }  # fmt: skip


def _summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    by = {(r["engine"], r["hole"]): r for r in rows}
    summary: dict[str, float] = {}
    for engine in sorted({r["engine"] for r in rows}):
        for kind in KINDS:
            mine, rival = by[engine, kind], by[RIVAL, kind]
            summary[f"{engine}_{kind}_psnr_over_telea_db"] = mine["psnr_db"] - rival["psnr_db"]
            summary[f"{engine}_{kind}_time_over_telea"] = mine["seconds"] / rival["seconds"]
    return summary
