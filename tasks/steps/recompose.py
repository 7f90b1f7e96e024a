"""A picture made again without the regions that a person rejected: there it keeps the source's pixels, bit for bit.

Of an enlarged picture nothing can keep the source's pixels: what is rejected is enlarged by the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.contracts import Patch, Raster, Region, Zone
from tasks.errors import BadRequest
from tasks.export.xmp import SourceType
from tasks.intents import Replace, Upscale
from tasks.job import JobSpec, RegionChange
from tasks.results import ItemResult, RegionResult
from tasks.steps.deliver import Delivered, export
from tasks.steps.detect import detect
from tasks.steps.restore import Restored, restore
from tasks.steps.source import Source, raster_of, read_source
from tasks.workshop import Workshop

AGAIN = "run it again, and review what that makes"


def recompose(shop: Workshop, job: JobSpec, item: ItemResult, rejected: frozenset[int]) -> Delivered:
    """The finished file with every region of `item` but the rejected ones.

    Every stage is remembered, so only the encoding is new. Raises BadRequest when the source changed since, or when a region
    would not come out as the person saw it. What is lost in the store is made again."""
    source = read_source(shop, job)
    if source.sha256 != item.source_sha256:
        raise BadRequest(
            "the source is not what it was when the picture was reviewed", picture=job.id, cure=AGAIN
        )
    if isinstance(job.intent, Upscale):
        return _enlarged(shop, source, item, rejected)
    detected = detect(shop, source)
    restored = restore(shop, source, detected.regions)
    _require_same(item, [one.result for one in restored])
    raster = raster_of(shop, source)
    after = without(raster, detected.regions, restored, rejected)
    shown = [one for one in restored if one.result.n not in rejected]
    made_by = SourceType.COMPOSITE if isinstance(job.intent, Replace) else SourceType.ENHANCED
    finals = [one.result.artifacts["final"] for one in shown]
    missing = ",".join(map(str, sorted(rejected)))
    return export(shop, source, after, raster, made_by, detected.digest, *finals, f"without {missing}")


def _enlarged(shop: Workshop, source: Source, item: ItemResult, rejected: frozenset[int]) -> Delivered:
    from tasks.steps.upscale_result import upscaled

    stage = source.plan.stage("enhancement")
    assert stage is not None
    _require_same(item, upscaled(shop, source).regions)
    changes = {one.n: one for one in source.job.changes}
    changes |= {n: RegionChange(n=n, engines={stage.stage: stage.engines[0].id}) for n in rejected}
    ordered = tuple(changes[n] for n in sorted(changes))
    again = read_source(shop, source.job.model_copy(update={"changes": ordered, "as_before": ()}))
    made = upscaled(shop, again)
    made_by = SourceType.COMPOSITE if made.invented else SourceType.ENHANCED
    return export(shop, again, made.after, raster_of(shop, again), made_by, *made.inputs)


def without(
    raster: Raster, regions: Sequence[Region], restored: Sequence[Restored], rejected: frozenset[int]
) -> Raster:
    """The picture with every patch but those of the rejected regions, whose write zones keep the picture's own pixels:
    all of their holes, and of their soft edges what is not a hole of another region, whose old content must go."""
    keep = _kept(raster, regions, restored, rejected)
    shown = (one.patch for one in restored if one.result.n not in rejected)
    return raster.with_patches(tuple(_outside(patch, keep) for patch in shown))


def _kept(
    raster: Raster, regions: Sequence[Region], restored: Sequence[Restored], rejected: frozenset[int]
) -> Zone:
    keep = np.zeros((raster.height, raster.width), bool)
    for one in restored:
        if one.result.n in rejected:
            _at(keep, one.patch.box)[one.patch.zone] = True
    for wanted in (False, True):  # where a hole is both's, the rejection counts
        for region in regions:
            if (region.n in rejected) is wanted:
                _at(keep, region.box)[region.hole] = wanted
    return keep


def _outside(patch: Patch, keep: Zone) -> Patch:
    return replace(patch, zone=patch.zone & ~_at(keep, patch.box))


def _at(canvas: Zone, box: tuple[int, int, int, int]) -> Zone:
    x0, y0, x1, y1 = box
    return canvas[y0:y1, x0:x1]


def _require_same(item: ItemResult, regions: Sequence[RegionResult]) -> None:
    """The pixels are those that were reviewed: same regions, same places, same final patches."""
    seen, made = (
        [(r.n, r.box, r.artifacts.get("final", "")) for r in those] for those in (item.regions, regions)
    )
    if seen != made:
        raise BadRequest("it comes out otherwise than it was reviewed", picture=item.id, cure=AGAIN)
