"""Puts the work pool on a Prefect server."""

from __future__ import annotations

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound

from infra.prefect.pools import NAME, Kind, job_template
from tasks.errors import BadRequest

WHAT = "Runs the flows of pentimento."


def put_pool(client: SyncPrefectClient, kind: Kind) -> str:
    """Make the pool, or give one that is there this job template. Returns its name.

    Raises BadRequest when it is there with another type, which a pool keeps for life."""
    template = job_template(kind)
    try:
        found = client.read_work_pool(NAME)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(name=NAME, type=kind, description=WHAT, base_job_template=template)
        )
        return NAME
    if found.type != kind:
        raise BadRequest(
            f"the work pool {NAME} is there as {found.type}, not {kind}",
            cure=f"--pool {found.type}, or delete it first: prefect work-pool delete {NAME}",
        )
    client.update_work_pool(NAME, WorkPoolUpdate(base_job_template=template))
    return NAME
