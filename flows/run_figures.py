"""What a run's items add up to, for tracking: gone through once, a number a region or picture kept and nothing else of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tasks.results import Enlargement, ItemResult

PLANS = 20
"""Plans whose digests are told."""


@dataclass(slots=True)
class RunFigures:
    """Scores, seconds, engines and plans of a run."""

    scores: dict[str, array[float]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    enlarged: dict[str, array[float]] = field(default_factory=dict)
    engines: set[str] = field(default_factory=set)
    plans: dict[str, None] = field(default_factory=dict)
    """The first `PLANS` of them."""

    def add(self, item: ItemResult) -> None:
        """Count a picture in."""
        for region in item.regions:
            for name, value in region.scores.items():
                self.scores.setdefault(name, array("d")).append(value)
        for stage in item.stages:
            self.seconds[stage.stage] = self.seconds.get(stage.stage, 0.0) + stage.seconds
            self.engines.add(stage.engine)
        if item.plan and len(self.plans) < PLANS:
            self.plans[item.plan[:12]] = None
        if item.enlargement and item.enlargement.scale > 1:
            self._add_enlarged(item.enlargement)

    def _add_enlarged(self, made: Enlargement) -> None:
        for name in ("consistency_db", "colour_shift", "hallucination", "saved"):
            self.enlarged.setdefault(name, array("d")).append(getattr(made, name))

    def metrics(self) -> dict[str, float]:
        """`score.…`, `enlarged.…` (how true enlarged pictures are to their sources) and `seconds.…`."""
        found: dict[str, float] = {}
        for name, values in self.scores.items():
            found[f"score.{name}.mean"] = float(np.mean(values))
            found[f"score.{name}.p95"] = float(np.percentile(values, 95))
        if self.enlarged:
            made = self.enlarged
            found |= {
                "enlarged.consistency_db.least": min(made["consistency_db"]),
                "enlarged.consistency_db.mean": float(np.mean(made["consistency_db"])),
                "enlarged.colour_shift.most": max(made["colour_shift"]),
                "enlarged.hallucination.most": max(made["hallucination"]),
                "enlarged.saved.mean": float(np.mean(made["saved"])),
            }
        return found | {f"seconds.{stage}": seconds for stage, seconds in self.seconds.items()}


def figures_of(items: Iterable[ItemResult]) -> RunFigures:
    """All items counted in."""
    figures = RunFigures()
    for item in items:
        figures.add(item)
    return figures
