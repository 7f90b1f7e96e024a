"""A picture from job to outcome. Whatever happens to it ends as a typed result; nothing escapes but transient faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from infra.store.contract import ArtifactRef, Damaged, NotFound
from tasks.contracts import JsonObject
from tasks.errors import BadRequest, Transient
from tasks.export.xmp import SourceType
from tasks.intents import BY_REGION, Generate, RemoveText, Replace
from tasks.job import JobSpec
from tasks.memo import Done, record_key
from tasks.patched import Patched
from tasks.planned import digest_of
from tasks.results import Enlargement, ItemResult, KeptText, RegionResult, StageResult
from tasks.steps.carried import sharing
from tasks.steps.deliver import Delivered, export, keep, place_ref
from tasks.steps.detect import Detected, detect
from tasks.steps.observed import lacks_observation
from tasks.steps.outcome import LOOK, Ending, flags, judge, nothing_found, refused, typed
from tasks.steps.policy import Decided, decide, sentence, untouched
from tasks.steps.remarks import ended, from_facts, worth_knowing
from tasks.steps.restore import Restored, restore
from tasks.steps.safety import look_at_picture, look_at_regions, stricter
from tasks.steps.source import Source, raster_of, read_source
from tasks.steps.thumbnails import thumbnail
from tasks.steps.upscale_result import upscaled
from tasks.steps.whole import generated
from tasks.steps.withheld import unshown, withheld
from tasks.workshop import Workshop

PULL = "install the program again: its weights are part of it"


def finish(
    shop: Workshop, job: JobSpec, planned: Callable[[Source], None] = lambda source: None
) -> ItemResult:
    """Do all of a picture that is not yet done. Raises Transient faults only; every other end is a result.

    planned: hears of the picture once it is read and planned."""
    stage = "triage"
    try:
        source = read_source(shop, job)
        planned(source)
        known = finished(shop, source)
        if known:
            return known
        if isinstance(job.intent, Generate):
            stage = "generation"
            return _generated(shop, source)
        if not isinstance(job.intent, BY_REGION):
            stage = "enhancement"
            return _upscaled(shop, source)
        stage = "detection"
        detected = detect(shop, source)
        stage = "policy"
        decided = decide(shop, source, detected)
        if decided.blocked:
            return _blocked(shop, source, detected, decided)
        stage = "generation"
        restored = restore(shop, source, detected.regions)
        _require_as_before(job, [one.result for one in restored])
        stage = "export"
        return _regional(shop, source, detected, decided, restored)
    except Exception as error:
        fault = typed(error, picture=job.id, stage=stage)
        if isinstance(fault, Transient):
            raise fault from error
        return refused(job, fault)


def recorded(shop: Workshop, source: Source) -> JsonObject | None:
    """The record of the finished picture, whether its output is still there or not; None when it is not done, or it is to be
    observed and was not."""
    record = shop.memo.find("item", _item_key(shop, source))
    if record is None:
        return None
    if source.job.id in shop.spec.observed:
        result = ItemResult.model_validate(record["facts"]).model_copy(update={"id": source.job.id})
        return None if lacks_observation(shop, result) else record
    return record


def finished(shop: Workshop, source: Source) -> ItemResult | None:
    """The picture's result from its record, put in place again; None when it is not `recorded` or its output is gone."""
    record = recorded(shop, source)
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


def _item_key(shop: Workshop, source: Source) -> str:
    identity: JsonObject = {
        "source": source.sha256, "companion": source.companion_sha256, "plan": digest_of(source.plan), "suffix": source.job.suffix,
        "overlays": sharing(shop, source),
    }  # fmt: skip
    if source.region_plans:
        identity["regions"] = {str(n): digest_of(own) for n, own in source.region_plans.items()}
    return record_key("item", identity)


def _require_as_before(job: JobSpec, regions: Sequence[RegionResult]) -> None:
    """A rerun of one region changes no other."""
    made = {r.n: (r.box, r.artifacts.get("final", "")) for r in regions}
    for seen in job.as_before:
        if made.get(seen.n) != (seen.box, seen.final):
            raise BadRequest(
                f"region {seen.n} would come out otherwise than it did, though nothing was asked of it",
                cure="engines, policy or program changed since: rerun the whole picture",
            )


def _asked(source: Source) -> str:
    intent = source.job.intent.model_dump(mode="json")
    return record_key(
        "asked", {"source": source.sha256, "companion": source.companion_sha256, "intent": intent}
    )


def _generated(shop: Workshop, source: Source) -> ItemResult:
    made = generated(shop, source)
    done, wanted, used = made.done, made.wanted, made.used
    looked = look_at_picture(shop, made.raster, done.ref("picture").sha256)
    if looked.result.verdict == "block":
        return withheld(source, _asked(source), looked.result, (_stage(done, done.stage, used.id),))
    delivered = export(shop, source, made.raster, None, SourceType.TRAINED, done.ref("picture").sha256)
    work = _stage(done, done.stage, used.id, done.ref("picture").sha256)
    stood_in = Ending("degraded", done.stage, f"{used.id} stood in for {wanted.id}", LOOK)
    remarks = from_facts(done.facts)
    ending = ended(Ending("done") if used.id == wanted.id else stood_in, remarks, done.stage)
    seen = {"picture": made.observation} if made.observation else {}
    notes = (*worth_knowing(remarks), *filter(None, [looked.note]))
    if looked.result.verdict == "review":
        ending = Ending("needs-review", "policy", sentence(looked.result), looked.result.cure)
    return _result(shop, source, delivered, ending, (), (work,), notes=notes, observations=seen)


def _upscaled(shop: Workshop, source: Source) -> ItemResult:
    made = upscaled(shop, source)
    _require_as_before(source.job, made.regions)
    made_by = SourceType.COMPOSITE if made.invented else SourceType.ENHANCED
    delivered = export(shop, source, made.after, raster_of(shop, source), made_by, *made.inputs)
    return _result(
        shop,
        source,
        delivered,
        made.ending,
        made.regions,
        made.stages,
        figures=made.figures,
        notes=made.notes,
    )


def _regional(
    shop: Workshop, source: Source, detected: Detected, decided: Decided, restored: Sequence[Restored]
) -> ItemResult:
    raster = raster_of(shop, source)
    before = (_found(detected), _stage(decided.done, "policy"))
    if not restored:
        words = getattr(getattr(source.job.intent, "mask", None), "words", "")
        by_text = isinstance(source.job.intent, RemoveText)
        reason = nothing_found(detected.kept, by_text=by_text, words=words)
        ending = Ending("unchanged", reason=reason)
        return _result(shop, source, keep(shop, source, raster), ending, (), before[:1], detected.kept)
    after = Patched(raster, tuple(r.patch for r in restored))
    looked = look_at_regions(shop, source, after, [r.result for r in restored])
    said = [
        stricter(decided.by_region[r.result.n], seen.result) for r, seen in zip(restored, looked, strict=True)
    ]
    regions = tuple(r.result.model_copy(update={"policy": p}) for r, p in zip(restored, said, strict=True))
    stages = (*before, *(stage for r in restored for stage in r.stages))
    if any(policy.verdict == "block" for policy in said):
        return unshown(shop, source, _asked(source), regions, stages).model_copy(
            update={"kept": detected.kept}
        )
    generative = isinstance(source.job.intent, Replace)
    made_by = SourceType.COMPOSITE if generative else SourceType.ENHANCED
    finals = [r.result.artifacts["final"] for r in restored]
    delivered = export(shop, source, after, raster, made_by, detected.digest, *finals)
    ending = judge(regions)
    if detected.missed and ending.outcome == "done":
        ending = Ending("degraded", "detection", detected.missed, PULL)
    seen = {f"region-{r.n}": r.artifacts["observation"] for r in regions if "observation" in r.artifacts}
    notes = tuple(dict.fromkeys(one.note for one in looked if one.note))
    return _result(
        shop, source, delivered, ending, regions, stages, detected.kept, notes=notes, observations=seen
    )


def _blocked(shop: Workshop, source: Source, detected: Detected, decided: Decided) -> ItemResult:
    """A picture of which nothing is made: no output, and its own pixels as the sheet's only picture."""
    regions = untouched(detected.full, decided)
    ending = judge(regions)
    raster = raster_of(shop, source)
    shown = shop.store.put(*thumbnail(raster))
    return ItemResult(
        id=source.job.id, source=source.job.source, outcome=ending.outcome, stage=ending.stage, reason=ending.reason,
        cure=ending.cure, width=raster.width, height=raster.height, regions=regions,
        stages=(_found(detected), _stage(decided.done, "policy")), plan=digest_of(source.plan), asked=_asked(source),
        source_sha256=source.sha256, kept=detected.kept, thumbnails={"before": shown.sha256},
        notes=source.facts.notes if source.facts else (),
    )  # fmt: skip


def _found(detected: Detected) -> StageResult:
    return _stage(detected.done, "detection", detected.engine, detected.digest)


def _stage(done: Done, stage: str, engine: str = "", artifact: str = "") -> StageResult:
    return StageResult(
        stage=stage, engine=engine, seconds=round(done.seconds, 4), cached=done.cached, artifact=artifact
    )


def _result(
    shop: Workshop, source: Source, delivered: Delivered, ending: Ending,
    regions: tuple[RegionResult, ...], stages: tuple[StageResult, ...], kept: tuple[KeptText, ...] = (),
    figures: Enlargement | None = None, notes: tuple[str, ...] = (),
    observations: Mapping[str, str] = MappingProxyType({}),
) -> ItemResult:  # fmt: skip
    done = delivered.done
    exported = _stage(done, "export", artifact=done.ref("output").sha256)
    data = done.load("output")
    review = ending.outcome == "needs-review"
    output = place_ref(shop, source.job, done.ref("output"), delivered.suffix, review=review, data=data)
    shown = {name: done.ref(name).sha256 for name in done.names() if name in ("before", "after")}
    result = ItemResult(
        id=source.job.id, source=source.job.source, output=output, outcome=ending.outcome, reason=ending.reason,
        stage=ending.stage, cure=ending.cure, flags=flags(regions), kept=kept,
        width=delivered.width, height=delivered.height, regions=regions, stages=(*stages, exported),
        plan=digest_of(source.plan), asked=_asked(source), source_sha256=source.sha256, output_sha256=done.ref("output").sha256,
        media_type=delivered.media_type, suffix=delivered.suffix, thumbnails=shown,
        notes=(*(source.facts.notes if source.facts else ()), *notes), enlargement=figures,
        observations=dict(observations),
    )  # fmt: skip
    shop.memo.write(
        "item", _item_key(shop, source), {"output": done.ref("output")}, result.model_dump(mode="json")
    )
    return result
