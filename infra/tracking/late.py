"""Adds to a run that tracking already has: what people say of it afterwards."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.tracking.client import quiet_client
from infra.tracking.mlflow_log import RUN_TAG, TEXT

if TYPE_CHECKING:
    from mlflow import MlflowClient


def add_to_run(
    uri: str, experiment: str, run_id: str, *, metrics: Mapping[str, float], tags: Mapping[str, str],
    files: Mapping[str, bytes],
) -> bool:  # fmt: skip
    """Put metrics, tags and files on the MLflow run of one of our runs; False when there is none.

    A metric takes a new value, and keeps the earlier ones as its history; a file is replaced. Raises what the server raises."""
    import tempfile
    from pathlib import Path

    from mlflow.entities import Metric, RunTag

    client = quiet_client(uri)
    mlflow_id = mlflow_run_of(client, experiment, run_id)
    if not mlflow_id:
        return False
    now = int(time.time() * 1000)
    client.log_batch(
        mlflow_id, metrics=[Metric(k, v, now, 0) for k, v in metrics.items()],
        tags=[RunTag(k, v[:TEXT]) for k, v in tags.items()],
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
            client.log_artifact(mlflow_id, str(Path(folder) / name))
    return True


def mlflow_run_of(client: MlflowClient, experiment: str, run_id: str) -> str:
    """The MLflow run of one of our runs; empty when there is none."""
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return ""
    runs = client.search_runs([found.experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'", max_results=1)
    return str(runs[0].info.run_id) if runs else ""
