"""Puts the concurrency limits on a Prefect server."""

from __future__ import annotations

from prefect.client.orchestration import SyncPrefectClient

from infra.prefect.limits import Limit, limits


def put_limits(client: SyncPrefectClient) -> tuple[Limit, ...]:
    """Make each limit, or give one that is there the number of slots that the settings say. Returns them.

    Slots that are taken stay taken; other limits of the server are left alone."""
    wanted = limits()
    for limit in wanted:
        client.upsert_global_concurrency_limit_by_name(limit.name, limit.slots)
    return wanted
