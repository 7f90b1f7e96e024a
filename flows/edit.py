"""The flow behind `pentimento edit` and `generate`: a few pictures, now."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.aliases import snapshot
from flows.request import RunRequest
from flows.run import execute
from infra.settings import Settings
from tasks.job import JobSpec


@flow(name="edit", flow_run_name="edit {count} picture(s)", log_prints=False, persist_result=False)
def edit_pictures(
    jobs: list[dict[str, Any]], count: int = 0, fresh: bool = False, track: bool = False,
    observe: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Edit pictures. jobs: `JobSpec` objects as JSON. observe: pictures whose sampling is observed, as the settings say for
    None. Returns the run's result as JSON."""
    settings = Settings().observing(observe)
    specs = tuple(JobSpec.model_validate(job) for job in jobs)
    request = RunRequest(
        "edit", specs, settings, shard_size=_spread(len(specs), settings), fresh=fresh, track=track,
        aliases=snapshot(specs, settings),
    )  # fmt: skip
    return execute(request).model_dump(mode="json")


def _spread(pictures: int, settings: Settings) -> int:
    """A few pictures still use every worker."""
    return max(1, min(settings.shard_size, -(-pictures // settings.workers)))


def run_edit(
    jobs: tuple[JobSpec, ...], *, fresh: bool = False, track: bool = False, observe: int | None = None
) -> dict[str, Any]:
    """Run the flow on this machine; its result as JSON."""
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=Settings().workers)
    flow_here = edit_pictures.with_options(task_runner=runner)
    return flow_here([job.model_dump(mode="json") for job in jobs], len(jobs), fresh, track, observe)
