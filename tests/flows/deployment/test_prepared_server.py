"""What is put on a bare Prefect server, on a real one: made once, brought up to date after, loud where it is missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import get_current_settings

from flows.deployment import prepare, zombies
from flows.deployment.limits import put_limits
from flows.deployment.pools import put_pool
from flows.deployment.zombies import put_automation
from infra.prefect.pools import NAME, job_template
from tasks import gpu_slots
from tasks.errors import BadRequest
from tasks.gpu_slots import gpu_slot

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as made:
        yield made


def test_limits_are_made_once_and_then_given_the_slots_of_the_settings(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PENTIMENTO_GPU_LIMIT", raising=False)
    (limit,) = put_limits(client)
    assert client.read_global_concurrency_limit_by_name("pentimento-gpu").limit == limit.slots == 1
    monkeypatch.setenv("PENTIMENTO_GPU_SLOTS", "3")
    put_limits(client)
    assert client.read_global_concurrency_limit_by_name("pentimento-gpu").limit == 3
    assert len(client.read_global_concurrency_limits()) == 1


def test_the_pool_is_made_once_and_keeps_its_type(client: SyncPrefectClient) -> None:
    assert put_pool(client, "process") == NAME
    assert put_pool(client, "process") == NAME
    found = client.read_work_pool(NAME)
    assert found.type == "process"
    assert found.base_job_template == job_template("process")
    with pytest.raises(BadRequest, match="is there as process, not ecs"):
        put_pool(client, "ecs")


def test_the_automation_is_made_once_and_waits_three_heartbeats(client: SyncPrefectClient) -> None:
    put_automation(client)
    put_automation(client)
    (found,) = client.read_automations_by_name(zombies.NAME)
    assert found.enabled
    assert found.trigger.within == timedelta(seconds=540)  # type: ignore[union-attr]
    assert 3 * (get_current_settings().flows.heartbeat_frequency or 0) <= zombies.WITHIN
    assert "prefect.flow-run.Suspended" in found.trigger.expect  # type: ignore[union-attr]
    assert found.actions[0].type == "change-flow-run-state"


def test_a_missing_limit_fails_the_task_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTIMENTO_GPU_LIMIT", "of-another-cluster")
    monkeypatch.setattr(gpu_slots, "has_gpu", lambda: True)
    with (
        pytest.raises(BadRequest, match=r"of-another-cluster.*pentimento stack deploy"),
        gpu_slot(lambda: True),
    ):
        pytest.fail("the work was done without a slot")


def test_two_that_want_one_slot_take_turns(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_GPU_LIMIT", "one-gpu")
    monkeypatch.setattr(gpu_slots, "has_gpu", lambda: True)
    put_limits(client)
    inside, most = [0], [0]

    def work() -> None:
        with gpu_slot(lambda: True):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.3)
            inside[0] -= 1

    both = [threading.Thread(target=work) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert most == [1]
    assert client.read_global_concurrency_limit_by_name("one-gpu").active_slots == 0


@pytest.mark.parametrize(
    ("limit", "gpu", "wanted"), [("", True, True), ("of-another-cluster", False, True), ("of-another-cluster", True, False)]
)  # fmt: skip
def test_no_slot_is_asked_for_without_a_gpu_a_limit_or_work_for_it(
    limit: str, gpu: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_GPU_LIMIT", limit)
    monkeypatch.setattr(gpu_slots, "has_gpu", lambda: gpu)
    with gpu_slot(lambda: wanted):
        pass


def test_deploying_without_the_project_file_says_where_to_run_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare, "PROJECT", tmp_path / "prefect.yaml")
    with pytest.raises(BadRequest, match="from a clone"):
        prepare.deploy()
