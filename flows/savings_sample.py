"""What the cheap rungs of a finished run cost in quality: a sample of their regions filled again with the top engine, apart."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from flows.savings import savings_of
from model_registry.registry import Registry
from tasks.errors import PentimentoError, Transient
from tasks.intents import Frozen
from tasks.job import JobSpec, RegionChange
from tasks.results import ItemResult, RegionResult, RunResult
from tasks.steps.detect import detect
from tasks.steps.restore import restore
from tasks.steps.source import read_source
from tasks.workshop import Workshop


class Compared(Frozen):
    """One region as the run has it and as the top engine makes it."""

    picture: str
    region: int
    engine: str
    passed: bool
    top_passed: bool
    top_seconds: float
    """Of filling alone, when it was done; 0 where another run did it."""
    scores: dict[str, float]
    top_scores: dict[str, float]


class Sampled(Frozen):
    """A sample of regions against the top engine."""

    top: str
    regions: tuple[Compared, ...]
    refused: tuple[str, ...] = ()
    """Pictures that could not be done again, with the reason."""

    @property
    def differences(self) -> dict[str, float]:
        """Mean of each score, cheap less top: above 0 the top's result scores lower."""
        names = sorted({name for one in self.regions for name in one.scores if name in one.top_scores})
        return {
            name: round(statistics.fmean(
                one.scores[name] - one.top_scores[name] for one in self.regions
                if name in one.scores and name in one.top_scores
            ), 4)
            for name in names
        }  # fmt: skip


def sample(shop: Workshop, result: RunResult, jobs: Mapping[str, JobSpec], size: int) -> Sampled | None:
    """Fill up to `size` regions again with the top engine, evenly spread over the run; nothing of the run is changed.

    shop: as the run saw it, so that what its pictures share is known. None where the run has no regions that a cheaper rung filled. Raises Transient."""
    savings = savings_of(shop.registry, result.items, result.tier)
    if savings is None:
        return None
    chosen = _spread(_cheap(result, shop.registry, savings.top, jobs), size)
    compared: list[Compared] = []
    refused: list[str] = []
    for item, region in chosen:
        try:
            again = _with_top(shop, jobs[item.id], region.n, savings.top)
        except Transient:
            raise
        except PentimentoError as fault:
            refused.append(f"{item.id}: {fault.message}")
            continue
        compared.append(Compared(
            picture=item.id, region=region.n, engine=region.engine, passed=region.passed, top_passed=again[0].passed,
            top_seconds=again[1], scores=region.scores, top_scores=again[0].scores,
        ))  # fmt: skip
    return Sampled(top=savings.top, regions=tuple(compared), refused=tuple(refused))


def _cheap(
    result: RunResult, registry: Registry, top: str, jobs: Mapping[str, JobSpec]
) -> list[tuple[ItemResult, RegionResult]]:
    below = {card.id for card in registry.of_role("fill", result.tier)} - {top}
    return [(i, r) for i in result.items if i.id in jobs for r in i.regions if r.engine in below]


def _spread(
    regions: Sequence[tuple[ItemResult, RegionResult]], size: int
) -> list[tuple[ItemResult, RegionResult]]:
    if len(regions) <= size:
        return list(regions)
    return [regions[round(k * (len(regions) - 1) / max(size - 1, 1))] for k in range(size)]


def _with_top(shop: Workshop, job: JobSpec, n: int, top: str) -> tuple[RegionResult, float]:
    """The region filled by `top`, and the seconds that took."""
    change = RegionChange(n=n, engines={"generation": top}, params={"generation": {"recover": False}})
    changed = job.model_copy(update={"changes": (change,), "as_before": ()})
    source = read_source(shop, changed)
    made = restore(shop, source, detect(shop, source).regions)
    one = next(m for m in made if m.result.n == n)
    seconds = sum(s.seconds for s in one.stages if s.stage == "generation" and not s.cached)
    return one.result, round(seconds, 4)
