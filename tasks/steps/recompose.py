"""A picture made again without the regions that a person rejected: there it keeps the source's pixels, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.contracts import Patch, Raster, Region, Zone
from tasks.errors import BadRequest
from tasks.export.xmp import SourceType
from tasks.intents import Replace
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.deliver import Delivered, export
from tasks.steps.detect import detect
from tasks.steps.restore import Restored, restore
from tasks.steps.source import raster_of, read_source
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
    detected = detect(shop, source)
    restored = restore(shop, source, detected.regions)
    _require_same(item, restored)
    raster = raster_of(shop, source)
    after = without(raster, detected.regions, restored, rejected)
    shown = [one for one in restored if one.result.n not in rejected]
    made_by = SourceType.COMPOSITE if isinstance(job.intent, Replace) else SourceType.ENHANCED
    finals = [one.result.artifacts["final"] for one in shown]
    missing = ",".join(map(str, sorted(rejected)))
    return export(shop, source, after, raster, made_by, detected.digest, *finals, f"without {missing}")


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


def _require_same(item: ItemResult, restored: Sequence[Restored]) -> None:
    """The pixels are those that were reviewed: same regions, same places, same final patches."""
    seen = [(r.n, r.box, r.artifacts.get("final", "")) for r in item.regions]
    made = [(r.result.n, r.result.box, r.result.artifacts.get("final", "")) for r in restored]
    if seen != made:
        raise BadRequest("it comes out otherwise than it was reviewed", picture=item.id, cure=AGAIN)
