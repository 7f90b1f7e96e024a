"""The Prefect tasks: one stage, or a fused run of cheap ones, over one shard. Thin: references in, small counts out."""

from __future__ import annotations

from typing import Any

from prefect import State, Task, task
from prefect.client.schemas.objects import TaskRun

from tasks import shards
from tasks.errors import Transient
from tasks.workshop import WorkshopSpec, workshop

RETRIES = 3


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Prefect's retry condition: only a fault that another try may mend is tried again."""
    try:
        state.result()
    except Transient:
        return True
    except Exception:
        return False
    return False


_stage = {
    "retries": RETRIES, "retry_delay_seconds": [1, 5, 20], "retry_jitter_factor": 0.3,
    "retry_condition_fn": is_transient, "cache_result_in_memory": False, "persist_result": False,
}  # fmt: skip


@task(name="triage", task_run_name="triage {shard}", **_stage)
def triage(spec: WorkshopSpec, shard: int) -> int:
    """Decode, measure and plan a shard; how many of its pictures are still to be done."""
    return shards.triage_shard(workshop(spec), spec.run, shard)


@task(name="detection", task_run_name="detection {shard}", **_stage)
def detection(spec: WorkshopSpec, shard: int) -> int:
    """Find the regions of a shard's pictures."""
    return shards.detect_shard(workshop(spec), spec.run, shard)


@task(name="restoration", task_run_name="restoration {shard}", **_stage)
def restoration(spec: WorkshopSpec, shard: int) -> int:
    """Generation, blending, enhancement and verification, region by region."""
    return shards.restore_shard(workshop(spec), spec.run, shard)


@task(name="export", task_run_name="export {shard}", **_stage)
def export(spec: WorkshopSpec, shard: int) -> dict[str, str]:
    """Encode, put in place, and write the shard's results; outcome by id."""
    return shards.export_shard(workshop(spec), spec.run, shard)
