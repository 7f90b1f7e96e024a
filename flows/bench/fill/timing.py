"""Seconds of our fill and of PyPatchMatch on the same whole pictures, in alternating runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flows.bench.fill.cases import Case
from flows.bench.fill.fillers import Fillers

RIVAL: Final = "patchmatch"
_DRAWS: Final = 2000


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of one picture, every run."""

    case: Case
    engine: str
    ours: tuple[float, ...]
    rival: tuple[float, ...]


def timed(fillers: Fillers, cases: Sequence[Case], rounds: int) -> list[Timed]:
    """Each picture `rounds` times in the order A-B-B-A, after one run of each that does not count."""
    _once(fillers, cases[0], True), _once(fillers, cases[0], False)
    return [_one(fillers, case, rounds) for case in cases]


def _one(fillers: Fillers, case: Case, rounds: int) -> Timed:
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds):
        for mine in (True, False, False, True):
            taken[mine].append(_once(fillers, case, mine))
    engine = fillers.ours(case.truth, case.hole).engine
    return Timed(case, engine, tuple(taken[True]), tuple(taken[False]))


def _once(fillers: Fillers, case: Case, mine: bool) -> float:
    begun = time.perf_counter()
    if mine:
        fillers.ours(case.truth, case.hole)
    else:
        fillers.single(RIVAL, case.truth, case.hole)
    return time.perf_counter() - begun


def figures(found: Sequence[Timed]) -> dict[str, Any]:
    """The sum over pictures of median seconds, ours in the rival's; 95 % over pictures and runs drawn anew, seeded."""
    mine, rival = (np.array([getattr(t, name) for t in found]) for name in ("ours", "rival"))
    each = np.median(rival, axis=1) / np.median(mine, axis=1)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(_DRAWS):
        which, runs = rng.integers(0, len(found), len(found)), rng.integers(0, mine.shape[1], mine.shape[1])
        a, b = (np.median(times[which][:, runs], axis=1).sum() for times in (mine, rival))
        drawn.append(b / a)
    total = np.median(rival, axis=1).sum() / np.median(mine, axis=1).sum()
    return {
        "speedup_vs_pypatchmatch": float(total),
        "speedup_vs_pypatchmatch_95": [float(v) for v in np.quantile(drawn, (0.025, 0.975))],
        "speedup_median_picture": float(np.median(each)), "speedup_min_picture": float(each.min()),
        "seconds_ours": float(np.median(mine, axis=1).mean()), "seconds_pypatchmatch": float(np.median(rival, axis=1).mean()),
        **{f"speedup_{size}": ratio for size, ratio in _by_size(found).items()}, "pictures_timed": len(found),
    }  # fmt: skip


def _by_size(found: Sequence[Timed]) -> dict[int, float]:
    """The same ratio for the pictures of each size."""
    ratios = {}
    for size in dict.fromkeys(sorted(t.case.truth.shape[0] for t in found)):
        same = [t for t in found if t.case.truth.shape[0] == size]
        rival, mine = (sum(float(np.median(getattr(t, name))) for t in same) for name in ("rival", "ours"))
        ratios[size] = rival / mine
    return ratios
