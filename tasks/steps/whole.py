"""The step that makes a picture from a prompt alone."""

from __future__ import annotations

import numpy as np

from model_registry.engines import wrap
from tasks.contracts import Raster
from tasks.generation.seeds import region_seed
from tasks.intents import Generate
from tasks.lossless import decode_raster, encode_raster
from tasks.memo import Done, Produced
from tasks.plan import EngineChoice, StagePlan
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.steps.source import Source
from tasks.workshop import Workshop


def generated(shop: Workshop, source: Source) -> tuple[Raster, Done, EngineChoice, EngineChoice]:
    """The new picture, its record, the engine wanted and the engine that did it."""
    stage = source.plan.stage("generation")
    assert stage is not None
    done, used = first_that_works(stage, stage.engines[0], lambda c: _generate(shop, source, stage, c))
    return decode_raster(done.load("picture")), done, stage.engines[0], used


def _generate(shop: Workshop, source: Source, stage: StagePlan, choice: EngineChoice) -> Done:
    intent = source.job.intent
    assert isinstance(intent, Generate)
    seed = region_seed(source.sha256, f"{intent.width}x{intent.height}", source.plan.seed)
    width, height = _within(intent.width, intent.height, int(dict(stage.params).get("max_pixels", 0)))

    def compute() -> Produced:
        pixels = with_engine(shop, choice, lambda card, engine, params: wrap.generate(
            card, engine, intent.prompt, width, height, seed=seed, params=params
        ))  # fmt: skip
        raster = Raster(np.rint(pixels * 255).astype(np.uint8))
        return Produced({"picture": (encode_raster(raster), "image/png")})

    inputs = {"prompt": intent.prompt, "size": [width, height], "seed": seed}
    return shop.memo.do(stage.stage, identity(stage, choice, **inputs), compute)


def _within(width: int, height: int, limit: int) -> tuple[int, int]:
    """The size scaled down to at most `limit` pixels; as it is for 0."""
    if not limit or width * height <= limit:
        return width, height
    share = (limit / (width * height)) ** 0.5
    return max(int(width * share), 1), max(int(height * share), 1)
