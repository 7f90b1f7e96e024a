"""The body of every run: shards through the Prefect tasks, results together, sheet, tracking, artifacts.

`edit` and `catalog` differ only in where their jobs come from.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from contextlib import redirect_stdout

from flows.leftovers import half_written, sweep
from flows.progress import progress_artifact
from flows.report import report
from flows.request import RunRequest
from flows.reruns import inherit
from flows.walk import collect, walk
from infra.store.canonical import canonical_json
from infra.store.contract import Unavailable
from tasks.results import RunResult, count
from tasks.workshop import Workshop, WorkshopSpec, workshop

log = logging.getLogger("pentimento")
RESULT = "result.json"


def start(request: RunRequest) -> WorkshopSpec:
    """The spec of this run: the same unfinished run again, or a new one."""
    spec = request.spec
    shop = workshop(spec)
    key = _run_key(request, shop)
    known = shop.store.read_record("run", key) or {"n": 0, "state": "finished"}
    number = known["n"] + (known["state"] == "finished")
    run_id = f"{request.name}-{key[:10]}-{number}"
    shop.store.write_record("run", key, {"n": number, "state": "running", "run_id": run_id})
    return spec.model_copy(update={"run": run_id})


def finish(request: RunRequest, spec: WorkshopSpec) -> None:
    """Mark the run as ended, so that the same command again is a new one."""
    shop = workshop(spec)
    number = int(spec.run.rsplit("-", 1)[1])
    record = {"n": number, "state": "finished", "run_id": spec.run}
    shop.store.write_record("run", _run_key(request, shop), record)


def _run_key(request: RunRequest, shop: Workshop) -> str:
    jobs = [job.model_dump(mode="json") for job in request.jobs]
    refused = sorted(request.refused)
    value = {
        "name": request.name, "jobs": jobs, "refused": refused, "registry": shop.registry.digest, "fresh": request.fresh
    }  # fmt: skip
    return hashlib.sha256(canonical_json(value)).hexdigest()


def execute(request: RunRequest) -> RunResult:
    """Start or resume, walk, collect, show, track, finish. Called inside a flow."""
    begun = time.perf_counter()
    spec = start(request)
    if request.rerun:
        inherit(workshop(spec).store, request.rerun.parent, spec.run)
    stale = half_written(request, workshop(spec))
    broken = walk(request, spec, progress_artifact(request.name, spec.run))
    sweep(stale)
    items = collect(request, spec, broken)
    tier = request.jobs[0].tier if request.jobs else "final"
    seconds = round(time.perf_counter() - begun, 3)
    result = RunResult(
        run_id=spec.run, counts=count(items), seconds=seconds, items=items, tier=tier, rerun=request.rerun,
        previews=request.first,
    )  # fmt: skip
    log.info("%s: %s in %.1f s", spec.run, result.counts, seconds)
    with redirect_stdout(sys.stderr):  # MLflow prints the addresses of its runs; stdout is the result's alone
        result = report(request, spec, result)
    try:
        workshop(spec).store.write_run(
            spec.run, RESULT, result.model_dump_json().encode(), "application/json"
        )
        if not broken:
            finish(request, spec)
    except Unavailable as error:
        log.warning(
            "the record of %s was not kept, the pictures are; run it again to mend it: %s", spec.run, error
        )
    return result
