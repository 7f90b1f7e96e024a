"""The walk of a run, or of several in turns: shards through the Prefect tasks, a window at a time, and their results together again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from prefect.context import FlowRunContext

from flows.request import RunRequest
from infra.store.contract import NotFound, Unavailable
from tasks import prefect_tasks
from tasks.detection.repeated import FEWEST
from tasks.intents import BY_REGION
from tasks.job import JobSpec
from tasks.progress import Progress, emit, listening
from tasks.results import ItemResult
from tasks.run_files import read_results, write_jobs
from tasks.spooled import Picked, held
from tasks.steps.repeated import takes_part
from tasks.workshop import Workshop, WorkshopSpec, workshop


@dataclass(frozen=True, slots=True)
class Leg:
    """One run on its way."""

    request: RunRequest
    spec: WorkshopSpec
    broken: dict[int, str] = field(default_factory=dict)
    """The reason of each shard that broke down, so far."""

    @property
    def shards(self) -> Sequence[Sequence[JobSpec]]:
        """The jobs, in the order of the request; a shard of them is read when it is asked for."""
        return Picked(self._shard, range(-(-len(self.request.jobs) // self.request.shard_size)))

    def _shard(self, number: int) -> Sequence[JobSpec]:
        begin = number * self.request.shard_size
        return self.request.jobs[begin : begin + self.request.shard_size]

    def by_region(self, number: int) -> bool:
        """Whether a shard has pictures that are edited by region; one that has none needs no task but the last, which does all."""
        return any(isinstance(job.intent, BY_REGION) for job in self._shard(number))


def walk(legs: Sequence[Leg], tell: Callable[[float], None], window: int) -> None:
    """Every shard of every run through the tasks, `window` shards of one run at a time; a shard of whole pictures through one task.

    The runs take turns after each window, forwards and then backwards (A B, B A, A B …): whatever else the machine does falls
    on all of them alike. tell: hears the share of windows that are through."""
    for leg in legs:
        _write(leg)
    most = max(len(leg.shards) for leg in legs)
    windows = [range(begin, min(begin + window, most)) for begin in range(0, most, window)]
    heard: set[tuple[str, str]] = set()
    with listening(lambda event: heard.add((event.run_id, event.item)) if event.step == "export" else None):
        pending: dict[str, dict[int, int]] = {leg.spec.run: {} for leg in legs}
        for numbers, leg in _turns(windows, legs):
            shards = [number for number in numbers if leg.by_region(number)]
            pending[leg.spec.run] |= _submit(prefect_tasks.triage, leg, shards)
        for leg in legs:
            _learn(leg, [n for n in pending[leg.spec.run] if n not in leg.broken])
        for numbers, leg in _turns(windows, legs):
            _finish(leg, numbers, pending[leg.spec.run], heard)
            heard.clear()
            tell(numbers.stop / most)


def _write(leg: Leg) -> None:
    """The jobs into the store, for the tasks to read."""
    shop = workshop(leg.spec)
    for number, jobs in enumerate(leg.shards):
        try:
            write_jobs(shop, leg.spec.run, number, jobs)
        except Unavailable as error:
            leg.broken[number] = str(error)


def _turns(windows: Sequence[range], legs: Sequence[Leg]) -> Iterator[tuple[range, Leg]]:
    """Each window for each run, in turn; every second time in the opposite order."""
    for turn, numbers in enumerate(windows):
        for leg in legs if turn % 2 == 0 else reversed(legs):
            yield range(numbers.start, min(numbers.stop, len(leg.shards))), leg


def _finish(leg: Leg, numbers: range, pending: Mapping[int, int], heard: Container[tuple[str, str]]) -> None:
    """All that comes after triage, of a window of shards."""
    todo = [n for n in numbers if pending.get(n)]
    _submit(prefect_tasks.detection, leg, todo)
    _submit(prefect_tasks.restoration, leg, todo)
    ended = _submit(prefect_tasks.export, leg, numbers)
    _tell(leg.spec.run, ended.values(), heard)


def _learn(leg: Leg, shards: list[int]) -> None:
    """What the pictures of the whole run share, before any of them is edited; not learnt where too few take part."""
    if sum(1 for _ in islice(filter(takes_part, leg.request.jobs), FEWEST)) < FEWEST:
        return
    try:
        prefect_tasks.overlays.submit(leg.spec, shards).result()
    except Exception as error:
        reason = (
            f"overlays that pictures share could not be looked for: {getattr(error, 'message', '') or error}"
        )
        leg.broken.update(dict.fromkeys(shards, reason))


def _tell(run_id: str, shards: Iterable[Mapping[str, str]], heard: Container[tuple[str, str]]) -> None:
    """Progress of the pictures that other processes finished, which the in-process channel did not carry."""
    for outcomes in shards:
        for item, outcome in outcomes.items():
            if (run_id, item) not in heard:
                emit(Progress(run_id, "export", item, outcome))


def _submit(task: Callable[..., object], leg: Leg, shards: Sequence[int] | range) -> dict[int, Any]:
    """One task over several shards at once; a shard whose task gave up is noted as broken and left out."""
    futures = {n: task.submit(leg.spec, n) for n in shards if n not in leg.broken}  # type: ignore[attr-defined]
    results: dict[int, Any] = {}
    for n, future in futures.items():
        try:
            results[n] = future.result()
        except Exception as error:
            leg.broken[n] = getattr(error, "message", "") or str(error)
    _forget()
    return results


def _forget() -> None:
    """Prefect notes of each result, and of all that it holds, who made it, for tasks that are given it; none of ours is."""
    context = FlowRunContext.get()
    if context:
        context.run_results.clear()


def collect(leg: Leg) -> Sequence[ItemResult]:
    """Every row's result, in the manifest's order: a tuple, or, of many, a sequence that does not hold them in memory."""
    return held(_collected(leg), ItemResult)


def _collected(leg: Leg) -> Iterator[ItemResult]:
    shop, refused = workshop(leg.spec), leg.request.refused
    numbers = range(len(leg.shards))
    rest = (item for number in numbers for item in _results(shop, leg, number))
    for place in range(len(leg.request.jobs) + len(refused)):
        yield refused[place] if place in refused else next(rest)


def _results(shop: Workshop, leg: Leg, number: int) -> Sequence[ItemResult]:
    """A shard's results. Of a broken one nothing is read: what is there was written by an earlier try."""
    reason = leg.broken.get(number, "")
    if number not in leg.broken:
        try:
            return read_results(shop, leg.spec.run, number)
        except (NotFound, Unavailable) as error:
            reason = f"its shard's results cannot be read: {error}"
    return [_lost(job, reason) for job in leg.shards[number]]


def _lost(job: JobSpec, reason: str) -> ItemResult:
    return ItemResult(
        id=job.id, source=job.source, outcome="failed", reason=reason,
        cure="run the same command again: it resumes where it stopped",
    )  # fmt: skip
