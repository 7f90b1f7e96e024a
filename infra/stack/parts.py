"""The parts of the local stack: an S3 server, MLflow, Prefect, and a worker that runs the deployments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from infra.prefect import pools
from infra.stack import probes
from infra.stack.contract import Part, nothing
from infra.stack.environment import BUCKET, addresses, borrowed, of_parts, settings
from infra.stack.layout import Layout
from infra.stack.ports import HOST
from infra.store.store import open_store

POOL = pools.NAME
"""The work pool that the deployments name."""
WORKER = "stack"
"""What the server calls it."""
WORKER_PART = "worker"
"""The part that is told all addresses."""
RUNS_AT_ONCE = 2
"""Flow runs that the worker has at once; each uses up to PENTIMENTO_WORKERS cores."""
ROOT = Path(__file__).parents[2]
"""The checkout: where prefect.toml is, and what a worker can import if nothing is installed."""


def parts(
    layout: Layout, ports: Mapping[str, int], *, prepare_prefect: Callable[[], None] = nothing
) -> tuple[Part, ...]:
    """All parts in the order of their starting. prepare_prefect: puts pools, limits and deployments on the server."""
    environment = of_parts(layout, ports)
    return (
        _s3(layout, ports, environment),
        _mlflow(layout, ports, environment),
        _prefect(layout, ports, environment, prepare_prefect),
        _worker(ports, environment),
    )


def make_folders(layout: Layout) -> None:
    """What servers expect to be there."""
    for folder in (layout.s3, layout.mlflow / "artifacts", layout.prefect, layout.logs):
        folder.mkdir(parents=True, exist_ok=True)


def _s3(layout: Layout, ports: Mapping[str, int], environment: Mapping[str, str]) -> Part:
    address = addresses(ports)["s3"]
    return Part(
        name="s3", title="S3 server", address=address, port=ports["s3"], environment=environment, folder=ROOT,
        command=(sys.executable, "-m", "infra.stack.s3_part", str(layout.s3), str(ports["s3"])),
        answers=partial(probes.answers_http, f"{address}/info"),
        prepare=partial(_make_bucket, layout, ports),
        cure="read the log; with no `swift` installed: pip install 'swift>=2.38'; on a file system without extended"
        " attributes: a PENTIMENTO_HOME on ext4, xfs or btrfs",
    )  # fmt: skip


def _make_bucket(layout: Layout, ports: Mapping[str, int]) -> None:
    """With the stack's own account, whatever account the caller has."""
    with borrowed(settings(layout, ports)):
        open_store(f"s3://{BUCKET}", addresses(ports)["s3"], create=True)


def _mlflow(layout: Layout, ports: Mapping[str, int], environment: Mapping[str, str]) -> Part:
    address = addresses(ports)["mlflow"]
    return Part(
        name="mlflow", title="MLflow server", address=address, port=ports["mlflow"], environment=environment,
        folder=layout.mlflow,
        command=(
            sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(ports["mlflow"]), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{layout.mlflow / 'mlflow.db'}",
            "--artifacts-destination", str(layout.mlflow / "artifacts"),
        ),
        answers=partial(probes.answers_mlflow, address),
        cure=f"read the log; where it speaks of a schema: `mlflow db upgrade sqlite:///{layout.mlflow / 'mlflow.db'}`",
    )  # fmt: skip


def _prefect(
    layout: Layout, ports: Mapping[str, int], environment: Mapping[str, str], prepare: Callable[[], None]
) -> Part:
    api = addresses(ports)["prefect"]
    database = f"sqlite+aiosqlite:///{layout.prefect / 'prefect.db'}"
    return Part(
        name="prefect", title="Prefect server", address=api, port=ports["prefect"],
        environment={**environment, "PREFECT_API_DATABASE_CONNECTION_URL": database}, folder=layout.prefect,
        command=(
            sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(ports["prefect"])
        ),
        answers=partial(probes.answers_prefect, api), prepare=prepare,
        cure="read the log; on a slow machine `pentimento stack up --timeout 600`; where the database is broken:"
        " `pentimento stack down`, move its folder away, and `pentimento stack up` makes another",
    )  # fmt: skip


def _worker(ports: Mapping[str, int], environment: Mapping[str, str]) -> Part:
    health, api = f"{addresses(ports)['worker']}/health", addresses(ports)["prefect"]
    webserver = {"PREFECT_WORKER_WEBSERVER_HOST": HOST, "PREFECT_WORKER_WEBSERVER_PORT": str(ports["worker"])}
    return Part(
        name=WORKER_PART, title="Prefect worker", address=health, port=ports["worker"],
        environment={**environment, **webserver}, folder=ROOT,
        command=(
            sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", WORKER,
            "--limit", str(RUNS_AT_ONCE), "--install-policy", "never", "--no-create-pool-if-not-found", "--with-healthcheck",
        ),
        before=partial(probes.forget_worker, api, POOL, WORKER),
        answers=partial(probes.answers_worker, health, api, POOL, WORKER), after=("s3", "mlflow", "prefect"),
        cure="read the log; the pool is made by `pentimento stack deploy`",
    )  # fmt: skip
