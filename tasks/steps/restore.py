"""The step that edits: every region climbs its ladder alone until verification passes, or the ladder ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from tasks.blending.zone import write_zone
from tasks.contracts import Box, Patch, Pixels, Raster, Region, Verdict, Zone
from tasks.detection.regions import spread
from tasks.errors import PentimentoError
from tasks.generation.context import context_box
from tasks.generation.ladder import region_facts, rungs_to_try
from tasks.generation.seeds import region_seed
from tasks.memo import Done
from tasks.plan import EngineChoice, StagePlan
from tasks.results import RegionResult, StageResult
from tasks.steps.engines import UNUSABLE
from tasks.steps.recover import recover
from tasks.steps.source import Source, raster_of
from tasks.steps.stages import Attempt, attempt
from tasks.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Work:
    """One region, cut out with its context: all that the stages need, and nothing of the whole picture."""

    region: Region
    box: Box
    """Of the context crop, in the picture."""
    crop: Pixels
    """The picture, except under `others`, whose old content is replaced from around them."""
    hole: Zone
    """The region's hole, in the crop."""
    others: Zone
    """Holes of other regions that reach into the crop: not to be sampled from."""
    seed: int
    ground: Pixels
    """The crop with whatever was recovered of the hole put in; the crop itself where nothing was."""
    gap: Zone
    """What of the hole is still to be filled."""
    watched: bool = False
    """Whether sampling it is to be observed."""

    @property
    def inner(self) -> tuple[slice, slice]:
        """The region's box, as slices of the crop."""
        x0, y0, x1, y1 = self.region.box
        cx, cy = self.box[:2]
        return slice(y0 - cy, y1 - cy), slice(x0 - cx, x1 - cx)


@dataclass(frozen=True, slots=True)
class Restored:
    """A region's new pixels and how they came about."""

    patch: Patch
    result: RegionResult
    stages: tuple[StageResult, ...]


def restore(shop: Workshop, source: Source, regions: Sequence[Region]) -> tuple[Restored, ...]:
    """Every region's patch, in order. Regions see the picture as it was, never each other's results."""
    raster = raster_of(shop, source)
    made = []
    for region in regions:
        own = source.of_region(region.n)
        work = _cut(raster, own, _room(region, source, own, (raster.height, raster.width)), regions)
        work = replace(work, watched=source.job.id in shop.spec.observed)
        one = _restore_one(shop, own, work)
        made.append(one if _wider(source, own) <= 0 else _beside_others(one, work, _feather(source)))
    return tuple(made)


def _wider(source: Source, own: Source) -> int:
    """How much further a region's own plan fades than the picture's, px."""
    return _feather(own) - _feather(source)


def _beside_others(one: Restored, work: Work, feather: int) -> Restored:
    """The region kept out of what the others write: they are as wide as ever."""
    theirs = write_zone(work.others, feather)[
        replace(work, region=replace(work.region, box=one.patch.box)).inner
    ]
    return replace(one, patch=replace(one.patch, zone=one.patch.zone & ~theirs))


def _room(region: Region, source: Source, own: Source, size: tuple[int, int]) -> Region:
    """The region in a box that holds its write zone also where its own plan fades further than the picture's."""
    wider = _wider(source, own)
    if wider <= 0:
        return region
    box = spread(region.box, wider, size)
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
    x, y, h, w = region.box[0] - box[0], region.box[1] - box[1], *region.mask.shape
    mask[y : y + h, x : x + w] = region.mask
    return replace(region, box=box, mask=mask)


def _feather(source: Source) -> int:
    blending = source.plan.stage("blending")
    return int(blending.number("feather")) if blending else 0


def _cut(raster: Raster, source: Source, region: Region, regions: Sequence[Region]) -> Work:
    generation = source.plan.stage("generation")
    margin = int(generation.number("context")) if generation else 0
    box = context_box(region.box, raster.width, raster.height, margin)
    shape = (box[3] - box[1], box[2] - box[0])
    hole, others = np.zeros(shape, bool), np.zeros(shape, bool)
    _stamp(hole, box, region)
    for other in regions:
        if other.n != region.n:
            _stamp(others, box, other)
    seed = region_seed(source.sha256, region.key, source.plan.seed)
    others &= ~hole
    crop = _without(raster.crop(box), hole, others)
    return Work(region, box, crop, hole, others, seed, crop, hole)


def _without(crop: Pixels, hole: Zone, others: Zone) -> Pixels:
    """The crop with the nearest pixel outside all holes in place of each of `others`: a neighbour's lettering must colour
    neither the fill, nor the blend's edge, nor the grain, nor what verification compares with."""
    known = ~(hole | others)
    if not others.any() or not known.any():
        return crop
    rows, columns = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.where(others[..., None], crop[rows, columns], crop)


def _stamp(canvas: Zone, box: Box, region: Region) -> None:
    """Mark the part of a region's hole that falls inside `box` on `canvas`."""
    x0, y0 = max(box[0], region.box[0]), max(box[1], region.box[1])
    x1, y1 = min(box[2], region.box[2]), min(box[3], region.box[3])
    if x0 < x1 and y0 < y1:
        rx, ry = region.box[:2]
        canvas[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]] |= region.hole[
            y0 - ry : y1 - ry, x0 - rx : x1 - rx
        ]


def _restore_one(shop: Workshop, source: Source, work: Work) -> Restored:
    """What lies under a semi-transparent overlay is recovered; only where that fails is the hole filled, rung by rung."""
    generation = source.plan.stage("generation")
    assert generation is not None
    attempts: list[Attempt] = []
    broken: list[EngineChoice] = []
    if work.region.kind == "text" and generation.param("recover"):
        found = recover(shop, source, generation, work)
        if found:
            attempts, broken = _climb(shop, source, found[0], generation, found[1])
    if not (attempts and attempts[0].verdict.passed):
        climbed, others = _climb(shop, source, work, generation)
        attempts, broken = [*attempts, *climbed], [*broken, *others]
    best = min(range(len(attempts)), key=lambda i: (_badness(attempts[i].verdict), i))
    return _report(attempts, best, broken)


def _climb(
    shop: Workshop, source: Source, work: Work, generation: StagePlan, recovered: Done | None = None
) -> tuple[list[Attempt], list[EngineChoice]]:
    """What the rungs made of a region, until one passed; and the rungs that broke, with all that may stand in for them.

    For each rung that breaks one more is climbed; at the top, the rungs below the first are taken, the highest first. Raises
    the first fault when no rung gives anything. recovered: the record of what the work's ground holds already; one rung is
    enough then."""
    attempts: list[Attempt] = []
    faults: list[PentimentoError] = []
    broken: list[EngineChoice] = []
    most = 1 if recovered else int(generation.number("attempts"))
    for rung in _all_rungs(generation, work):
        if len(attempts) == most or (attempts and attempts[-1].verdict.passed):
            break
        if attempts and generation.engines.index(rung) < generation.engines.index(attempts[0].wanted):
            break  # what has been climbed to is better than what lies below
        try:
            attempts.append(attempt(shop, source.plan, work, rung, source.job.intent, recovered))
        except UNUSABLE as fault:
            if fault.stage != "generation":
                raise  # another rung would meet the same
            faults.append(fault)
            broken.append(rung)
    if not attempts:
        raise faults[0]
    return attempts, broken


def _all_rungs(generation: StagePlan, work: Work) -> tuple[EngineChoice, ...]:
    """The whole ladder, in the order in which it is tried: from the rung that suits the region up, then below it downwards."""
    ladder = generation.engines
    facts = region_facts(work.ground, work.gap | work.others)
    up = rungs_to_try(ladder, facts, len(ladder))
    below = ladder[: ladder.index(up[0])]
    return (*up, *(rung for rung in reversed(below) if facts.synthetic or not rung.synthetic))


def _badness(verdict: Verdict) -> tuple[int, float]:
    """Fewer failed thresholds first, then less residual text, then the smaller seam."""
    scores = verdict.scores
    return len(verdict.failed), scores.get("residual_text", 0.0) * 100 + scores.get("seam_step", 0.0)


def _report(attempts: Sequence[Attempt], best: int, broken: Sequence[EngineChoice] = ()) -> Restored:
    kept = attempts[best]
    region = kept.region
    patch = Patch(region.box[0], region.box[1], kept.pixels, kept.zone)
    result = RegionResult(
        n=region.n, kind=region.kind, text=region.text, box=region.box, engine=kept.by,
        fallback_from=_replaced(kept.wanted, kept.engine, broken), passed=kept.verdict.passed, stood_in=kept.stood_in,
        tried=tuple(a.by for i, a in enumerate(attempts) if i != best), recovered=kept.recovered,
        scores={k: round(float(v), 4) for k, v in kept.verdict.scores.items()},
        failed=kept.verdict.failed, reasons=() if kept.verdict.passed else kept.verdict.reasons, found=region.found,
        note=region.note, remarks=kept.remarks, artifacts=kept.artifacts,
    )  # fmt: skip
    return Restored(patch, result, tuple(stage for a in attempts for stage in a.stages))


def _replaced(wanted: EngineChoice, used: EngineChoice, broken: Sequence[EngineChoice]) -> str | None:
    """The engine that should have done it: the first that broke, where any did."""
    if broken:
        return broken[0].id
    return wanted.id if wanted.id != used.id else None
