"""The automation that marks runs as crashed when their process has died: Prefect's own server does not by itself."""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

NAME = "pentimento: crash runs whose process has died"
HEARTBEAT = 180
"""Seconds between the heartbeats of a run under a deployment (Prefect's default; PREFECT_FLOWS_HEARTBEAT_FREQUENCY)."""
WITHIN = 3 * HEARTBEAT
"""Seconds of silence: two heartbeats may be lost on the way."""
ENDS = ("Completed", "Failed", "Cancelled", "Crashed")
HALTS = ("Paused", "Suspended", "AwaitingRetry", "AwaitingConcurrencySlot", "Scheduled", "Late")
"""States in which a run rightly has no process, and no heartbeat: a review that waits for a person is no zombie."""


def automation() -> AutomationCore:
    """After a heartbeat either another one comes, or the run's end or rest; otherwise the run is marked as crashed."""
    states = {f"prefect.flow-run.{state}" for state in (*ENDS, *HALTS)}
    return AutomationCore(
        name=NAME,
        description=f"No heartbeat for {WITHIN} s, and no end: the machine or process is gone. The same run again resumes.",
        enabled=True,
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"}, expect={"prefect.flow-run.heartbeat", *states},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1, within=timedelta(seconds=WITHIN),
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed", state=StateType.CRASHED, force=False,
                message=f"Nothing was heard of its process for {WITHIN} s. Run it again: it resumes where it stopped.",
            )
        ],
    )  # fmt: skip


def put_automation(client: SyncPrefectClient) -> str:
    """Make the automation, or bring the one of its name up to date; one of that name is left. Returns its name."""
    found = client.read_automations_by_name(NAME)
    if not found:
        client.create_automation(automation())
        return NAME
    client.update_automation(found[0].id, automation())
    for spare in found[1:]:
        client.delete_automation(spare.id)
    return NAME
