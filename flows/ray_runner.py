"""Shards on a Ray cluster: Prefect keeps the task runs, their retries and states; the work of each is done by a Ray worker.

What travels is a function's name, the run's specification and a shard's number; pictures and results stay in the store, which
every node must reach: an `s3://` one, or a folder that all share. A worker process keeps its engines loaded from shard to shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.errors import BadRequest, Transient
from tasks.placing import Place, Work, placed

LOST: Final = 5
"""Times that a shard is begun again when the worker or the node that had it is gone; after that, Prefect's retries count."""
CURE: Final = "pip install 'ray>=2.60', or use --runner threads"


class RaySettings(BaseSettings):
    """Of the cluster, from PENTIMENTO_RAY_ADDRESS."""

    model_config = SettingsConfigDict(env_prefix="PENTIMENTO_", extra="ignore")

    ray_address: str = ""
    """Such as `10.0.0.5:6379`; empty for a cluster of this machine's own, which ends with the run."""


def require_ray() -> Any:
    """The module `ray`. Raises BadRequest with the cure where it is not installed."""
    try:
        import ray
    except ImportError as error:
        raise BadRequest("--runner ray needs Ray, which is not installed", cure=CURE) from error
    return ray


@contextmanager
def on_ray(workers: int, address: str | None = None) -> Iterator[int]:
    """All work of shards goes to a Ray cluster while the block runs; yields how many it works on at once, its CPUs.

    workers: CPUs of a cluster of this machine's own. address: default by the settings. A cluster that this process is
    connected to already is used as it is, and left connected. Raises BadRequest when it cannot be reached."""
    ray = require_ray()
    mine = not ray.is_initialized()
    if mine:
        _connect(ray, RaySettings().ray_address if address is None else address, workers)
    try:
        slots = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        with placed(Place(_sender(ray), slots)):
            yield slots
    finally:
        if mine:
            ray.shutdown()


def _connect(ray: Any, address: str, workers: int) -> None:
    there = {"address": address} if address else {"address": "local", "num_cpus": workers}
    try:
        ray.init(**there, log_to_driver=False, configure_logging=False, namespace="pentimento")
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise BadRequest(
            f"the Ray cluster at {address or 'this machine'} does not answer: {error}",
            cure="start one with `ray start --head`, correct PENTIMENTO_RAY_ADDRESS, or leave it empty",
        ) from error


def _sender(ray: Any) -> Any:
    """Calls a function on a worker and waits. What it raised comes back as a value: Ray would wrap it in a type of its own."""
    remote = ray.remote(num_cpus=1, max_retries=LOST, retry_exceptions=False)(_answer)

    def send(work: Work, given: tuple[Any, ...]) -> Any:
        try:
            value, fault = ray.get(remote.remote(work, given))
        except ray.exceptions.RayError as error:
            raise Transient(f"a Ray worker was lost: {type(error).__name__}") from error
        if fault is not None:
            raise fault
        return value

    return send


def _answer(work: Work, given: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return work(*given), None
    except Exception as fault:
        return None, fault
