"""A slot of a Prefect server's limit for work on a GPU, which all workers of a cluster share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from infra.prefect.limits import GpuSettings
from tasks.errors import BadRequest

LEASE = 300
"""Seconds after which the slot of a process that died is free again."""


@contextmanager
def gpu_slot(wanted: Callable[[], bool]) -> Iterator[None]:
    """Hold one slot of the limit that PENTIMENTO_GPU_LIMIT names, while this machine's engines run on a GPU.

    Nothing is taken, nor asked, without a GPU, without that setting, or when it is not `wanted`, which is
    asked last. Waits for a free slot. Raises
    BadRequest when the server has no such limit: going on as if there were one is how a GPU runs out of memory."""
    limit = GpuSettings().gpu_limit
    with ExitStack() as held:
        if limit and has_gpu() and wanted():
            _take(limit, held)
        yield


@cache
def has_gpu() -> bool:
    """Whether engines of this process run on a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def _take(limit: str, held: ExitStack) -> None:
    from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
    from prefect.concurrency.sync import concurrency

    slot = concurrency(
        limit, occupy=1, lease_duration=LEASE, strict=True, raise_on_lease_renewal_failure=False
    )
    try:
        held.enter_context(slot)
    except ConcurrencySlotAcquisitionError as error:
        raise BadRequest(
            f"the Prefect server gives no slot of the limit {limit}: {error}",
            cure="`pentimento stack deploy` makes it; PENTIMENTO_GPU_LIMIT names it, PENTIMENTO_GPU_SLOTS says how many",
        ) from error
