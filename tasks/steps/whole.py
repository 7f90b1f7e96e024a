"""The step that makes a picture from a prompt alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Engine
from model_registry.engines.remark_contract import Remark
from tasks.contracts import Pixels, Raster
from tasks.generation.seeds import region_seed
from tasks.intents import Generate
from tasks.lossless import decode_raster, encode_raster
from tasks.memo import Done, Produced
from tasks.plan import EngineChoice, StagePlan, Value
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.steps.observed import sampled
from tasks.steps.remarks import as_facts, remarks_of
from tasks.steps.source import Source
from tasks.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Generated:
    """A new picture and how it came about."""

    raster: Raster
    done: Done
    wanted: EngineChoice
    used: EngineChoice
    observation: str
    """sha256; empty where its sampling was not observed."""


def generated(shop: Workshop, source: Source) -> Generated:
    """The new picture, its record, the engine wanted and the engine that did it."""
    stage = source.plan.stage("generation")
    assert stage is not None
    (done, observation), used = first_that_works(
        stage, stage.engines[0], lambda c: _generate(shop, source, stage, c)
    )
    return Generated(decode_raster(done.load("picture")), done, stage.engines[0], used, observation)


def _generate(shop: Workshop, source: Source, stage: StagePlan, choice: EngineChoice) -> tuple[Done, str]:
    intent = source.job.intent
    assert isinstance(intent, Generate)
    seed = region_seed(source.sha256, f"{intent.width}x{intent.height}", source.plan.seed)
    width, height = _within(intent.width, intent.height, int(dict(stage.params).get("max_pixels", 0)))

    def use(card: Card, engine: Engine, params: Mapping[str, Value]) -> tuple[Pixels, tuple[Remark, ...]]:
        pixels = wrap.generate(card, engine, intent.prompt, width, height, seed=seed, params=params)
        return pixels, remarks_of(card, engine, intent.prompt, width, height, params)

    def compute() -> Produced:
        pixels, remarks = with_engine(shop, choice, use)
        raster = Raster(np.rint(pixels * 255).astype(np.uint8))
        return Produced({"picture": (encode_raster(raster), "image/png")}, as_facts(remarks))

    inputs = {"prompt": intent.prompt, "size": [width, height], "seed": seed}
    watched = source.job.id in shop.spec.observed
    return sampled(shop, watched, stage.stage, choice, identity(stage, choice, **inputs), "picture", compute)


def _within(width: int, height: int, limit: int) -> tuple[int, int]:
    """The size scaled down to at most `limit` pixels; as it is for 0."""
    if not limit or width * height <= limit:
        return width, height
    share = (limit / (width * height)) ** 0.5
    return max(int(width * share), 1), max(int(height * share), 1)
