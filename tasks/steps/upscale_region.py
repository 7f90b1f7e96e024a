"""One cluster of cells of an enlarged picture made again by another engine, and joined to the rest, which stays bit-identical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, JsonObject, Patch, Pixels, Raster
from tasks.enhancement.rungs import Cutting, Enlarged
from tasks.errors import BadRequest
from tasks.lossless import decode_raster, encode_raster
from tasks.lossless import whole as whole_levels
from tasks.memo import Done, Produced
from tasks.plan import StagePlan
from tasks.steps.engines import identity
from tasks.steps.source import Source
from tasks.steps.upscale import Job, Whole, inputs_of, job_of, run_job, sober
from tasks.steps.upscale_careful import Careful, careful
from tasks.steps.upscale_facts import (
    PNG,
    Planes,
    figures_of,
    planes_of,
    read_planes,
    region_facts,
    write_zone,
)
from tasks.steps.upscale_places import cropped, in_pixels, shifted_boxes, times
from tasks.steps.upscale_rungs import Ladder, Spent, climbing, planned, rungs_of
from tasks.workshop import Workshop

MARGIN = 2
"""Cells around a cluster that are made with it and thrown away, at least; and at least NEAR px of the source."""
NEAR = 64


@dataclass(frozen=True, slots=True)
class Again:
    """A cluster made again."""

    n: int
    patch: Patch
    done: Done
    ladder: Ladder
    look: Careful

    @property
    def facts(self) -> JsonObject:
        """As the whole picture's facts say it of the cluster, and what fell, was spent and lies in each cell."""
        return self.done.facts


def again(shop: Workshop, source: Source, whole: Whole, n: int) -> Again:
    """Cluster `n` by the engine that the region's own plan names, laid over the picture as `whole` has it.

    Raises BadRequest for a number that the picture does not have."""
    own = source.of_region(n)
    stage = own.plan.stage("enhancement")
    assert stage is not None
    known = whole.done.facts["regions"]
    if not 1 <= n <= len(known):
        raise BadRequest(f"it has no region {n}", stage="enhancement", cure=f"it has {len(known)} regions")
    look = careful(shop, own)
    box: Box = tuple(known[n - 1]["cells"])
    done, ladder = climbing(
        stage, sober(planned(stage), look), lambda ladder: _made(shop, own, stage, ladder, whole, box, look)
    )
    x0, y0, *_ = done.facts["box"]
    pixels = decode_raster(done.load("final"))
    patch = Patch(x0, y0, pixels.crop(pixels.box), np.ones((pixels.height, pixels.width), bool))
    return Again(n, patch, done, ladder, look)


def _made(
    shop: Workshop, source: Source, stage: StagePlan, ladder: Ladder, whole: Whole, cells: Box, look: Careful
) -> Done:
    def compute() -> Produced:
        job, spent = job_of(shop, source, look), Spent()
        cell = int(whole.done.facts["cell"])
        part = _around(cells, cell, job.raster)
        view = Raster(cropped(job.raster, part).pixels, job.raster.meta)
        inner = Job(view, job.scale, shifted_boxes(job.protected, part), shifted_boxes(job.kept, part))
        made = run_job(
            inner, _of_cell(stage, cell), rungs_of(shop, ladder, job.scale, spent), everywhere=True
        )
        joined = _joined(job, whole.raster, made, cells, part, cell)
        planes = planes_of(made)
        facts = _facts(job, made, ladder.names(job.scale), planes, cells, part)
        facts["spent"] = {name: round(seconds, 4) for name, seconds in spent.items()}
        return Produced({"final": (encode_raster(joined), PNG)}, facts)

    inputs = inputs_of(source, stage, ladder, look)
    identified = identity(stage, None, **inputs, picture=whole.done.key, cells=cells)
    return shop.memo.do(stage.stage, identified, compute)


def _of_cell(stage: StagePlan, cell: int) -> StagePlan:
    """The same plan on the picture's own grid."""
    return stage.model_copy(update={"params": tuple(sorted({**dict(stage.params), "cell": cell}.items()))})


def _around(cells: Box, cell: int, raster: Raster) -> Box:
    """The cluster's surroundings, px of the source, on the grid."""
    by = max(MARGIN, -(-NEAR // cell)) * cell
    return in_pixels(cells, cell, raster, by)


def _joined(job: Job, base: Raster, made: Enlarged, cells: Box, part: Box, cell: int) -> Raster:
    """The write zone: the new cells, and around them a ramp to what the picture has."""
    zone = write_zone(cells, cell, job.raster)
    core = times(in_pixels(cells, cell, job.raster), job.scale)
    x0, y0, x1, y1 = out = times(zone, job.scale)
    left, top = part[0] * job.scale, part[1] * job.scale
    new = made.raster.crop((x0 - left, y0 - top, x1 - left, y1 - top))
    old = base.crop(out)
    share = _ramp(out, core, Cutting().ramp * job.scale)[..., None]
    levels = np.rint(np.clip(old + share * (new - old), 0, 1) * base.levels)
    return Raster(whole_levels(levels.astype(base.pixels.dtype)))


def _ramp(zone: Box, core: Box, ramp: int) -> Pixels:
    """h×w float32 of the zone: 1 in the core, falling in a straight line to 0 at `ramp` px from it."""

    def line(low: int, high: int, begin: int, end: int) -> NDArray[np.float32]:
        place = np.arange(low, high, dtype=np.float32) + 0.5
        away = np.maximum(np.maximum(begin - place, place - end), 0)
        return np.asarray(np.clip(1 - away / ramp, 0, 1), np.float32)

    rows, columns = line(zone[1], zone[3], core[1], core[3]), line(zone[0], zone[2], core[0], core[2])
    return rows[:, None] * columns


def _facts(
    job: Job, made: Enlarged, engines: Sequence[str], planes: Planes, cells: Box, part: Box
) -> JsonObject:
    """The cluster's own facts, with its cells' planes as lists: engines by the ladder's ids."""
    cell = made.routing.cell
    shift = part[0] // cell, part[1] // cell
    inside = (cells[0] - shift[0], cells[1] - shift[1], cells[2] - shift[0], cells[3] - shift[1])
    figures = figures_of(made, engines)
    x0, y0, x1, y1 = inside
    return {
        **region_facts(inside, planes, engines, times(write_zone(cells, cell, job.raster), job.scale)),
        "cells": list(cells), "engines": list(engines), "planes": planes[:, y0:y1, x0:x1].round(4).tolist(),
        "falls": figures["falls"], "colour_shift": figures["colour_shift"],
    }  # fmt: skip


def merged_planes(whole: Whole, again: tuple[Again, ...]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The cells' planes of the picture with the clusters made again, and the ids that its choices number."""
    planes = (read_planes(whole.done.load("cells")) if whole.planes is None else whole.planes).copy()
    engines = [rung["engine"] for rung in whole.done.facts["rungs"]]
    for one in again:
        engines += [name for name in one.facts["engines"] if name not in engines]
        x0, y0, x1, y1 = one.facts["cells"]
        new = np.asarray(one.facts["planes"], np.float32)
        numbers = np.array([engines.index(name) for name in one.facts["engines"]], np.float32)
        new[0] = numbers[new[0].astype(int)]
        new[1] = planes[1, y0:y1, x0:x1]  # how unsure the baseline is stays as it was
        planes[:, y0:y1, x0:x1] = new
    return planes, tuple(engines)
