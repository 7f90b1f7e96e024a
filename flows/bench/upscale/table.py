"""The table: every way on every set of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.protocol import colour_shift, consistency, psnr, ssim
from flows.bench.upscale.ways import Way

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """One picture, one way."""

    psnr: float
    ssim: float
    consistency: float
    shift: float


def score(way: Way, pair: Pair, scale: int) -> Score:
    """Enlarges and judges."""
    made = way.enlarge(pair.small)
    return Score(
        psnr(made, pair.truth, scale),
        ssim(made, pair.truth, scale),
        consistency(made, pair.small),
        colour_shift(made, pair.small),
    )


def row(name: str, scale: int, way: Way, found: Sequence[Score]) -> Row:
    """Means over the pictures; the worst where a bound is promised."""
    return {
        "set": name, "scale": scale, "engine": way.name, "pictures": len(found),
        "psnr_db": _mean([s.psnr for s in found]), "ssim": _mean([s.ssim for s in found]),
        "consistency_db": _mean([s.consistency for s in found]),
        "consistency_worst_db": min(s.consistency for s in found),
        "colour_shift_worst": max(s.shift for s in found), "note": way.note,
    }  # fmt: skip


def rows(name: str, scale: int, ways: Sequence[Way], pairs: Sequence[Pair]) -> list[Row]:
    """A row a way."""
    return [row(name, scale, way, [score(way, pair, scale) for pair in pairs]) for way in ways]


def keys(found: Sequence[Row], wanted: Mapping[str, str]) -> Row:
    """`<label>_x<scale>_<set>_db` for the engines wanted, by label, and their SSIM."""
    made: Row = {}
    for label, engine in wanted.items():
        for r in found:
            if r["engine"] == engine:
                made[f"{label}_x{r['scale']}_{r['set']}_db"] = r["psnr_db"]
                made[f"{label}_x{r['scale']}_{r['set']}_ssim"] = r["ssim"]
    return made


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
