"""The step before any filling: take an overlay off, so that the picture's own pixels come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tasks.contracts import JsonObject, Pixels, Zone
from tasks.detection.pieces import bounds
from tasks.detection.regions import spread
from tasks.generation.unmix import LARGEST_ERROR, Unmixed, unmix
from tasks.generation.unmix_background import noise_of_tables
from tasks.generation.unmix_beyond import beyond
from tasks.generation.unmix_evidence import Overlay, uncovered
from tasks.generation.unmix_opaque import plainly_opaque
from tasks.lossless import decode_mask, decode_pixels, encode_mask, encode_pixels
from tasks.memo import Done, Produced
from tasks.plan import StagePlan
from tasks.steps.carried import beneath, carried
from tasks.steps.engines import identity
from tasks.steps.source import Source, full_raster, limit_of, raster_of, reduced
from tasks.steps.stages import PNG, digest
from tasks.workshop import Workshop

if TYPE_CHECKING:
    from tasks.steps.restore import Work

_ENDS, _SIDES = 1.3, 0.35
"""Of the line's height: how far from the hole more of its letters are looked for."""
_FAINT = 0.01
"""Opacity from which a pixel counts as covered."""


def recover(shop: Workshop, source: Source, stage: StagePlan, work: Work) -> tuple[Work, Done] | None:
    """The work with what could be recovered in its ground, and the record; None where nothing could."""
    blending = source.plan.stage("blending")
    feather = int(blending.number("feather")) if blending else 0
    inputs: JsonObject = {
        "crop": digest(work.crop, work.hole, work.others), "box": list(work.box), "region": list(work.region.box),
        "feather": feather,
    }  # fmt: skip
    if work.region.found == "repeated":
        shared = carried(shop, source)
        assert shared is not None
        inputs["shared"] = shared.key
        done = _remembered(shop, stage, work, feather, inputs, lambda: _beneath(shop, source, shared, work))
    else:
        raster = raster_of(shop, source)
        noise = noise_of_tables(raster.meta.jpeg_tables)
        inputs |= {"noise": noise, "levels": raster.levels}
        done = _remembered(
            shop, stage, work, feather, inputs, lambda: _unmixed(work, raster.levels, noise, feather)
        )
    return (grounded(work, done), done) if done.facts["recovered"] else None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came back of a crop."""

    pixels: Pixels
    trusted: Zone
    hole: Zone
    """Everything that the overlay covers: the work's hole, and what un-mixing found of it beside that."""
    facts: JsonObject


def _remembered(
    shop: Workshop,
    stage: StagePlan,
    work: Work,
    feather: int,
    inputs: JsonObject,
    work_out: Callable[[], Recovered | None],
) -> Done:
    def compute() -> Produced:
        found = work_out()
        if found is None:
            return Produced(facts={"recovered": 0.0})
        where = found.trusted & found.hole
        share = round(float(where.sum() / found.hole.sum()), 4)
        grown = _grown(work, found.hole, feather)
        inner = grown.inner
        mask = np.where(found.hole[inner], np.maximum(grown.region.mask, 1 / 255), 0).astype(np.float32)
        return Produced({
            "recovered": (encode_pixels(np.clip(found.pixels[inner], 0, 1)), PNG),
            "trusted": (encode_mask(where[inner].astype(np.float32)), PNG),
            "region": (encode_pixels(work.crop[inner]), PNG),
            "mask": (encode_mask(mask), PNG),
        }, {"recovered": share, "box": list(grown.region.box), **found.facts})  # fmt: skip

    return shop.memo.do("recover", identity(stage, None, **inputs), compute)


def _grown(work: Work, hole: Zone, feather: int) -> Work:
    """The work with its region's box grown to hold a hole that goes beyond it, and its write zone."""
    extent = bounds(hole)
    assert extent is not None, "a region's hole is never empty"
    x, y = work.box[:2]
    x0, y0, x1, y1 = spread(extent, feather, (hole.shape[0], hole.shape[1]))
    old = work.region.box
    box = (min(x0 + x, old[0]), min(y0 + y, old[1]), max(x1 + x, old[2]), max(y1 + y, old[3]))
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
    mask[old[1] - box[1] : old[3] - box[1], old[0] - box[0] : old[2] - box[0]] = work.region.mask
    return replace(work, region=replace(work.region, box=box, mask=mask))


def _unmixed(work: Work, levels: int, noise: float, feather: int) -> Recovered | None:
    """The whole line is looked at: masks of half-transparent letters miss some of them. Where that fails in a lossy file, whose
    noise has edges of its own, the mask alone is."""
    if plainly_opaque(work.crop, work.hole, ~(work.hole | work.others)):
        return None
    found = None
    for line in (_line(work), None) if noise else (_line(work),):
        found = found or unmix(work.crop, work.hole, work.others, levels=levels, noise=noise, line=line)
    if found is None:
        return None
    found = _continued(work, found, levels, noise, feather)
    colour = [round(float(level), 4) for level in found.colour]
    facts = {"opacity": round(float(found.opacity), 4), "colour": colour, "reason": found.reason}
    return Recovered(found.pixels, found.trusted, work.hole | (found.alpha > _FAINT), facts)


def _continued(work: Work, found: Unmixed, levels: int, noise: float, feather: int) -> Unmixed:
    """The same with the letters of the overlay that stand beyond the hole, as far as the crop goes and clear of what is
    written for other regions."""
    apart = np.ones((4 * feather + 3,) * 2, np.uint8)
    about = _about(work) & (cv2.dilate(work.others.astype(np.uint8), apart) == 0)
    overlay = Overlay(found.opacity, found.colour)
    more = beyond(found.pixels, found.alpha, overlay, about, work.hole, levels, noise)
    if more is None:
        return found
    clear = uncovered(found.pixels, more, overlay)
    sure = (more > 0) & (np.abs(clear - np.clip(clear, 0, 1)).max(axis=2) < 0.1)
    sure &= np.hypot(noise, 1 / levels) / (1 - found.opacity * more) < LARGEST_ERROR
    pixels = np.where(sure[..., None], np.clip(clear, 0, 1), found.pixels).astype(np.float32)
    alpha = np.maximum(found.alpha, np.float32(found.opacity) * more)
    return replace(found, pixels=pixels, alpha=alpha, trusted=found.trusted | sure)


def _line(work: Work) -> Zone:
    """The turned rectangle about the hole, within the region's box: the letters of a line and those between them."""
    within = np.zeros_like(work.hole)
    within[work.inner] = _rectangle(work.hole)[work.inner]
    return (within | work.hole) & ~work.others


def _about(work: Work) -> Zone:
    """The same rectangle with room for a letter at both ends, and for what the reader cut off above and below."""
    zone = _rectangle(work.hole, _ENDS, _SIDES)
    zone[[0, -1]] = zone[:, [0, -1]] = False
    return zone


def _rectangle(hole: Zone, ends: float = 0.0, sides: float = 0.0) -> Zone:
    """H×W: the turned rectangle about a hole, made longer and wider on each side by shares of its shorter side."""
    middle, (width, height), angle = cv2.minAreaRect(np.argwhere(hole)[:, ::-1].astype(np.float32))
    short = min(width, height)
    along, across = 2 * ends * short, 2 * sides * short
    grown = (width + along, height + across) if width >= height else (width + across, height + along)
    filled = np.zeros(hole.shape, np.uint8)
    corners = cv2.boxPoints((middle, grown, angle))
    cv2.fillPoly(filled, [np.rint(corners).astype(np.int32)], (1,))
    return filled > 0


def _beneath(shop: Workshop, source: Source, shared: Done, work: Work) -> Recovered:
    """The picture without its shared overlays, as it is in the work's crop, at the tier's scale."""
    limit = limit_of(source)
    n = int(work.region.key.rsplit("-", 1)[1])
    patch, doubtful = beneath(shared, n)
    if not limit:
        pixels, trusted = work.crop.copy(), np.zeros_like(work.hole)
        rows = slice(patch.y - work.box[1], patch.box[3] - work.box[1])
        columns = slice(patch.x - work.box[0], patch.box[2] - work.box[0])
        np.copyto(pixels[rows, columns], patch.pixels, where=patch.zone[..., None])
        trusted[rows, columns] = patch.zone
        return Recovered(pixels, trusted, work.hole, {})
    full = full_raster(shop, source)
    small = reduced(full.with_patches((patch,)), limit)
    doubt = np.zeros((full.height, full.width), np.float32)
    doubt[patch.y : patch.box[3], patch.x : patch.box[2]] = doubtful
    doubt = np.asarray(
        cv2.resize(doubt, (small.width, small.height), interpolation=cv2.INTER_AREA), np.float32
    )
    x0, y0, x1, y1 = work.box
    return Recovered(small.crop(work.box), work.hole & (doubt[y0:y1, x0:x1] == 0), work.hole, {})


def grounded(work: Work, done: Done) -> Work:
    """The work with a record's recovered pixels put in, its hole all that they say was covered; the rest is left to fill.

    Its region may be larger than the work's: letters that go on beyond it are part of it."""
    trusted, mask = (decode_mask(done.load(name)) for name in ("trusted", "mask"))
    x0, y0, x1, y1 = done.facts["box"]
    work = replace(work, region=replace(work.region, box=(x0, y0, x1, y1), mask=mask))
    ground, hole = work.crop.copy(), work.hole.copy()
    hole[work.inner] |= mask > 0
    gap = hole.copy()
    gap[work.inner] &= ~(trusted > 0)
    np.copyto(ground[work.inner], decode_pixels(done.load("recovered")), where=(trusted > 0)[..., None])
    return replace(work, ground=ground, gap=gap, hole=hole)
