"""What a run keeps of itself in the store: the jobs and the results of its shards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tasks.job import JobSpec
from tasks.plan import EditPlan
from tasks.results import ItemResult
from tasks.workshop import Workshop

JSON = "application/json"


def write_jobs(shop: Workshop, run_id: str, shard: int, jobs: Sequence[JobSpec]) -> None:
    """Put a shard's jobs into the store, for its tasks to read."""
    data = json.dumps([job.model_dump(mode="json") for job in jobs], ensure_ascii=False).encode()
    shop.store.write_run(run_id, f"shards/{shard:05d}.json", data, JSON)


def read_jobs(shop: Workshop, run_id: str, shard: int) -> tuple[JobSpec, ...]:
    """A shard's jobs."""
    data = shop.store.read_run(run_id, f"shards/{shard:05d}.json")
    return tuple(JobSpec.model_validate(job) for job in json.loads(data))


def write_results(shop: Workshop, run_id: str, shard: int, results: Sequence[ItemResult]) -> None:
    """Put a finished shard's results into the store, in the jobs' order."""
    data = json.dumps([r.model_dump(mode="json") for r in results], ensure_ascii=False).encode()
    shop.store.write_run(run_id, f"results/{shard:05d}.json", data, JSON)


def read_results(shop: Workshop, run_id: str, shard: int) -> tuple[ItemResult, ...]:
    """A finished shard's results, in the jobs' order."""
    data = shop.store.read_run(run_id, f"results/{shard:05d}.json")
    return tuple(ItemResult.model_validate(item) for item in json.loads(data))


def write_plans(shop: Workshop, run_id: str, shard: int, plans: Mapping[str, EditPlan]) -> None:
    """Put the plans of a shard's pictures into the store, whole, by digest: what a picture's result names, for people who ask later."""
    data = b",".join(
        b'"%s":%s' % (digest.encode(), made.canonical()) for digest, made in sorted(plans.items())
    )
    shop.store.write_run(run_id, f"plans/{shard:05d}.json", b"{" + data + b"}", JSON)
