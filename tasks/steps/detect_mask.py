"""Regions from the mask that came with a job: drawn by an engine where it only points, put right on its rim, and grown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_registry.card import Role
from model_registry.engines import wrap_objects
from model_registry.engines.segment_contract import Levels, ObjectPrompt, Sighting
from tasks.contracts import Box, JsonObject, Raster, Region, Zone
from tasks.detection.mask_refine import Rim, grown, noted, refined
from tasks.detection.masks import Finders, build_mask
from tasks.detection.regions import regions_from_mask
from tasks.intents import MaskColourKey, RemoveObject, Replace
from tasks.plan import EngineChoice, StagePlan
from tasks.steps.engines import first_that_works, with_engine
from tasks.steps.source import Source, eight_bit, full_raster
from tasks.workshop import Workshop

QUIETEST = 1.0
"""A rim is never judged as if the picture had less noise than this, levels of 255."""


def mask_regions(
    shop: Workshop, source: Source, stage: StagePlan, feather: int
) -> tuple[tuple[Region, ...], list[JsonObject]]:
    """The regions, each with a note where its mask was put right or may be off, and what was found on every rim.

    Raises BadMask, NoEngine, EngineFailed or OutOfMemory."""
    intent = source.job.intent
    assert isinstance(intent, RemoveObject | Replace)
    raster = full_raster(shop, source)
    finders = _finders(shop, raster, stage)
    mask = build_mask(intent.mask, raster, source.companion, picture=source.job.id, finders=finders)
    rims: tuple[Rim, ...] = ()
    # what a colour key picks is exact to the pixel
    if bool(stage.param("refine")) and not isinstance(intent.mask, MaskColourKey):
        mask, rims = refined(mask, raster, max(source.facts.noise if source.facts else 0.0, QUIETEST))
    mask = grown(mask, int(stage.number("grow")))
    regions = regions_from_mask(mask, feather=feather, merge_gap=int(stage.number("merge_gap")))
    return noted(regions, rims), [rim.facts for rim in rims]


def engines_said(stage: StagePlan) -> str:
    """The engines that draw the masks, in words: `grabcut`, `owlv2+grabcut`; `mask` where none does."""
    return "+".join(choice.id for choice in reversed(stage.engines)) or "mask"


def _finders(shop: Workshop, raster: Raster, stage: StagePlan) -> Finders:
    def look(box: Box) -> Levels:
        return np.asarray(eight_bit(raster, box), np.uint8)

    def segment(image: Levels, prompt: ObjectPrompt) -> Zone:
        return first_that_works(stage, _choice(shop, stage, "segment"), lambda choice: with_engine(
            shop, choice, lambda card, engine, params: wrap_objects.segment(card, engine, image, prompt, params=params)
        ))[0]  # fmt: skip

    def locate(image: Levels, words: str) -> Sequence[Sighting]:
        return first_that_works(stage, _choice(shop, stage, "locate"), lambda choice: with_engine(
            shop, choice, lambda card, engine, params: wrap_objects.locate(card, engine, image, words, params=params)
        ))[0]  # fmt: skip

    return Finders(look, segment, locate)


def _choice(shop: Workshop, stage: StagePlan, role: Role) -> EngineChoice:
    return next(choice for choice in stage.engines if shop.registry.get(choice.id).role == role)
