"""A deployed run has a bound on the shards it works on at once, as nobody gives it a runner."""

from __future__ import annotations

from prefect.task_runners import ThreadPoolTaskRunner

from flows.catalog import RUNNER, process_catalog
from infra.settings import Settings


def test_a_deployed_catalogue_has_as_many_workers_as_the_settings_say() -> None:
    runner = process_catalog.task_runner
    assert runner is RUNNER
    assert isinstance(runner, ThreadPoolTaskRunner)
    assert runner._max_workers == Settings().workers
