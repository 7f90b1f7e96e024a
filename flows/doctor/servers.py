"""The MLflow and Prefect servers that the settings name."""

from __future__ import annotations

import os
from pathlib import Path

from flows.doctor.finding import Finding, bad, doubtful, good
from infra.prefect.limits import GpuSettings
from infra.prefect.pools import NAME as POOL
from infra.secrets import without_secrets
from infra.settings import Settings
from infra.stack.probes import answers_mlflow

NEXT_USE = "the next tracked run makes or upgrades it"


def mlflow(settings: Settings) -> Finding:
    """Whether the tracking server answers, or the database is there and of the schema that this MLflow wants."""
    uri = settings.mlflow_uri
    if uri.startswith(("http://", "https://")):
        wrong = answers_mlflow(uri.rstrip("/"))
        cure = "start the server, or correct PENTIMENTO_TRACKING_URI; meanwhile runs wait in the spool"
        return bad("mlflow", f"{uri}: {wrong}", cure) if wrong else good("mlflow", f"{uri} answers")
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        return good("mlflow", f"{uri} is not there yet: {NEXT_USE}")
    return _schema(uri)


def _schema(uri: str) -> Finding:
    import mlflow.store.db_migrations as migrations
    import sqlalchemy
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
    with sqlalchemy.create_engine(uri).connect() as connection:
        here = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
    if here != newest:
        return bad(
            "mlflow",
            f"{uri} has schema {here}, this MLflow wants {newest}",
            without_secrets(f"mlflow db upgrade {uri}"),
        )
    return good("mlflow", f"{uri}, schema {here}")


def prefect() -> Finding:
    """Whether the Prefect server answers, with the client's version. None named is fine: then each command has its own."""
    api = os.environ.get("PREFECT_API_URL", "")
    if not api:
        return good("prefect", "no server named (PREFECT_API_URL); each command starts one of its own")
    import prefect as client_package
    from prefect import get_client

    with get_client(sync_client=True) as client:
        wrong = client.api_healthcheck()
        if wrong:
            return bad(
                "prefect", f"{api}: {str(wrong)[:200]}", "start the server, or correct PREFECT_API_URL"
            )
        server = client.api_version() if client.server_type.value != "cloud" else client_package.__version__
    mine = client_package.__version__
    if server.split(".")[:2] != mine.split(".")[:2]:
        return bad(
            "prefect",
            f"{api} is {server}, this is {mine}",
            f"pip install prefect=={server}, or upgrade the server",
        )
    return good("prefect", f"{api} answers, version {server}")


def ready() -> Finding:
    """Whether the server has what deployments take for granted: the pool with a worker, the limit, the automation."""
    api = os.environ.get("PREFECT_API_URL", "")
    if not api:
        return good("deployments", "no server named; `pentimento stack up` starts one with all of them")
    from prefect import get_client

    from flows.deployment.zombies import NAME as AUTOMATION
    from infra.prefect.limits import limits

    with get_client(sync_client=True) as client:
        here = {limit.name for limit in client.read_global_concurrency_limits(limit=200)}
        missing = [f"limit {limit.name}" for limit in limits() if limit.name not in here]
        if not client.read_automations_by_name(AUTOMATION):
            missing.append("the automation that ends zombie runs")
        if POOL not in {pool.name for pool in client.read_work_pools()}:
            missing.append(f"work pool {POOL}")
        elif not any(worker.status == "ONLINE" for worker in client.read_workers_for_work_pool(POOL)):
            cure = f"prefect worker start --pool {POOL}"
            return doubtful("deployments", f"no worker is online in the pool {POOL}: runs wait", cure)
    if missing:
        found = bad if GpuSettings().gpu_limit else doubtful
        return found("deployments", f"missing: {', '.join(missing)}", "pentimento stack deploy")
    return good("deployments", f"pool {POOL} with a worker, limits, automation")
