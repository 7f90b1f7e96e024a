"""Send runs to MLflow through `MlflowClient` with explicit run ids: the fluent API keeps state a thread."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.secrets import without_secrets
from infra.tracking import spool
from infra.tracking.aliases import PREFIX
from infra.tracking.client import quiet_client
from infra.tracking.model import EngineVersion, TrackedRun
from infra.tracking.pictures import write_pictures

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger("pentimento")
RUN_TAG = "pentimento.run_id"
PARENT_TAG = "mlflow.parentRunId"
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens the pages of runs, metrics and images; without it MLflow 3 takes an experiment for one of chats and traces."""
TEXT = 5900
"""Longest parameter value; MLflow takes 6000 characters."""


def log_run(run: TrackedRun, *, uri: str, experiment: str, waiting: Path) -> str | None:
    """Send a run, and any that waited in the spool before it; its MLflow id, or None when it now waits too.

    Never raises for what the tracking server does."""
    spool.write(waiting, run)
    sent: dict[str, str] = {}
    for folder in spool.waiting(waiting):
        try:
            told = spool.read(folder)
            sent[told.run_id] = _send(told, uri, experiment)
            spool.remove(folder)
        except Exception as error:
            log.warning(
                "tracking %s failed; it waits in %s and is sent with the next run: %s",
                folder.name,
                folder,
                without_secrets(error),
            )
    return sent.get(run.run_id)


def _send(run: TrackedRun, uri: str, experiment: str) -> str:
    import mlflow

    client = quiet_client(uri)
    mlflow.set_tracking_uri(uri)
    mlflow_id = _open(client, run, _experiment(client, uri, experiment))
    _values(client, mlflow_id, run)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in run.files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(data, Path):
                path.symlink_to(data.absolute())
            else:
                path.write_bytes(data)
        client.log_artifacts(mlflow_id, folder)
    _samples(client, mlflow_id, run)
    for engine in run.engines:
        _register(client, mlflow_id, engine)
    client.set_terminated(mlflow_id, "FINISHED")
    return mlflow_id


def _experiment(client: MlflowClient, uri: str, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    local = None
    if uri.startswith("sqlite:///"):
        local = (Path(uri.removeprefix("sqlite:///")).parent / "mlflow-artifacts").as_uri()
    return str(client.create_experiment(name, artifact_location=local, tags=KIND))


def _open(client: MlflowClient, run: TrackedRun, experiment_id: str) -> str:
    """The MLflow run of ours: the same one when it was begun before. One that it is part of is begun with it."""
    tags = {RUN_TAG: run.run_id}
    if run.parent:
        tags[PARENT_TAG] = _open(client, TrackedRun(run.parent, run.parent, began=run.began), experiment_id)
    known = client.search_runs([experiment_id], f"tags.`{RUN_TAG}` = '{run.run_id}'", max_results=1)
    if known:
        return str(known[0].info.run_id)
    began = int(run.began * 1000) or None
    made = client.create_run(experiment_id, start_time=began, run_name=run.run_id, tags=tags)
    return str(made.info.run_id)


def _values(client: MlflowClient, mlflow_id: str, run: TrackedRun) -> None:
    from mlflow.entities import Metric, Param, RunTag

    client.log_batch(mlflow_id, tags=[RunTag(k, v[:TEXT]) for k, v in run.tags.items()])
    params = [Param(k, v[:TEXT]) for k, v in run.params.items()]
    metrics = [Metric(k, float(v), 0, 0) for k, v in run.metrics.items()]
    for begin in range(0, max(len(params), len(metrics)), 100):
        client.log_batch(mlflow_id, metrics=metrics[begin : begin + 100], params=params[begin : begin + 100])


def _samples(client: MlflowClient, mlflow_id: str, run: TrackedRun) -> None:
    from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_IMAGES

    if not run.samples:
        return
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(run.samples, run.run_id, run.began, Path(folder))
        client.log_artifacts(mlflow_id, folder)
    client.set_tag(mlflow_id, MLFLOW_LOGGED_IMAGES, True)


def _register(client: MlflowClient, mlflow_id: str, engine: EngineVersion) -> None:
    """The engine as a version of a registered model, once for each version and digest."""
    import mlflow
    from mlflow.exceptions import MlflowException

    name = f"{PREFIX}{engine.id}"
    tags: Mapping[str, str] = {
        "engine": engine.id, "role": engine.role, "engine_version": engine.version, "runtime": engine.runtime,
        "license": engine.licence, "revision": engine.revision, "sha256": engine.sha256,
    }  # fmt: skip
    try:
        client.create_registered_model(name, tags={"role": engine.role})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if any(_same(version.tags, tags) for version in client.search_model_versions(f"name = '{name}'")):
        return
    known = {key: value for key, value in tags.items() if value}
    model: Any = mlflow.create_external_model(
        name=engine.id, source_run_id=mlflow_id, tags=known, model_type=engine.runtime,
        experiment_id=client.get_run(mlflow_id).info.experiment_id,
    )  # fmt: skip
    client.create_model_version(name, source=f"models:/{model.model_id}", model_id=model.model_id, tags=known)


def _same(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(found.get(key, "") == value for key, value in wanted.items())
