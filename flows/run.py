"""The body of every run: shards through the Prefect tasks, results together, sheet, tracking, artifacts.

`edit` and `catalog` differ only in where their jobs come from.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.settings import Settings
from infra.store.canonical import canonical_json
from infra.store.contract import NotFound, Unavailable
from infra.store.keys import TEMPORARY
from infra.store.local import LocalBackend
from tasks import prefect_tasks
from tasks.job import JobSpec
from tasks.progress import Progress, emit, listening
from tasks.results import ItemResult, RunResult, count
from tasks.shards import read_results, write_jobs
from tasks.steps.deliver import REVIEW_FOLDER
from tasks.workshop import Workshop, WorkshopSpec, workshop

log = logging.getLogger("pentimento")
RESULT = "result.json"
HALF_WRITTEN = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a flow hands to the body."""

    name: str
    """Of the flow: `edit`, `catalog`."""
    jobs: tuple[JobSpec, ...]
    settings: Settings
    refused: Mapping[int, ItemResult] = field(default_factory=dict)
    """Rows that never became jobs, by their place among all rows."""
    shard_size: int = 16
    fresh: bool = False
    track: bool = True
    aliases: tuple[tuple[str, str, str], ...] = ()
    title: str = ""


def start(request: RunRequest) -> WorkshopSpec:
    """The spec of this run: the same unfinished run again, or a new one."""
    settings = request.settings
    spec = WorkshopSpec(
        store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url, cards=settings.cards,
        aliases=request.aliases, memory_mb=settings.memory_mb, max_pixels=settings.max_pixels,
        max_bytes=settings.max_bytes, fresh=request.fresh,
    )  # fmt: skip
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


def walk(request: RunRequest, spec: WorkshopSpec) -> dict[int, str]:
    """Every shard through the tasks, a window of shards at a time; the reason of each shard that broke down."""
    shop = workshop(spec)
    shards = list(_chunks(request.jobs, request.shard_size))
    broken: dict[int, str] = {}
    for number, jobs in enumerate(shards):
        try:
            write_jobs(shop, spec.run, number, jobs)
        except Unavailable as error:
            broken[number] = str(error)
    window = 2 * request.settings.workers
    heard: set[str] = set()
    with listening(lambda event: heard.add(event.item) if event.step == "export" else None):
        for begin in range(0, len(shards), window):
            numbers = range(begin, min(begin + window, len(shards)))
            pending = _submit(prefect_tasks.triage, spec, numbers, broken)
            todo = [n for n in numbers if pending.get(n)]
            _submit(prefect_tasks.detection, spec, todo, broken)
            _submit(prefect_tasks.restoration, spec, todo, broken)
            ended = _submit(prefect_tasks.export, spec, numbers, broken)
            _tell(spec.run, ended.values(), heard)
    return broken


def _tell(run_id: str, shards: Iterable[Mapping[str, str]], heard: Container[str]) -> None:
    """Progress of the pictures that other processes finished, which the in-process channel did not carry."""
    for outcomes in shards:
        for item, outcome in outcomes.items():
            if item not in heard:
                emit(Progress(run_id, "export", item, outcome))


def _submit(
    task: Callable[..., object], spec: WorkshopSpec, shards: Sequence[int] | range, broken: dict[int, str]
) -> dict[int, Any]:
    """One task over several shards at once; a shard whose task gave up is noted in `broken` and left out."""
    futures = {n: task.submit(spec, n) for n in shards if n not in broken}  # type: ignore[attr-defined]
    results: dict[int, Any] = {}
    for n, future in futures.items():
        try:
            results[n] = future.result()
        except Exception as error:
            broken[n] = getattr(error, "message", "") or str(error)
    return results


def collect(request: RunRequest, spec: WorkshopSpec, broken: Mapping[int, str]) -> tuple[ItemResult, ...]:
    """Every row's result, in the manifest's order."""
    shop = workshop(spec)
    done: list[ItemResult] = []
    for number, jobs in enumerate(_chunks(request.jobs, request.shard_size)):
        done.extend(_results(shop, spec.run, number, jobs, broken))
    rest = iter(done)
    total = len(done) + len(request.refused)
    return tuple(request.refused[i] if i in request.refused else next(rest) for i in range(total))


def _results(
    shop: Workshop, run_id: str, number: int, jobs: Sequence[JobSpec], broken: Mapping[int, str]
) -> Sequence[ItemResult]:
    """A shard's results. Of a broken one nothing is read: what is there was written by an earlier try."""
    if number in broken:
        return [_lost(job, broken[number]) for job in jobs]
    try:
        return read_results(shop, run_id, number)
    except (NotFound, Unavailable) as error:
        return [_lost(job, f"its shard's results cannot be read: {error}") for job in jobs]


def _lost(job: JobSpec, reason: str) -> ItemResult:
    return ItemResult(
        id=job.id, source=job.source, outcome="failed", reason=reason,
        cure="run the same command again: it resumes where it stopped",
    )  # fmt: skip


def _chunks(jobs: Sequence[JobSpec], size: int) -> Iterator[Sequence[JobSpec]]:
    for begin in range(0, len(jobs), size):
        yield jobs[begin : begin + size]


def half_written(request: RunRequest, shop: Workshop) -> tuple[Path, ...]:
    """Temporary files in the local folders that outputs go to: of other writers, or left by one that was killed."""
    backends = [shop.backend(out) for out in sorted({job.out for job in request.jobs if job.out})]
    roots = [backend.root for backend in backends if isinstance(backend, LocalBackend)]
    folders = (folder for root in roots for folder in (root, root / REVIEW_FOLDER))
    return tuple(
        p for folder in folders for p in folder.glob(f"{TEMPORARY}*") if HALF_WRITTEN.fullmatch(p.name)
    )


def sweep(stale: Sequence[Path]) -> None:
    """Take away what was half written before this run began and still is: its writer is gone."""
    for path in stale:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def execute(request: RunRequest) -> RunResult:
    """Start or resume, walk, collect, show, track, finish. Called inside a flow."""
    from flows.report import report

    begun = time.perf_counter()
    spec = start(request)
    stale = half_written(request, workshop(spec))
    broken = walk(request, spec)
    sweep(stale)
    items = collect(request, spec, broken)
    tier = request.jobs[0].tier if request.jobs else "final"
    seconds = round(time.perf_counter() - begun, 3)
    result = RunResult(run_id=spec.run, counts=count(items), seconds=seconds, items=items, tier=tier)
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
            "the record of %s was not kept, the pictures are; the same command again mends it: %s",
            spec.run,
            error,
        )
    return result
