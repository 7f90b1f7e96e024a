"""One attempt at a region: generation, blending, enhancement and verification, each remembered under its own record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_registry.engines import wrap
from tasks.blending.stage import blend_region
from tasks.contracts import Pixels, Verdict, Zone
from tasks.enhancement.stage import enhance_region
from tasks.intents import Intent
from tasks.lossless import decode_mask, decode_pixels, encode_mask, encode_pixels
from tasks.memo import Done, Produced
from tasks.plan import EditPlan, EngineChoice, StagePlan
from tasks.results import StageResult
from tasks.steps.engines import first_that_works, identity, with_engine
from tasks.steps.verify import verify_region
from tasks.workshop import Workshop

if TYPE_CHECKING:
    from tasks.steps.restore import Work

PNG = "image/png"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one rung made of a region."""

    wanted: EngineChoice
    engine: EngineChoice
    """The one that did it: `wanted` or a stand-in."""
    pixels: Pixels
    """Of the region's box."""
    zone: Zone
    verdict: Verdict
    stages: tuple[StageResult, ...]
    artifacts: dict[str, str]


def attempt(shop: Workshop, plan: EditPlan, work: Work, rung: EngineChoice, intent: Intent) -> Attempt:
    """Run one rung of the ladder on a region."""
    generation, blending = plan.stage("generation"), plan.stage("blending")
    assert generation is not None
    assert blending is not None
    filled, engine = first_that_works(
        generation, rung, lambda c: _fill(shop, generation, c, work, getattr(intent, "prompt", ""))
    )
    fill = _expand(work, filled)
    blended, blender = first_that_works(
        blending, blending.engines[0], lambda c: _blend(shop, blending, c, work, fill, filled)
    )
    zone = decode_mask(blended.load("zone")) > 0
    stages = [
        _result("generation", engine, filled, work, "fill"),
        _result("blending", blender, blended, work, "blend"),
    ]
    last, pixels = blended, _expand(work, blended, "blend", zone)
    enhancement = plan.stage("enhancement")
    if enhancement:
        last, enhancer = first_that_works(
            enhancement,
            enhancement.engines[0],
            lambda c: _enhance(shop, enhancement, c, work, pixels, blended),
        )
        stages.append(_result("enhancement", enhancer, last, work, "final"))
    after = _expand(work, last, "final" if enhancement else "blend", zone)
    final = last.ref("final" if enhancement else "blend").sha256
    made = {"crop": digest(work.crop, work.hole), "fill": filled.ref("fill").sha256, "final": final}
    verdict, verified, reader = verify_region(shop, plan, work, fill, after, zone, made)
    stages.append(_result("verification", reader, verified, work, ""))
    artifacts = {
        "region": filled.ref("region").sha256, "mask": filled.ref("mask").sha256, "fill": filled.ref("fill").sha256,
        "blend": blended.ref("blend").sha256, "final": final,
    }  # fmt: skip
    return Attempt(rung, engine, after[work.inner], zone, verdict, tuple(stages), artifacts)


def digest(*arrays: Pixels | Zone) -> str:
    """sha256 over shapes and bytes."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(repr((array.shape, array.dtype.str)).encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _fill(shop: Workshop, stage: StagePlan, choice: EngineChoice, work: Work, prompt: str) -> Done:
    holes = work.hole | work.others

    def compute() -> Produced:
        filled = with_engine(shop, choice, lambda card, engine, params: wrap.fill(
            card, engine, work.crop, holes, seed=work.seed, prompt=prompt, params=params
        ))  # fmt: skip
        return Produced({
            "fill": (encode_pixels(filled[work.inner]), PNG),
            "region": (encode_pixels(work.crop[work.inner]), PNG),
            "mask": (encode_mask(work.region.mask), PNG),
        })  # fmt: skip

    inputs = {
        "crop": digest(work.crop, work.hole, work.others), "box": _inner_box(work), "mask": digest(work.region.mask),
        "seed": work.seed, "prompt": prompt,
    }  # fmt: skip
    return shop.memo.do("generation", identity(stage, choice, **inputs), compute)


def _blend(
    shop: Workshop, stage: StagePlan, choice: EngineChoice, work: Work, fill: Pixels, filled: Done
) -> Done:
    feather = int(stage.number("feather"))

    def compute() -> Produced:
        blended, zone = with_engine(shop, choice, lambda card, engine, params: blend_region(
            work.crop, fill, work.hole, feather,
            lambda target, source, hole, zone: wrap.blend(card, engine, target, source, hole, zone, params=params),
        ))  # fmt: skip
        return Produced({
            "blend": (encode_pixels(blended[work.inner]), PNG),
            "zone": (encode_mask(zone[work.inner].astype(np.float32)), PNG),
        })  # fmt: skip

    inputs = {
        "crop": digest(work.crop, work.hole),
        "box": _inner_box(work),
        "fill": filled.ref("fill").sha256,
    }
    return shop.memo.do("blending", identity(stage, choice, **inputs), compute)


def _enhance(
    shop: Workshop, stage: StagePlan, choice: EngineChoice, work: Work, blended: Pixels, record: Done
) -> Done:
    def compute() -> Produced:
        enhanced = with_engine(shop, choice, lambda card, engine, params: enhance_region(
            blended, work.hole,
            lambda image, hole: wrap.enhance(card, engine, image, hole, seed=work.seed, params=params),
        ))  # fmt: skip
        return Produced({"final": (encode_pixels(enhanced[work.inner]), PNG)})

    inputs = {
        "crop": digest(work.crop, work.hole), "box": _inner_box(work), "blend": record.ref("blend").sha256,
        "seed": work.seed,
    }  # fmt: skip
    return shop.memo.do("enhancement", identity(stage, choice, **inputs), compute)


def _expand(work: Work, done: Done, name: str = "fill", zone: Zone | None = None) -> Pixels:
    """A stored patch put back into its crop: where the hole (or zone) is, the patch; elsewhere the picture's own pixels."""
    pixels = work.crop.copy()
    where = work.hole[work.inner] if zone is None else zone
    np.copyto(pixels[work.inner], decode_pixels(done.load(name)), where=where[..., None])
    return pixels


def _inner_box(work: Work) -> list[int]:
    (rows, columns) = work.inner
    return [columns.start, rows.start, columns.stop, rows.stop]


def _result(stage: str, choice: EngineChoice | None, done: Done, work: Work, artifact: str) -> StageResult:
    return StageResult(
        stage=stage, engine=choice.id if choice else "", seconds=round(done.seconds, 4), cached=done.cached,
        artifact=done.ref(artifact).sha256 if artifact else "", region=work.region.n,
    )  # fmt: skip
