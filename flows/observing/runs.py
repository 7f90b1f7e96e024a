"""What was observed of an ended run, by the run's id or by its MLflow run's: for notebooks and programs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flows.observing.figures import main_of
from flows.observing.stored import WHOLE, key_of, observed_items
from flows.observing.tracked import FOLDER
from flows.reruns import read_result
from infra.secrets import without_secrets
from infra.settings import Settings
from infra.tracking.client import quiet_client
from model_registry.engines.observing import Observation, from_npz
from tasks.errors import BadRequest
from tasks.workshop import Workshop, WorkshopSpec

if TYPE_CHECKING:
    from mlflow import MlflowClient

MLFLOW_ID = re.compile(r"[0-9a-f]{32}")


def load_observed(run: str, settings: Settings | None = None) -> dict[str, Observation]:
    """The main sampling of each observed picture (`ID`) and region (`ID#region-N`).

    run: an id as `pentimento runs` shows it, read from the store; or an MLflow run's, 32 hexadecimal digits, whose files are
    fetched. Raises BadRequest where there is no such run, or nothing of it was observed."""
    known = settings or Settings()
    found = _from_mlflow(run, known) if MLFLOW_ID.fullmatch(run) else _from_store(run, known)
    if not found:
        raise BadRequest(f"nothing of {run} was observed", cure="run it again with --observe N")
    return found


def _from_store(run: str, settings: Settings) -> dict[str, Observation]:
    shop = Workshop(WorkshopSpec(store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url))
    seen = observed_items(shop, read_result(shop.store, run).items)
    return {key_of(item, name): main_of(ones) for item, named in seen.items() for name, ones in named.items()}


def _from_mlflow(run: str, settings: Settings) -> dict[str, Observation]:
    from mlflow.exceptions import MlflowException

    client = quiet_client(settings.mlflow_uri)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return {
                _key(file): main_of(from_npz(Path(client.download_artifacts(run, file, folder)).read_bytes()))
                for file in _files(client, run)
            }
    except MlflowException as error:
        cure = "check PENTIMENTO_TRACKING_URI"
        raise BadRequest(
            without_secrets(f"MLflow has no run {run} to be read: {error}"), cure=cure
        ) from error


def _files(client: MlflowClient, run: str) -> Iterator[str]:
    for entry in client.list_artifacts(run, FOLDER):
        inside = client.list_artifacts(run, entry.path) if entry.is_dir else [entry]
        yield from sorted(file.path for file in inside)


def _key(file: str) -> str:
    item, _, name = file.removeprefix(f"{FOLDER}/").removesuffix(".npz").partition("/")
    return key_of(item, name or WHOLE)
