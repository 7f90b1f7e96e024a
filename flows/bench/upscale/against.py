"""The ladder against the heavy network everywhere: seconds in alternating runs, and what is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.protocol import psnr
from flows.bench.upscale.ways import HEAVY, Levels, Ways, to_levels

_DRAWS: Final = 2000
Make = Callable[[Levels], Levels]


class Rival(Protocol):
    """What is held against the heavy network everywhere."""

    @property
    def scale(self) -> int: ...

    def enlarge(self, small: Levels) -> Levels:
        """H×W×3 to (H·scale)×(W·scale)×3."""


@dataclass(frozen=True, slots=True)
class Alone:
    """One engine everywhere, as such a rival."""

    enlarge: Make
    scale: int


@dataclass(frozen=True, slots=True)
class Timed:
    """One picture."""

    name: str
    ours: tuple[float, ...]
    heavy: tuple[float, ...]
    """Seconds, every run."""
    ours_db: float
    heavy_db: float
    processor: tuple[float, float] = (1.0, 1.0)
    """Processor seconds of all runs, ours and the heavy network's: what other programs on the machine do not change."""


def everywhere(ways: Ways, scale: int, name: str = HEAVY) -> Make:
    """A network on the whole picture in one piece, without guards: the least it can take."""
    make = ways.pixels(name, scale, whole=True)
    return lambda small: to_levels(make(small.astype(np.float32) / np.float32(255)))


def timed(ladder: Rival, heavy: Make, pairs: Sequence[Pair], rounds: int, every: int = 1) -> list[Timed]:
    """From levels to levels, guards and routing included: pictures for the clock `rounds` times in the order A-B-B-A, the
    others once each. every: of so many pictures, one is for the clock."""
    ladder.enlarge(pairs[0].small), heavy(pairs[0].small)  # does not count
    return [_one(ladder, heavy, pair, rounds if n % every == 0 else 0) for n, pair in enumerate(pairs)]


def _one(ladder: Rival, heavy: Make, pair: Pair, rounds: int) -> Timed:
    taken: dict[bool, list[float]] = {True: [], False: []}
    processor = {True: 0.0, False: 0.0}
    made: dict[bool, Levels] = {}
    orders: list[tuple[bool, ...]] = [(True, False, False, True)] * rounds
    for order in orders or [(True, False)]:
        for mine in order:
            begun, before = time.perf_counter(), time.process_time()
            made[mine] = (ladder.enlarge if mine else heavy)(pair.small)
            taken[mine].append(time.perf_counter() - begun)
            processor[mine] += time.process_time() - before
    ours_db, heavy_db = (psnr(made[mine], pair.truth, ladder.scale) for mine in (True, False))
    spent = (processor[True], processor[False])
    return Timed(pair.name, tuple(taken[True]), tuple(taken[False]), ours_db, heavy_db, spent)


def figures(found: Sequence[Timed], label: str) -> dict[str, Any]:
    """The sum over pictures of median seconds, heavy over ours; 95 % over pictures and runs drawn anew, seeded; mean dB lost.

    Seconds are of the pictures that were run most often, dB of all; `_processor` is the ratio of processor seconds."""
    runs_most = max(len(t.ours) for t in found)
    clocked = [t for t in found if len(t.ours) == runs_most]
    mine, theirs = (np.array([getattr(t, name) for t in clocked]) for name in ("ours", "heavy"))
    lost = [t.heavy_db - t.ours_db for t in found]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(_DRAWS):
        which, runs = (rng.integers(0, n, n) for n in mine.shape)
        a, b = (np.median(times[which][:, runs], axis=1).sum() for times in (mine, theirs))
        drawn.append(b / a)
    return {
        f"{label}_speedup": float(np.median(theirs, axis=1).sum() / np.median(mine, axis=1).sum()),
        f"{label}_speedup_95": [float(v) for v in np.quantile(drawn, (0.025, 0.975))],
        f"{label}_speedup_worst": float((np.median(theirs, axis=1) / np.median(mine, axis=1)).min()),
        f"{label}_speedup_processor": sum(t.processor[1] for t in clocked) / sum(t.processor[0] for t in clocked),
        f"{label}_loss_db": float(np.mean(lost)),
        f"{label}_loss_worst_db": max(lost),
        f"{label}_pictures": len(found), f"{label}_pictures_timed": len(clocked), f"{label}_runs": mine.shape[1],
    }  # fmt: skip
