"""The body of every run: shards through the Prefect tasks, results together, sheet, tracking, artifacts.

`edit` and `catalog` differ only in where their jobs come from; `compare` walks several runs together.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from contextlib import redirect_stdout

from flows.housekeeping.code_version import code_version
from flows.leftovers import half_written, sweep
from flows.progress import progress_artifact
from flows.report import report
from flows.request import Beside, RunRequest
from flows.reruns import inherit
from flows.stored_items import write_result
from flows.walk import Leg, collect, walk
from infra.store.canonical import canonical_json
from infra.store.contract import Unavailable
from infra.store.store import Store
from tasks.placing import slots
from tasks.results import RunResult, count
from tasks.sizing import share_cores
from tasks.workshop import Workshop, WorkshopSpec, workshop

log = logging.getLogger("pentimento")


def start(request: RunRequest) -> WorkshopSpec:
    """The spec of this run: the same unfinished run again, or a new one."""
    spec = request.spec
    shop = workshop(spec)
    return spec.model_copy(update={"run": numbered(shop.store, request.name, _run_key(request, shop))})


def finish(request: RunRequest, spec: WorkshopSpec) -> None:
    """Mark the run as ended, so that the same command again is a new one."""
    shop = workshop(spec)
    mark_ended(shop.store, spec.run, _run_key(request, shop))


def numbered(store: Store, name: str, key: str) -> str:
    """The id of what is asked for under this key: the one that was begun and has not ended, or the next."""
    known = store.read_record("run", key) or {"n": 0, "state": "finished"}
    number = known["n"] + (known["state"] == "finished")
    run_id = f"{name}-{key[:10]}-{number}"
    store.write_record("run", key, {"n": number, "state": "running", "run_id": run_id})
    return run_id


def mark_ended(store: Store, run_id: str, key: str) -> None:
    """The same key again is a new run."""
    number = int(run_id.rsplit("-", 1)[1])
    store.write_record("run", key, {"n": number, "state": "finished", "run_id": run_id})


def _run_key(request: RunRequest, shop: Workshop) -> str:
    value = {
        "name": request.name, "jobs": [], "refused": sorted(request.refused), "registry": shop.registry.digest,
        "fresh": request.fresh,
    }  # fmt: skip
    head, empty, tail = canonical_json(value).partition(b'"jobs":[')
    key = hashlib.sha256(head + empty)
    for number, job in enumerate(request.jobs):  # one at a time: there may be many
        key.update(b"," * bool(number) + canonical_json(job.model_dump(mode="json")))
    key.update(tail)
    return key.hexdigest()


def execute(request: RunRequest) -> RunResult:
    """Start or resume, walk, collect, show, track, finish. Called inside a flow."""
    begun = time.perf_counter()
    leg = begin(request)
    stale = half_written(request.jobs, workshop(leg.spec))
    at_once = slots() or request.settings.workers
    share_cores(min(at_once, len(leg.shards)))
    walk([leg], progress_artifact(request.name, leg.spec.run), 2 * at_once)
    sweep(stale)
    result = ended(leg, time.perf_counter() - begun)
    log.info("%s: %s in %.1f s", result.run_id, result.counts, result.seconds)
    return close(leg, result)


def begin(request: RunRequest) -> Leg:
    """The run, with its name and what it takes over from the one that it does again."""
    spec = start(request)
    if request.rerun:
        inherit(workshop(spec).store, request.rerun.parent, spec.run)
    return Leg(request, spec)


def ended(leg: Leg, seconds: float) -> RunResult:
    """What a run made that has been walked."""
    items = collect(leg)
    request = leg.request
    tier = request.jobs[0].tier if request.jobs else "final"
    return RunResult(
        run_id=leg.spec.run, counts=count(items), seconds=round(seconds, 3), items=items, tier=tier, rerun=request.rerun,
        previews=request.first, code=code_version(),
    )  # fmt: skip


def close(leg: Leg, result: RunResult, beside: Beside | None = None) -> RunResult:
    """Show, track and keep a run's result; it is then ended, unless a shard broke down. beside: what else tracking is told."""
    shop = workshop(leg.spec)
    with redirect_stdout(sys.stderr):  # MLflow prints the addresses of its runs; stdout is the result's alone
        result = report(leg.request, leg.spec, result, beside)
    try:
        write_result(shop.store, result)
        if not leg.broken:
            finish(leg.request, leg.spec)
    except Unavailable as error:
        log.warning(
            "the record of %s was not kept, the pictures are; run it again to mend it: %s",
            result.run_id,
            error,
        )
    return result
