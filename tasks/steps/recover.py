"""The step before any filling: take a semi-transparent overlay off, so that the picture's own pixels come back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tasks.generation.unmix import unmix
from tasks.generation.unmix_background import noise_of_tables
from tasks.lossless import decode_mask, decode_pixels, encode_mask, encode_pixels
from tasks.memo import Done, Produced
from tasks.plan import StagePlan
from tasks.steps.engines import identity
from tasks.steps.source import Source, raster_of
from tasks.steps.stages import PNG, digest
from tasks.workshop import Workshop

if TYPE_CHECKING:
    from tasks.steps.restore import Work

ENGINE = "unmix"


def recover(shop: Workshop, source: Source, stage: StagePlan, work: Work) -> tuple[Work, Done] | None:
    """The work with what could be recovered in its ground, and the record; None where nothing could."""
    raster = raster_of(shop, source)
    noise = noise_of_tables(raster.meta.jpeg_tables)

    def compute() -> Produced:
        found = unmix(work.crop, work.hole, work.others, levels=raster.levels, noise=noise)
        if found is None:
            return Produced(facts={"recovered": 0.0})
        where = found.trusted & work.hole
        facts = {
            "recovered": round(float(where.sum() / work.hole.sum()), 4), "opacity": round(float(found.opacity), 4),
            "colour": [round(float(level), 4) for level in found.colour], "reason": found.reason,
        }  # fmt: skip
        return Produced({
            "recovered": (encode_pixels(np.clip(found.pixels[work.inner], 0, 1)), PNG),
            "trusted": (encode_mask(where[work.inner].astype(np.float32)), PNG),
            "region": (encode_pixels(work.crop[work.inner]), PNG),
            "mask": (encode_mask(work.region.mask), PNG),
        }, facts)  # fmt: skip

    inputs = {"crop": digest(work.crop, work.hole, work.others), "noise": noise, "levels": raster.levels}
    done = shop.memo.do("recover", identity(stage, None, **inputs, box=list(work.box)), compute)
    return (grounded(work, done), done) if done.facts["recovered"] else None


def grounded(work: Work, done: Done) -> Work:
    """The work with a record's recovered pixels put in: what they do not cover is left to fill."""
    trusted = decode_mask(done.load("trusted")) > 0
    ground, gap = work.crop.copy(), work.hole.copy()
    np.copyto(ground[work.inner], decode_pixels(done.load("recovered")), where=trusted[..., None])
    gap[work.inner] &= ~trusted
    return replace(work, ground=ground, gap=gap)
