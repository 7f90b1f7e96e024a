"""The step that enlarges or cleans a picture: cells by the rung where each pays, and all that is known of it in the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, JsonObject, Raster
from tasks.enhancement.hard_cells import hardest
from tasks.enhancement.rungs import Cutting, Enlarged, Guards, Request, Rung, Target
from tasks.enhancement.selective import enlarge_selectively
from tasks.intents import Clean, Upscale
from tasks.lossless import decode_raster
from tasks.memo import Done, Produced
from tasks.plan import StagePlan
from tasks.steps.engines import identity
from tasks.steps.source import Source, raster_of
from tasks.steps.stored_picture import encode_picture
from tasks.steps.upscale_careful import Careful, careful
from tasks.steps.upscale_facts import (
    PNG,
    Planes,
    crops_of,
    figures_of,
    maps_of,
    planes_of,
    region_facts,
    weak_of,
    write_zone,
)
from tasks.steps.upscale_places import cells_in, cells_touched, scaled_boxes, times
from tasks.steps.upscale_rungs import Ladder, Spent, climbing, planned, rungs_of
from tasks.workshop import Workshop

DEAR = 0.3
"""Seconds a megapixel by an engine's card, ten times what it takes to store one: below this its pictures are not kept between
enlarging and export, and made again where they are needed once more."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of a picture to enlarge: all of it, or the surroundings of one region."""

    raster: Raster
    scale: int
    protected: tuple[Box, ...]
    """Px of the raster, where no network goes."""
    kept: tuple[Box, ...]
    """Px of the raster, where nothing may be invented."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole picture, enlarged by the plan. What it is follows from `done.key` alone."""

    raster: Raster
    done: Done
    ladder: Ladder
    look: Careful
    planes: Planes | None = None
    """What is known of each cell, where it is at hand: as the artifact `cells` has it."""


def enlarged(shop: Workshop, source: Source) -> Whole:
    """The picture by its own plan, whatever single regions are to be otherwise; and the record of it."""
    stage = source.plan.stage("enhancement")
    assert stage is not None
    look = careful(shop, source)
    (done, raster, planes), ladder = climbing(
        stage, sober(planned(stage), look), lambda ladder: _made(shop, source, stage, ladder, look)
    )
    return Whole(raster, done, ladder, look, planes)


def sober(ladder: Ladder, look: Careful) -> Ladder:
    """The ladder without engines that invent, where it could not be looked for what they must be kept from."""
    for rung in ladder.rungs if look.missing else ():
        if rung.invents:
            ladder = ladder.without(rung.id, f"which invents, for {look.missing}")
    return ladder


def job_of(shop: Workshop, source: Source, look: Careful) -> Job:
    """The whole picture at the tier's size, with the boxes of people and of policy at that scale."""
    raster, facts, intent = raster_of(shop, source), source.facts, source.job.intent
    assert isinstance(intent, Upscale | Clean)
    assert facts is not None
    old, new = (facts.width, facts.height), (raster.width, raster.height)
    scale = intent.scale if isinstance(intent, Upscale) else 1
    return Job(raster, scale, scaled_boxes(intent.protect, old, new), scaled_boxes(look.boxes, old, new))


def inputs_of(source: Source, stage: StagePlan, ladder: Ladder, look: Careful) -> dict[str, object]:
    """What decides the pixels besides the stage's parameters."""
    triage, intent = source.plan.stage("triage"), source.job.intent
    assert isinstance(intent, Upscale | Clean)
    engines = [
        choice.model_dump(mode="json", exclude={"max_ring_residual", "max_thickness", "synthetic", "fallback"})
        for choice in ladder.used
    ]  # fmt: skip
    return {
        "source": source.sha256, "triage": dict(triage.params) if triage else {}, "ladder": engines,
        "everywhere": ladder.everywhere, "protect": intent.protect, "kept": look.boxes,
    }  # fmt: skip


def run_job(job: Job, stage: StagePlan, rungs: Sequence[Rung], *, everywhere: bool) -> Enlarged:
    """Enlarge a piece. everywhere: by the last rung, but where that one may not go."""
    params = dict(stage.params)
    if job.scale == 1:  # what is taken away is no fault of the result
        bounds, target, cutting = Guards(0.0, 255.0, protected_top=0), Target(), Cutting()
    else:
        target = Target(float(params["loss_db"]), float(params["budget"]))
        cutting = Cutting(int(params["cell"]))
        bounds = Guards(
            float(params["consistency_db"]), float(params["colour_shift"]), float(params["hallucination"]), 0
        )
    choice = _choice(job, rungs, cutting) if everywhere or job.scale == 1 else None
    request = Request(job.scale, target, cutting, bounds, job.protected, choice)
    return enlarge_selectively(job.raster, rungs, request)


def _choice(job: Job, rungs: Sequence[Rung], cutting: Cutting) -> NDArray[np.int8]:
    """The last rung everywhere; where nothing may be invented, and as far as that reaches over, the best that does not."""
    rows, columns = cells_in(job.raster, cutting.cell)
    choice = np.full((rows, columns), len(rungs) - 1, np.int8)
    choice[cells_touched(job.protected, (rows, columns), cutting.cell, beyond=cutting.ramp)] = 0
    if rungs[-1].invents:
        best = max(place for place, rung in enumerate(rungs) if not rung.invents)
        kept = cells_touched(job.kept, (rows, columns), cutting.cell, beyond=cutting.ramp)
        choice[kept] = np.minimum(choice[kept], best)
    return choice


def _made(
    shop: Workshop, source: Source, stage: StagePlan, ladder: Ladder, look: Careful
) -> tuple[Done, Raster, Planes | None]:  # fmt: skip
    """The record and the picture: as it was made in this very call, as it was kept, or made again from its source."""
    held: list[Raster] = []
    known: list[Planes] = []

    def compute() -> Produced:
        job, spent = job_of(shop, source, look), Spent()
        rungs = rungs_of(shop, ladder, job.scale, spent)
        made = run_job(job, stage, rungs, everywhere=ladder.everywhere)
        planes = planes_of(made)
        held[:], known[:] = [made.raster], [planes]
        told = shown(job, made, planes, ladder.names(job.scale), routed=_routed(made, ladder))
        kept = {"picture": (encode_picture(made.raster), PNG)} if dear(ladder) else {}
        spending = {"spent": {name: round(s, 4) for name, s in spent.items()}}
        return Produced({**kept, **told.artifacts}, told.facts | spending)

    inputs = inputs_of(source, stage, ladder, look)
    done = shop.memo.do(stage.stage, identity(stage, None, **inputs), compute)
    if not held and "picture" in done.names():
        held.append(decode_raster(done.load("picture")))
    if not held:
        job = job_of(shop, source, look)
        rungs = rungs_of(shop, ladder, job.scale, Spent())
        held.append(run_job(job, stage, rungs, everywhere=ladder.everywhere).raster)
    return done, held[0], known[0] if known else None


def shown(job: Job, made: Enlarged, planes: Planes, engines: Sequence[str], *, routed: bool) -> Produced:
    """What people are shown of an enlargement: maps, crops of the cells that most need a look, and figures. engines: ids of the
    rungs; routed: whether there was a choice of who makes a cell."""
    clusters, cell = _hardest(job, made), made.routing.cell
    artifacts = {
        **maps_of(job.raster, planes, cell, routed=routed),
        **crops_of(job.raster, made.raster, clusters, cell, job.scale),
    }
    return Produced(artifacts, _facts(job, made, engines, planes, clusters))


def dear(ladder: Ladder) -> bool:
    """Whether the enlarged picture itself is kept: to make it again takes many times as long as to store it, or how long is not known."""
    return any(rung.cost == 0 or rung.cost >= DEAR for rung in ladder.used)


def _routed(made: Enlarged, ladder: Ladder) -> bool:
    """Whether there was a choice of who makes a cell, or several made them all the same."""
    several = sum(cells > 0 for cells in made.routing.cells) > 1
    return several or (not ladder.everywhere and len(made.routing.rungs) > 1)


def _facts(
    job: Job, made: Enlarged, engines: Sequence[str], planes: Planes, clusters: Sequence[Box]
) -> JsonObject:
    cell, grid, ramp = made.routing.cell, cells_in(job.raster, made.routing.cell), Cutting().ramp
    regions = [
        region_facts(cells, planes, engines, times(write_zone(cells, cell, job.raster), job.scale))
        for cells in clusters
    ]
    return {
        **figures_of(made, engines), "regions": regions, "weak": weak_of(planes[2], planes[4]),
        "protected": int(cells_touched(job.protected, grid, cell, beyond=ramp).sum()),
        "cautious": int(cells_touched(job.kept, grid, cell, beyond=ramp).sum()),
    }  # fmt: skip


def _hardest(job: Job, made: Enlarged) -> tuple[Box, ...]:
    """The clusters of cells that most need a look; none where the picture keeps its size, nor in what is protected."""
    if job.scale == 1:
        return ()
    uncertainty, cell = made.routing.uncertainty.copy(), made.routing.cell
    uncertainty[cells_touched(job.protected, cells_in(job.raster, cell), cell, beyond=Cutting().ramp)] = 0
    return hardest(uncertainty)
