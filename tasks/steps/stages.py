"""One attempt at a region: generation, blending, enhancement and verification, each remembered under its own record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from model_registry.engines import wrap
from tasks.blending.stage import blend_region
from tasks.contracts import Pixels, Region, Verdict, Zone
from tasks.enhancement.stage import enhance_region
from tasks.intents import Intent
from tasks.lossless import decode_mask, decode_pixels, encode_mask, encode_pixels
from tasks.memo import Done, Produced
from tasks.plan import EditPlan, EngineChoice, StagePlan
from tasks.results import StageResult
from tasks.steps.anchored import depth_identity, fill_on_structure
from tasks.steps.engines import UNUSABLE, first_that_works, identity, with_engine
from tasks.steps.observed import sampled
from tasks.steps.remarks import as_facts, from_facts, worth_knowing
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
    recovered: float
    """Share of the hole that was recovered and not filled."""
    pixels: Pixels
    """Of the region's box."""
    zone: Zone
    verdict: Verdict
    stages: tuple[StageResult, ...]
    artifacts: dict[str, str]
    region: Region
    """What was worked on: with un-mixing it may be larger than what was found."""
    stood_in: tuple[str, ...] = ()
    """Stages after the fill that another engine did than was planned, or none, in words."""
    remarks: tuple[str, ...] = ()
    """What the engine says of its fill that does not lessen it."""

    @property
    def by(self) -> str:
        """Who the pixels are of: an engine, or un-mixing with the engine that filled what was left."""
        if not self.recovered:
            return self.engine.id
        return "unmix" if self.recovered == 1 else f"unmix+{self.engine.id}"


@dataclass(frozen=True, slots=True)
class Filled:
    """New pixels for what of a hole is to be filled, joined to the picture."""

    engine: EngineChoice
    fill: Pixels
    """The crop with the engine's fill."""
    after: Pixels
    """The crop with the final pixels."""
    zone: Zone
    """Of the region's box: what was written."""
    stages: tuple[StageResult, ...]
    artifacts: dict[str, str]
    stood_in: tuple[str, ...] = ()
    anchors: Mapping[str, float] = field(default_factory=dict)
    """What the fill was conditioned on, in figures."""
    remarks: tuple[str, ...] = ()
    """What the engine says of its fill that does not lessen it."""


def attempt(
    shop: Workshop,
    plan: EditPlan,
    work: Work,
    rung: EngineChoice,
    intent: Intent,
    recovered: Done | None = None,
) -> Attempt:
    """Run one rung of the ladder on a region. recovered: the record of what the work's ground holds already."""
    made = _filled(shop, plan, work, rung, intent) if work.gap.any() else _nothing_to_fill(work, rung)
    stages, artifacts, zone = list(made.stages), made.artifacts, made.zone
    if recovered:
        stages.insert(0, _result("generation", None, recovered, work, "recovered", "unmix"))
        names = {"region": "region", "mask": "mask", "recovered": "recovered", "final": "recovered"}
        artifacts = {name: recovered.ref(of).sha256 for name, of in names.items()} | artifacts
        zone = zone | (work.hole & ~work.gap)[work.inner]
    inputs = {
        "crop": digest(work.crop, work.hole), "fill": artifacts.get("fill", ""), "final": artifacts["final"],
        "recovered": artifacts.get("recovered", ""),
    }  # fmt: skip
    verdict, verified, reader = verify_region(shop, plan, work, made.fill, made.after, zone, inputs)
    stages.append(_result("verification", reader, verified, work, ""))
    verdict = replace(verdict, scores={**verdict.scores, **made.anchors})
    share = recovered.facts["recovered"] if recovered else 0.0
    return Attempt(
        rung, made.engine, share, made.after[work.inner], zone, verdict, tuple(stages), artifacts, work.region,
        made.stood_in, made.remarks,
    )  # fmt: skip


def _nothing_to_fill(work: Work, rung: EngineChoice) -> Filled:
    nowhere = np.zeros_like(work.gap[work.inner])
    return Filled(rung, work.ground, work.ground, nowhere, (), {})


def _filled(shop: Workshop, plan: EditPlan, work: Work, rung: EngineChoice, intent: Intent) -> Filled:
    """Generation, blending and enhancement of what is to be filled."""
    generation, blending = plan.stage("generation"), plan.stage("blending")
    assert generation is not None
    assert blending is not None
    (filled, observation), engine = first_that_works(
        generation, rung, lambda c: _fill(shop, generation, c, work, getattr(intent, "prompt", ""))
    )
    fill = _expand(work, filled)
    stages = [_result("generation", engine, filled, work, "fill")]
    names = ("region", "mask", "fill", "conditions")
    artifacts = {name: filled.ref(name).sha256 for name in names if name in filled.names()}
    artifacts |= {"observation": observation} if observation else {}
    anchors, remarks = filled.facts.get("anchors", {}), worth_knowing(from_facts(filled.facts))
    if (
        engine.synthetic
    ):  # right to the last level where it fits at all: any blend or grain would only spoil it
        artifacts["final"] = artifacts["fill"]
        return Filled(engine, fill, fill, work.gap[work.inner], tuple(stages), artifacts, anchors=anchors)
    blended, blender = first_that_works(
        blending, blending.engines[0], lambda c: _blend(shop, blending, c, work, fill, filled)
    )
    zone = decode_mask(blended.load("zone")) > 0
    stages.append(_result("blending", blender, blended, work, "blend"))
    last, pixels = blended, _expand(work, blended, "blend", zone)
    stood_in = tuple(one.said for one in from_facts(filled.facts) if one.lessens)
    stood_in += _stood_in("blending", blending.engines[0], blender)
    enhancement, name = plan.stage("enhancement"), "blend"
    if enhancement:
        planned = enhancement.engines[0]
        try:
            last, enhancer = first_that_works(
                enhancement, planned, lambda c: _enhance(shop, enhancement, c, work, pixels, blended)
            )
            name = "final"
            stages.append(_result("enhancement", enhancer, last, work, name))
            stood_in += _stood_in("enhancement", planned, enhancer)
        except UNUSABLE as fault:  # without its grain a fill is still a fill, and says so
            stood_in += (f"enhancement: left out, {fault.message}",)
    after = _expand(work, last, name, zone)
    artifacts["blend"] = blended.ref("blend").sha256
    artifacts["final"] = last.ref(name).sha256
    return Filled(engine, fill, after, zone, tuple(stages), artifacts, stood_in, anchors, remarks)


def _stood_in(stage: str, planned: EngineChoice, used: EngineChoice) -> tuple[str, ...]:
    return () if planned.id == used.id else (f"{stage}: {used.id} stood in for {planned.id}",)


def digest(*arrays: Pixels | Zone) -> str:
    """sha256 over shapes and bytes."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(repr((array.shape, array.dtype.str)).encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _fill(
    shop: Workshop, stage: StagePlan, choice: EngineChoice, work: Work, prompt: str
) -> tuple[Done, str]:
    """The fill's record, and the sha256 of its observation."""
    holes = work.gap | work.others

    def compute() -> Produced:
        made = fill_on_structure(shop, stage, choice, work.ground, holes, work.seed, prompt)
        artifacts = {
            "fill": (encode_pixels(made.pixels[work.inner]), PNG),
            "region": (encode_pixels(work.crop[work.inner]), PNG),
            "mask": (encode_mask(work.region.mask), PNG),
        }
        if made.conditions is not None:
            artifacts["conditions"] = encode_pixels(made.conditions[work.inner]), PNG
        anchors = {"anchors": dict(made.scores)} if made.scores else {}
        return Produced(artifacts, {**anchors, **as_facts(made.remarks)})

    inputs = {
        "crop": digest(work.ground, work.gap, work.others), "box": _inner_box(work), "mask": digest(work.region.mask),
        "seed": work.seed, "prompt": prompt, **depth_identity(shop, stage, choice),
    }  # fmt: skip
    return sampled(
        shop, work.watched, "generation", choice, identity(stage, choice, **inputs), "fill", compute
    )


def _blend(
    shop: Workshop, stage: StagePlan, choice: EngineChoice, work: Work, fill: Pixels, filled: Done
) -> Done:
    feather = int(stage.number("feather"))

    def compute() -> Produced:
        blended, zone = with_engine(shop, choice, lambda card, engine, params: blend_region(
            work.ground, fill, work.gap, feather,
            lambda target, source, hole, zone: wrap.blend(card, engine, target, source, hole, zone, params=params),
        ))  # fmt: skip
        return Produced({
            "blend": (encode_pixels(blended[work.inner]), PNG),
            "zone": (encode_mask(zone[work.inner].astype(np.float32)), PNG),
        })  # fmt: skip

    inputs = {
        "crop": digest(work.ground, work.gap),
        "box": _inner_box(work),
        "fill": filled.ref("fill").sha256,
    }
    return shop.memo.do("blending", identity(stage, choice, **inputs), compute)


def _enhance(
    shop: Workshop, stage: StagePlan, choice: EngineChoice, work: Work, blended: Pixels, record: Done
) -> Done:
    def compute() -> Produced:
        enhanced = with_engine(shop, choice, lambda card, engine, params: enhance_region(
            blended, work.gap,
            lambda image, hole: wrap.enhance(card, engine, image, hole, seed=work.seed, params=params),
        ))  # fmt: skip
        return Produced({"final": (encode_pixels(enhanced[work.inner]), PNG)})

    inputs = {
        "crop": digest(work.ground, work.gap), "box": _inner_box(work), "blend": record.ref("blend").sha256,
        "seed": work.seed,
    }  # fmt: skip
    return shop.memo.do("enhancement", identity(stage, choice, **inputs), compute)


def _expand(work: Work, done: Done, name: str = "fill", zone: Zone | None = None) -> Pixels:
    """A stored patch put back into its crop: where the gap (or zone) is, the patch; elsewhere the ground's own pixels."""
    pixels = work.ground.copy()
    where = work.gap[work.inner] if zone is None else zone
    np.copyto(pixels[work.inner], decode_pixels(done.load(name)), where=where[..., None])
    return pixels


def _inner_box(work: Work) -> list[int]:
    (rows, columns) = work.inner
    return [columns.start, rows.start, columns.stop, rows.stop]


def _result(
    stage: str, choice: EngineChoice | None, done: Done, work: Work, artifact: str, engine: str = ""
) -> StageResult:
    return StageResult(
        stage=stage, engine=choice.id if choice else engine, seconds=round(done.seconds, 4), cached=done.cached,
        artifact=done.ref(artifact).sha256 if artifact else "", region=work.region.n,
    )  # fmt: skip
