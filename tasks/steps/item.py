"""A picture from job to outcome. Whatever happens to it ends as a typed result; nothing escapes but transient faults."""

from __future__ import annotations

from collections.abc import Sequence

from infra.store.contract import ArtifactRef, Damaged, NotFound, StoreError, Unavailable
from model_registry.errors import EngineOutOfMemory, RegistryError
from tasks.contracts import Outcome
from tasks.errors import (
    BadRequest,
    EngineFailed,
    OutOfMemory,
    PentimentoError,
    Rejected,
    StoreUnavailable,
    Transient,
)
from tasks.export.xmp import SourceType
from tasks.intents import Clean, Generate, RemoveObject, RemoveText, Replace, Upscale
from tasks.job import JobSpec
from tasks.memo import record_key
from tasks.results import ItemResult, RegionResult, StageResult
from tasks.steps.deliver import Delivered, export, keep, place_ref
from tasks.steps.detect import Detected, detect
from tasks.steps.engines import OTHER_ENGINE
from tasks.steps.restore import Restored, restore
from tasks.steps.source import Source, raster_of, read_source
from tasks.steps.whole import whole_picture
from tasks.workshop import Workshop

HARD = ("residual_text", "leak", "outside_changed")
"""Failing one of these sends a picture to review; failing a softer one marks it degraded, with the figure."""


def refused(job: JobSpec, error: PentimentoError) -> ItemResult:
    """The result of a picture that could not be done."""
    error.about(picture=job.id)
    outcome: Outcome = "rejected" if isinstance(error, Rejected | BadRequest) else "failed"
    return ItemResult(
        id=job.id,
        source=job.source,
        outcome=outcome,
        stage=error.stage,
        reason=error.message,
        cure=error.cure,
    )


def typed(error: Exception, *, picture: str, stage: str) -> PentimentoError:
    """Any exception as one of the tree, naming picture and stage."""
    if isinstance(error, PentimentoError):
        return error.about(picture=picture, stage=stage)
    if isinstance(error, Unavailable):
        return StoreUnavailable(str(error), picture=picture, stage=stage)
    if isinstance(error, EngineOutOfMemory | MemoryError):
        return OutOfMemory(str(error) or "out of memory", picture=picture, stage=stage)
    if isinstance(error, RegistryError):
        return EngineFailed(error.message, picture=picture, stage=stage, cure=error.cure or OTHER_ENGINE)
    kind = "the store" if isinstance(error, StoreError) else type(error).__name__
    return EngineFailed(
        f"{kind}: {error}", picture=picture, stage=stage, cure="please report this as a fault"
    )


def finish(shop: Workshop, job: JobSpec) -> ItemResult:
    """Do all of a picture that is not yet done. Raises Transient faults only; every other end is a result."""
    stage = "triage"
    try:
        source = read_source(shop, job)
        known = finished(shop, source)
        if known:
            return known
        if isinstance(job.intent, Generate | Upscale | Clean):
            stage = "generation" if isinstance(job.intent, Generate) else "enhancement"
            return _whole(shop, source)
        stage = "detection"
        detected = detect(shop, source)
        stage = "generation"
        restored = restore(shop, source, detected.regions)
        stage = "export"
        return _regional(shop, source, detected, restored)
    except Exception as error:
        fault = typed(error, picture=job.id, stage=stage)
        if isinstance(fault, Transient):
            raise fault from error
        return refused(job, fault)


def finished(shop: Workshop, source: Source) -> ItemResult | None:
    """The picture's result from its record, put in place again; None when it is not done or its output is gone."""
    record = shop.memo.find("item", _item_key(source))
    if record is None:
        return None
    result = ItemResult.model_validate(record["facts"])
    entry = record["artifacts"]["output"]
    ref = ArtifactRef(entry["sha256"], entry["size"], entry["media_type"])
    review = result.outcome == "needs-review"
    try:
        output = place_ref(shop, source.job, ref, result.suffix, review=review)
    except (NotFound, Damaged):
        return None
    mine = record["run"] == shop.spec.run
    stages = result.stages if mine else tuple(s.as_cached() for s in result.stages)
    return result.model_copy(
        update={"id": source.job.id, "source": source.job.source, "output": output, "stages": stages}
    )


def _item_key(source: Source) -> str:
    identity = {
        "source": source.sha256, "mask": source.mask_sha256, "plan": source.plan.digest, "suffix": source.job.suffix
    }  # fmt: skip
    return record_key("item", identity)


def _asked(source: Source) -> str:
    intent = source.job.intent.model_dump(mode="json")
    return record_key("asked", {"source": source.sha256, "mask": source.mask_sha256, "intent": intent})


def _whole(shop: Workshop, source: Source) -> ItemResult:
    after, done, wanted, used = whole_picture(shop, source)
    generated = isinstance(source.job.intent, Generate)
    before = None if generated else raster_of(shop, source)
    made_by = SourceType.TRAINED if generated else SourceType.ENHANCED
    delivered = export(shop, source, after, before, made_by, done.ref("picture").sha256)
    work = StageResult(
        stage=done.stage, engine=used.id, seconds=round(done.seconds, 4), cached=done.cached,
        artifact=done.ref("picture").sha256,
    )  # fmt: skip
    outcome: Outcome = "done" if used.id == wanted.id else "degraded"
    reason = "" if outcome == "done" else f"{used.id} stood in for {wanted.id}"
    return _result(shop, source, delivered, outcome, reason, (), (work,))


def _regional(shop: Workshop, source: Source, detected: Detected, restored: Sequence[Restored]) -> ItemResult:
    raster = raster_of(shop, source)
    found = StageResult(
        stage="detection", engine=detected.engine, seconds=round(detected.done.seconds, 4),
        cached=detected.done.cached, artifact=detected.done.ref("regions").sha256,
    )  # fmt: skip
    if not restored:
        return _result(shop, source, keep(shop, source, raster), "unchanged", _nothing(source), (), (found,))
    after = raster.with_patches(tuple(r.patch for r in restored))
    generative = isinstance(source.job.intent, Replace)
    made_by = SourceType.COMPOSITE if generative else SourceType.ENHANCED
    finals = [r.result.artifacts["final"] for r in restored]
    delivered = export(shop, source, after, raster, made_by, detected.done.ref("regions").sha256, *finals)
    regions = tuple(r.result for r in restored)
    outcome, reason = judge(regions)
    stages = (found, *(stage for r in restored for stage in r.stages))
    return _result(shop, source, delivered, outcome, reason, regions, stages)


def judge(regions: Sequence[RegionResult]) -> tuple[Outcome, str]:
    """The picture's outcome from its regions': the worst one decides, and the reasons are joined."""
    reasons = [f"region {r.n}: {text}" for r in regions for text in r.reasons]
    if any(score in HARD for r in regions for score in r.failed):
        return "needs-review", "; ".join(reasons)
    stood_in = [
        f"region {r.n}: {r.engine} stood in for {r.fallback_from}" for r in regions if r.fallback_from
    ]
    if reasons or stood_in:
        return "degraded", "; ".join([*stood_in, *reasons])
    return "done", ""


def _nothing(source: Source) -> str:
    if isinstance(source.job.intent, RemoveText):
        return "no text was found"
    assert isinstance(source.job.intent, RemoveObject | Replace)
    return "the mask covers nothing"


def _result(
    shop: Workshop, source: Source, delivered: Delivered, outcome: Outcome, reason: str,
    regions: tuple[RegionResult, ...], stages: tuple[StageResult, ...],
) -> ItemResult:  # fmt: skip
    done = delivered.done
    exported = StageResult(
        stage="export", seconds=round(done.seconds, 4), cached=done.cached, artifact=done.ref("output").sha256
    )
    done.load("output")
    output = place_ref(
        shop, source.job, done.ref("output"), delivered.suffix, review=outcome == "needs-review"
    )
    shown = {name: done.ref(name).sha256 for name in done.names() if name in ("before", "after")}
    result = ItemResult(
        id=source.job.id, source=source.job.source, output=output, outcome=outcome, reason=reason,
        stage="verification" if outcome in ("needs-review", "degraded") else "",
        cure="look at the review sheet; another engine may do better: --engine generation=…" if reason and outcome != "unchanged" else "",
        width=delivered.width, height=delivered.height, regions=regions, stages=(*stages, exported),
        plan=source.plan.digest, asked=_asked(source), source_sha256=source.sha256, output_sha256=done.ref("output").sha256,
        media_type=delivered.media_type, suffix=delivered.suffix, thumbnails=shown,
        notes=source.facts.notes if source.facts else (),
    )  # fmt: skip
    shop.memo.write("item", _item_key(source), {"output": done.ref("output")}, result.model_dump(mode="json"))
    return result
