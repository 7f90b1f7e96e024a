"""The job of a picture, with what a rerun wants otherwise of it or of one of its regions."""

from __future__ import annotations

from model_registry.registry import Registry
from tasks.changes import changed
from tasks.job import JobSpec, RegionChange, SeenRegion
from tasks.results import ItemResult


def with_picture(job: JobSpec, change: RegionChange, registry: Registry) -> JobSpec:
    """The whole picture otherwise; what single regions were given in the same stages by earlier reruns is over."""
    request = changed(job.request, change, registry)
    stages = {*change.engines, *change.params}
    kept = [
        RegionChange(
            n=one.n, engines={s: e for s, e in one.engines.items() if s not in stages},
            params={s: p for s, p in one.params.items() if s not in stages},
            seed=one.seed if change.seed is None else None,
        )
        for one in job.changes
    ]  # fmt: skip
    changes = tuple(one for one in kept if one.engines or one.params or one.seed is not None)
    return job.model_copy(
        update={"engines": dict(request.engines), "params": dict(request.params), "seed": request.seed, "changes": changes}
    )  # fmt: skip


def with_region(job: JobSpec, change: RegionChange, before: ItemResult, tier: str) -> JobSpec:
    """One region otherwise, over what it was given by earlier reruns; at the same tier all others must stay as they are."""
    earlier = next((one for one in job.changes if one.n == change.n), RegionChange(n=change.n))
    params = {
        s: {**earlier.params.get(s, {}), **change.params.get(s, {})}
        for s in {**earlier.params, **change.params}
    }
    for stage in change.engines:  # what an earlier engine was set to goes with it
        params[stage] = dict(change.params.get(stage, {}))
    seed = earlier.seed if change.seed is None else change.seed
    both = RegionChange(
        n=change.n, engines={**earlier.engines, **change.engines}, params={s: p for s, p in params.items() if p}, seed=seed
    )  # fmt: skip
    others = [one for one in job.changes if one.n != change.n]
    seen = () if tier else tuple(
        SeenRegion(n=r.n, box=r.box, final=r.artifacts.get("final", "")) for r in before.regions if r.n != change.n
    )  # fmt: skip
    changes = tuple(sorted([*others, both], key=lambda one: one.n))
    return job.model_copy(update={"changes": changes, "as_before": seen})
