"""Cost against quality: the targets of the ladder swept, beside the points that ClassSR and ARM published."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from flows.bench.upscale.against import Make
from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.protocol import psnr
from flows.bench.upscale.ways import Ladder
from tasks.enhancement.rungs import Target

TARGETS: Final = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""dB that may be lost."""


@dataclass(frozen=True, slots=True)
class Point:
    """One target on one set: shares of the heavy network everywhere, in percent, and dB against it."""

    label: str
    work: float
    """By the cards' costs for ours, FLOPs for published ones."""
    db: float
    """Positive where better than the heavy network everywhere."""
    clock: float | None = None
    """Processor time, in percent: one run a target is too few for a wall-clock."""
    target: float | None = None


PUBLISHED: Final = (
    Point("ClassSR-FSRCNN, Test2K", 66, 0.00), Point("ClassSR-FSRCNN, Test4K", 61, 0.01), Point("ClassSR-FSRCNN, Test8K", 51, 0.07),
    Point("ClassSR-SRResNet, Test2K", 70, 0.01), Point("ClassSR-SRResNet, Test4K", 64, 0.01), Point("ClassSR-SRResNet, Test8K", 52, 0.00),
    Point("ClassSR-RCAN, Test4K", 60, -0.01), Point("ClassSR-RCAN, Test8K", 50, -0.03),
    Point("ARM-S-FSRCNN, Test2K", 52, -0.02), Point("ARM-S-FSRCNN, Test4K", 50, -0.03), Point("ARM-S-FSRCNN, Test8K", 40, 0.00),
    Point("ARM-S-CARN, Test2K", 55, 0.00), Point("ARM-S-CARN, Test4K", 50, 0.00), Point("ARM-S-CARN, Test8K", 42, 0.00),
    Point("ARM-S-SRResNet, Test2K", 55, -0.01), Point("ARM-S-SRResNet, Test4K", 53, -0.02), Point("ARM-S-SRResNet, Test8K", 35, -0.04),
)  # fmt: skip
"""Kong and others 2021 and Chen and others 2022, ×4, from ARM's tables: share of FLOPs, dB against the full network there."""


def sweep(
    ladder: Ladder, heavy: Make, pairs: Sequence[Pair], label: str, targets: Sequence[float] = TARGETS
) -> list[Point]:
    """A point a target: means over the pictures; one run of each."""
    times, scores = [], []
    for pair in pairs:
        begun = time.process_time()
        made = heavy(pair.small)
        times.append(time.process_time() - begun)
        scores.append(psnr(made, pair.truth, ladder.scale))
    return [_point(ladder, pairs, label, target, sum(times), scores) for target in targets]


def _point(
    ladder: Ladder, pairs: Sequence[Pair], label: str, target: float, seconds: float, scores: Sequence[float]
) -> Point:
    aimed = replace(ladder, target=Target(loss_db=target))
    taken, lost, spent, whole = 0.0, [], 0.0, 0.0
    for pair, best in zip(pairs, scores, strict=True):
        begun = time.process_time()
        made = aimed.run(pair.small)
        taken += time.process_time() - begun
        lost.append(psnr(np.asarray(made.raster.pixels, np.uint8), pair.truth, ladder.scale) - best)
        spent += (1 - made.routing.saved) * pair.truth.size
        whole += pair.truth.size
    return Point(label, 100 * spent / whole, float(np.mean(lost)), 100 * taken / seconds, target)


def rows(points: Sequence[Point]) -> list[dict[str, Any]]:
    """For the table."""
    return [
        {"set": f"curve {p.label}", "loss_db_asked": p.target, "work_percent": p.work, "clock_percent": p.clock,
         "against_heavy_db": p.db}
        for p in points
    ]  # fmt: skip
