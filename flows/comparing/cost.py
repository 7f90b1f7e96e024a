"""What each variant's pictures took, as if it had run alone: shared work is charged to each that used it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from flows.comparing.model import Cost
from tasks.results import ItemResult, StageResult

Work = tuple[str, str, str, str, int]
"""Picture, stage, engine, artifact and region: what one piece of work is known by."""


def seconds_by_picture(items: Mapping[str, Sequence[ItemResult]]) -> dict[str, dict[str, float | None]]:
    """Variant to picture to seconds; None where some stage was found done by an earlier run, so that its time is not known.

    items: by variant. A stage that another variant computed for the same picture, with the same engine and result, is
    charged with the time it took there."""
    measured: dict[Work, float] = {}
    for item in (item for made in items.values() for item in made):
        for stage in item.stages:
            if not stage.cached:
                key = _work(item, stage)
                measured[key] = max(measured.get(key, 0.0), stage.seconds)
    return {name: {item.id: _seconds(item, measured) for item in made} for name, made in items.items()}


def _work(item: ItemResult, stage: StageResult) -> Work:
    return item.id, stage.stage, stage.engine, stage.artifact, stage.region


def _seconds(item: ItemResult, measured: Mapping[Work, float]) -> float | None:
    total = 0.0
    for stage in item.stages:
        if not stage.cached:
            total += stage.seconds
        elif _work(item, stage) in measured:
            total += measured[_work(item, stage)]
        else:
            return None
    return round(total, 4) if item.stages else None


def cost_of(seconds: Sequence[float | None]) -> Cost:
    """Over the pictures whose time is known."""
    known = [value for value in seconds if value is not None]
    if not known:
        return Cost()
    return Cost(
        seconds=round(sum(known), 3), median=round(float(np.median(known)), 4),
        p95=round(float(np.percentile(known, 95)), 4), timed=len(known),
    )  # fmt: skip


def engines_of(items: Sequence[ItemResult]) -> dict[str, int]:
    """Engine to the regions it made, or the whole pictures where there are no regions; most first."""
    found: Counter[str] = Counter()
    for item in items:
        used = [region.engine for region in item.regions if region.engine]
        rungs = [rung.engine for rung in item.enlargement.rungs if rung.cells] if item.enlargement else []
        whole = [stage.engine for stage in item.stages if stage.stage == "generation" and stage.engine][:1]
        found.update(used or rungs or whole)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
