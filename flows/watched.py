"""Which pictures of a run are observed: decided before it starts, from its jobs alone."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.intents import Generate, RemoveObject, RemoveText, Replace
from tasks.job import JobSpec


def watched(jobs: Iterable[JobSpec], most: int) -> tuple[str, ...]:
    """Ids of at most `most` pictures, sorted, evenly spread over the sorted ids of those whose pixels may be sampled:
    the same for any order of the jobs, any shard size and any number of workers.

    Those are the pictures made or filled after a prompt; where there are none, those filled by an engine that was named."""
    if most <= 0:
        return ()
    prompted, named = set[str](), set[str]()
    for job in jobs:
        if isinstance(job.intent, Generate | Replace):
            prompted.add(job.id)
        elif _by_named_engine(job):
            named.add(job.id)
    ids = sorted(prompted or named)
    if not ids:
        return ()
    if most >= len(ids):
        return tuple(ids)
    if most == 1:
        return (ids[0],)
    return tuple(ids[round(n * (len(ids) - 1) / (most - 1))] for n in range(most))


def _by_named_engine(job: JobSpec) -> bool:
    return isinstance(job.intent, RemoveObject | RemoveText) and "generation" in job.engines
