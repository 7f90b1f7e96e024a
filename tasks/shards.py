"""The work of a shard, step by step, over plain functions: what the Prefect tasks wrap, and anything else may call."""

from __future__ import annotations

from collections.abc import Callable

from tasks.attempts import attempts
from tasks.errors import OutOfMemory, PentimentoError, Transient
from tasks.intents import BY_REGION
from tasks.job import JobSpec
from tasks.plan import EditPlan
from tasks.planned import digest_of
from tasks.progress import Progress, emit
from tasks.results import ItemResult
from tasks.run_files import read_jobs, write_plans, write_results
from tasks.steps.detect import detect
from tasks.steps.item import finish, recorded
from tasks.steps.outcome import refused, typed
from tasks.steps.policy import decide
from tasks.steps.restore import restore
from tasks.steps.source import Source, read_source
from tasks.workshop import Workshop


def triage_shard(shop: Workshop, run_id: str, shard: int, *, last_try: bool = True) -> int:
    """Decode, measure and plan each picture, and keep the plans; how many are still to be done."""
    plans: dict[str, EditPlan] = {}

    def step(source: Source) -> int:
        plans.update({digest_of(made): made for made in (source.plan, *source.region_plans.values())})
        return int(recorded(shop, source) is None)

    waiting = _each(shop, run_id, shard, "triage", step, last_try=last_try)
    write_plans(shop, run_id, shard, plans)
    return waiting


def detect_shard(shop: Workshop, run_id: str, shard: int, *, last_try: bool = True) -> int:
    """Find the regions of each picture whose intent works on regions; how many regions."""
    return _each(shop, run_id, shard, "detection", lambda source: _detected(shop, source), last_try=last_try)


def restore_shard(shop: Workshop, run_id: str, shard: int, *, last_try: bool = True) -> int:
    """Policy, then generation, blending, enhancement and verification of every region; how many were done."""
    return _each(
        shop, run_id, shard, "restoration", lambda source: _restored(shop, source), last_try=last_try
    )


def one_picture(shop: Workshop, job: JobSpec, stage: str) -> None:
    """What the step `stage` does for one picture, so that the step finds it done. Raises what the step would deal with."""
    if stage == "export":
        finish(shop, job)
        return
    source = read_source(shop, job)
    if stage == "detection":
        _detected(shop, source)
    elif stage == "restoration":
        _restored(shop, source)


def _detected(shop: Workshop, source: Source) -> int:
    return len(detect(shop, source).regions) if _has_regions_to_do(shop, source) else 0


def _restored(shop: Workshop, source: Source) -> int:
    if not _has_regions_to_do(shop, source):
        return 0
    detected = detect(shop, source)
    if decide(shop, source, detected).blocked:
        return 0
    return len(restore(shop, source, detected.regions))


def export_shard(shop: Workshop, run_id: str, shard: int, *, last_try: bool = True) -> dict[str, str]:
    """Finish each picture, put it in place, and write the shard's results; outcome by id.

    A picture for which there is not enough memory is passed over, and OutOfMemory raised once the others are done; in the
    last try it is tried once more with the memory freed, and then ends as failed, alone."""
    results = _finished(shop, run_id, shard, lambda source: None, last_try=last_try)
    write_results(shop, run_id, shard, results)
    return {r.id: r.outcome for r in results}


def whole_shard(shop: Workshop, run_id: str, shard: int, *, last_try: bool = True) -> dict[str, str]:
    """Triage and export in one, picture by picture, of a shard without regions: what is read and decoded is used at once."""
    plans: dict[str, EditPlan] = {}

    def planned(source: Source) -> None:
        plans.update({digest_of(made): made for made in (source.plan, *source.region_plans.values())})
        emit(Progress(run_id, "triage", source.job.id))

    results = _finished(shop, run_id, shard, planned, last_try=last_try)
    write_plans(shop, run_id, shard, plans)
    write_results(shop, run_id, shard, results)
    return {r.id: r.outcome for r in results}


def _finished(
    shop: Workshop, run_id: str, shard: int, planned: Callable[[Source], None], *, last_try: bool
) -> list[ItemResult]:
    """Every picture's result. planned: hears of each picture that could be read and planned."""
    results: list[ItemResult] = []
    short: OutOfMemory | None = None
    jobs = read_jobs(shop, run_id, shard)
    with attempts(shop, run_id, shard, "export", jobs) as tries, shop.store.together():
        for job in jobs:
            try:
                result = tries.at(job) or finish(shop, job, planned)
            except OutOfMemory as fault:
                shop.free()
                short = fault
                if not last_try:
                    continue
                result = _once_more(shop, job)
            results.append(result)
            emit(Progress(run_id, "export", job.id, result.outcome))
        tries.nothing()
        if short and not last_try:
            raise short
    tries.cleared(results)
    return results


def _once_more(shop: Workshop, job: JobSpec) -> ItemResult:
    try:
        return finish(shop, job)
    except OutOfMemory as fault:
        return refused(job, fault)


def _has_regions_to_do(shop: Workshop, source: Source) -> bool:
    return isinstance(source.job.intent, BY_REGION) and recorded(shop, source) is None


def _each(
    shop: Workshop, run_id: str, shard: int, stage: str, step: Callable[[Source], int], *, last_try: bool
) -> int:
    """Run a step over a shard; the sum of what it returns.

    A permanent fault is left to the last step, which makes it the picture's outcome; so is want of memory in the last try,
    and before that it is raised once the other pictures are done."""
    total = 0
    short: OutOfMemory | None = None
    jobs = read_jobs(shop, run_id, shard)
    with attempts(shop, run_id, shard, stage, jobs) as tries, shop.store.together():
        for job in jobs:
            try:
                total += 0 if tries.at(job) else step(read_source(shop, job))
            except Exception as error:
                fault: PentimentoError = typed(error, picture=job.id, stage=stage)
                if isinstance(fault, OutOfMemory):
                    shop.free()
                    short = fault
                elif isinstance(fault, Transient):
                    raise fault from error
            emit(Progress(run_id, stage, job.id))
        tries.nothing()
        if short and not last_try:
            raise short
    return total
