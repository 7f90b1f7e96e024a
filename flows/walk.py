"""The walk of a run: shards through the Prefect tasks, a window at a time, and their results together again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flows.request import RunRequest
from infra.store.contract import NotFound, Unavailable
from tasks import prefect_tasks
from tasks.detection.repeated import FEWEST
from tasks.job import JobSpec
from tasks.progress import Progress, emit, listening
from tasks.results import ItemResult
from tasks.run_files import read_results, write_jobs
from tasks.steps.repeated import takes_part
from tasks.workshop import Workshop, WorkshopSpec, workshop


def walk(request: RunRequest, spec: WorkshopSpec, tell: Callable[[float], None]) -> dict[int, str]:
    """Every shard through the tasks, a window of shards at a time; the reason of each shard that broke down.

    tell: hears the share of shards that are through, after each window."""
    shop = workshop(spec)
    shards = list(_chunks(request.jobs, request.shard_size))
    broken: dict[int, str] = {}
    for number, jobs in enumerate(shards):
        try:
            write_jobs(shop, spec.run, number, jobs)
        except Unavailable as error:
            broken[number] = str(error)
    window = 2 * request.settings.workers
    windows = [range(begin, min(begin + window, len(shards))) for begin in range(0, len(shards), window)]
    heard: set[str] = set()
    with listening(lambda event: heard.add(event.item) if event.step == "export" else None):
        pending: dict[int, int] = {}
        for numbers in windows:
            pending |= _submit(prefect_tasks.triage, spec, numbers, broken)
        _learn(request, spec, [n for n in pending if n not in broken], broken)
        for numbers in windows:
            todo = [n for n in numbers if pending.get(n)]
            _submit(prefect_tasks.detection, spec, todo, broken)
            _submit(prefect_tasks.restoration, spec, todo, broken)
            ended = _submit(prefect_tasks.export, spec, numbers, broken)
            _tell(spec.run, ended.values(), heard)
            tell(numbers.stop / len(shards))
    return broken


def _learn(request: RunRequest, spec: WorkshopSpec, shards: list[int], broken: dict[int, str]) -> None:
    """What the pictures of the whole run share, before any of them is edited; not learnt where too few take part."""
    if sum(takes_part(job) for job in request.jobs) < FEWEST:
        return
    try:
        prefect_tasks.overlays.submit(spec, shards).result()
    except Exception as error:
        reason = (
            f"overlays that pictures share could not be looked for: {getattr(error, 'message', '') or error}"
        )
        broken |= dict.fromkeys(shards, reason)


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
