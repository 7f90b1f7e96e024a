"""Where the work of a shard is done: in this process, or wherever whoever runs it has put it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from tasks import shards
from tasks.intents import BY_REGION
from tasks.run_files import read_jobs
from tasks.steps.repeated import find_overlays
from tasks.workshop import WorkshopSpec, workshop

Step = Literal["triage", "detection", "restoration", "export"]
Work = Callable[..., Any]
"""A function of this module, by reference: it is imported where it runs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere else."""

    do: Callable[[Work, tuple[Any, ...]], Any]
    """Calls a function there with these arguments; raises what it raises."""
    slots: int
    """Shards that it works on at once."""


_places: list[Place] = []


@contextmanager
def placed(place: Place) -> Iterator[None]:
    """All work is done there while the block runs."""
    _places.append(place)
    try:
        yield
    finally:
        _places.remove(place)


def slots() -> int:
    """Shards that the place in force works on at once; 0 for this process."""
    return _places[-1].slots if _places else 0


def shard_done(step: Step, spec: WorkshopSpec, shard: int, *, last_try: bool) -> Any:
    """The step over a shard, where it is to be done; what the step's function returns."""
    return _do(shard_here, (step, spec, shard, last_try))


def overlays_found(spec: WorkshopSpec, numbers: list[int]) -> str:
    """The overlays that a run's pictures share, learnt where work is done; their digest."""
    return str(_do(overlays_here, (spec, numbers)))


def _do(work: Work, given: tuple[Any, ...]) -> Any:
    return _places[-1].do(work, given) if _places else work(*given)


def shard_here(step: Step, spec: WorkshopSpec, shard: int, last_try: bool) -> Any:
    """The step over a shard, in this process. A shard of whole pictures has one step, in which its plans are made and kept, too."""
    shop = workshop(spec)
    if step == "triage":
        return shards.triage_shard(shop, spec.run, shard, last_try=last_try)
    if step == "detection":
        return shards.detect_shard(shop, spec.run, shard, last_try=last_try)
    if step == "restoration":
        return shards.restore_shard(shop, spec.run, shard, last_try=last_try)
    if not any(isinstance(job.intent, BY_REGION) for job in read_jobs(shop, spec.run, shard)):
        return shards.whole_shard(shop, spec.run, shard, last_try=last_try)  # has had no other task
    return shards.export_shard(shop, spec.run, shard, last_try=last_try)


def overlays_here(spec: WorkshopSpec, numbers: list[int]) -> str:
    """The overlays that a run's pictures share, learnt in this process."""
    return find_overlays(workshop(spec), spec.run, numbers)
