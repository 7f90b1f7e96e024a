"""The Prefect tasks: one stage, or a fused run of cheap ones, over one shard. Thin: references in, small counts out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

from prefect import State, Task, task
from prefect.client.schemas.objects import TaskRun
from prefect.runtime import task_run

from infra.store.contract import Unavailable
from tasks import placing
from tasks.errors import Transient
from tasks.gpu_slots import gpu_slot
from tasks.intents import BY_REGION
from tasks.run_files import read_jobs
from tasks.workshop import WorkshopSpec, workshop

P = ParamSpec("P")
R = TypeVar("R")
RETRIES = 3


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Prefect's retry condition: only a fault that another try may mend is tried again."""
    try:
        state.result()
    except (Transient, Unavailable):
        return True
    except Exception:
        return False
    return False


def _last_try() -> bool:
    """Whether Prefect will not try the present task again."""
    return int(task_run.run_count or 0) > RETRIES


def _stage(name: str, shown: str = " {shard}") -> Callable[[Callable[P, R]], Task[P, R]]:
    """The decorator all of them share."""
    return task(
        name=name, task_run_name=f"{name}{shown}", retries=RETRIES, retry_delay_seconds=[1, 5, 20],
        retry_jitter_factor=0.3, retry_condition_fn=is_transient, cache_result_in_memory=False, persist_result=False,
    )  # fmt: skip


@_stage("triage")
def triage(spec: WorkshopSpec, shard: int) -> int:
    """Decode, measure and plan a shard; how many of its pictures are still to be done."""
    return int(placing.shard_done("triage", spec, shard, last_try=_last_try()))


@_stage("overlays", shown="")
def overlays(spec: WorkshopSpec, shards: list[int]) -> str:
    """Learn the overlays that pictures of the whole run share; the digest of what was learnt."""
    return placing.overlays_found(spec, shards)


@_stage("detection")
def detection(spec: WorkshopSpec, shard: int) -> int:
    """Find the regions of a shard's pictures."""
    return int(placing.shard_done("detection", spec, shard, last_try=_last_try()))


@_stage("restoration")
def restoration(spec: WorkshopSpec, shard: int) -> int:
    """Generation, blending, enhancement and verification, region by region."""
    with _on_gpu(spec, shard, by_region=True):
        return int(placing.shard_done("restoration", spec, shard, last_try=_last_try()))


@_stage("export")
def export(spec: WorkshopSpec, shard: int) -> dict[str, str]:
    """Make whole pictures (generated, enlarged), encode, put in place, and write the shard's results; outcome by id."""
    with _on_gpu(spec, shard, by_region=False):
        return dict(placing.shard_done("export", spec, shard, last_try=_last_try()))


def _on_gpu(spec: WorkshopSpec, shard: int, *, by_region: bool) -> AbstractContextManager[None]:
    """A slot for the shard, when it has pictures whose engines run in this step."""

    def wanted() -> bool:
        jobs = read_jobs(workshop(spec), spec.run, shard)
        return any(isinstance(job.intent, BY_REGION) == by_region for job in jobs)

    return gpu_slot(wanted)
